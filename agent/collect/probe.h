// Asks places that may hang (a dead NFS server, a failing disk's sensor) without ever waiting for one that does.
//
// One helper thread asks all places of a batch one after the other. Does it not get past one within the time limit,
// that place counts as hung, the thread is left to it, and a new one asks the rest. A hung place is skipped until the
// call that hangs returns. So there are at most as many threads as hung places, and one. Owner: the sampling thread.
// What the threads share with it is the snapshot behind `shared_`.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schema/units/time.h"

namespace vedette::collect {

/// Instances: Usage (usage.h), std::int64_t and a list of strings.
template <class Answer>
class Probe {
 public:
  /// Asks one place, or is a test's stand-in. May block. Called on helper threads.
  using Ask = std::function<std::optional<Answer>(const std::string& place)>;

  /// `what`: one of those that are asked, for the log ("a sensor"); a literal.
  explicit Probe(std::string_view what, Ask ask, units::Milliseconds limit = units::Milliseconds{2000});
  ~Probe();  ///< does not wait for hung calls
  Probe(const Probe&) = delete;
  Probe& operator=(const Probe&) = delete;

  /// Begins to ask these; replaces the list of a batch that is still running. Forgets answers of others. On a machine
  /// that gives us no thread nothing is asked, and the last answers stand, until the next batch.
  void start(std::vector<std::string> places, units::Steady now);

  /// Judges the batch: leaves a thread that is over its limit, says so in the log, goes on with the rest. Call every
  /// tick while not idle(); never blocks.
  void poll(units::Steady now);

  /// The newest answers; nothing for places that are hung.
  [[nodiscard]] std::map<std::string, Answer> answers() const;

  [[nodiscard]] std::size_t hung() const;          ///< places that hang now
  [[nodiscard]] std::uint64_t times_hung() const;  ///< how often one began to, since the start
  [[nodiscard]] bool idle() const;                 ///< the batch is done, apart from hung places

 private:
  struct Shared;
  struct Run;
  void launch(units::Steady now);

  std::string_view what_;
  std::shared_ptr<Shared> shared_;
  units::Milliseconds limit_;
  bool starved_ = false;  ///< the last thread couldn't be started
};

}  // namespace vedette::collect

// Metrics of the operator's own: what scripts leave in *.prom files of a directory. Read every ten seconds, a file only
// when it was replaced or changed. One owner thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "agent/collect/source.h"
#include "schema/units/time.h"

namespace vedette::collect {

struct TextfileOptions {
  std::string directory = "/var/spool/vedette-agent/textfile.d";
  std::size_t series = 500;  ///< of all files together; more are left out, and that is logged
  std::function<units::Instant()> wall = [] {
    return std::chrono::floor<units::Milliseconds>(std::chrono::system_clock::now());
  };
};

class TextfileSource final : public Source {
 public:
  explicit TextfileSource(TextfileOptions options) : options_(std::move(options)) {}
  [[nodiscard]] std::string_view name() const noexcept override { return options_.directory; }
  /// `not_found` without the directory. A file that is too large, no plain file or unreadable is logged once and left
  /// out; of one with faults what can be read is told.
  [[nodiscard]] units::Result<void> read(Draft& draft) override;

  static constexpr std::size_t kMostFiles = 100, kLargest = 1U << 20;

 private:
  /// Which of its states a file is in.
  struct State {
    std::uint64_t inode = 0, bytes = 0;
    std::int64_t modified_ns = 0;
    bool operator==(const State&) const = default;
  };
  struct File {
    State state;
    SeriesNumber age = kRefused;
    std::vector<std::pair<SeriesNumber, double>> values;
  };
  [[nodiscard]] units::Result<std::vector<std::string>> list() const;
  void look(const std::string& name, Draft& draft);
  void take(const std::string& name, File& file, Roster& roster);
  [[nodiscard]] SeriesNumber number_of(const metrics::Series& series, Roster& roster);

  TextfileOptions options_;
  std::map<std::string, File> files_;
  std::map<metrics::SeriesKey, SeriesNumber> numbers_;  ///< of all that was ever told
  std::map<SeriesNumber, std::string> owners_;          ///< which file told a series in this reading
  bool full_told_ = false;
};

}  // namespace vedette::collect

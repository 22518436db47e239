// Hosts' ticks into a store, in simulated time.
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <vector>

#include "server/history/store.h"
#include "tests/bench/history/fleet.h"
#include "tests/bench/history/times.h"

namespace vedette::bench {

class SimulatedClock final : public domain::Clock {
 public:
  explicit SimulatedClock(std::int64_t ms) : ms_(ms) {}
  void set(std::int64_t ms) { ms_ = ms; }
  [[nodiscard]] units::Instant now() const override { return units::from_unix_ms(ms_); }
  [[nodiscard]] units::Steady steady() const override { return units::Steady(units::Milliseconds(ms_.load())); }

 private:
  std::atomic<std::int64_t> ms_;
};

/// A store that commits when flush() says so.
[[nodiscard]] history::Options options_in(const std::filesystem::path& directory);

/// Opened and started. These give up when the store fails.
[[nodiscard]] std::unique_ptr<history::Store> opened(history::Options options, const domain::Clock& clock,
                                                     domain::HistoryStore::Committed on_commit = {});
void announce(history::Store& store, std::size_t hosts, Form form = Form::counters);
void submit(history::Store& store, const std::vector<domain::SharedBatch>& batches);
void flush(history::Store& store);
/// Seals all that is open and builds what is behind.
void finish(history::Store& store);

/// Each host's next ticks from `second` on, as one batch.
[[nodiscard]] std::vector<domain::SharedBatch> made(std::vector<Host>& hosts, const Times& times, std::int64_t second);

/// One commit a batch. Returns the CPU that making the ticks took.
double feed(history::Store& store, SimulatedClock& clock, std::vector<Host>& hosts, const Times& times);

}  // namespace vedette::bench

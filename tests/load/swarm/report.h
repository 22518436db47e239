// What a swarm measures, and the JSON lines that tell it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "schema/units/time.h"

namespace vedette::swarm {

/// Latencies in buckets of 0.1 ms up to 60 s: bounded however long a run lasts.
class Latencies {
 public:
  void add(units::Steady::duration latency);
  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  /// In milliseconds; `share` from 0 to 1. 0 when there are none.
  [[nodiscard]] double percentile(double share) const;

 private:
  std::vector<std::uint32_t> buckets_ = std::vector<std::uint32_t>(600'001);
  std::uint64_t count_ = 0;
};

struct Report {
  Latencies to_ack, to_viewer;
  units::Steady counted_from{};  ///< latencies are those of ticks taken from then on: before, they wait for connections
  std::uint64_t ticks_sent = 0;  ///< taken: each was, is or will be sent
  std::uint64_t ticks_acked = 0;  ///< the collector said that it is durable
  std::uint64_t ticks_dropped = 0;
  std::uint64_t connections = 0;  ///< Welcomes
  std::uint64_t reconnects = 0;   ///< … that weren't an agent's first
  std::uint64_t viewer_connections = 0, viewer_reconnects = 0, viewer_events = 0, viewer_bytes = 0;
  std::map<std::string, std::uint64_t> ends;  ///< why connections ended or didn't come about

  void add(Latencies Report::* kind, units::Steady taken, units::Steady now) {
    if (taken >= counted_from) (this->*kind).add(now - taken);
  }
};

/// One JSON object a line on standard output, flushed: {"event":NAME, …}.
class Line {
 public:
  explicit Line(std::string_view event);
  ~Line();
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;
  Line& number(std::string_view key, double value);
  Line& count(std::string_view key, std::uint64_t value);
  Line& text(std::string_view key, std::string_view value);
  Line& percentiles(std::string_view key, const Latencies& latencies);  ///< KEY_p50_ms, KEY_p99_ms; absent if none

 private:
  std::string out_;
};

}  // namespace vedette::swarm

#include "tests/load/swarm/report.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "agent/link/http.h"

namespace vedette::swarm {

void Latencies::add(units::Steady::duration latency) {
  const auto tenths = std::chrono::duration_cast<std::chrono::microseconds>(latency).count() / 100;
  ++buckets_[static_cast<std::size_t>(
      std::clamp<std::int64_t>(tenths, 0, static_cast<std::int64_t>(buckets_.size()) - 1))];
  ++count_;
}

double Latencies::percentile(double share) const {
  const auto rank = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_)));
  std::uint64_t seen = 0;
  for (std::size_t bucket = 0; bucket < buckets_.size() && rank > 0; ++bucket) {
    seen += buckets_[bucket];
    if (seen >= rank) return static_cast<double>(bucket + 1) / 10;  // its upper end
  }
  return 0;
}

Line::Line(std::string_view event) : out_("{\"event\":" + link::json_string(event)) {}

Line::~Line() {
  out_ += "}\n";
  std::fwrite(out_.data(), 1, out_.size(), stdout);
  std::fflush(stdout);
}

Line& Line::number(std::string_view key, double value) {
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%.3f", value);
  out_ += "," + link::json_string(key) + ":" + text.data();
  return *this;
}

Line& Line::count(std::string_view key, std::uint64_t value) {
  out_ += "," + link::json_string(key) + ":" + std::to_string(value);
  return *this;
}

Line& Line::text(std::string_view key, std::string_view value) {
  out_ += "," + link::json_string(key) + ":" + link::json_string(value);
  return *this;
}

Line& Line::percentiles(std::string_view key, const Latencies& latencies) {
  if (latencies.count() == 0) return *this;
  number(std::string(key) + "_p50_ms", latencies.percentile(0.5));
  return number(std::string(key) + "_p99_ms", latencies.percentile(0.99));
}

}  // namespace vedette::swarm

#include "server/alerts/words.h"

#include <cmath>
#include <cstdio>

namespace vedette::alerts {

namespace {

std::string fixed(double value, int decimals) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  return std::abs(value) < 1e40 ? text : "very large";
}

std::string subject(const Rule& rule, const std::vector<metrics::Attribute>& attributes) {
  if (rule.measure == Measure::memory_available) return "available memory";
  if (rule.measure == Measure::filesystem_free) {
    return "free space on " + (attributes.empty() ? std::string("a file system") : attributes.front().value);
  }
  const bool cpu = rule.series.name == "system.cpu.utilization";
  return metrics::to_string({cpu ? "CPU utilisation" : rule.series.name, attributes});
}

}  // namespace

std::string quantity(double value, const std::string& unit) {
  if (unit == "1") return fixed(value * 100, 1) + " %";
  if (unit != "By" && unit != "By/s") return fixed(value, 2) + (unit.empty() ? "" : " " + unit);
  static constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  std::size_t n = 0;
  while (std::abs(value) >= 1024 && n + 1 < std::size(kUnits)) value /= 1024, ++n;
  return fixed(value, n == 0 ? 0 : 1) + " " + kUnits[n] + (unit == "By/s" ? "/s" : "");
}

std::string reason(const Rule& rule, const std::vector<metrics::Attribute>& attributes, double value,
                   const std::string& unit) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(rule.lasting).count();
  return subject(rule, attributes) + " " + quantity(value, unit) +
         (rule.direction == Direction::above ? " above " : " below ") + quantity(rule.limit, unit) + " for " +
         (seconds <= 60 ? std::to_string(seconds) + " s" : units::spoken_duration(rule.lasting));
}

std::string reason(const domain::HostState& state) {
  const std::string status(domain::name(state.status));
  return state.reason.empty() ? status : status + ": " + state.reason;
}

}  // namespace vedette::alerts

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

/// Without UCUM's annotations: "" for "{thread}", "/s" for "{packet}/s" and "1/s".
std::string plain(std::string unit) {
  for (auto open = unit.find('{'); open != std::string::npos; open = unit.find('{')) {
    const auto end = unit.find('}', open);
    unit.erase(open, end == std::string::npos ? end : end - open + 1);
  }
  return unit.starts_with("1/") ? unit.substr(1) : unit;
}

}  // namespace

std::string quantity(double value, const std::string& ucum) {
  const std::string unit = plain(ucum);
  if (unit == "1") return fixed(value * 100, 1) + " %";
  if (unit == "Cel") return fixed(value, 1) + " °C";
  if (unit != "By" && unit != "By/s") return fixed(value, 2) + (unit.empty() || unit[0] == '/' ? unit : " " + unit);
  static constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  std::size_t n = 0;
  while (std::abs(value) >= 1024 && n + 1 < std::size(kUnits)) value /= 1024, ++n;
  return fixed(value, n == 0 ? 0 : 1) + " " + kUnits[n] + (unit == "By/s" ? "/s" : "");
}

std::string reason(const Rule& rule, const std::vector<metrics::Attribute>& attributes, double value,
                   const std::string& unit, bool lasted) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(rule.lasting).count();
  std::string words = subject(rule, attributes) + " " + quantity(value, unit) +
                      (rule.direction == Direction::above ? " above " : " below ") + quantity(rule.limit, unit);
  if (!lasted || seconds == 0) return words;
  return words + " for " + (seconds <= 60 ? std::to_string(seconds) + " s" : units::spoken_duration(rule.lasting));
}

std::string recovery(const Rule& rule, const std::vector<metrics::Attribute>& attributes, const Reading& reading,
                     const std::string& unit) {
  const std::string back = subject(rule, attributes) + " back to ";
  // Either condition ends an alert that needs both: the words name the one that did.
  if (rule.second_limit && reading.second >= *rule.second_limit) {
    return back + quantity(reading.second, "By") + ", above " + quantity(*rule.second_limit, "By");
  }
  return back + quantity(reading.value, unit) + (rule.direction == Direction::above ? ", below " : ", above ") +
         quantity(rule.recover.value_or(rule.limit), unit);
}

std::string reason(const domain::HostState& state) {
  const std::string status(domain::name(state.status));
  return state.reason.empty() ? status : status + ": " + state.reason;
}

std::string recovery(const domain::HostRecord& record, const std::string& was) {
  return (record.revoked ? "revoked; was " : "up again; was ") + was;
}

}  // namespace vedette::alerts

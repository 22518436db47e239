#include "agent/collect/hwmon.h"

#include <limits.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "agent/collect/sysfs.h"

namespace vedette::collect {
namespace {

constexpr std::chrono::seconds kFindEvery{60};
constexpr std::string_view kCores = "cores";

/// The last part of the link "device", which names what the chip belongs to.
std::string device_of(const std::string& folder, const std::string& hwmon) {
  std::array<char, PATH_MAX> target{};
  const ssize_t n = ::readlink((folder + "/device").c_str(), target.data(), target.size());
  if (n <= 0) return hwmon;
  const std::string_view path(target.data(), static_cast<std::size_t>(n));
  return std::string(path.substr(path.rfind('/') + 1));
}

/// "Core 12" of coretemp.
bool of_a_core(std::string_view label) {
  return number_in(label, "Core ").has_value();
}

void add_sensors(const std::string& folder, const std::string& hwmon, std::vector<Sensor>& all) {
  const std::string chip = read_word(folder + "/name");
  const std::string device = device_of(folder, hwmon);
  std::vector<Sensor> own;
  for (const std::string& name : names_in(folder)) {
    const bool fan = number_in(name, "fan", "_input").has_value();
    if (!fan && !number_in(name, "temp", "_input")) continue;
    const std::string stem = name.substr(0, name.find('_'));
    std::string label = read_word(folder + '/' + stem + "_label");
    if (label.empty()) label = stem;
    if (of_a_core(label)) label = kCores;
    own.push_back({.path = folder + '/' + name, .fan = fan, .chip = chip, .device = device, .sensor = label});
  }
  const bool composite =
      std::ranges::any_of(own, [](const Sensor& one) { return !one.fan && one.sensor == "Composite"; });
  for (Sensor& one : own) {
    if ((!composite || one.fan || one.sensor == "Composite") && all.size() < kMostSensors)
      all.push_back(std::move(one));
  }
}

}  // namespace

std::vector<Sensor> find_sensors(const std::string& sys) {
  std::vector<Sensor> all;
  const std::string root = sys + "/class/hwmon";
  for (const std::string& hwmon : names_in(root)) add_sensors(root + '/' + hwmon, hwmon, all);
  return all;
}

HwmonSource::HwmonSource(const std::string& sys, std::function<units::Steady()> clock)
    : sys_(sys), name_(sys + "/class/hwmon"), clock_(std::move(clock)), probe_("a sensor", read_number) {}

SeriesNumber HwmonSource::number_of(const Sensor& sensor, Roster& roster) {
  const std::string key =
      std::string(sensor.fan ? "fan" : "temp") + '\n' + sensor.chip + '\n' + sensor.device + '\n' + sensor.sensor;
  if (const auto known = numbers_.find(key); known != numbers_.end()) return known->second;
  if (roster.full()) return kRefused;
  const SeriesNumber number = roster.add(sensor.fan ? "hw.fan.speed" : "hw.temperature",
                                         {{"chip", sensor.chip}, {"device", sensor.device}, {"sensor", sensor.sensor}});
  return numbers_.emplace(key, number).first->second;
}

units::Result<void> HwmonSource::read(Draft& draft) {
  const units::Steady now = clock_();
  if (!found_at_ || now - *found_at_ >= kFindEvery) {
    found_at_ = now;
    sensors_ = find_sensors(sys_);
  }
  if (sensors_.empty()) {
    found_at_.reset();
    pending_ = false;
    return units::fail(units::ErrorCode::not_found, name_ + " has no temperature and no fan");
  }
  std::vector<std::string> paths;
  for (const Sensor& sensor : sensors_) paths.push_back(sensor.path);
  probe_.start(std::move(paths), now);
  settle(draft);
  return {};
}

void HwmonSource::settle(Draft& draft) {
  probe_.poll(clock_());
  pending_ = !probe_.idle();
  const auto answers = probe_.answers();
  std::map<SeriesNumber, std::int64_t> highest;  // several sensors may share a series
  for (const Sensor& sensor : sensors_) {
    const auto told = answers.find(sensor.path);
    if (told == answers.end()) continue;
    const std::int64_t value = sensor.fan ? told->second : told->second / 10;  // m°C -> 0.01 °C
    const auto [at, first] = highest.emplace(number_of(sensor, draft.roster()), value);
    if (!first) at->second = std::max(at->second, value);
  }
  for (const auto& [number, value] : highest) draft.put(number, value);
}

}  // namespace vedette::collect

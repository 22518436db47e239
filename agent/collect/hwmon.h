// /sys/class/hwmon: temperatures and fans (kernel's Documentation/hwmon/sysfs-interface.rst). Read on a helper thread:
// a sensor may sit behind a slow bus, or in a disk that is failing.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/collect/probe.h"
#include "agent/collect/source.h"

namespace vedette::collect {

struct Sensor {
  std::string path;    ///< its _input file
  bool fan = false;    ///< else a temperature
  std::string chip;    ///< what the driver calls itself: "coretemp", "nvme"
  std::string device;  ///< what tells two of a kind apart: "coretemp.0", "nvme1"; else the hwmon's own name
  std::string sensor;  ///< its label, else "temp1", "fan2"; "cores" for those of single cores
};

inline constexpr std::size_t kMostSensors = 256;  ///< files that are read; a large server has some 100

/// What there is now below `sys`, whose sensors of single cores stand as one. Of a drive that tells a composite
/// temperature only that.
[[nodiscard]] std::vector<Sensor> find_sensors(const std::string& sys);

class HwmonSource final : public Source {
 public:
  /// `clock`: by which hung sensors are judged and new ones looked for, once a minute.
  HwmonSource(const std::string& sys, std::function<units::Steady()> clock);
  [[nodiscard]] std::string_view name() const noexcept override { return name_; }
  [[nodiscard]] units::Result<void> read(Draft& draft) override;
  [[nodiscard]] bool pending() const override { return pending_; }
  void settle(Draft& draft) override;

 private:
  SeriesNumber number_of(const Sensor& sensor, Roster& roster);

  std::string sys_, name_;
  std::function<units::Steady()> clock_;
  Probe<std::int64_t> probe_;
  bool pending_ = false;
  std::optional<units::Steady> found_at_;
  std::vector<Sensor> sensors_;
  std::map<std::string, SeriesNumber> numbers_;  ///< by kind, chip, device and sensor
};

}  // namespace vedette::collect

#include "agent/collect/cpu_speed.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "agent/collect/sysfs.h"

namespace vedette::collect {
namespace {

constexpr std::chrono::seconds kFindEvery{60};
constexpr std::int64_t kMostKilohertz = 100'000'000;

}  // namespace

SpeedFiles find_speed_files(const std::string& sys) {
  SpeedFiles files;
  const std::string root = sys + "/devices/system/cpu/";
  for (const std::string& policy : names_in(root + "cpufreq")) {
    if (number_in(policy, "policy")) files.frequencies.push_back(root + "cpufreq/" + policy + "/scaling_cur_freq");
  }
  std::set<std::pair<std::int64_t, std::int64_t>> cores;
  std::set<std::int64_t> packages;
  for (const std::string& cpu : names_in(root)) {
    const std::string throttle = root + cpu + "/thermal_throttle/";
    if (!number_in(cpu, "cpu") || !read_number(throttle + "core_throttle_count")) continue;
    const auto core = read_number(root + cpu + "/topology/core_id");
    const auto package = read_number(root + cpu + "/topology/physical_package_id");
    if (!core || !package) continue;
    if (cores.emplace(*package, *core).second) files.core_throttles.push_back(throttle + "core_throttle_count");
    if (packages.insert(*package).second) files.package_throttles.push_back(throttle + "package_throttle_count");
  }
  return files;
}

CpuSpeedSource::CpuSpeedSource(const std::string& sys, std::function<units::Steady()> clock)
    : sys_(sys),
      name_(sys + "/devices/system/cpu"),
      clock_(std::move(clock)),
      probe_("a core's frequency", read_number) {}

void CpuSpeedSource::find() {
  // On hundreds of cores that is as many files as a minute's readings: only where something came or went.
  auto names = names_in(name_);
  std::ranges::move(names_in(name_ + "/cpufreq"), std::back_inserter(names));
  if (names == names_ && whole_) return;
  names_ = std::move(names);
  files_ = find_speed_files(sys_);
}

units::Result<void> CpuSpeedSource::read(Draft& draft) {
  const units::Steady now = clock_();
  if (!found_at_ || now - *found_at_ >= kFindEvery) {
    found_at_ = now;
    find();
  }
  if (files_.empty()) {
    found_at_.reset();
    pending_ = false;
    return units::fail(units::ErrorCode::not_found, name_ + " tells neither frequencies nor throttling");
  }
  std::vector<std::string> paths;
  for (const auto* list : {&files_.frequencies, &files_.core_throttles, &files_.package_throttles})
    paths.insert(paths.end(), list->begin(), list->end());
  probe_.start(std::move(paths), now);
  settle(draft);
  return {};
}

void CpuSpeedSource::settle(Draft& draft) {
  probe_.poll(clock_());
  pending_ = !probe_.idle();
  // A mean or a sum over half of the cores would be wrong: the last round stands until this one is over.
  if (!pending_) {
    answers_ = probe_.answers();
    whole_ =
        answers_.size() == files_.frequencies.size() + files_.core_throttles.size() + files_.package_throttles.size();
  }
  put_frequencies(draft);
  put_sum(draft, files_.core_throttles, cores_);
  put_sum(draft, files_.package_throttles, packages_);
}

void CpuSpeedSource::put_frequencies(Draft& draft) {
  std::int64_t least = kMostKilohertz, highest = 0, sum = 0, count = 0;
  for (const std::string& path : files_.frequencies) {
    const auto told = answers_.find(path);
    if (told == answers_.end() || told->second <= 0 || told->second > kMostKilohertz) continue;
    least = std::min(least, told->second);
    highest = std::max(highest, told->second);
    sum += told->second;
    ++count;
  }
  if (count == 0) return;
  least_.put_signed(draft, least / 1000);
  mean_.put_signed(draft, sum / count / 1000);
  highest_.put_signed(draft, highest / 1000);
}

void CpuSpeedSource::put_sum(Draft& draft, const std::vector<std::string>& paths, LateSeries& series) {
  std::int64_t sum = 0;
  for (const std::string& path : paths) {
    const auto told = answers_.find(path);
    if (told == answers_.end()) return;  // a core is offline: the sum would seem to fall
    if (__builtin_add_overflow(sum, told->second, &sum)) return;
  }
  if (!paths.empty()) series.put_signed(draft, sum);
}

}  // namespace vedette::collect

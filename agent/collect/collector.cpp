#include "agent/collect/collector.h"

#include <algorithm>

#include "agent/collect/arc.h"
#include "agent/collect/clock.h"
#include "agent/collect/connections.h"
#include "agent/collect/cpu.h"
#include "agent/collect/cpu_speed.h"
#include "agent/collect/disk.h"
#include "agent/collect/file_descriptors.h"
#include "agent/collect/filesystem.h"
#include "agent/collect/hwmon.h"
#include "agent/collect/load.h"
#include "agent/collect/md.h"
#include "agent/collect/memory.h"
#include "agent/collect/network.h"
#include "agent/collect/pressure.h"
#include "agent/collect/sockstat.h"
#include "agent/collect/tcp.h"
#include "agent/collect/updates.h"
#include "agent/collect/vmstat.h"
#include "agent/collect/zpool.h"
#include "schema/units/log.h"

namespace vedette::collect {
namespace {

using units::Milliseconds;
constexpr Milliseconds kEachTick{0}, kSlow{10'000};
constexpr Milliseconds kLookAgain{60'000};  ///< for what this machine lacks

}  // namespace

Collector::Collector(CollectorOptions options) : clock_(options.clock) {
  add_sources(options);
}

void Collector::add_sources(CollectorOptions& options) {
  using metrics::Group;
  const std::string &proc = options.proc, &sys = options.sys;
  const auto has = [&](Group group) { return options.groups.has(group); };
  if (has(Group::cpu)) {
    add(std::make_unique<CpuSource>(proc), kEachTick, false);
    add(std::make_unique<CpuSpeedSource>(sys, clock_), kSlow, true);
  }
  if (has(Group::load)) add(std::make_unique<LoadSource>(proc), kEachTick, false);
  if (has(Group::memory)) {
    add(std::make_unique<MemorySource>(proc), kEachTick, false);
    add(std::make_unique<VmstatSource>(proc), kEachTick, true);
    add(std::make_unique<ArcSource>(proc), kEachTick, true);
  }
  if (has(Group::pressure)) {
    for (const std::string_view resource : kPressureResources)
      add(std::make_unique<PressureSource>(proc, resource), kEachTick, true);
  }
  if (has(Group::disks)) add(std::make_unique<DiskSource>(proc), kEachTick, false);
  if (has(Group::network)) {
    add(std::make_unique<NetworkSource>(proc), kEachTick, false);
    add(std::make_unique<TcpSource>(proc), kEachTick, true);
    add(std::make_unique<ListenSource>(proc), kSlow, true);
  }
  if (has(Group::sockets)) {
    add(std::make_unique<SockstatSource>(proc), kSlow, true);
    add(std::make_unique<ConnectionSource>(proc), kSlow, true);
  }
  if (has(Group::files)) add(std::make_unique<FileDescriptorSource>(proc), kSlow, true);
  if (has(Group::clock)) {
    add(std::make_unique<ClockSource>(), kSlow, true);
    add(std::make_unique<UptimeSource>(proc), kSlow, true);
  }
  if (has(Group::processes)) {
    auto processes = std::make_unique<ProcessSource>(proc, options.process_arguments, clock_);
    processes_ = processes.get();
    add(std::move(processes), kSlow, false);
  }
  if (has(Group::cgroups)) add(std::make_unique<CgroupSource>(sys, options.cgroups), kSlow, true);
  if (has(Group::machine)) {
    add(std::make_unique<MdSource>(proc), kSlow, true);
    add(std::make_unique<PoolSource>(proc), kSlow, true);
    add(std::make_unique<UpdateSource>(options.root), kSlow, true);
  }
  if (has(Group::textfile)) add(std::make_unique<TextfileSource>(std::move(options.textfile)), kSlow, true);
  if (has(Group::jobs) && options.jobs) add(std::move(options.jobs), kSlow, true);
  if (has(Group::sensors)) add(std::make_unique<HwmonSource>(sys, clock_), kSlow, true);
  if (has(Group::filesystems)) {
    add(std::make_unique<FilesystemSource>(proc, std::move(options.ask_usage), clock_), kSlow, false);
  }
}

void Collector::add(std::unique_ptr<Source> source, Milliseconds every, bool optional) {
  plans_.push_back({.source = std::move(source), .every = every, .optional = optional, .due = units::Steady::min()});
}

void Collector::add(std::unique_ptr<Source> source) {
  add(std::move(source), kEachTick, false);
}

void Collector::decide_turns(units::Steady now) {
  for (Plan& plan : plans_) {
    plan.turn = now >= plan.due ? Turn::read : plan.source->pending() ? Turn::settle : Turn::repeat;
    if (plan.turn != Turn::read || plan.every == kEachTick) continue;
    plan.due += plan.every;
    if (plan.due <= now) plan.due = now + plan.every;  // the first time, or the machine slept
  }
  if (spread_) return;
  // All were read at the first tick. From then on each slow source has its place among the ticks, half a second beside
  // them, so that a tick that comes a little early or late is still the same one.
  spread_ = true;
  const auto slow = std::ranges::count_if(plans_, [](const Plan& plan) { return plan.every != kEachTick; });
  std::int64_t place = 0;
  for (Plan& plan : plans_) {
    if (plan.every == kEachTick) continue;
    plan.due = now + (plan.every * place++ / std::max<std::int64_t>(slow, 1)) / 1000 * 1000 + Milliseconds{1500};
  }
}

void Collector::collect(std::vector<metrics::Cell>& cells) {
  const units::Steady now = clock_();
  decide_turns(now);
  const auto owners = roster_.owners();
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    if (plans_[owners[i]].turn != Turn::repeat) cells_[i] = {};
  }
  Draft draft(roster_, cells_);
  for (std::size_t i = 0; i < plans_.size(); ++i) {
    Plan& plan = plans_[i];
    roster_.set_owner(static_cast<std::uint8_t>(i));
    if (plan.turn == Turn::read) read(plan, draft, now);
    if (plan.turn == Turn::settle) plan.source->settle(draft);
  }
  cells.assign(cells_.begin(), cells_.end());
}

std::vector<metrics::Cell> Collector::collect() {
  std::vector<metrics::Cell> cells;
  collect(cells);
  return cells;
}

bool Collector::settled() const {
  return std::ranges::none_of(plans_, [](const Plan& plan) { return plan.source->pending(); });
}

void Collector::read(Plan& plan, Draft& draft, units::Steady now) {
  const auto result = plan.source->read(draft);
  if (result) {
    if (plan.every == kEachTick) plan.due = units::Steady::min();
    if (!plan.failing) return;
    plan.failing = false;
    units::log_info("source is readable again", {{"source", plan.source->name()}});
    return;
  }
  if (plan.optional && result.error().code == units::ErrorCode::not_found) {
    plan.due = now + kLookAgain;
    return;
  }
  ++failures_;
  if (plan.failing) return;
  plan.failing = true;
  units::log_warning("source can't be read; its series are left out",
                     {{"source", plan.source->name()}, {"error", result.error().message}});
}

}  // namespace vedette::collect

#include "agent/collect/cgroups.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "agent/collect/text.h"
#include "schema/units/log.h"

namespace vedette::collect {
namespace {

struct Told {
  std::string_view metric, direction;
};
constexpr std::array<Told, CgroupSource::kSeries> kTold{{{"system.linux.cgroup.cpu.time", {}},
                                                         {"system.linux.cgroup.cpu.periods", {}},
                                                         {"system.linux.cgroup.cpu.throttled_periods", {}},
                                                         {"system.linux.cgroup.cpu.throttled_time", {}},
                                                         {"system.linux.cgroup.memory.usage", {}},
                                                         {"system.linux.cgroup.memory.working_set", {}},
                                                         {"system.linux.cgroup.memory.limit", {}},
                                                         {"system.linux.cgroup.memory.oom_kills", {}},
                                                         {"system.linux.cgroup.tasks", {}},
                                                         {"system.linux.cgroup.disk.io", "read"},
                                                         {"system.linux.cgroup.disk.io", "write"},
                                                         {"system.linux.cgroup.disk.operations", "read"},
                                                         {"system.linux.cgroup.disk.operations", "write"}}};

std::optional<std::uint64_t> kib(std::optional<std::uint64_t> bytes) {
  return bytes ? std::optional(*bytes / 1024) : std::nullopt;
}

/// In the order of kTold.
std::array<std::optional<std::uint64_t>, CgroupSource::kSeries> values_of(const CgroupFigures& of) {
  return {of.cpu_us,
          of.periods,
          of.throttled_periods,
          of.throttled_us,
          kib(of.memory),
          kib(of.working_set()),
          kib(of.memory_limit),
          of.oom_kills,
          of.tasks,
          of.read_bytes,
          of.written_bytes,
          of.reads,
          of.writes};
}

SeriesNumber added(Roster& roster, const Told& told, std::string_view name, CgroupKind kind) {
  const std::array<Roster::Attribute, 3> attributes{
      {{"cgroup", name}, {"kind", word_of(kind)}, {"direction", told.direction}}};
  return roster.add(told.metric, std::span(attributes).first(told.direction.empty() ? 2 : 3));
}

}  // namespace

void CgroupSource::take(std::string_view path, const CgroupPlace& place) {
  const auto known = groups_.find(path);
  if (known != groups_.end()) {
    known->second.last = reading_;
    return;
  }
  std::string name = place.kind == CgroupKind::machine ? unescaped_unit(place.name) : std::string(place.name);
  // The same name in two places (a machine of LXC's old tree and its new one) would be the same series twice.
  const bool twice = std::ranges::any_of(
      groups_, [&](const auto& other) { return other.second.kind == *place.kind && other.second.name == name; });
  if (twice) return;
  groups_.try_emplace(std::string(path), Group{.kind = *place.kind,
                                               .name = std::move(name),
                                               .first = reading_,
                                               .last = reading_,
                                               .told = false,
                                               .numbers = {}});
}

void CgroupSource::choose() {
  chosen_.clear();
  for (auto& each : groups_) {
    const Group& group = each.second;
    if (group.last == reading_ && (group.first == 1 || group.first < reading_)) chosen_.push_back(&each);
  }
  std::ranges::sort(chosen_, {},
                    [](const auto* each) { return std::tuple(each->second.kind, std::string_view(each->first)); });
  if (chosen_.size() <= options_.limit) return;
  if (!std::exchange(many_told_, true)) {
    units::log_warning("more control groups than are told; the rest is left out, services first",
                       {{"cgroups.limit", options_.limit}, {"there are", chosen_.size()}});
  }
  chosen_.resize(options_.limit);
}

bool CgroupSource::may_tell(Group& group) {
  if (group.told) return true;
  if (ever_ >= options_.limit * kMostEver) {
    if (!std::exchange(ever_told_, true)) {
      units::log_warning(
          "too many different control groups since the agent's start; new ones are left out until its "
          "next one",
          {{"told", ever_}, {"cgroups.limit", options_.limit}});
    }
    return false;
  }
  ++ever_;
  return group.told = true;
}

void CgroupSource::tell(const std::string& path, Group& group, Draft& draft) {
  const auto values = values_of(tree_.read(path));
  for (std::size_t n = 0; n < kSeries; ++n) {
    if (!values[n]) continue;
    auto& number = group.numbers[n];
    if (!number) number = added(draft.roster(), kTold[n], group.name, group.kind);
    draft.put(*number, clamped(*values[n]));
  }
}

units::Result<void> CgroupSource::read(Draft& draft) {
  if (tree_.version() == 0 && !tree_.open()) {
    return units::fail(units::ErrorCode::not_found, "no control groups are mounted");
  }
  ++reading_;
  if (!tree_.walk(found_)) return units::fail(units::ErrorCode::io, "the tree of control groups can't be read");
  // What went before it was told has no series to keep.
  std::erase_if(groups_, [this](const auto& each) { return !each.second.told && each.second.last != reading_; });
  choose();
  for (auto* const each : chosen_) {
    if (may_tell(each->second)) tell(each->first, each->second, draft);
  }
  return {};
}

}  // namespace vedette::collect

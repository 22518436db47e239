#include "server/notify/schedule.h"

#include <algorithm>
#include <array>
#include <unordered_set>

namespace vedette::notify {

using units::Milliseconds;

Milliseconds back_off(std::uint32_t failures) noexcept {
  static constexpr std::array kSeconds{5, 10, 20, 40, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60, 120, 240, 480, 600};
  const std::size_t n = failures == 0 ? 0 : failures - 1;
  return std::chrono::seconds(kSeconds[std::min(n, kSeconds.size() - 1)]);
}

namespace {

/// Is the fired settled for anyone for whom the resolved isn't?
bool further(const domain::Delivery& fired, const domain::Delivery& resolved) {
  return std::ranges::any_of(fired.settled, [&](const std::string& recipient) {
    return std::ranges::find(resolved.settled, recipient) == resolved.settled.end();
  });
}

}  // namespace

Schedule::Plan Schedule::plan(const std::vector<domain::Delivery>& waiting, units::Instant now, units::Steady steady) {
  std::unordered_set<std::uint64_t> ids;
  std::unordered_map<std::uint64_t, std::size_t> first;  // of an incident
  Plan plan;
  for (std::size_t n = 0; n < waiting.size(); ++n) {
    const domain::Delivery& delivery = waiting[n];
    ids.insert(delivery.id);
    // The outbox is in order: an earlier one of the same incident is its fired, and is still there.
    const auto [fired, is_first] = first.try_emplace(delivery.notice.incident, n);
    if (!is_first && !further(waiting[fired->second], delivery)) continue;
    Milliseconds wait{0};
    if (const auto failure = failures_.find(delivery.id); failure != failures_.end()) {
      wait = std::chrono::ceil<Milliseconds>(failure->second.next - steady);
    } else if (delivery.attempts == 0) {
      wait = delivery.not_before + kSettle - now;
    }
    if (wait.count() <= 0) {
      plan.due.push_back({n, is_first ? std::nullopt : std::optional(fired->second)});
    } else {
      plan.wait = std::min(wait, plan.wait.value_or(wait));
    }
  }
  std::erase_if(failures_, [&](const auto& failure) { return !ids.contains(failure.first); });
  return plan;
}

Milliseconds Schedule::failed(std::uint64_t delivery, units::Steady steady) {
  Failure& failure = failures_[delivery];
  const Milliseconds wait = back_off(++failure.count);
  failure.next = steady + wait;
  return wait;
}

}  // namespace vedette::notify

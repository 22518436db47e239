#include "agent/link/race.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "agent/link/socket.h"

namespace vedette::link {

std::vector<SocketAddress> interleaved(std::vector<SocketAddress> addresses) {
  if (addresses.empty()) return addresses;
  const auto family = addresses.front().storage.ss_family;
  const auto middle = std::ranges::stable_partition(
      addresses, [&](const SocketAddress& one) { return one.storage.ss_family == family; });
  const auto first_count = static_cast<std::size_t>(middle.begin() - addresses.begin());
  std::vector<SocketAddress> turns;
  for (std::size_t i = 0; i < addresses.size() && turns.size() < kMostAddresses; ++i) {
    if (i < first_count) turns.push_back(addresses[i]);
    if (first_count + i < addresses.size()) turns.push_back(addresses[first_count + i]);
  }
  turns.resize(std::min(turns.size(), kMostAddresses));
  return turns;
}

Race::Race(std::vector<SocketAddress> addresses, Limits limits)
    : addresses_(interleaved(std::move(addresses))), limits_(limits) {}

Race::~Race() {
  for (const Runner& one : runners_) ::close(one.socket);
}

void Race::interests(std::vector<pollfd>& list) const {
  for (const Runner& one : runners_) list.push_back({one.socket, POLLOUT, 0});
}

units::Steady Race::deadline() const {
  units::Steady first = next_ < addresses_.size() ? next_due_ : units::Steady::max();
  for (const Runner& one : runners_) first = std::min(first, one.until);
  return first;
}

std::optional<units::Result<Race::Winner>> Race::step(units::Steady now) {
  if (auto winner = finished(now)) return std::move(*winner);
  while (next_ < addresses_.size() && (runners_.empty() || now >= next_due_)) {
    if (start_next(now)) break;
  }
  if (runners_.empty()) return units::fail(units::ErrorCode::unavailable, why_);
  return std::nullopt;
}

/// False if it failed at once.
bool Race::start_next(units::Steady now) {
  const SocketAddress& address = addresses_[next_++];
  const auto socket = begin_connect(address);
  if (!socket) {
    why_ = to_string(address) + ": " + socket.error().message;
    return false;
  }
  runners_.push_back({*socket, to_string(address), now + limits_.each});
  next_due_ = now + limits_.head_start;
  return true;
}

/// The first that is connected; those that failed or are late leave the race.
std::optional<Race::Winner> Race::finished(units::Steady now) {
  for (std::size_t i = 0; i < runners_.size();) {
    Runner& one = runners_[i];
    pollfd ready{one.socket, POLLOUT, 0};
    const bool answered = ::poll(&ready, 1, 0) > 0;
    if (!answered && now < one.until) {
      ++i;
      continue;
    }
    const auto end = answered ? finish_connect(one.socket) : units::fail(units::ErrorCode::timeout, "no answer");
    const Runner gone = std::move(one);
    runners_.erase(runners_.begin() + static_cast<std::ptrdiff_t>(i));
    if (end) return Winner{gone.socket, gone.address};
    why_ = gone.address + ": " + end.error().message;
    ::close(gone.socket);
  }
  return std::nullopt;
}

}  // namespace vedette::link

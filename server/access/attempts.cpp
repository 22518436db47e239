#include "server/access/attempts.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "schema/units/host_id.h"

namespace vedette::access {

using std::chrono::seconds;

namespace {

constexpr seconds kFirstPause{30};
constexpr seconds kLongestPause{900};
constexpr seconds kForgotten{3600};

}  // namespace

seconds Tries::pause_after(std::uint32_t wrong) const {
  if (wrong < free_) return seconds{0};
  const std::uint32_t doublings = std::min<std::uint32_t>(wrong - free_, 5);
  return std::min(kFirstPause * (1U << doublings), kLongestPause);
}

seconds Tries::wait(const std::string& key, units::Steady now) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return seconds{0};
  const Entry& entry = *found->second;
  if (now - entry.last > kForgotten) {
    forget(key);
    return seconds{0};
  }
  if (now >= entry.paused_until) return seconds{0};
  return std::chrono::ceil<seconds>(entry.paused_until - now);
}

void Tries::count(const std::string& key, units::Steady now) {
  auto found = by_key_.find(key);
  if (found == by_key_.end()) {
    if (entries_.size() >= most_keys_) {
      by_key_.erase(entries_.back().key);
      entries_.pop_back();
    }
    entries_.push_front({key, 0, now, {}});
    found = by_key_.emplace(key, entries_.begin()).first;
  }
  Entry& entry = *found->second;
  entries_.splice(entries_.begin(), entries_, found->second);
  ++entry.wrong;
  entry.last = now;
  entry.paused_until = now + pause_after(entry.wrong);
}

void Tries::take_back(const std::string& key) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return;
  if (--found->second->wrong == 0) return forget(key);
  found->second->paused_until = {};  // a try is only counted outside of pauses: it began with this one
}

void Tries::forget(const std::string& key) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return;
  entries_.erase(found->second);
  by_key_.erase(found);
}

std::uint32_t Tries::left(const std::string& key) const {
  const auto found = by_key_.find(key);
  const std::uint32_t wrong = found == by_key_.end() ? 0 : found->second->wrong;
  return wrong >= free_ ? 0 : free_ - wrong;
}

seconds Tries::next_pause(const std::string& key) const {
  const auto found = by_key_.find(key);
  const std::uint32_t wrong = found == by_key_.end() ? 0 : found->second->wrong;
  return pause_after(std::max(wrong, free_));
}

seconds Attempts::wait(const std::string& address, const std::string& user, units::Steady now) {
  return std::max(addresses_.wait(address, now), users_.wait(user, now));
}

void Attempts::count(const std::string& address, const std::string& user, units::Steady now) {
  addresses_.count(address, now);
  users_.count(user, now);
}

void Attempts::take_back(const std::string& address, const std::string& user) {
  addresses_.take_back(address);
  users_.take_back(user);
}

void Attempts::succeeded(const std::string& address, const std::string& user) {
  addresses_.forget(address);
  users_.forget(user);
}

std::string Attempts::words(const std::string& address, const std::string& user) const {
  const std::uint32_t left = std::min(addresses_.left(address), users_.left(user));
  const seconds pause = std::max(addresses_.next_pause(address), users_.next_pause(user));
  const std::string length = units::spoken_duration(pause);
  if (left == 0) return "The next try is possible in " + length + ".";
  return std::to_string(left) + (left == 1 ? " try" : " tries") + " left before a pause of " + length + ".";
}

std::string address_key(std::string_view peer) {
  std::string host(peer.substr(0, peer.rfind(':')));
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  std::array<std::uint8_t, 16> bytes{};
  if (::inet_pton(AF_INET6, host.c_str(), bytes.data()) != 1) return host;
  const bool mapped = std::all_of(bytes.begin(), bytes.begin() + 10, [](std::uint8_t b) { return b == 0; }) &&
                      bytes[10] == 0xff && bytes[11] == 0xff;
  return units::hex(mapped ? std::span(bytes).subspan(12) : std::span(bytes).first(8));
}

}  // namespace vedette::access

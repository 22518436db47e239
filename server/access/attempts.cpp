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
constexpr std::uint32_t kSuspicious = 20;  ///< wrong tries of one user from all over
constexpr std::size_t kKnownAddresses = 16;

std::string pair_of(const std::string& address, const std::string& user) {
  return address + ' ' + user;
}

}  // namespace

seconds pause_after(std::uint32_t wrong, std::uint32_t free) noexcept {
  if (wrong < free) return seconds{0};
  const std::uint32_t doublings = std::min<std::uint32_t>(wrong - free, 5);
  return std::min(kFirstPause * (1U << doublings), kLongestPause);
}

Tries::Entry* Tries::find(const std::string& key, units::Steady now) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return nullptr;
  if (now - found->second->last <= kForgotten) return &*found->second;
  forget(key);
  return nullptr;
}

seconds Tries::wait(const std::string& key, units::Steady now) {
  const Entry* entry = find(key, now);
  if (entry == nullptr || now >= entry->paused_until) return seconds{0};
  return std::chrono::ceil<seconds>(entry->paused_until - now);
}

void Tries::count(const std::string& key, std::uint32_t free, units::Steady now) {
  if (find(key, now) == nullptr) {
    if (entries_.size() >= most_keys_) {
      by_key_.erase(entries_.back().key);
      entries_.pop_back();
    }
    entries_.push_front({key, 0, now, {}});
    by_key_.emplace(key, entries_.begin());
  }
  const Place place = by_key_.at(key);
  entries_.splice(entries_.begin(), entries_, place);
  ++place->wrong;
  place->last = now;
  place->paused_until = now + pause_after(place->wrong, free);
}

void Tries::take_back(const std::string& key, std::uint32_t tries) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end() || tries == 0) return;
  Entry& entry = *found->second;
  if (entry.wrong <= tries) return forget(key);
  entry.wrong -= tries;
  entry.paused_until = {};  // a try is only counted outside of pauses: it began with the last one
}

void Tries::forget(const std::string& key) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return;
  entries_.erase(found->second);
  by_key_.erase(found);
}

std::uint32_t Tries::wrong(const std::string& key, units::Steady now) {
  const Entry* entry = find(key, now);
  return entry == nullptr ? 0 : entry->wrong;
}

bool Attempts::knows(const std::string& address, const std::string& user) const {
  const auto found = known_.find(user);
  return found != known_.end() && std::ranges::find(found->second, address) != found->second.end();
}

std::uint32_t Attempts::free_tries(const std::string& address, const std::string& user, units::Steady now) {
  return users_.wrong(user, now) >= kSuspicious && !knows(address, user) ? std::min(1U, free_tries_) : free_tries_;
}

seconds Attempts::wait(const std::string& address, const std::string& user, units::Steady now) {
  return std::max(addresses_.wait(address, now), pairs_.wait(pair_of(address, user), now));
}

void Attempts::count(const std::string& address, const std::string& user, units::Steady now) {
  const std::uint32_t free = free_tries(address, user, now);
  addresses_.count(address, free_tries_, now);
  pairs_.count(pair_of(address, user), free, now);
  if (!knows(address, user)) users_.count(user, kSuspicious, now);
}

void Attempts::take_back(const std::string& address, const std::string& user) {
  addresses_.take_back(address);
  pairs_.take_back(pair_of(address, user));
  if (!knows(address, user)) users_.take_back(user);
}

void Attempts::succeeded(const std::string& address, const std::string& user, units::Steady now) {
  const std::string pair = pair_of(address, user);
  addresses_.take_back(address, pairs_.wrong(pair, now));
  pairs_.forget(pair);
  if (knows(address, user)) return;
  users_.take_back(user);  // this try; guesses from elsewhere stay suspicious
  std::deque<std::string>& known = known_[user];
  known.push_front(address);
  if (known.size() > kKnownAddresses) known.pop_back();
}

std::string Attempts::words(const std::string& address, const std::string& user, units::Steady now) {
  const std::uint32_t free = free_tries(address, user, now);
  const std::uint32_t by_address = addresses_.wrong(address, now), by_pair = pairs_.wrong(pair_of(address, user), now);
  const auto left_of = [](std::uint32_t wrong, std::uint32_t of) { return wrong >= of ? 0 : of - wrong; };
  const std::uint32_t left = std::max(1U, std::min(left_of(by_address, free_tries_), left_of(by_pair, free)));
  const seconds pause =
      std::max(pause_after(std::max(by_address, free_tries_), free_tries_), pause_after(std::max(by_pair, free), free));
  const std::string length = units::spoken_duration(pause);
  const seconds now_paused = wait(address, user, now);
  if (now_paused > seconds{0}) return "The next try is possible in " + units::spoken_duration(now_paused) + ".";
  return std::to_string(left) + (left == 1 ? " try" : " tries") + " left before a pause of " + length + ".";
}

std::string address_key(std::string_view peer) {
  const bool bracketed = peer.starts_with('[');
  std::string host(bracketed ? peer.substr(1, peer.find(']') - 1) : peer.substr(0, peer.find(':')));
  std::array<std::uint8_t, 16> bytes{};
  if (::inet_pton(AF_INET6, host.c_str(), bytes.data()) != 1) return host;
  const bool mapped = std::all_of(bytes.begin(), bytes.begin() + 10, [](std::uint8_t b) { return b == 0; }) &&
                      bytes[10] == 0xff && bytes[11] == 0xff;
  return units::hex(mapped ? std::span(bytes).subspan(12) : std::span(bytes).first(8));
}

}  // namespace vedette::access

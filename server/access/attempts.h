// Limits guessing of passwords: after some wrong tries a pause, longer with every further one. Pure; time is passed in.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "schema/units/time.h"

namespace vedette::access {

/// The pause after `wrong` tries when `free` of them cost none: 30 s, doubling up to 15 min; 0 below `free`.
[[nodiscard]] std::chrono::seconds pause_after(std::uint32_t wrong, std::uint32_t free) noexcept;

/// Counts tries by one kind of key (addresses, user names, both). What is an hour old is forgotten. Not thread-safe.
class Tries {
 public:
  /// At most `most_keys` are remembered, the one unused longest is forgotten first.
  explicit Tries(std::size_t most_keys) : most_keys_(most_keys) {}

  /// How long `key` has to wait still; 0 when it may try.
  [[nodiscard]] std::chrono::seconds wait(const std::string& key, units::Steady now);
  /// Counts one try that is taken for wrong until take_back() or forget() says otherwise (so that tries at the same
  /// time all count). A pause begins when `free` of them were counted.
  void count(const std::string& key, std::uint32_t free, units::Steady now);
  /// `tries` of the counted ones weren't wrong, or nobody could say: they and the pause that began with them are
  /// undone.
  void take_back(const std::string& key, std::uint32_t tries = 1);
  void forget(const std::string& key);
  [[nodiscard]] std::uint32_t wrong(const std::string& key, units::Steady now);
  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::string key;
    std::uint32_t wrong = 0;
    units::Steady last{};
    units::Steady paused_until{};
  };
  using Place = std::list<Entry>::iterator;
  [[nodiscard]] Entry* find(const std::string& key, units::Steady now);

  std::size_t most_keys_;
  std::list<Entry> entries_;  ///< newest first
  std::unordered_map<std::string, Place> by_key_;
};

/// Passwords: strict by address, soft by user. Not thread-safe.
///
/// An address has 5 wrong tries (or as many as configured), whoever is named, then pauses; signing in gives back only
/// the tries that named the same user, so that an account of one's own doesn't clear the guesses at another's.
///
/// A user is never paused as such, or anybody could lock a person out by guessing now and then from elsewhere. After 20
/// wrong tries of one name from all over, addresses from which that user never signed in have one try at that name
/// instead of 5 before their pause. So the right password gets in at the first try from anywhere and at each try from
/// where its user was before; guessing from many addresses gets one try from each, and what is known of addresses is
/// lost at a restart. Who guesses behind the same address as a person can take its turns; then another address helps.
class Attempts {
 public:
  static constexpr std::uint32_t kFreeTries = 5;
  /// `free_tries`: wrong ones of an address before its first pause.
  explicit Attempts(std::uint32_t free_tries = kFreeTries) : free_tries_(free_tries) {}
  [[nodiscard]] std::chrono::seconds wait(const std::string& address, const std::string& user, units::Steady now);
  void count(const std::string& address, const std::string& user, units::Steady now);
  /// The last counted one wasn't wrong: nobody could say.
  void take_back(const std::string& address, const std::string& user);
  void succeeded(const std::string& address, const std::string& user, units::Steady now);
  /// "3 tries left before a pause of 30 s."
  [[nodiscard]] std::string words(const std::string& address, const std::string& user, units::Steady now);

 private:
  [[nodiscard]] bool knows(const std::string& address, const std::string& user) const;
  [[nodiscard]] std::uint32_t free_tries(const std::string& address, const std::string& user, units::Steady now);

  std::uint32_t free_tries_;
  Tries addresses_{10'000};
  Tries users_{10'000};  ///< wrong tries from addresses that the user isn't known from
  Tries pairs_{10'000};  ///< of one user from one address
  /// The newest 16 addresses from which each user signed in. Bounded by the users there are.
  std::unordered_map<std::string, std::deque<std::string>> known_;
};

/// What counts as one address: an IPv4 address, or an IPv6 /64 network. `peer` is "192.0.2.7:53124" or
/// "[2001:db8::1]:53124", with or without the port.
[[nodiscard]] std::string address_key(std::string_view peer);

}  // namespace vedette::access

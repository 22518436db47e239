// Limits guessing of passwords: after some wrong tries a pause, longer with every further one. Pure; time is passed in.
#pragma once

#include <chrono>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "schema/units/time.h"

namespace vedette::access {

/// Counts tries by one kind of key (addresses, or user names). Not thread-safe.
class Tries {
 public:
  /// `free` tries before the first pause; at most `most_keys` are remembered, the one unused longest is forgotten
  /// first.
  Tries(std::uint32_t free, std::size_t most_keys) : free_(free), most_keys_(most_keys) {}

  /// How long `key` has to wait still; 0 when it may try.
  [[nodiscard]] std::chrono::seconds wait(const std::string& key, units::Steady now);
  /// Counts one try that is taken for wrong until forget() says otherwise (so that tries at the same time all count).
  void count(const std::string& key, units::Steady now);
  /// The last counted one wasn't wrong: nobody could say.
  void take_back(const std::string& key);
  void forget(const std::string& key);
  /// Tries left before the next pause.
  [[nodiscard]] std::uint32_t left(const std::string& key) const;
  /// The pause that follows the next counted one too many.
  [[nodiscard]] std::chrono::seconds next_pause(const std::string& key) const;
  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::string key;
    std::uint32_t wrong = 0;
    units::Steady last{};
    units::Steady paused_until{};
  };
  using Place = std::list<Entry>::iterator;
  [[nodiscard]] std::chrono::seconds pause_after(std::uint32_t wrong) const;

  std::uint32_t free_;
  std::size_t most_keys_;
  std::list<Entry> entries_;  ///< newest first
  std::unordered_map<std::string, Place> by_key_;
};

/// Both kinds together. Not thread-safe.
class Attempts {
 public:
  [[nodiscard]] std::chrono::seconds wait(const std::string& address, const std::string& user, units::Steady now);
  void count(const std::string& address, const std::string& user, units::Steady now);
  /// The last counted one wasn't wrong: nobody could say.
  void take_back(const std::string& address, const std::string& user);
  void succeeded(const std::string& address, const std::string& user);
  /// "3 tries left before a pause of 30 s."
  [[nodiscard]] std::string words(const std::string& address, const std::string& user) const;

 private:
  // A whole office may share an address and an attacker may name any user: the user's count is wider, so that a
  // stranger can't lock a person out with five wrong guesses.
  Tries addresses_{5, 10'000};
  Tries users_{20, 10'000};
};

/// What counts as one address: an IPv4 address, or an IPv6 /64 network. `peer` is "192.0.2.7:53124" or
/// "[2001:db8::1]:53124".
[[nodiscard]] std::string address_key(std::string_view peer);

}  // namespace vedette::access

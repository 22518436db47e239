// Sets of IP addresses as the configuration names them: single ones and whole networks.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "schema/units/result.h"

namespace vedette::net {

/// IPv4 and IPv6 at once: an IPv4 address is its own form in IPv6 (::ffff:10.0.0.2), however it is written. A value:
/// once filled, any thread reads.
class Networks {
 public:
  Networks() = default;
  /// What is written in code: aborts on what add() doesn't take.
  Networks(std::initializer_list<std::string> texts);

  /// "192.0.2.7", "2001:db8::1", "172.18.0.0/16", "2001:db8::/32". `invalid`, with what it must be, for anything else,
  /// for addresses that have bits behind the prefix, and for networks that hold all of IPv4 ("::/64" does: its form in
  /// IPv6 begins with zeros).
  [[nodiscard]] units::Result<void> add(const std::string& text);

  /// Is the address, as PeerAddress::host writes it, one of them or in one of them?
  [[nodiscard]] bool hold(const std::string& host) const;
  /// The first of ours that has an address in common with one of theirs.
  [[nodiscard]] std::optional<std::string> shared_with(const Networks& theirs) const;
  [[nodiscard]] bool empty() const noexcept { return all_.empty(); }
  [[nodiscard]] std::vector<std::string> texts() const;  ///< each in its shortest form

 private:
  struct Network {
    std::array<std::uint8_t, 16> address{};
    unsigned prefix = 128;  ///< bits of `address` that count
    [[nodiscard]] bool holds(const std::array<std::uint8_t, 16>& other) const;
    [[nodiscard]] std::string text() const;
  };
  static std::optional<Network> parse(const std::string& text);

  std::vector<Network> all_;
};

}  // namespace vedette::net

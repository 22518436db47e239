// Quantities as types, so that a number of bytes never passes for a number of seconds. Base units throughout.
#pragma once

#include <compare>
#include <cstdint>

namespace vedette::units {

template <class Tag, class Number>
struct Quantity {
  Number value{};

  constexpr Quantity() = default;
  constexpr explicit Quantity(Number number) noexcept : value(number) {}
  constexpr auto operator<=>(const Quantity&) const = default;
  constexpr Quantity& operator+=(Quantity other) noexcept {
    value += other.value;
    return *this;
  }
  friend constexpr Quantity operator+(Quantity a, Quantity b) noexcept { return Quantity(a.value + b.value); }
  friend constexpr Quantity operator-(Quantity a, Quantity b) noexcept { return Quantity(a.value - b.value); }
};

using Bytes = Quantity<struct BytesTag, std::uint64_t>;
using BytesPerSecond = Quantity<struct BytesPerSecondTag, double>;
using Ratio = Quantity<struct RatioTag, double>;  ///< 0..1

[[nodiscard]] constexpr Bytes kib(std::uint64_t n) noexcept {
  return Bytes(n * 1024);
}
[[nodiscard]] constexpr Bytes mib(std::uint64_t n) noexcept {
  return Bytes(n * 1024 * 1024);
}

}  // namespace vedette::units

// Small numbers the collector uses inside. They never leave it: the API speaks HostId and series names.
#pragma once

#include <cstdint>
#include <functional>

namespace vedette::domain {

/// A host inside the collector: 1 … 2^28−1, in order of enrolment, never reused. 0 is none.
enum class HostNumber : std::uint32_t {};

/// A series of one host: dense from 0, never reused; its column group in the store is number / 64.
enum class SeriesNumber : std::uint32_t {};

/// A connection within one run of the collector, never reused. 0 is none.
enum class ConnectionId : std::uint64_t {};

[[nodiscard]] constexpr std::uint32_t index(HostNumber host) noexcept {
  return static_cast<std::uint32_t>(host);
}
[[nodiscard]] constexpr std::uint32_t index(SeriesNumber series) noexcept {
  return static_cast<std::uint32_t>(series);
}

}  // namespace vedette::domain

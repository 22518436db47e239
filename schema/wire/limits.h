// Checks that both directions' converters share. Private to schema/wire: only *.cpp files here include it.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "schema/units/result.h"
#include "schema/units/time.h"
#include "schema/wire/messages.h"

namespace vedette::wire {

inline constexpr std::size_t kMaxText = 256;       ///< bytes of a hostname, version, reason …
inline constexpr std::size_t kMaxLongText = 1024;  ///< bytes of a happening's text
inline constexpr std::int64_t kMinIntervalMs = 10, kMaxIntervalMs = 3'600'000;
inline constexpr std::int64_t kMaxRetryMs = 86'400'000;
inline constexpr std::int64_t kMaxSpanMs = 86'400'000;
inline constexpr std::uint32_t kMinMessageLimit = 1024;  ///< less would let no announcement through

/// Collects the first broken limit of a message, so that converters read as a list of checks.
class Limits {
 public:
  explicit Limits(std::string_view message) : message_(message) {}

  void require(bool kept, std::string_view field, std::string_view rule) {
    if (!kept && broken_.empty()) broken_ = message_ + "." + std::string(field) + " " + std::string(rule);
  }
  void text(const std::string& value, std::string_view field, std::size_t limit = kMaxText) {
    if (value.size() > limit) require(false, field, "is longer than " + std::to_string(limit) + " bytes");
  }
  void id(const std::string& bytes, std::string_view field) { require(bytes.size() == 16, field, "is not 16 bytes"); }
  void time(std::int64_t ms, std::string_view field) {
    require(ms >= units::kEarliestMs && ms <= units::kLatestMs, field, "is outside the years 1970 to 9999");
  }
  void stream(StreamId stream, std::string_view field) { require(stream != 0, field, "is 0"); }
  void tick(TickNumber number, std::string_view field) {
    require(number >= 1 && number <= kMaxTickNumber, field, "is not from 1 to 2^62");
  }

  /// Call once, at the end.
  template <class T>
  [[nodiscard]] units::Result<T> result(T value) const {
    if (!broken_.empty()) return units::fail(units::ErrorCode::invalid, broken_);
    return value;
  }
  [[nodiscard]] bool kept() const noexcept { return broken_.empty(); }

 private:
  std::string message_;
  std::string broken_;
};

/// The 16 bytes of an id; all zero if there aren't 16.
[[nodiscard]] inline Id128 id128(const std::string& bytes) {
  Id128 id{};
  if (bytes.size() == id.size()) std::copy(bytes.begin(), bytes.end(), id.begin());
  return id;
}
[[nodiscard]] inline std::string text_of(const Id128& id) {
  return {id.begin(), id.end()};
}

}  // namespace vedette::wire

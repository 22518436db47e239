// Series: one metric with its attributes on one host, and how its values are written as integers.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "schema/units/result.h"

namespace vedette::metrics {

enum class Kind : std::uint8_t {
  gauge = 0,    ///< a level: any value may follow any other
  counter = 1,  ///< cumulative since boot: only grows, falls back to near 0 when the source restarts
};

/// What one integer step means: value in the base unit = integer * multiply / divide. {1024, 1} for KiB as bytes,
/// {1, 100} for hundredths. {0, 0} marks a series of doubles (the cell holds the bit pattern).
struct Quantum {
  std::int64_t multiply = 1;
  std::int64_t divide = 1;
  bool operator==(const Quantum&) const = default;
  [[nodiscard]] bool is_real() const noexcept { return divide == 0; }
};
inline constexpr Quantum kReal{0, 0};

/// One value of one series as it travels and is stored. `bits` is the integer, or a double's bit pattern for kReal.
struct Cell {
  std::int64_t bits = 0;
  bool present = false;
  bool operator==(const Cell&) const = default;
};

/// The cell's value in the base unit. Precondition: present.
[[nodiscard]] double value(Cell cell, Quantum quantum) noexcept;

/// The nearest cell for a value in the base unit; values that don't fit 63 bits are clamped, NaN of an integer series
/// is absent.
[[nodiscard]] Cell cell(double value, Quantum quantum) noexcept;
[[nodiscard]] constexpr Cell integer(std::int64_t n) noexcept {
  return {n, true};
}

struct Attribute {
  std::string key;
  std::string value;
  auto operator<=>(const Attribute&) const = default;
};

/// Name and attributes, sorted by key: what makes a series this series on its host.
struct SeriesKey {
  std::string name;
  std::vector<Attribute> attributes;
  auto operator<=>(const SeriesKey&) const = default;
  [[nodiscard]] std::optional<std::string_view> attribute(std::string_view key) const;
};

/// "system.disk.io{device=sda,direction=read}"; a name alone has no braces. Values with , } = " or \ are quoted.
[[nodiscard]] std::string to_string(const SeriesKey& key);

/// A series as announced, stored and listed. Limits: name ≤ 128 bytes, ≤ 8 attributes, key ≤ 64, value ≤ 256 bytes.
struct Series {
  SeriesKey key;
  std::string unit;  ///< UCUM, as OpenTelemetry writes it: "By", "s", "1", "{operation}"
  Kind kind = Kind::gauge;
  Quantum quantum;
  bool operator==(const Series&) const = default;
};

/// `invalid` with the field's name if a limit is broken, text isn't UTF-8 or the quantum makes no sense.
[[nodiscard]] units::Result<void> check(const Series& series);

/// What a person asks for: `name` selects all its series, `name{key=value}` exactly that attribute set, `key=*` any
/// value.
struct Selector {
  std::string name;
  std::optional<std::vector<Attribute>> attributes;  ///< absent: any set; value "*": any value
  [[nodiscard]] bool matches(const SeriesKey& key) const;
};

[[nodiscard]] units::Result<Selector> parse_selector(std::string_view text);

}  // namespace vedette::metrics

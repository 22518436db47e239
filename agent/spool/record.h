// Records in append-only files, written so that a torn end or damage loses little: a reader passes over what isn't
// whole and finds the next record that is. Pure. docs/spool-format.md has the grammar.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace vedette::spool {

inline constexpr std::size_t kMostBody = 1U << 20;  ///< bytes; a tick of the most series a host may have takes a fifth

/// Precondition: `body` has at most kMostBody bytes.
void put_record(std::string& out, std::uint8_t type, std::string_view body);

struct Record {
  std::uint8_t type = 0;
  std::span<const std::uint8_t> body;  ///< into the bytes that are read
  std::size_t at = 0;                  ///< where it begins
  bool after_damage = false;           ///< bytes between the record before and this one were passed over
};

/// Walks over bytes that may be damaged anywhere. Time is bounded: what is searched for too long counts as damaged.
class RecordReader {
 public:
  /// `from` is where a record begins.
  explicit RecordReader(std::span<const std::uint8_t> bytes, std::size_t from = 0) noexcept;

  [[nodiscard]] std::optional<Record> next();
  [[nodiscard]] std::size_t damaged() const noexcept { return damaged_; }  ///< bytes passed over so far

 private:
  [[nodiscard]] std::optional<Record> whole();

  std::span<const std::uint8_t> bytes_;
  std::size_t at_, damaged_ = 0;
  std::size_t budget_;  ///< bytes that may still be summed in vain
};

}  // namespace vedette::spool

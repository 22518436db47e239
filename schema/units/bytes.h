// Reading and writing the byte forms that every format of ours shares: little-endian integers and LEB128 varints.
// A varint has 7 bits a byte, lowest first, the top bit set on all but the last; at most 10 bytes, never longer than
// needed. Signed numbers are zigzagged first (0, −1, 1, −2 … become 0, 1, 2, 3 …).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace vedette::units {

[[nodiscard]] constexpr std::uint64_t zigzag(std::int64_t n) noexcept {
  return (static_cast<std::uint64_t>(n) << 1) ^ static_cast<std::uint64_t>(n >> 63);
}
[[nodiscard]] constexpr std::int64_t unzigzag(std::uint64_t n) noexcept {
  return static_cast<std::int64_t>((n >> 1) ^ (0 - (n & 1)));
}

/// a − b modulo 2^64, defined for every pair; wrapping_add(b, wrapping_sub(a, b)) == a.
[[nodiscard]] constexpr std::int64_t wrapping_sub(std::int64_t a, std::int64_t b) noexcept {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}
[[nodiscard]] constexpr std::int64_t wrapping_add(std::int64_t a, std::int64_t b) noexcept {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

inline constexpr std::size_t kLongestVarint = 10;

/// Writes to `out`, which has room for kLongestVarint, and returns the end.
inline char* put_varint(char* out, std::uint64_t n) noexcept {
  while (n >= 0x80) {
    *out++ = static_cast<char>(n | 0x80);
    n >>= 7;
  }
  *out++ = static_cast<char>(n);
  return out;
}
inline void put_varint(std::string& out, std::uint64_t n) {
  char buffer[kLongestVarint];
  out.append(buffer, static_cast<std::size_t>(put_varint(buffer, n) - buffer));
}
inline void put_signed(std::string& out, std::int64_t n) {
  put_varint(out, zigzag(n));
}
/// The lowest `bytes` bytes of `n`, lowest first.
inline void put_fixed(std::string& out, std::uint64_t n, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<char>(n >> (8 * i)));
}

[[nodiscard]] inline std::span<const std::uint8_t> as_bytes(std::string_view text) noexcept {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// Walks over bytes that somebody else wrote. Every read past the end, and every varint that put_varint() can't have
/// written, is nullopt; the reader stays usable.
class ByteReader {
 public:
  explicit ByteReader(std::span<const std::uint8_t> bytes) noexcept : bytes_(bytes) {}

  [[nodiscard]] std::size_t remaining() const noexcept { return bytes_.size() - at_; }
  [[nodiscard]] std::size_t position() const noexcept { return at_; }

  /// What wasn't read yet; take() what was used of it.
  [[nodiscard]] std::span<const std::uint8_t> rest() const noexcept { return bytes_.subspan(at_); }

  std::optional<std::uint8_t> byte() noexcept {
    if (remaining() == 0) return std::nullopt;
    return bytes_[at_++];
  }
  std::optional<std::span<const std::uint8_t>> take(std::size_t count) noexcept {
    if (count > remaining()) return std::nullopt;
    at_ += count;
    return bytes_.subspan(at_ - count, count);
  }
  std::optional<std::uint64_t> varint() noexcept {
    std::uint64_t n = 0;
    for (int shift = 0; shift < 70 && at_ < bytes_.size(); shift += 7) {
      const std::uint8_t b = bytes_[at_++];
      if (shift == 63 && b > 1) return std::nullopt;
      n |= static_cast<std::uint64_t>(b & 0x7f) << shift;
      if (b < 0x80) return b == 0 && shift > 0 ? std::nullopt : std::optional(n);
    }
    return std::nullopt;
  }
  std::optional<std::int64_t> signed_varint() noexcept {
    const auto n = varint();
    return n ? std::optional(unzigzag(*n)) : std::nullopt;
  }
  /// Little-endian, 1 to 8 bytes.
  std::optional<std::uint64_t> fixed(int bytes) noexcept {
    const auto raw = take(static_cast<std::size_t>(bytes));
    if (!raw) return std::nullopt;
    std::uint64_t n = 0;
    for (int i = 0; i < bytes; ++i) n |= static_cast<std::uint64_t>((*raw)[static_cast<std::size_t>(i)]) << (8 * i);
    return n;
  }

 private:
  std::span<const std::uint8_t> bytes_;
  std::size_t at_ = 0;
};

}  // namespace vedette::units

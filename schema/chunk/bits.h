// Bits in bytes, lowest bit first: bit 0 of a stream is the lowest bit of its first byte.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>

namespace vedette::chunk {

/// Appends to `out`; finish() pads the last byte with zeros.
class BitWriter {
 public:
  explicit BitWriter(std::string& out) : out_(out) {}

  /// The lowest `count` bits of `n`, 0 to 64. Bits above them must be 0.
  void put(std::uint64_t n, unsigned count) {
    pending_ |= n << used_;
    if (used_ + count < 64) {
      used_ += count;
      return;
    }
    flush(8);
    const unsigned written = 64 - used_;
    pending_ = written < 64 ? n >> written : 0;
    used_ = count - written;
  }
  void finish() {
    flush((used_ + 7) / 8);
    pending_ = 0;
    used_ = 0;
  }

 private:
  void flush(unsigned bytes) {
    static_assert(std::endian::native == std::endian::little, "the format is little-endian");
    char raw[8];
    std::memcpy(raw, &pending_, 8);
    out_.append(raw, bytes);
  }

  std::string& out_;
  std::uint64_t pending_ = 0;
  unsigned used_ = 0;  // bits in pending_, below 64
};

/// Reads past the end give zeros and overrun(): callers check once a block instead of once a value.
class BitReader {
 public:
  explicit BitReader(std::span<const std::uint8_t> bytes) noexcept : bytes_(bytes) {}

  /// The next `count` bits or more, lowest first, without moving; at most 56. Bits above `count` may be missing.
  [[nodiscard]] std::uint64_t look(unsigned count) noexcept {
    if (held_ < count) refill();
    return window_;
  }
  /// Moves on; no more than was looked at.
  void skip(unsigned count) noexcept {
    window_ >>= count;
    held_ -= count;
    position_ += count;
  }
  /// 0 to 64 bits.
  std::uint64_t get(unsigned count) noexcept {
    if (count > 56) {
      const std::uint64_t low = get(32);
      return low | get(count - 32) << 32;
    }
    const std::uint64_t n = look(count) & ((std::uint64_t{1} << count) - 1);
    skip(count);
    return n;
  }
  [[nodiscard]] bool overrun() const noexcept { return position_ > bytes_.size() * 8; }
  /// Whole bytes that were touched.
  [[nodiscard]] std::size_t bytes_read() const noexcept { return (position_ + 7) / 8; }

 private:
  void refill() noexcept {
    const std::size_t at = position_ / 8;
    window_ = 0;
    if (at + 8 <= bytes_.size()) {
      std::memcpy(&window_, bytes_.data() + at, 8);
    } else if (at < bytes_.size()) {
      std::memcpy(&window_, bytes_.data() + at, bytes_.size() - at);
    }
    window_ >>= position_ % 8;
    held_ = 64 - static_cast<unsigned>(position_ % 8);
  }

  std::span<const std::uint8_t> bytes_;
  std::size_t position_ = 0;  // bits
  std::uint64_t window_ = 0;  // the bits from position_ on, of which held_ are loaded: a load takes longer than a shift
  unsigned held_ = 0;
};

}  // namespace vedette::chunk

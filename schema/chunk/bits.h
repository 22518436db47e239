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

  /// At least the next 56 bits, lowest first, without moving.
  [[nodiscard]] std::uint64_t peek() const noexcept {
    const std::size_t at = position_ / 8;
    std::uint64_t raw = 0;
    if (at + 8 <= bytes_.size()) {
      std::memcpy(&raw, bytes_.data() + at, 8);
    } else if (at < bytes_.size()) {
      std::memcpy(&raw, bytes_.data() + at, bytes_.size() - at);
    }
    return raw >> (position_ % 8);
  }
  void skip(unsigned count) noexcept { position_ += count; }

  /// 0 to 64 bits.
  std::uint64_t get(unsigned count) noexcept {
    if (count > 56) {
      const std::uint64_t low = get(32);
      return low | get(count - 32) << 32;
    }
    const std::uint64_t n = peek() & ((std::uint64_t{1} << count) - 1);
    position_ += count;
    return n;
  }
  [[nodiscard]] bool overrun() const noexcept { return position_ > bytes_.size() * 8; }
  /// Whole bytes that were touched.
  [[nodiscard]] std::size_t bytes_read() const noexcept { return (position_ + 7) / 8; }

 private:
  std::span<const std::uint8_t> bytes_;
  std::size_t position_ = 0;  // bits
};

}  // namespace vedette::chunk

#include "schema/wire/deflate.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <new>

namespace vedette::wire {
namespace {

using units::ErrorCode;
using units::fail;

/// What a sender takes off the end of every message and a receiver puts back (RFC 7692 7.2.1): an empty stored block.
constexpr std::string_view kTail{"\x00\x00\xff\xff", 4};
constexpr int kLevel = Z_BEST_SPEED;  ///< 48 kB of fleet rows: 0.6 ms and 41 % of them; zlib's default: 2.2 ms and 36 %
constexpr int kMemoryLevel = 8;

struct EndDeflate {
  void operator()(z_stream* stream) const noexcept {
    ::deflateEnd(stream);
    delete stream;
  }
};
struct EndInflate {
  void operator()(z_stream* stream) const noexcept {
    ::inflateEnd(stream);
    delete stream;
  }
};

void give(z_stream& stream, std::string_view bytes) {
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));  // zlib only reads
  stream.avail_in = static_cast<uInt>(bytes.size());
}

/// Lets zlib write behind the first `used` bytes of `out`.
void take_into(z_stream& stream, std::string& out, std::size_t used) {
  stream.next_out = reinterpret_cast<Bytef*>(out.data()) + used;
  stream.avail_out = static_cast<uInt>(out.size() - used);
}

/// One message's expansion.
struct Expansion {
  z_stream& stream;
  std::size_t limit;
  std::string out{};
  std::size_t used = 0;

  units::Result<void> feed(std::string_view bytes);
  void grow(std::size_t at_least) {
    out.resize(std::min(limit + 1, std::max(out.size() * 2, at_least)));  // one byte over tells "full" from "too large"
  }
};

units::Result<void> Expansion::feed(std::string_view bytes) {
  give(stream, bytes);
  while (true) {
    if (used == out.size()) grow(512);
    take_into(stream, out, used);
    const int result = ::inflate(&stream, Z_BLOCK);  // stops between blocks, so that the end shows in data_type
    used = out.size() - stream.avail_out;
    if (used > limit) return fail(ErrorCode::too_large, "message too big");
    if (result == Z_MEM_ERROR) throw std::bad_alloc();
    if (result != Z_OK && result != Z_BUF_ERROR && result != Z_STREAM_END) break;
    if (stream.avail_in == 0 && stream.avail_out > 0) return {};
    if (result == Z_BUF_ERROR && stream.avail_out > 0) break;
    // A final block needn't be the last (RFC 7692 7.2.3.4).
    if (result == Z_STREAM_END && ::inflateReset(&stream) != Z_OK) std::abort();
  }
  return fail(ErrorCode::invalid, "compressed message is not DEFLATE");
}

bool between_blocks(const z_stream& stream) {
  return (stream.data_type & 128) != 0 && (stream.data_type & 7) == 0;
}

}  // namespace

struct Deflate::Streams {
  std::array<std::unique_ptr<z_stream, EndDeflate>, kMostWindowBits + 1> out;  ///< by window bits
  std::unique_ptr<z_stream, EndInflate> in;

  z_stream& deflating(std::uint8_t window_bits) {
    auto& kept = out.at(window_bits);
    if (kept) {
      if (::deflateReset(kept.get()) != Z_OK) std::abort();
      return *kept;
    }
    auto fresh = std::make_unique<z_stream>();
    if (::deflateInit2(fresh.get(), kLevel, Z_DEFLATED, -window_bits, kMemoryLevel, Z_DEFAULT_STRATEGY) != Z_OK) {
      throw std::bad_alloc();
    }
    kept.reset(fresh.release());
    return *kept;
  }

  z_stream& inflating() {
    if (in) {
      if (::inflateReset(in.get()) != Z_OK) std::abort();
      return *in;
    }
    auto fresh = std::make_unique<z_stream>();
    if (::inflateInit2(fresh.get(), -kMostWindowBits) != Z_OK) throw std::bad_alloc();
    in.reset(fresh.release());
    return *in;
  }
};

Deflate::Deflate() : streams_(std::make_unique<Streams>()) {}
Deflate::~Deflate() = default;
Deflate::Deflate(Deflate&&) noexcept = default;
Deflate& Deflate::operator=(Deflate&&) noexcept = default;

std::optional<std::string> Deflate::compress(std::string_view payload, std::uint8_t window_bits) {
  if (payload.size() < kWorthwhile || window_bits < kLeastWindowBits) return std::nullopt;
  z_stream& stream = streams_->deflating(window_bits);
  // What doesn't fit isn't smaller than the payload, tail included or not.
  std::string out(payload.size() + kTail.size(), '\0');
  give(stream, payload);
  take_into(stream, out, 0);
  if (::deflate(&stream, Z_SYNC_FLUSH) != Z_OK || stream.avail_out == 0) return std::nullopt;
  out.resize(out.size() - stream.avail_out);
  if (!out.ends_with(kTail)) std::abort();
  out.resize(out.size() - kTail.size());
  if (out.size() >= payload.size()) return std::nullopt;
  return out;
}

units::Result<std::string> Deflate::expand(std::string_view payload, std::size_t limit) {
  Expansion expansion{streams_->inflating(), limit};
  expansion.grow(payload.size() * 4);
  if (auto taken = expansion.feed(payload); !taken) return std::unexpected(std::move(taken.error()));
  const std::size_t whole = expansion.used;
  if (auto taken = expansion.feed(kTail); !taken) return std::unexpected(std::move(taken.error()));
  // A cut message may read the tail as symbols, and find an end of block in them.
  if (!between_blocks(expansion.stream) || expansion.used != whole)
    return fail(ErrorCode::invalid, "compressed message is cut off");
  expansion.out.resize(expansion.used);
  return std::move(expansion.out);
}

}  // namespace vedette::wire

#include "server/history/packed.h"

#include <algorithm>

#include "server/history/key.h"

namespace vedette::history {

using units::ErrorCode;

namespace {

constexpr std::size_t kLongestVarint = 10;

constexpr std::uint64_t zigzag(std::int64_t n) noexcept {
  return (static_cast<std::uint64_t>(n) << 1) ^ static_cast<std::uint64_t>(n >> 63);
}

constexpr std::int64_t unzigzag(std::uint64_t n) noexcept {
  return static_cast<std::int64_t>((n >> 1) ^ (0 - (n & 1)));
}

// Differences wrap: any 64-bit value may follow any other.
constexpr std::int64_t difference(std::int64_t a, std::int64_t b) noexcept {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}

constexpr std::int64_t sum(std::int64_t a, std::int64_t b) noexcept {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

char* put(char* out, std::uint64_t value) noexcept {
  while (value >= 0x80) {
    *out++ = static_cast<char>(value | 0x80);
    value >>= 7;
  }
  *out++ = static_cast<char>(value);
  return out;
}

char* put_presence(char* out, const std::vector<metrics::Cell>& cells) noexcept {
  if (std::ranges::all_of(cells, &metrics::Cell::present)) {
    *out++ = 0;
    return out;
  }
  *out++ = 1;
  std::fill_n(out, (cells.size() + 7) / 8, 0);
  for (std::size_t n = 0; n < cells.size(); ++n) {
    if (cells[n].present) out[n / 8] = static_cast<char>(out[n / 8] | (1 << (n % 8)));
  }
  return out + (cells.size() + 7) / 8;
}

}  // namespace

void write_varint(std::string& out, std::uint64_t value) {
  char buffer[kLongestVarint];
  out.append(buffer, static_cast<std::size_t>(put(buffer, value) - buffer));
}

bool read_varint(Bytes& rest, std::uint64_t& value) noexcept {
  value = 0;
  for (std::size_t n = 0; n < rest.size() && n < kLongestVarint; ++n) {
    value |= static_cast<std::uint64_t>(rest[n] & 0x7F) << (7 * n);
    if (rest[n] < 0x80) {
      rest = rest.subspan(n + 1);
      return true;
    }
  }
  return false;
}

void PackedTicks::append(const domain::Tick& tick, std::uint32_t epoch) {
  const std::size_t width = tick.cells.size();
  // One scratch a thread: growing bytes_ to the worst case would clear memory for nothing at each tick.
  thread_local std::vector<char> scratch;
  scratch.resize(std::max(scratch.size(), width * (kLongestVarint + 1) + 4 * kLongestVarint));
  if (last_.size() < width) last_.resize(width, 0);

  const std::int64_t time = units::unix_ms(tick.at);
  const std::uint32_t boot = with_epoch(tick.boot, epoch);
  char* out = put(scratch.data(), zigzag(difference(time, time_)));
  out = put(out, zigzag(std::int64_t{boot} - std::int64_t{boot_}));
  out = put(out, width);
  out = put_presence(out, tick.cells);
  for (std::size_t n = 0; n < width; ++n) {
    if (!tick.cells[n].present) continue;
    out = put(out, zigzag(difference(tick.cells[n].bits, last_[n])));
    last_[n] = tick.cells[n].bits;
  }
  bytes_.append(scratch.data(), static_cast<std::size_t>(out - scratch.data()));
  time_ = time;
  boot_ = boot;
  ++count_;
}

bool PackedReader::read_presence(std::size_t count) {
  if (rest_.empty() || rest_[0] > 1) return false;
  const bool all = rest_[0] == 0;
  rest_ = rest_.subspan(1);
  const std::size_t bytes = all ? 0 : (count + 7) / 8;
  if (rest_.size() < bytes) return false;
  for (std::size_t n = 0; n < count; ++n) tick_.cells[n].present = all || ((rest_[n / 8] >> (n % 8)) & 1);
  rest_ = rest_.subspan(bytes);
  return true;
}

units::Result<bool> PackedReader::next() {
  if (rest_.empty()) return false;
  const auto corrupt = [] { return units::fail(ErrorCode::corrupt, "packed ticks are damaged"); };
  std::uint64_t time = 0, boot = 0, count = 0, cell = 0;
  if (!read_varint(rest_, time) || !read_varint(rest_, boot) || !read_varint(rest_, count)) return corrupt();
  if (count > kMaxCells) return corrupt();
  tick_.cells.resize(count);
  if (last_.size() < count) last_.resize(count, 0);
  if (!read_presence(count)) return corrupt();
  for (std::size_t n = 0; n < count; ++n) {
    if (!tick_.cells[n].present) {
      tick_.cells[n].bits = 0;
      continue;
    }
    if (!read_varint(rest_, cell)) return corrupt();
    tick_.cells[n].bits = last_[n] = sum(last_[n], unzigzag(cell));
  }
  tick_.at = units::from_unix_ms(sum(units::unix_ms(tick_.at), unzigzag(time)));
  tick_.boot = static_cast<std::uint32_t>(std::int64_t{tick_.boot} + unzigzag(boot));
  return true;
}

}  // namespace vedette::history

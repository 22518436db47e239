#include "server/history/packed.h"

#include <algorithm>

#include "server/history/key.h"

namespace vedette::history {

using units::ErrorCode;
using units::kLongestVarint;
using units::put_varint;
using units::wrapping_sub;
using units::zigzag;

namespace {

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

void TickPacker::append(std::string& bytes, const domain::Tick& tick, std::uint32_t epoch) {
  const std::size_t width = tick.cells.size();
  // One scratch a thread: growing `bytes` to the worst case would clear memory for nothing at each tick.
  thread_local std::vector<char> scratch;
  scratch.resize(std::max(scratch.size(), width * (kLongestVarint + 1) + 4 * kLongestVarint));
  if (last_.size() < width) last_.resize(width, 0);

  const std::int64_t time = units::unix_ms(tick.at);
  const std::uint32_t boot = with_epoch(tick.boot, epoch);
  char* out = put_varint(scratch.data(), zigzag(wrapping_sub(time, time_)));
  out = put_varint(out, zigzag(std::int64_t{boot} - std::int64_t{boot_}));
  out = put_varint(out, width);
  out = put_presence(out, tick.cells);
  for (std::size_t n = 0; n < width; ++n) {
    if (!tick.cells[n].present) continue;
    out = put_varint(out, zigzag(wrapping_sub(tick.cells[n].bits, last_[n])));
    last_[n] = tick.cells[n].bits;
  }
  bytes.append(scratch.data(), static_cast<std::size_t>(out - scratch.data()));
  time_ = time;
  boot_ = boot;
}

void TickPacker::restart() noexcept {
  time_ = 0;
  boot_ = 0;
  std::ranges::fill(last_, 0);
}

void PackedTicks::append(const domain::Tick& tick, std::uint32_t epoch) {
  thread_local std::string bytes;
  bytes.clear();
  packer_.append(bytes, tick, epoch);
  add(bytes);
  ++count_;
}

void PackedTicks::add(std::string_view bytes) {
  // A row's few ticks take a little, an open chunk's many pieces of a page.
  constexpr std::size_t kPiece = 4'000;
  if (pieces_.empty() || pieces_.back().capacity() - pieces_.back().size() < bytes.size()) {
    pieces_.emplace_back().reserve(std::max(bytes.size(), std::min(size_, kPiece)));
  }
  pieces_.back().append(bytes);
  size_ += bytes.size();
}

bool PackedReader::read_presence(std::size_t count) {
  const auto form = in_.byte();
  if (!form || *form > 1) return false;
  const bool all = *form == 0;
  const auto bitmap = in_.take(all ? 0 : (count + 7) / 8);
  if (!bitmap) return false;
  for (std::size_t n = 0; n < count; ++n) tick_.cells[n].present = all || (((*bitmap)[n / 8] >> (n % 8)) & 1);
  return true;
}

units::Result<bool> PackedReader::next() {
  if (in_.remaining() == 0) {
    if (pieces_.empty()) return false;
    in_ = units::ByteReader(units::as_bytes(pieces_.front()));
    pieces_ = pieces_.subspan(1);
  }
  const auto corrupt = [] { return units::fail(ErrorCode::corrupt, "packed ticks are damaged"); };
  const auto time = in_.signed_varint(), boot = in_.signed_varint();
  const auto count = in_.varint();
  if (!time || !boot || !count || *count > kMaxCells) return corrupt();
  tick_.cells.resize(*count);
  if (last_.size() < *count) last_.resize(*count, 0);
  if (!read_presence(*count)) return corrupt();
  for (std::size_t n = 0; n < *count; ++n) {
    if (!tick_.cells[n].present) {
      tick_.cells[n].bits = 0;
      continue;
    }
    const auto step = in_.signed_varint();
    if (!step) return corrupt();
    tick_.cells[n].bits = last_[n] = units::wrapping_add(last_[n], *step);
  }
  tick_.at = units::from_unix_ms(units::wrapping_add(units::unix_ms(tick_.at), *time));
  tick_.boot = static_cast<std::uint32_t>(units::wrapping_add(tick_.boot, *boot));
  return true;
}

}  // namespace vedette::history

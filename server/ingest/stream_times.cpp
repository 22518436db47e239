#include "server/ingest/stream_times.h"

#include <algorithm>

namespace vedette::ingest {

using units::Instant;
using units::Milliseconds;

namespace {

constexpr std::uint64_t kMostLeft = 1'000'000;  // more ticks than an agent keeps, few enough not to overflow
constexpr Milliseconds kLongestInterval{3'600'000};

// Where the stream ends, if it goes on as these ticks do.
Instant end_of(std::span<const Instant> times, std::uint64_t left) {
  const auto [first, last] = std::ranges::minmax(times);
  if (times.size() < 2) return last;
  const auto interval = std::min((last - first) / static_cast<std::int64_t>(times.size() - 1), kLongestInterval);
  return last + interval * static_cast<std::int64_t>(std::min(left, kMostLeft));
}

}  // namespace

std::uint64_t StreamTimes::put_right(std::uint64_t stream, std::span<Instant> times, std::uint64_t left, Instant now) {
  if (times.empty()) return 0;
  const Instant end = end_of(times, left);
  auto it = moved_.find(stream);
  if (it != moved_.end() && end >= now - ahead_ / 2 && end <= now + ahead_ / 2) {
    moved_.erase(it);
    it = moved_.end();
  }
  if (!possible(end + (it == moved_.end() ? Milliseconds{0} : it->second), now)) {
    it = moved_.insert_or_assign(stream, now - end).first;
  }
  const Milliseconds move = it == moved_.end() ? Milliseconds{0} : it->second;
  std::uint64_t changed = 0;
  for (Instant& at : times) {
    const Instant right = std::clamp(at + move, now - raw_age_, now + ahead_);
    if (right != at) ++changed;
    at = right;
  }
  return changed;
}

}  // namespace vedette::ingest

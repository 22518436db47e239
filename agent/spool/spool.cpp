#include "agent/spool/spool.h"

#include <algorithm>
#include <cstdlib>

#include "schema/chunk/chunk.h"
#include "schema/wire/rows.h"

namespace vedette::spool {
namespace {

/// A wide host's rows are packed sooner, but chunk columns need ten ticks to be worth it.
constexpr std::size_t kMostRowCells = 65'536;
constexpr std::size_t kLeastBlockTicks = 10;
constexpr chunk::Limits kOwnBlocks{
    .ticks = 1024, .columns = wire::kMaxSeries, .cells = Spool::kBlockTicks * wire::kMaxSeries};

std::vector<TickRow> unpacked(const std::string& packed) {
  const auto table = chunk::decode({reinterpret_cast<const std::uint8_t*>(packed.data()), packed.size()}, kOwnBlocks);
  if (!table) std::abort();  // we packed it ourselves
  return wire::rows_of(*table);
}

}  // namespace

Spool::Spool(StreamId first, SpoolLimits limits) : limits_(limits) {
  streams_.emplace_back().id = first;
}

std::size_t Spool::weight(const TickRow& row) noexcept {
  return sizeof(TickRow) + row.cells.size() * sizeof(metrics::Cell);
}

Spool::Stream* Spool::find(StreamId id) noexcept {
  const auto at = std::ranges::find(streams_, id, &Stream::id);
  return at == streams_.end() ? nullptr : &*at;
}
const Spool::Stream* Spool::find(StreamId id) const noexcept {
  return const_cast<Spool*>(this)->find(id);
}

void Spool::append(Stream& stream, TickRow row) {
  newest_ms_ = units::unix_ms(row.at);
  bytes_ += weight(row);
  stream.rows.push_back(std::move(row));
  ++stream.next;
}

TickNumber Spool::add(TickRow row, const std::vector<bool>& reals) {
  Stream& stream = streams_.back();
  if (stream.reals.size() != reals.size()) stream.reals = reals;
  append(stream, std::move(row));
  const std::size_t cells = stream.rows.size() * stream.rows.back().cells.size();
  const bool wide = cells >= kMostRowCells && stream.rows.size() >= kLeastBlockTicks;
  if (!tentative_ && (stream.rows.size() >= 2 * kBlockTicks || wide)) pack(stream);
  keep_limits();
  return stream.last();
}

void Spool::pack(Stream& stream) {
  const std::size_t count = std::min(kBlockTicks, stream.rows.size());
  std::vector<TickRow> rows;
  const TickNumber first = stream.first_row();
  for (std::size_t i = 0; i < count; ++i) {
    bytes_ -= weight(stream.rows.front());
    rows.push_back(std::move(stream.rows.front()));
    stream.rows.pop_front();
  }
  Block block{first, count, units::unix_ms(rows.back().at), chunk::encode(wire::table_of(rows, stream.reals))};
  bytes_ += sizeof(Block) + block.packed.size();
  stream.blocks.push_back(std::move(block));
}

void Spool::begin(StreamId stream) {
  if (tentative_) withdraw();
  Stream& next = streams_.emplace_back();
  next.id = stream;
  next.offset = streams_[streams_.size() - 2].offset;
  next.reals = streams_[streams_.size() - 2].reals;
  tentative_ = true;
}

void Spool::confirm(units::Milliseconds offset) {
  for (Stream& stream : streams_) {
    if (!stream.offset) stream.offset = offset;
  }
  streams_.back().offset = offset;
  tentative_ = false;
  forget_empty();
}

void Spool::withdraw() {
  if (!tentative_) return;
  tentative_ = false;
  Stream withdrawn = std::move(streams_.back());
  streams_.pop_back();
  if (withdrawn.reals.size() > streams_.back().reals.size()) streams_.back().reals = withdrawn.reals;
  for (TickRow& row : withdrawn.rows) {
    bytes_ -= weight(row);
    append(streams_.back(), std::move(row));
  }
}

std::vector<wire::OpenStream> Spool::open() const {
  std::vector<wire::OpenStream> list;
  for (const Stream& stream : streams_) {
    if (stream.first() <= stream.last()) list.push_back({stream.id, stream.first(), stream.last()});
  }
  return list;
}

std::optional<Batch> Spool::read(StreamId id, TickNumber from, std::size_t most) const {
  const Stream* stream = find(id);
  if (stream == nullptr) return std::nullopt;
  from = std::max(from, stream->first());
  if (from > stream->last()) return std::nullopt;
  Batch batch{from, {}};
  const auto take = [&](TickNumber number, TickRow row) {
    if (number < from || batch.rows.size() >= most) return;
    row.at += stream->offset.value_or(units::Milliseconds{0});
    batch.rows.push_back(std::move(row));
  };
  for (const Block& block : stream->blocks) {
    if (block.first + block.count <= from || batch.rows.size() >= most) continue;
    std::vector<TickRow> rows = unpacked(block.packed);
    for (std::size_t i = 0; i < rows.size(); ++i) take(block.first + i, std::move(rows[i]));
  }
  const TickNumber first_row = stream->first_row();
  for (std::size_t i = from > first_row ? from - first_row : 0; i < stream->rows.size() && batch.rows.size() < most;
       ++i) {
    take(first_row + i, stream->rows[i]);
  }
  return batch;
}

void Spool::forget(Stream& stream, TickNumber last) {
  last = std::min(last, stream.last());
  stream.released = std::max(stream.released, last);
  while (!stream.blocks.empty() && stream.blocks.front().first + stream.blocks.front().count - 1 <= last) {
    bytes_ -= sizeof(Block) + stream.blocks.front().packed.size();
    stream.blocks.pop_front();
  }
  while (stream.blocks.empty() && !stream.rows.empty() && stream.first_row() <= last) {
    bytes_ -= weight(stream.rows.front());
    stream.rows.pop_front();
  }
}

void Spool::forget_empty() {
  // The newest stays, and while it awaits its Welcome the one before, which may have to take its ticks.
  const std::size_t stay = tentative_ ? 2 : 1;
  const auto old = static_cast<std::ptrdiff_t>(streams_.size() - std::min(stay, streams_.size()));
  streams_.erase(std::remove_if(streams_.begin(), streams_.begin() + old,
                                [](const Stream& stream) { return stream.first() > stream.last(); }),
                 streams_.begin() + old);
}

void Spool::release(StreamId id, TickNumber last) {
  Stream* stream = find(id);
  if (stream == nullptr) return;
  forget(*stream, last);
  forget_empty();
}

void Spool::set_aside(StreamId id, TickNumber last) {
  Stream* stream = find(id);
  if (stream == nullptr || last < stream->first()) return;
  put_aside_ += std::min(last, stream->last()) - stream->released;
  forget(*stream, last);
  forget_empty();
}

void Spool::drop_oldest() {
  const auto oldest =
      std::ranges::find_if(streams_, [](const Stream& stream) { return stream.first() <= stream.last(); });
  if (oldest == streams_.end()) return;
  const TickNumber last =
      oldest->blocks.empty() ? oldest->first_row() : oldest->blocks.front().first + oldest->blocks.front().count - 1;
  dropped_ += last - oldest->released;
  forget(*oldest, last);
}

void Spool::keep_limits() {
  const auto oldest_ms = [&]() -> std::int64_t {
    for (const Stream& stream : streams_) {
      if (!stream.blocks.empty()) return stream.blocks.front().newest_ms;
      if (!stream.rows.empty()) return units::unix_ms(stream.rows.front().at);
    }
    return newest_ms_;
  };
  const auto only_newest = [&] {
    TickNumber held = 0;
    for (const Stream& stream : streams_) held += stream.last() - stream.released;
    return held <= 1;
  };
  while ((bytes_ > limits_.bytes.value || newest_ms_ - oldest_ms() > limits_.age.count()) && !only_newest()) {
    drop_oldest();
  }
  forget_empty();
}

}  // namespace vedette::spool

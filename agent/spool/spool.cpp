#include "agent/spool/spool.h"

#include <algorithm>
#include <cstdlib>

#include "schema/chunk/chunk.h"
#include "schema/units/bytes.h"
#include "schema/units/log.h"
#include "schema/wire/rows.h"

namespace vedette::spool {
namespace {

/// A wide host's rows are packed sooner, but chunk columns need ten ticks to be worth it.
constexpr std::size_t kMostRowCells = 65'536;
constexpr std::size_t kLeastBlockTicks = 10;
/// Rows that stay in memory though they are written, so that what is sent live isn't read from the disk.
constexpr std::size_t kKeptRows = 60, kKeptCells = 16'384;
constexpr chunk::Limits kOwnBlocks{
    .ticks = 1024, .columns = wire::kMaxSeries, .cells = Spool::kBlockTicks * wire::kMaxSeries};

std::vector<TickRow> unpacked(const std::string& packed) {
  const auto table = chunk::decode(units::as_bytes(packed), kOwnBlocks);
  if (!table) std::abort();  // we packed it ourselves
  return wire::rows_of(*table);
}

}  // namespace

Spool::Spool(StreamId first, SpoolLimits limits, Journal* journal) : limits_(limits), journal_(journal) {
  streams_.emplace_back().id = first;
  if (journal_ != nullptr) static_cast<void>(journal_ready());
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
  if (!connected_ || overdue()) write_out();
  pack_if_many(streams_.back());
  trim_journal();
  keep_limits();
  return streams_.back().last();
}

// --- streams

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
    if (stream.offset) continue;
    stream.offset = offset + stream.shift.value_or(units::Milliseconds{0});
    if (stream.written > stream.released) journal_->note_offset(stream.id, *stream.offset);
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
  if (!connected_) write_out();
}

void Spool::set_connected(bool connected) {
  if (connected_ == connected) return;
  connected_ = connected;
  if (!connected) write_out();
}

void Spool::keep() {
  withdraw();
  write_out();
}

std::vector<wire::OpenStream> Spool::open() const {
  std::vector<wire::OpenStream> list;
  for (const Stream& stream : streams_) {
    if (stream.first() <= stream.last()) list.push_back({stream.id, stream.first(), stream.last()});
  }
  return list;
}

// --- to disk

/// Whether the newest stream's oldest tick has waited too long for its Ack.
bool Spool::overdue() const noexcept {
  const Stream& stream = streams_.back();
  if (stream.rows.empty()) return false;
  const auto oldest = stream.first_row() <= stream.released ? stream.released + 1 - stream.first_row() : 0;
  return newest_ms_ - units::unix_ms(stream.rows[oldest].at) >= kWriteAfter.count();
}

bool Spool::journal_ready() {
  if (journal_ == nullptr) return false;
  if (journal_->recovered()) return true;
  const auto found = journal_->recover(newest_ms_);
  if (!found) return false;
  take_up(*found);
  dropped_ += journal_->lost();
  return true;
}

void Spool::take_up(const std::vector<Journal::Found>& found) {
  std::deque<Stream> earlier;
  for (const Journal::Found& one : found) {
    Stream& stream = earlier.emplace_back();
    stream.id = one.stream;
    stream.offset = one.offset;
    stream.shift = one.shift;
    stream.next = one.last + 1;
    stream.released = one.first - 1;
    stream.written = one.last;
  }
  streams_.insert(streams_.begin(), earlier.begin(), earlier.end());
}

/// False if there is something left that isn't on disk. A stream that may be withdrawn isn't written: its ticks would
/// get other numbers.
bool Spool::write_out() {
  if (!journal_ready()) return false;
  const std::size_t count = streams_.size() - (tentative_ ? 1 : 0);
  for (std::size_t i = 0; i < count; ++i) {
    if (!write_out(streams_[i])) return false;
  }
  return true;
}

bool Spool::write_out(Stream& stream) {
  while (!stream.blocks.empty()) {
    if (!write_block(stream)) return false;
  }
  const TickNumber first_row = stream.first_row();
  for (TickNumber number = std::max({stream.written, stream.released, first_row - 1}) + 1; number <= stream.last();
       ++number) {
    if (!journal_->append(stream.id, stream.offset, number, stream.rows[number - first_row], newest_ms_)) return false;
    stream.written = number;
  }
  shed_written(stream, kKeptRows);
  return true;
}

bool Spool::write_block(Stream& stream) {
  const Block& block = stream.blocks.front();
  const std::vector<TickRow> rows = unpacked(block.packed);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const TickNumber number = block.first + i;
    if (number <= std::max(stream.written, stream.released)) continue;
    if (!journal_->append(stream.id, stream.offset, number, rows[i], newest_ms_)) return false;
    stream.written = number;
  }
  bytes_ -= sizeof(Block) + block.packed.size();
  stream.blocks.pop_front();
  return true;
}

/// Lets go of rows that are on disk, but for the newest.
void Spool::shed_written(Stream& stream, std::size_t keep) {
  while (!stream.rows.empty() && stream.first_row() <= stream.written) {
    const std::size_t cells = stream.rows.size() * stream.rows.back().cells.size();
    if (stream.rows.size() <= keep && cells <= kKeptCells) return;
    bytes_ -= weight(stream.rows.front());
    stream.rows.pop_front();
  }
}

// --- in memory

void Spool::pack_if_many(Stream& stream) {
  if (tentative_) return;
  const std::size_t count = stream.unwritten();
  const bool wide = count >= kLeastBlockTicks && count * stream.rows.back().cells.size() >= kMostRowCells;
  if (count >= 2 * kBlockTicks || wide) pack(stream);
}

void Spool::pack(Stream& stream) {
  shed_written(stream, 0);
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

units::Bytes Spool::kept() const noexcept {
  std::uint64_t bytes = journal_ == nullptr ? 0 : journal_->size().value;
  for (const Stream& stream : streams_) {
    for (const Block& block : stream.blocks) bytes += block.packed.size();
  }
  return units::Bytes(bytes);
}

// --- reading

std::optional<Batch> Spool::read(StreamId id, TickNumber from, std::size_t most) const {
  const Stream* stream = find(id);
  if (stream == nullptr) return std::nullopt;
  from = std::max(from, stream->first());
  if (from > stream->last()) return std::nullopt;
  std::optional<Batch> batch;
  if (from <= stream->written && from < stream->first_row()) {
    auto read = journal_->read(id, from, most);
    if (!read) {
      units::log_warning("ticks can't be read from the spool now", {{"error", read.error().message}});
      return std::nullopt;
    }
    batch = std::move(*read);
  }
  if (!batch) batch = read_memory(*stream, from, most);
  if (!batch) return std::nullopt;
  for (TickRow& row : batch->rows) row.at += stream->offset.value_or(units::Milliseconds{0});
  return batch;
}

std::optional<Batch> Spool::read_memory(const Stream& stream, TickNumber from, std::size_t most) const {
  Batch batch;
  const auto take = [&](TickNumber number, TickRow row) {
    if (number < from || batch.rows.size() >= most) return;
    if (batch.rows.empty()) batch.first = number;
    batch.rows.push_back(std::move(row));
  };
  for (const Block& block : stream.blocks) {
    if (block.first + block.count <= from || batch.rows.size() >= most) continue;
    std::vector<TickRow> rows = unpacked(block.packed);
    for (std::size_t i = 0; i < rows.size(); ++i) take(block.first + i, std::move(rows[i]));
  }
  const TickNumber first_row = stream.first_row();
  for (std::size_t i = from > first_row ? from - first_row : 0; i < stream.rows.size() && batch.rows.size() < most;
       ++i) {
    take(first_row + i, stream.rows[i]);
  }
  if (batch.rows.empty()) return std::nullopt;
  return batch;
}

// --- forgetting

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
  const bool on_disk = stream->written > stream->released;
  forget(*stream, last);
  if (on_disk) journal_->release(id, std::min(last, stream->last()));
  forget_empty();
}

void Spool::set_aside(StreamId id, TickNumber last) {
  Stream* stream = find(id);
  if (stream == nullptr || last < stream->first()) return;
  put_aside_ += std::min(last, stream->last()) - stream->released;
  release(id, last);
}

void Spool::trim_journal() {
  if (journal_ == nullptr) return;
  for (const Journal::Gone& gone : journal_->trim(newest_ms_)) {
    dropped_ += gone.ticks;
    if (Stream* stream = find(gone.stream)) forget(*stream, gone.last);
  }
}

/// Drops the oldest of what is in memory only; false if that is nothing but the newest tick.
bool Spool::drop_oldest() {
  for (Stream& stream : streams_) {
    if (stream.blocks.empty()) shed_written(stream, 0);
    const bool block = !stream.blocks.empty();
    if (!block && stream.rows.empty()) continue;
    if (!block && &stream == &streams_.back() && stream.rows.size() == 1) return false;
    const TickNumber first = block ? stream.blocks.front().first : stream.first_row();
    const TickNumber last = block ? first + stream.blocks.front().count - 1 : first;
    dropped_ += last - std::max(stream.released, first - 1);
    const TickNumber released = stream.released;
    forget(stream, last);
    if (stream.written > released) stream.released = released;  // what lies on disk before it is still there
    return true;
  }
  return false;
}

std::optional<std::int64_t> Spool::oldest_unwritten_ms() const {
  for (const Stream& stream : streams_) {
    if (!stream.blocks.empty()) return stream.blocks.front().newest_ms;
    if (stream.unwritten() > 0) return units::unix_ms(stream.rows[stream.rows.size() - stream.unwritten()].at);
  }
  return std::nullopt;
}

void Spool::keep_limits() {
  while (bytes_ > limits_.bytes.value ||
         newest_ms_ - oldest_unwritten_ms().value_or(newest_ms_) > limits_.age.count()) {
    if (!drop_oldest()) break;
  }
  forget_empty();
}

}  // namespace vedette::spool

#include "agent/spool/journal.h"

#include <algorithm>

#include "schema/units/bytes.h"
#include "schema/units/log.h"

namespace vedette::spool {
namespace {

using units::Milliseconds;

constexpr std::uint64_t kSegments = 32;  // so many at least in what is allowed: a thirty-second goes at once
constexpr std::uint64_t kLeastSegment = 32 * 1024, kMostSegment = 256 * 1024;
constexpr std::uint64_t kTableShare = 4;      // a segment has so many times what its table of series takes
constexpr std::size_t kMostRead = 64U << 20;  // of one file; what we write is far smaller
constexpr Milliseconds kShortest{60'000};     // a segment's span of time, at least

Span* find(std::vector<Span>& spans, StreamId stream) {
  const auto at = std::ranges::find(spans, stream, &Span::stream);
  return at == spans.end() ? nullptr : &*at;
}

}  // namespace

Journal::Journal(Files& files, JournalLimits limits, const Origin& origin, AllSeries series)
    : files_(files),
      limits_(limits),
      origin_(origin),
      series_(std::move(series)),
      segment_bytes_(std::clamp(limits.bytes.value / kSegments, kLeastSegment, kMostSegment)),
      segment_age_(std::max(limits.age / static_cast<std::int64_t>(kSegments), kShortest)) {}

Milliseconds Journal::shift(const Origin& from) const noexcept {
  return from.boot == origin_.boot && from.boot != wire::Id128{} ? origin_.clock_base - from.clock_base
                                                                 : Milliseconds{0};
}

bool Journal::waits(std::int64_t now_ms) const noexcept {
  return failed_ms_ && now_ms >= *failed_ms_ && now_ms - *failed_ms_ < kRetry.count();
}

void Journal::failed(const units::Error& error, std::int64_t now_ms) {
  if (!failed_ms_) {
    units::log_warning("the spool can't be used; ticks that aren't acknowledged are kept in memory only",
                       {{"error", error.message}});
  }
  failed_ms_ = now_ms;
}

void Journal::well() {
  if (failed_ms_) units::log_info("the spool can be used again");
  failed_ms_.reset();
}

// --- what earlier runs left

std::optional<std::vector<Journal::Found>> Journal::recover(std::int64_t now_ms) {
  if (waits(now_ms)) return std::nullopt;
  const auto list = files_.list();
  if (!list) {
    failed(list.error(), now_ms);
    return std::nullopt;
  }
  Tally tally;
  for (const FileNumber file : *list) take_up(file, tally);
  if (!list->empty()) next_file_ = list->back() + 1;
  recovered_ = true;
  well();
  if (tally.foreign > 0) {
    units::log_warning("removed what was spooled under another identity of this machine", {{"files", tally.foreign}});
  }
  if (tally.damaged_bytes > 0 || tally.unusable > 0) {
    units::log_warning("the spool is damaged; what is whole is sent",
                       {{"bytes", tally.damaged_bytes}, {"files_lost", tally.unusable}, {"ticks_lost", tally.lost}});
  }
  lost_ = tally.lost;
  if (tally.ticks > 0) {
    units::log_info("found ticks of an earlier run", {{"ticks", tally.ticks}, {"bytes", bytes_}});
  }
  return found();
}

void Journal::discard(FileNumber file, const std::string& why) {
  if (const auto removed = files_.remove(file); !removed) {
    units::log_warning("a file of the spool can't be removed", {{"reason", why}, {"error", removed.error().message}});
  }
}

void Journal::take_up(FileNumber file, Tally& tally) {
  const auto bytes = files_.read(file, kMostRead);
  if (!bytes) {
    units::log_warning("a file of the spool can't be read; it is left alone", {{"error", bytes.error().message}});
    return;
  }
  auto contents = read_segment(units::as_bytes(*bytes));
  if (!contents) {
    const std::string why = contents.error().message;
    if (contents.error().code == units::ErrorCode::version) {
      units::log_warning("removed a file of the spool", {{"file", file}, {"reason", why}});
    } else {
      tally.damaged_bytes += bytes->size();
      ++tally.unusable;
    }
    return discard(file, why);
  }
  if (contents->origin.host != origin_.host) {
    ++tally.foreign;
    return discard(file, "another identity's");
  }
  tally.damaged_bytes += contents->damaged;
  if (contents->spans.empty()) return discard(file, "nothing is left in it");
  ++tally.segments;
  tally.ticks += contents->ticks;
  tally.lost += contents->lost;
  bytes_ += bytes->size();
  segments_.push_back({.file = file,
                       .bytes = bytes->size(),
                       .origin = contents->origin,
                       .oldest_ms = contents->oldest_ms,
                       .newest_ms = contents->newest_ms,
                       .spans = std::move(contents->spans)});
}

std::vector<Journal::Found> Journal::found() const {
  std::vector<Found> streams;
  for (const Segment& segment : segments_) {
    for (const Span& span : segment.spans) {
      auto known = std::ranges::find(streams, span.stream, &Found::stream);
      if (known == streams.end()) {
        known = streams.insert(known, {.stream = span.stream, .first = span.first, .shift = shift(segment.origin)});
      }
      known->first = std::min(known->first, span.first);
      known->last = std::max(known->last, span.last);
      if (span.offset) known->offset = span.offset;
    }
  }
  return streams;
}

// --- writing

bool Journal::head_full(std::int64_t at_ms) const noexcept {
  const Segment& head = segments_.back();
  return head.bytes >= std::max(segment_bytes_, kTableShare * table_bytes_) ||
         at_ms - head.oldest_ms >= segment_age_.count();
}

void Journal::begin_head(std::int64_t at_ms) {
  segments_.push_back({.file = next_file_++, .origin = origin_, .oldest_ms = at_ms, .newest_ms = at_ms});
  writer_.emplace(origin_);
  table_bytes_ = 0;
}

bool Journal::append(StreamId stream, std::optional<Milliseconds> offset, TickNumber number, const TickRow& row,
                     std::int64_t now_ms) {
  const std::int64_t at_ms = units::unix_ms(row.at);
  if (!recovered_ || waits(now_ms)) return false;
  loaded_.reset();  // nobody reads while ticks aren't taken off us
  if (!writer_ || head_full(at_ms)) begin_head(at_ms);
  Segment& head = segments_.back();
  const std::string bytes = writer_->tick(stream, offset, number, row, series_());
  if (const auto written = files_.append(head.file, bytes); !written) {
    writer_.reset();
    if (head.bytes == 0) segments_.pop_back();
    failed(written.error(), now_ms);
    return false;
  }
  well();
  if (head.bytes == 0) table_bytes_ = bytes.size();
  head.bytes += bytes.size();
  bytes_ += bytes.size();
  head.newest_ms = at_ms;
  Span* span = find(head.spans, stream);
  if (span == nullptr) span = &head.spans.emplace_back(Span{.stream = stream, .first = number});
  span->last = number;
  if (offset) span->offset = offset;
  return true;
}

/// Costs only a second sending if it can't be written.
void Journal::note(Segment& segment, const std::string& record) {
  if (!files_.append(segment.file, record)) return;
  segment.bytes += record.size();
  bytes_ += record.size();
}

void Journal::note_offset(StreamId stream, Milliseconds offset) {
  for (Segment& segment : segments_) {
    Span* span = find(segment.spans, stream);
    if (span == nullptr || span->offset == offset) continue;
    span->offset = offset;
    note(segment, offset_note(stream, offset));
  }
}

// --- reading

units::Result<Journal::Loaded*> Journal::load(const Segment& segment) {
  if (loaded_ && loaded_->file == segment.file) return &*loaded_;
  loaded_.reset();
  auto bytes = files_.read(segment.file, kMostRead);
  if (!bytes) return std::unexpected(bytes.error());
  auto contents = read_segment(units::as_bytes(*bytes));
  if (!contents) return std::unexpected(contents.error());
  std::shared_ptr<const EarlierRun> earlier;
  if (segment.origin.run != origin_.run) {
    earlier = std::make_shared<EarlierRun>(segment.origin.boot, std::exchange(contents->series, {}));
  }
  loaded_ = Loaded{segment.file, std::move(*bytes), std::move(*contents), std::move(earlier)};
  return &*loaded_;
}

units::Result<std::optional<Batch>> Journal::read(StreamId stream, TickNumber from, std::size_t most) {
  for (Segment& segment : segments_) {
    const Span* span = find(segment.spans, stream);
    if (span == nullptr || span->last < from) continue;
    const auto loaded = load(segment);
    if (!loaded) return std::unexpected(loaded.error());
    auto batch = read_ticks(units::as_bytes((*loaded)->bytes), (*loaded)->contents, stream, from, most);
    if (!batch) continue;
    batch->earlier = (*loaded)->earlier;
    return batch;
  }
  return std::nullopt;
}

// --- forgetting

void Journal::remove(const std::deque<Segment>::const_iterator& segment) {
  if (loaded_ && loaded_->file == segment->file) loaded_.reset();
  if (writer_ && std::next(segment) == segments_.end()) writer_.reset();
  discard(segment->file, "no longer needed");
  bytes_ -= segment->bytes;
  segments_.erase(segment);
}

void Journal::release(StreamId stream, TickNumber last) {
  for (auto segment = segments_.begin(); segment != segments_.end();) {
    Span* span = find(segment->spans, stream);
    if (span == nullptr || last < span->first) {
      ++segment;
      continue;
    }
    span->first = last + 1;
    std::erase_if(segment->spans, [](const Span& one) { return one.first > one.last; });
    if (segment->spans.empty()) {
      const auto index = segment - segments_.begin();
      remove(segment);
      segment = segments_.begin() + index;
    } else {
      note(*segment, released_note(stream, last));
      ++segment;
    }
  }
}

std::vector<Journal::Gone> Journal::trim(std::int64_t newest_ms) {
  std::vector<Gone> gone;
  while (!segments_.empty() && !(writer_ && segments_.size() == 1)) {
    const Segment& oldest = segments_.front();
    const std::int64_t age = newest_ms - (oldest.newest_ms + shift(oldest.origin).count());
    if (bytes_ <= limits_.bytes.value && age <= limits_.age.count()) break;
    for (const Span& span : oldest.spans) gone.push_back({span.stream, span.last, span.last - span.first + 1});
    remove(segments_.begin());
  }
  return gone;
}

}  // namespace vedette::spool

#include "agent/spool/segment.h"

#include <algorithm>

#include "agent/spool/record.h"
#include "schema/units/bytes.h"

namespace vedette::spool {
namespace {

using units::ByteReader;

constexpr std::uint8_t kHead = 1, kSeries = 2, kFullTick = 3, kTick = 4, kOffset = 5,
                       kReleased = 6;  // types of records

constexpr std::size_t kMostAttributes = 8;

std::string text_of(std::span<const std::uint8_t> bytes) {
  return {bytes.begin(), bytes.end()};
}

void put_text(std::string& out, std::string_view text) {
  units::put_varint(out, text.size());
  out += text;
}

std::optional<std::string> take_text(ByteReader& in) {
  const auto length = in.varint();
  const auto bytes = length && *length <= in.remaining() ? in.take(static_cast<std::size_t>(*length)) : std::nullopt;
  return bytes ? std::optional(text_of(*bytes)) : std::nullopt;
}

std::string head_body(const Origin& origin) {
  std::string body(1, static_cast<char>(kSegmentVersion));
  for (const wire::Id128* id : {&origin.host, &origin.boot, &origin.run}) body.append(id->begin(), id->end());
  units::put_signed(body, origin.clock_base.count());
  return body;
}

std::string series_body(std::size_t number, const metrics::Series& series) {
  std::string body;
  units::put_varint(body, number);
  put_text(body, series.key.name);
  put_text(body, series.unit);
  body.push_back(static_cast<char>(series.kind));
  units::put_signed(body, series.quantum.multiply);
  units::put_signed(body, series.quantum.divide);
  units::put_varint(body, series.key.attributes.size());
  for (const metrics::Attribute& attribute : series.key.attributes) {
    put_text(body, attribute.key);
    put_text(body, attribute.value);
  }
  return body;
}

bool take_id(ByteReader& in, wire::Id128& id) {
  const auto bytes = in.take(id.size());
  if (bytes) std::ranges::copy(*bytes, id.begin());
  return bytes.has_value();
}

units::Result<Origin> head_of(std::span<const std::uint8_t> body) {
  ByteReader in(body);
  Origin origin;
  const auto version = in.byte();
  if (version != kSegmentVersion) {
    return units::fail(units::ErrorCode::version, "written by another version of the agent");
  }
  const bool ids = take_id(in, origin.host) && take_id(in, origin.boot) && take_id(in, origin.run);
  const auto base = ids ? in.signed_varint() : std::nullopt;
  if (!base) return units::fail(units::ErrorCode::corrupt, "its head is too short");
  origin.clock_base = units::Milliseconds{*base};
  return origin;
}

bool take_series(std::span<const std::uint8_t> body, std::vector<metrics::Series>& list) {
  ByteReader in(body);
  metrics::Series series;
  const auto number = in.varint();
  auto name = take_text(in), unit = take_text(in);
  const auto kind = in.byte();
  const auto multiply = in.signed_varint(), divide = in.signed_varint();
  const auto count = in.varint();
  if (!number || *number >= wire::kMaxSeries || !name || !unit || !kind || *kind > 1 || !multiply || !divide ||
      !count || *count > kMostAttributes) {
    return false;
  }
  for (std::uint64_t i = 0; i < *count; ++i) {
    auto key = take_text(in), value = take_text(in);
    if (!key || !value) return false;
    series.key.attributes.push_back({std::move(*key), std::move(*value)});
  }
  series.key.name = std::move(*name);
  series.unit = std::move(*unit);
  series.kind = static_cast<metrics::Kind>(*kind);
  series.quantum = {*multiply, *divide};
  if (!metrics::check(series)) return false;
  if (list.size() <= *number) list.resize(static_cast<std::size_t>(*number) + 1);
  list[static_cast<std::size_t>(*number)] = std::move(series);
  return true;
}

/// The head of a tick record; `in` then has the tick's data.
struct TickHead {
  std::optional<StreamId> stream;  ///< of a full tick
  TickNumber number = 0;
  std::int64_t at_ms = 0;  ///< of a full tick
};

std::optional<TickHead> tick_head(const Record& record, ByteReader& in) {
  TickHead head;
  if (record.type == kFullTick) {
    const auto stream = in.fixed(8);
    if (!stream || *stream == 0) return std::nullopt;
    head.stream = stream;
  }
  const auto number = in.varint();
  if (!number || *number == 0 || *number > wire::kMaxTickNumber) return std::nullopt;
  head.number = *number;
  if (head.stream) {
    const auto at = in.signed_varint();
    if (!at) return std::nullopt;
    head.at_ms = *at;
  }
  return head;
}

/// Follows ticks from record to record: which stream and number each has. Those that build on something damaged are
/// left out.
class Chain {
 public:
  /// The tick's stream, if it can be read.
  std::optional<StreamId> follow(const Record& record, const TickHead& head) {
    if (head.stream) {
      stream_ = *head.stream;
      whole_ = true;
    } else if (record.after_damage || head.number != last_ + 1) {
      whole_ = false;
    }
    last_ = head.number;
    return whole_ ? std::optional(stream_) : std::nullopt;
  }
  void broken() { whole_ = false; }

 private:
  StreamId stream_ = 0;
  TickNumber last_ = 0;
  bool whole_ = false;
};

/// Ticks without a hole.
struct Piece {
  StreamId stream = 0;
  TickNumber first = 0, last = 0;
  TickNumber lost_before = 0;  ///< to damage, since the piece before
};

/// Gathers what a segment's records say.
class Survey {
 public:
  void take(const Record& record) {
    if (record.after_damage) {
      chain_.broken();
      damage_ = true;
    }
    switch (record.type) {
      case kHead:
        if (auto head = head_of(record.body); !origin_ || !*origin_) origin_ = std::move(head);
        return;
      case kSeries:
        take_series(record.body, contents_.series);
        return;
      case kFullTick:
      case kTick:
        return tick(record);
      case kOffset:
      case kReleased:
        return note(record);
      default:
        return;  // of a newer agent
    }
  }

  units::Result<Contents> result(std::size_t damaged) {
    if (!origin_) return units::fail(units::ErrorCode::corrupt, "nothing tells whose ticks it holds");
    if (!*origin_) return std::unexpected(origin_->error());
    contents_.origin = **origin_;
    contents_.damaged = damaged;
    for (const Piece& piece : pieces_) take_up(piece);
    for (Span& span : contents_.spans) {
      const auto told = std::ranges::find(notes_offset_, span.stream, &Span::stream);
      if (told != notes_offset_.end()) span.offset = told->offset;
    }
    return std::move(contents_);
  }

 private:
  void tick(const Record& record) {
    ByteReader in(record.body);
    const auto head = tick_head(record, in);
    const auto stream = head ? chain_.follow(record, *head) : std::nullopt;
    if (!head) chain_.broken();
    if (!stream) {
      damage_ = true;
      return;
    }
    if (head->stream) {
      const bool first = contents_.marks.empty();
      contents_.oldest_ms = first ? head->at_ms : std::min(contents_.oldest_ms, head->at_ms);
      contents_.newest_ms = first ? head->at_ms : std::max(contents_.newest_ms, head->at_ms);
      contents_.marks.push_back({record.at, *stream, head->number});
    }
    const auto before = std::ranges::find(pieces_.rbegin(), pieces_.rend(), *stream, &Piece::stream);
    const bool known = before != pieces_.rend();
    if (known && head->number <= before->last) return;
    if (known && head->number == before->last + 1) {
      before->last = head->number;
    } else {
      const TickNumber lost = known && damage_ ? head->number - before->last - 1 : 0;
      pieces_.push_back({*stream, head->number, head->number, lost});
    }
    damage_ = false;
  }

  void note(const Record& record) {
    ByteReader in(record.body);
    const auto stream = in.fixed(8);
    if (!stream) return;
    if (record.type == kReleased) {
      if (const auto last = in.varint()) notes_released_.push_back({.stream = *stream, .last = *last});
      return;
    }
    const auto offset = in.signed_varint();
    if (!offset) return;
    std::erase_if(notes_offset_, [&](const Span& known) { return known.stream == *stream; });
    notes_offset_.push_back({.stream = *stream, .offset = units::Milliseconds{*offset}});
  }

  void take_up(const Piece& piece) {
    TickNumber released = 0;
    for (const Span& note : notes_released_) {
      if (note.stream == piece.stream) released = std::max(released, note.last);
    }
    if (released >= piece.last) return;
    const TickNumber first = std::max(piece.first, released + 1);
    contents_.ticks += piece.last - first + 1;
    if (released < piece.first) contents_.lost += std::min(piece.lost_before, piece.first - released - 1);
    auto span = std::ranges::find(contents_.spans, piece.stream, &Span::stream);
    if (span == contents_.spans.end()) {
      span = contents_.spans.insert(span, {.stream = piece.stream, .first = first});
    }
    span->last = piece.last;
  }

  Contents contents_;
  std::optional<units::Result<Origin>> origin_;
  Chain chain_;
  bool damage_ = false;  ///< since the last tick that could be read
  std::vector<Piece> pieces_;
  std::vector<Span> notes_released_, notes_offset_;
};

}  // namespace

void SegmentWriter::put_head(std::string& out, std::span<const metrics::Series> series) {
  // Twice: without it the rest would be lost.
  if (!begun_) put_record(out, kHead, head_body(origin_));
  for (std::size_t n = reals_.size(); n < series.size(); ++n) {
    put_record(out, kSeries, series_body(n, series[n]));
    reals_.push_back(series[n].quantum.is_real());
  }
  if (!begun_) put_record(out, kHead, head_body(origin_));
  begun_ = true;
}

std::string SegmentWriter::tick(StreamId stream, std::optional<units::Milliseconds> offset, TickNumber number,
                                const TickRow& row, std::span<const metrics::Series> series) {
  std::string out;
  put_head(out, series);
  if (offset && std::ranges::find(offsets_told_, stream) == offsets_told_.end()) {
    out += offset_note(stream, *offset);
    offsets_told_.push_back(stream);
  }
  const bool full = stream != stream_ || number != last_ + 1 || since_full_ >= kFullEvery;
  std::string body;
  if (full) {
    encoder_.reset();
    units::put_fixed(body, stream, 8);
  }
  units::put_varint(body, number);
  if (full) units::put_signed(body, units::unix_ms(row.at));
  body += encoder_.encode(row, reals_);
  put_record(out, full ? kFullTick : kTick, body);
  since_full_ = full ? 1 : since_full_ + 1;
  stream_ = stream;
  last_ = number;
  return out;
}

std::string offset_note(StreamId stream, units::Milliseconds offset) {
  std::string body, out;
  units::put_fixed(body, stream, 8);
  units::put_signed(body, offset.count());
  put_record(out, kOffset, body);
  return out;
}

std::string released_note(StreamId stream, TickNumber last) {
  std::string body, out;
  units::put_fixed(body, stream, 8);
  units::put_varint(body, last);
  put_record(out, kReleased, body);
  return out;
}

units::Result<Contents> read_segment(std::span<const std::uint8_t> bytes) {
  RecordReader reader(bytes);
  Survey survey;
  while (const auto record = reader.next()) survey.take(*record);
  return survey.result(reader.damaged());
}

std::optional<Batch> read_ticks(std::span<const std::uint8_t> bytes, const Contents& contents, StreamId stream,
                                TickNumber from, std::size_t most) {
  const Mark* start = nullptr;
  for (const Mark& mark : contents.marks) {
    if (mark.stream != stream) continue;
    if (start == nullptr || mark.number <= from) start = &mark;
  }
  if (start == nullptr) return std::nullopt;
  RecordReader reader(bytes, start->at);
  Chain chain;
  wire::TickDecoder decoder;
  Batch batch;
  while (batch.rows.size() < most) {
    const auto record = reader.next();
    if (!record) break;
    if (record->after_damage) chain.broken();
    if (record->type != kFullTick && record->type != kTick) continue;
    ByteReader in(record->body);
    const auto head = tick_head(*record, in);
    const auto of = head ? chain.follow(*record, *head) : std::nullopt;
    if (!head) chain.broken();
    if (!of || *of != stream) continue;
    if (record->type == kFullTick) decoder = {};  // may have failed before
    auto row = decoder.decode(in.rest(), wire::kMaxSeries);
    if (!row) {
      chain.broken();
      continue;
    }
    if (head->number < from) continue;
    if (batch.rows.empty()) batch.first = head->number;
    if (head->number != batch.first + batch.rows.size()) break;
    batch.rows.push_back(std::move(*row));
  }
  if (batch.rows.empty()) return std::nullopt;
  return batch;
}

}  // namespace vedette::spool

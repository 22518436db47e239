#include "server/ingest/intake.h"

#include <algorithm>

#include "schema/units/bytes.h"
#include "schema/wire/session.h"

namespace vedette::ingest {

using domain::Batch;
using domain::SharedBatch;
using domain::Tick;
using units::Instant;
namespace close = wire::close;

namespace {

std::unexpected<Fault> fault(std::uint16_t code, std::string reason) {
  return std::unexpected(Fault{code, std::move(reason)});
}

std::unexpected<Fault> undecodable(std::string_view what, const units::Error& error) {
  const auto code = error.code == units::ErrorCode::too_large ? close::too_big : close::bad_data;
  return fault(code, std::string(what) + ": " + error.message);
}

}  // namespace

Intake::Intake(domain::HostRecord host, domain::HistoryStore& history, IntakeLimits limits)
    : host_(std::move(host)), history_(history), limits_(limits), times_(limits.raw_age, limits.ahead) {}

Outcome<void> Intake::need_hello(std::string_view what) const {
  if (greeted()) return {};
  return fault(close::protocol_error, std::string(what) + " before Hello");
}

Outcome<wire::Welcome> Intake::hello(const wire::Hello& hello, Instant now) {
  if (greeted()) return fault(close::protocol_error, "a second Hello");
  if (hello.protocol < wire::kProtocolVersion) {
    return fault(close::version, "agent speaks protocol " + std::to_string(hello.protocol) +
                                     ", this collector needs 1: upgrade the agent");
  }
  if (hello.stream == 0) return fault(close::protocol_error, "Hello without a stream");
  stream_ = hello.stream;
  boot_ = history_.boot_number(host_.number, hello.boot_id);
  wire::Welcome welcome;
  welcome.collector_time = now;
  welcome.host_id = units::to_string(host_.id);
  for (const wire::OpenStream& open : hello.open) {
    const std::uint64_t last = history_.resume_point(host_.number, open.stream);
    accepted_[open.stream] = last;
    welcome.resume.push_back({open.stream, last});
    if (last > 0) owed_.push_back({open.stream, last});
    if (last < open.last) missing_[open.stream] = open.last;
  }
  accepted_.try_emplace(stream_, history_.resume_point(host_.number, stream_));
  return welcome;
}

Outcome<void> Intake::announce(const wire::Announce& announce) {
  if (auto ready = need_hello("Announce"); !ready) return ready;
  std::vector<metrics::Series> fresh;
  for (const wire::AnnouncedSeries& announced : announce.series) {
    const std::size_t next = numbers_.size() + fresh.size();
    if (announced.number < numbers_.size() && keys_[announced.number] == announced.series.key) continue;
    if (announced.number != next) {
      return fault(close::protocol_error, "series number " + std::to_string(announced.number) + " announced where " +
                                              std::to_string(next) + " is next");
    }
    if (next >= wire::kMaxSeries) return fault(close::policy, "more than 16384 series on one connection");
    fresh.push_back(announced.series);
  }
  const auto assigned = history_.assign(host_.number, fresh);
  if (!assigned) return fault(close::policy, assigned.error().message);
  for (std::size_t i = 0; i < fresh.size(); ++i) {
    const std::uint32_t number = domain::index((*assigned)[i]);
    if (!used_.insert(number).second) {
      return fault(close::protocol_error, "series " + metrics::to_string(fresh[i].key) + " announced twice");
    }
    numbers_.push_back((*assigned)[i]);
    keys_.push_back(std::move(fresh[i].key));
    width_ = std::max<std::size_t>(width_, number + std::size_t{1});
  }
  return {};
}

Outcome<SharedBatch> Intake::tick(const wire::TickMessage& message, Instant now) {
  if (auto ready = need_hello("Tick"); !ready) return std::unexpected(ready.error());
  if (message.number <= last_live_) {
    return fault(close::protocol_error, "tick " + std::to_string(message.number) + " after tick " +
                                            std::to_string(last_live_) + ": numbers don't go back");
  }
  auto row = decoder_.decode(units::as_bytes(message.data), numbers_.size());
  if (!row) return undecodable("tick " + std::to_string(message.number), row.error());
  last_live_ = message.number;
  if (!arrived(stream_, message.number)) return SharedBatch{};
  Batch batch{.host = host_.number, .stream = stream_, .first = message.number, .live = true, .ticks = {}};
  Tick& tick = batch.ticks.emplace_back(Tick{row->at, boot_, std::vector<metrics::Cell>(width_)});
  for (std::size_t i = 0; i < row->cells.size(); ++i) tick.cells[domain::index(numbers_[i])] = row->cells[i];
  restamped_ += times_.put_right(stream_, std::span(&tick.at, 1), 0, now);
  return std::make_shared<const Batch>(std::move(batch));
}

Outcome<SharedBatch> Intake::backfill(const wire::Backfill& message, Instant now) {
  if (auto ready = need_hello("Backfill"); !ready) return std::unexpected(ready.error());
  if (message.end && message.chunk.empty()) {  // nothing but the news that it is the last
    missing_.clear();
    return SharedBatch{};
  }
  const auto known = accepted_.find(message.stream);
  if (known == accepted_.end()) {
    return fault(close::protocol_error, "Backfill of a stream that Hello didn't name");
  }
  if (message.first == 0 || message.first > wire::kMaxTickNumber) {
    return fault(close::protocol_error, "Backfill from a tick that isn't from 1 to 2^62");
  }
  const auto extent = chunk::extent(units::as_bytes(message.chunk));
  if (!extent) return undecodable("backfill", extent.error());
  if (extent->ticks > wire::kMaxBatchCells) return fault(close::too_big, "backfill of too many ticks");
  const std::uint64_t before = known->second;
  const std::uint64_t last = message.first + extent->ticks - 1;
  const auto open = missing_.find(message.stream);
  const std::uint64_t left = open == missing_.end() || open->second < last ? 0 : open->second - last;
  const bool fresh = extent->ticks > 0 && arrived(message.stream, last);
  if (message.end) missing_.clear();
  if (!fresh) return SharedBatch{};  // the rest isn't even decoded
  auto table = decode(message);
  if (!table) return std::unexpected(std::move(table.error()));
  boots_.insert(message.boot_id);
  if (boots_.size() > limits_.boots) return fault(close::policy, "backfill of more boots than a host can have had");
  Layout::Source source{
      .batch = {.host = host_.number, .stream = message.stream, .first = message.first, .live = false, .ticks = {}},
      .boot = history_.boot_number(host_.number, message.boot_id),
      .times = {},
      .columns = std::move(table->columns)};
  source.times.reserve(table->times.size());
  for (const std::int64_t ms : table->times) {
    // Times are a peer's: kept where arithmetic on them can't overflow.
    source.times.push_back(units::from_unix_ms(std::clamp(ms, units::kEarliestMs, units::kLatestMs)));
  }
  for (auto& column : source.columns) column.id = domain::index(numbers_[column.id]);
  restamped_ += times_.put_right(message.stream, source.times, left, now);
  layout_.emplace(std::move(source), message.first > before ? 0 : before - message.first + 1);
  return more();
}

Outcome<chunk::Table> Intake::decode(const wire::Backfill& message) const {
  const chunk::Limits limits{wire::kMaxBatchCells, wire::kMaxSeries, wire::kMaxBatchCells};
  auto table = chunk::decode(units::as_bytes(message.chunk), limits);
  if (!table) return undecodable("backfill", table.error());
  if (table->columns.empty()) return std::move(*table);
  const std::size_t highest = table->columns.back().id;
  if (highest >= numbers_.size()) {
    return fault(close::bad_data, "backfill of series number " + std::to_string(highest) + " which wasn't announced");
  }
  if (table->times.size() * (highest + 1) > wire::kMaxBatchCells) {
    return fault(close::too_big, "backfill of too many ticks for this many series");
  }
  return std::move(*table);
}

SharedBatch Intake::more() {
  if (!layout_) return nullptr;
  auto part = std::make_shared<const Batch>(layout_->next());
  if (layout_->done()) layout_.reset();
  return part;
}

std::vector<SharedBatch> Intake::reminders() const {
  std::vector<SharedBatch> all;
  all.reserve(owed_.size());
  for (const wire::Resume& owed : owed_) {
    all.push_back(std::make_shared<const Batch>(
        Batch{.host = host_.number, .stream = owed.stream, .first = owed.last, .live = false, .ticks = {Tick{}}}));
  }
  return all;
}

bool Intake::arrived(std::uint64_t stream, std::uint64_t last) {
  if (const auto it = missing_.find(stream); it != missing_.end() && last >= it->second) missing_.erase(it);
  std::uint64_t& accepted = accepted_[stream];
  if (last <= accepted) return false;
  accepted = last;
  return true;
}

std::vector<wire::Resume> Intake::acknowledge(std::vector<wire::Resume> durable) {
  const bool own = std::ranges::any_of(durable, [&](const wire::Resume& mark) { return mark.stream == stream_; });
  if (!own) return durable;
  for (const wire::Resume& owed : owed_) {
    const auto same = std::ranges::find(durable, owed.stream, &wire::Resume::stream);
    if (same == durable.end()) {
      durable.push_back(owed);
    } else {
      same->last = std::max(same->last, owed.last);
    }
  }
  owed_.clear();
  return durable;
}

}  // namespace vedette::ingest

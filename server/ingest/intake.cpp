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
    : host_(std::move(host)), history_(history), limits_(limits) {}

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
  if (hello.open.size() > limits_.open_streams) return fault(close::policy, "Hello with too many open streams");
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
  Batch batch{.host = host_.number, .stream = stream_, .first = message.number, .live = true, .ticks = {}};
  Tick& tick = batch.ticks.emplace_back(Tick{row->at, boot_, std::vector<metrics::Cell>(width_)});
  for (std::size_t i = 0; i < row->cells.size(); ++i) tick.cells[domain::index(numbers_[i])] = row->cells[i];
  restamp(batch.ticks, now);
  return trimmed(std::move(batch));
}

Outcome<SharedBatch> Intake::backfill(const wire::Backfill& message, Instant now) {
  if (auto ready = need_hello("Backfill"); !ready) return std::unexpected(ready.error());
  if (message.end && message.chunk.empty()) {  // nothing but the news that it is the last
    missing_.clear();
    return SharedBatch{};
  }
  if (!accepted_.contains(message.stream)) {
    return fault(close::protocol_error, "Backfill of a stream that Hello didn't name");
  }
  if (message.first == 0) return fault(close::protocol_error, "Backfill from tick 0: ticks count from 1");
  const chunk::Limits limits{wire::kMaxBatchCells, wire::kMaxSeries, wire::kMaxBatchCells};
  const auto table = chunk::decode(units::as_bytes(message.chunk), limits);
  if (!table) return undecodable("backfill", table.error());
  if (!table->columns.empty() && table->columns.back().id >= numbers_.size()) {
    return fault(close::bad_data,
                 "backfill of series number " + std::to_string(table->columns.back().id) + " which wasn't announced");
  }
  // The store's cells are as wide as the host has series: a wide host's thin chunk must not become huge in memory.
  if (table->times.size() * std::max<std::size_t>(width_, 1) > 16 * wire::kMaxBatchCells) {
    return fault(close::too_big, "backfill of too many ticks for this many series");
  }
  boots_.insert(message.boot_id);
  if (boots_.size() > limits_.boots) return fault(close::policy, "backfill of more boots than a host can have had");
  Batch batch{.host = host_.number, .stream = message.stream, .first = message.first, .live = false, .ticks = {}};
  batch.ticks = rows(*table, history_.boot_number(host_.number, message.boot_id));
  restamp(batch.ticks, now);
  auto fresh = trimmed(std::move(batch));
  if (message.end) missing_.clear();
  return fresh;
}

std::vector<SharedBatch> Intake::reminders() const {
  std::vector<SharedBatch> all;
  for (const wire::Resume& owed : owed_) {
    all.push_back(std::make_shared<const Batch>(
        Batch{.host = host_.number, .stream = owed.stream, .first = owed.last, .live = false, .ticks = {Tick{}}}));
  }
  return all;
}

std::vector<Tick> Intake::rows(const chunk::Table& table, std::uint32_t boot) const {
  std::vector<Tick> ticks;
  ticks.reserve(table.times.size());
  for (const std::int64_t ms : table.times) {
    // Times are a peer's: kept where arithmetic on them can't overflow.
    const std::int64_t at = std::clamp(ms, units::kEarliestMs, units::kLatestMs);
    ticks.push_back({units::from_unix_ms(at), boot, std::vector<metrics::Cell>(width_)});
  }
  for (const chunk::Column& column : table.columns) {
    const std::size_t series = domain::index(numbers_[column.id]);
    for (std::size_t i = 0; i < ticks.size(); ++i) {
      if (!column.present.empty() && !column.present[i]) continue;
      ticks[i].cells[series] = {column.values[i], true};
    }
  }
  return ticks;
}

void Intake::restamp(std::vector<Tick>& ticks, Instant now) {
  const auto possible = [&](Instant at) { return at >= now - limits_.raw_age && at <= now + limits_.ahead; };
  // Impossible ticks keep their spacing and end now, so that a batch of them doesn't fall on one instant.
  std::optional<Instant> newest;
  for (const Tick& tick : ticks) {
    if (!possible(tick.at)) newest = std::max(newest.value_or(tick.at), tick.at);
  }
  if (!newest) return;
  for (Tick& tick : ticks) {
    if (possible(tick.at)) continue;
    tick.at = std::max(now - (*newest - tick.at), now - limits_.raw_age);
    ++restamped_;
  }
}

SharedBatch Intake::trimmed(Batch batch) {
  std::uint64_t& accepted = accepted_[batch.stream];
  if (batch.ticks.empty()) return nullptr;
  const std::uint64_t last = batch.first + (batch.ticks.size() - 1);
  if (const auto it = missing_.find(batch.stream); it != missing_.end() && last >= it->second) missing_.erase(it);
  if (last <= accepted || last < batch.first) return nullptr;
  if (batch.first <= accepted) {
    const auto known = static_cast<std::ptrdiff_t>(accepted - batch.first + 1);
    batch.ticks.erase(batch.ticks.begin(), batch.ticks.begin() + known);
    batch.first = accepted + 1;
  }
  accepted = last;
  return std::make_shared<const Batch>(std::move(batch));
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

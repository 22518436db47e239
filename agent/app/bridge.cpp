#include "agent/app/bridge.h"

#include <openssl/rand.h>

#include <algorithm>
#include <cstdlib>

#include "agent/collect/facts.h"
#include "schema/units/log.h"

namespace vedette::app {
namespace {

/// What a message may carry.
constexpr units::Instant kEarliest = units::from_unix_ms(units::kEarliestMs);
constexpr units::Instant kLatest = units::from_unix_ms(units::kLatestMs);

}  // namespace

Bridge::Bridge(collect::Collector& collector, sample::Schedule& schedule, spool::Spool& spool, Outboxes outboxes,
               Self self)
    : collector_(collector), schedule_(schedule), spool_(spool), outboxes_(outboxes), self_(std::move(self)) {}

void Bridge::note_reals() {
  const auto series = collector_.roster().series();
  while (reals_.size() < series.size()) reals_.push_back(series[reals_.size()].quantum.is_real());
}

void Bridge::take_tick(units::Steady now) {
  wire::TickRow row{schedule_.take(now), collector_.collect()};
  note_reals();
  spool_.add(std::move(row), reals_);
}

std::optional<link::Backlog::Batch> Bridge::read(wire::StreamId stream, wire::TickNumber from, std::size_t most) {
  auto batch = spool_.read(stream, from, most);
  if (!batch) return std::nullopt;
  if (!batch->earlier) return Batch{batch->first, std::move(batch->rows), {}};
  renumber(batch->earlier);
  for (wire::TickRow& row : batch->rows) {
    std::vector<metrics::Cell> cells(series().size());
    for (std::size_t n = 0; n < std::min(row.cells.size(), renumbered_.size()); ++n) {
      if (renumbered_[n] != collect::kRefused) cells[renumbered_[n]] = row.cells[n];
    }
    row.cells = std::move(cells);
  }
  return Batch{batch->first, std::move(batch->rows), batch->earlier->boot};
}

/// Gives an earlier run's series the numbers that they have in this one.
void Bridge::renumber(const std::shared_ptr<const spool::EarlierRun>& earlier) {
  if (earlier == earlier_) return;
  earlier_ = earlier;
  renumbered_.clear();
  for (const metrics::Series& one : earlier->series) {
    renumbered_.push_back(one.key.name.empty() ? collect::kRefused : collector_.adopt(one));
  }
  note_reals();
}

wire::Facts Bridge::facts() {
  wire::Facts facts = collect::read_facts();
  if (!self_.hostname.empty()) facts.hostname = collect::as_fact(self_.hostname, 256);
  return facts;
}

units::Instant Bridge::wall_clock() const {
  return std::chrono::floor<units::Milliseconds>(std::chrono::system_clock::now());
}

void Bridge::welcomed(units::Instant collector_time, units::Milliseconds round_trip, units::Steady now) {
  const units::Milliseconds offset = sample::clock_offset(collector_time, schedule_.host_time(now), round_trip);
  if (std::chrono::abs(offset) > std::chrono::seconds{1}) {
    units::log_warning("this machine's clock differs from the collector's; ticks carry the collector's time",
                       {{"offset_ms", offset.count()}});
  }
  spool_.confirm(offset);
  offset_ = offset;
}

std::vector<link::Host::Report> Bridge::reports(const std::set<std::uint64_t>& told, std::size_t most) const {
  std::vector<Report> all;
  const auto add = [&](const auto& outbox) {
    for (auto one : outbox.waiting()) {
      if (all.size() >= most || told.contains(one.id)) continue;
      one.at = std::clamp(one.at + offset_, kEarliest, kLatest);
      all.push_back({one.id, std::move(one)});
    }
  };
  add(outboxes_.happenings);
  add(outboxes_.processes);
  return all;
}

void Bridge::reports_acked(std::span<const std::uint64_t> ids) {
  outboxes_.happenings.acked(ids);
  outboxes_.processes.acked(ids);
}

void Bridge::set_interval(units::Milliseconds interval, units::Steady now) {
  schedule_.set_interval(interval, now);
}

wire::Id128 random_id() {
  wire::Id128 id{};
  if (RAND_bytes(id.data(), static_cast<int>(id.size())) != 1) std::abort();
  return id;
}

wire::StreamId random_stream() {
  wire::StreamId id = 0;
  while (id == 0) {
    if (RAND_bytes(reinterpret_cast<unsigned char*>(&id), sizeof id) != 1) std::abort();
  }
  return id;
}

}  // namespace vedette::app

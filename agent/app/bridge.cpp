#include "agent/app/bridge.h"

#include <openssl/rand.h>

#include <cstdlib>

#include "agent/collect/facts.h"
#include "schema/units/log.h"

namespace vedette::app {

Bridge::Bridge(collect::Collector& collector, sample::Schedule& schedule, spool::Spool& spool, std::string hostname)
    : collector_(collector),
      schedule_(schedule),
      spool_(spool),
      hostname_(std::move(hostname)),
      boot_id_(collect::read_boot_id()),
      run_id_{} {
  if (RAND_bytes(run_id_.data(), static_cast<int>(run_id_.size())) != 1) std::abort();
}

void Bridge::take_tick(units::Steady now) {
  wire::TickRow row{schedule_.take(now), collector_.collect()};
  const auto series = collector_.roster().series();
  while (reals_.size() < series.size()) reals_.push_back(series[reals_.size()].quantum.is_real());
  spool_.add(std::move(row), reals_);
}

std::optional<link::Backlog::Batch> Bridge::read(wire::StreamId stream, wire::TickNumber from, std::size_t most) const {
  auto batch = spool_.read(stream, from, most);
  if (!batch) return std::nullopt;
  return Batch{batch->first, std::move(batch->rows)};
}

wire::Facts Bridge::facts() {
  wire::Facts facts = collect::read_facts();
  if (!hostname_.empty()) facts.hostname = collect::as_fact(hostname_, 256);
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
}

void Bridge::set_interval(units::Milliseconds interval, units::Steady now) {
  schedule_.set_interval(interval, now);
}

wire::StreamId random_stream() {
  wire::StreamId id = 0;
  while (id == 0) {
    if (RAND_bytes(reinterpret_cast<unsigned char*>(&id), sizeof id) != 1) std::abort();
  }
  return id;
}

}  // namespace vedette::app

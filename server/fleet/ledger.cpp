#include "server/fleet/ledger.h"

#include <algorithm>
#include <vector>

#include "schema/units/log.h"

namespace vedette::fleet {

using units::Milliseconds;

Ledger::Ledger(domain::HostRecords& records, domain::Executor& control, const domain::Clock& clock, Stored stored,
               LedgerTimes times)
    : records_(records), control_(control), clock_(clock), stored_(std::move(stored)), times_(times) {}

Ledger::~Ledger() {
  const auto until = clock_.steady() + times_.at_end;
  while (waiting() > 0 && clock_.steady() < until && write_next()) {
  }
  if (waiting() == 0) return;
  units::log_error("not all that is known of hosts could be saved before the end",
                   {{"outages", outages_.size()},
                    {"statuses", statuses_.size()},
                    {"facts", facts_.size()},
                    {"happenings", happenings_.size()}});
}

void Ledger::status(const domain::HostRecords::LastStatus& status) {
  statuses_.insert_or_assign(status.host, status);
  schedule_soon();
}

void Ledger::outage(const domain::Outage& outage) {
  if (outages_.size() >= times_.most_outages && !write_outages()) {
    outages_.erase(outages_.begin());
    ++lost_;
  }
  outages_.insert_or_assign({outage.host, outage.from}, outage);
  schedule_soon();
}

void Ledger::facts(domain::HostNumber host, const domain::HostFacts& facts) {
  facts_.insert_or_assign(host, facts);
  schedule_soon();
}

void Ledger::happening(const domain::Happening& happening) {
  if (happenings_.size() >= times_.most_happenings) return;
  happenings_.push_back(happening);
  schedule_soon();
}

void Ledger::schedule_soon() {
  const auto left = std::chrono::ceil<Milliseconds>(written_at_ + times_.pause - clock_.steady());
  schedule(std::clamp(left, Milliseconds{0}, times_.pause));
}

void Ledger::schedule(Milliseconds delay) {
  if (std::exchange(scheduled_, true)) return;
  control_.after(delay, [this] {
    scheduled_ = false;
    write();
  });
}

void Ledger::write() {
  const auto until = clock_.steady() + times_.bite;
  while (waiting() > 0) {
    if (!write_next()) return schedule(times_.again);
    written_at_ = clock_.steady();
    if (written_at_ >= until && waiting() > 0) return schedule(times_.pause);
  }
}

bool Ledger::write_next() {
  if (!outages_.empty()) return write_outages();
  if (!statuses_.empty()) return write_statuses();
  return facts_.empty() ? write_happenings() : write_facts();
}

bool Ledger::write_statuses() {
  std::vector<domain::HostRecords::LastStatus> rows;
  auto next = statuses_.begin();
  for (; next != statuses_.end() && rows.size() < times_.rows; ++next) rows.push_back(next->second);
  if (!written(records_.save_statuses(rows))) return false;
  statuses_.erase(statuses_.begin(), next);
  return true;
}

bool Ledger::write_outages() {
  std::vector<domain::Outage> rows;
  auto next = outages_.upper_bound(newest_);
  while (rows.size() < std::min(times_.rows, outages_.size())) {
    if (next == outages_.end()) next = outages_.begin();
    rows.push_back((next++)->second);
  }
  const auto ids = records_.save_outages(rows);
  if (!written(ids ? units::Result<void>{} : std::unexpected(ids.error()))) return false;
  for (std::size_t n = 0; n < rows.size(); ++n) {
    newest_ = {rows[n].host, rows[n].from};
    outages_.erase(newest_);
    stored_(newest_.first, newest_.second, (*ids)[n]);
  }
  return true;
}

bool Ledger::write_facts() {
  std::vector<domain::HostRecords::Facts> rows;
  auto next = facts_.begin();
  for (; next != facts_.end() && rows.size() < times_.rows; ++next) rows.push_back({next->first, next->second});
  if (!written(records_.save_facts(rows))) return false;
  facts_.erase(facts_.begin(), next);
  return true;
}

bool Ledger::write_happenings() {
  const std::vector<domain::Happening> rows(
      happenings_.begin(),
      happenings_.begin() + static_cast<std::ptrdiff_t>(std::min(times_.rows, happenings_.size())));
  if (!written(records_.save_happenings(rows))) return false;
  happenings_.erase(happenings_.begin(), happenings_.begin() + static_cast<std::ptrdiff_t>(rows.size()));
  for (const domain::Happening& one : rows) {
    if (noted_) noted_(one);
  }
  return true;
}

bool Ledger::written(const units::Result<void>& result) {
  if (!result && !std::exchange(failing_, true)) {
    units::log_error("statuses and outages can't be saved; they wait in memory", {{"error", result.error().message}});
  }
  if (result && std::exchange(failing_, false)) {
    units::log(units::Level::notice, "statuses and outages are saved again", {{"outages lost", lost_.load()}});
  }
  return result.has_value();
}

}  // namespace vedette::fleet

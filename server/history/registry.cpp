#include "server/history/registry.h"

#include <algorithm>

namespace vedette::history {

using domain::HostNumber;
using domain::SeriesNumber;
using units::ErrorCode;
using units::Result;

namespace {

constexpr std::size_t kMostOfAKey = 8;
constexpr units::Milliseconds kClocksDiffer{1'000};  // how far ahead of ours a tick's time may honestly be

}  // namespace

std::optional<std::uint32_t> Registry::find(const Host& host, const metrics::Series& series) {
  const auto key = [&](std::uint32_t number) -> const metrics::SeriesKey& { return host.series[number]->key; };
  const auto of_key = std::ranges::equal_range(host.numbers, series.key, {}, key);
  if (of_key.empty()) return std::nullopt;
  if (*host.series[of_key.back()] == series) return of_key.back();
  // An agent that changes back and forth for ever must not use up the host's numbers.
  if (of_key.size() < kMostOfAKey) return std::nullopt;
  const auto same = std::ranges::find_if(of_key, [&](auto number) { return *host.series[number] == series; });
  return same == of_key.end() ? std::nullopt : std::optional(*same);
}

void Registry::add(Host& host, const metrics::Series& series) {
  const auto key = [&](std::uint32_t number) -> const metrics::SeriesKey& { return host.series[number]->key; };
  const auto place = std::ranges::upper_bound(host.numbers, series.key, {}, key);
  host.numbers.insert(place, static_cast<std::uint32_t>(host.series.size()));
  host.series.push_back(shared(series));
}

Registry::SharedSeries Registry::shared(const metrics::Series& series) {
  const auto [first, last] = shared_.equal_range(series.key);
  const auto same = std::find_if(first, last, [&](const SharedSeries& one) { return *one == series; });
  return same != last ? *same : *shared_.insert(std::make_shared<const metrics::Series>(series));
}

Result<void> Registry::load(const RegistryRows& rows) {
  const std::lock_guard lock(mutex_);
  const auto damaged = [](HostNumber host, const char* what) {
    return units::fail(ErrorCode::corrupt, std::string("live.db: the ") + what + " of host " +
                                               std::to_string(domain::index(host)) +
                                               " have holes in their numbers; restore it from a backup");
  };
  for (const auto& row : rows.series) {
    Host& host = hosts_[domain::index(row.host)];
    if (domain::index(row.stored.number) != host.series.size()) return damaged(row.host, "series");
    add(host, row.stored.series);
  }
  for (const auto& row : rows.boots) {
    Host& host = hosts_[domain::index(row.host)];
    const auto& known = host.boots_by_number;
    if (row.number == 0 || (!known.empty() && row.number != known.rbegin()->first + 1)) {
      return damaged(row.host, "boots");
    }
    add_boot(row.host, host, row.number, row.id);
  }
  for (const auto& row : rows.epochs) hosts_[domain::index(row.host)].epoch = std::min(row.number, kMaxEpoch);
  return {};
}

Result<std::vector<SeriesNumber>> Registry::assign(HostNumber number, std::span<const metrics::Series> series) {
  const std::lock_guard lock(mutex_);
  Host& host = hosts_[domain::index(number)];
  std::vector<SeriesNumber> numbers;
  numbers.reserve(series.size());
  for (const auto& one : series) {
    auto known = find(host, one);
    if (!known) {
      if (host.series.size() >= cap_) {
        return units::fail(ErrorCode::too_large, "the host announced \"" + metrics::to_string(one.key) +
                                                     "\", but has " + std::to_string(cap_) +
                                                     " series already, the most a host may have");
      }
      known = static_cast<std::uint32_t>(host.series.size());
      add(host, one);
      unsaved_.series.push_back({number, {SeriesNumber{*known}, one}});
    }
    numbers.push_back(SeriesNumber{*known});
  }
  return numbers;
}

std::uint32_t Registry::boot_number(HostNumber number, const BootId& id) {
  const std::lock_guard lock(mutex_);
  Host& host = hosts_[domain::index(number)];
  if (const auto known = host.boots.find(id); known != host.boots.end()) return known->second;
  const std::uint32_t boot = host.boots_by_number.empty() ? 1 : host.boots_by_number.rbegin()->first + 1;
  add_boot(number, host, boot, id);
  unsaved_.boots.push_back({number, boot, id});
  return boot;
}

std::uint32_t Registry::newest_boot(HostNumber host) const {
  const std::lock_guard lock(mutex_);
  const auto it = hosts_.find(domain::index(host));
  return it == hosts_.end() || it->second.boots_by_number.empty() ? 0 : it->second.boots_by_number.rbegin()->first;
}

void Registry::add_boot(HostNumber number, Host& host, std::uint32_t boot, const BootId& id) {
  host.boots.insert_or_assign(id, boot);
  host.boots_by_number.emplace(boot, id);
  if (host.boots_by_number.size() <= kBoots) return;
  const auto oldest = host.boots_by_number.begin();
  std::erase_if(unsaved_.boots, [&](const BootRow& row) { return row.host == number && row.number == oldest->first; });
  host.boots.erase(oldest->second);
  host.boots_by_number.erase(oldest);
}

std::vector<domain::StoredSeries> Registry::series(HostNumber host) const {
  const std::lock_guard lock(mutex_);
  std::vector<domain::StoredSeries> all;
  const auto it = hosts_.find(domain::index(host));
  if (it == hosts_.end()) return all;
  all.reserve(it->second.series.size());
  for (const auto& series : it->second.series) {
    all.push_back({SeriesNumber{static_cast<std::uint32_t>(all.size())}, *series});
  }
  return all;
}

std::vector<bool> Registry::reals(HostNumber host) const {
  const std::lock_guard lock(mutex_);
  std::vector<bool> reals;
  const auto it = hosts_.find(domain::index(host));
  if (it == hosts_.end()) return reals;
  for (const auto& series : it->second.series) reals.push_back(series->quantum.is_real());
  return reals;
}

RegistryRows Registry::unsaved() const {
  const std::lock_guard lock(mutex_);
  return unsaved_;
}

void Registry::saved(const RegistryRows& rows) {
  const std::lock_guard lock(mutex_);
  const auto drop = [](auto& list, std::size_t count) {
    list.erase(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(std::min(count, list.size())));
    if (list.empty()) list.shrink_to_fit();  // many hosts may have been new at once
  };
  drop(unsaved_.series, rows.series.size());
  drop(unsaved_.epochs, rows.epochs.size());
  // In the same order, but some may have been dropped meanwhile.
  auto row = rows.boots.begin();
  std::erase_if(unsaved_.boots, [&](const BootRow& boot) {
    const auto same = [&](const BootRow& other) { return other.host == boot.host && other.number == boot.number; };
    const auto found = std::find_if(row, rows.boots.end(), same);
    if (found == rows.boots.end()) return false;
    row = found + 1;
    return true;
  });
}

std::uint32_t Registry::epoch_at(HostNumber number, units::Instant at, units::Instant now) {
  const std::lock_guard lock(mutex_);
  Host& host = hosts_[domain::index(number)];
  if (host.newest && *host.newest > now + kClocksDiffer && at < *host.newest && host.epoch < kMaxEpoch) {
    ++host.epoch;
    host.newest.reset();
    unsaved_.epochs.push_back({number, host.epoch});
  }
  return host.epoch;
}

std::uint32_t Registry::epoch(HostNumber host) const {
  const std::lock_guard lock(mutex_);
  const auto it = hosts_.find(domain::index(host));
  return it == hosts_.end() ? 0 : it->second.epoch;
}

void Registry::seen(HostNumber number, units::Instant at, std::uint32_t epoch) {
  const std::lock_guard lock(mutex_);
  Host& host = hosts_[domain::index(number)];
  if (host.epoch == epoch && (!host.newest || *host.newest < at)) host.newest = at;
}

std::optional<units::Instant> Registry::newest(HostNumber host) const {
  const std::lock_guard lock(mutex_);
  const auto it = hosts_.find(domain::index(host));
  return it == hosts_.end() ? std::nullopt : it->second.newest;
}

void Registry::forget(HostNumber host) {
  const std::lock_guard lock(mutex_);
  hosts_.erase(domain::index(host));
  std::erase_if(shared_, [](const SharedSeries& one) { return one.use_count() == 1; });
  std::erase_if(unsaved_.series, [&](const auto& row) { return row.host == host; });
  std::erase_if(unsaved_.boots, [&](const auto& row) { return row.host == host; });
  std::erase_if(unsaved_.epochs, [&](const auto& row) { return row.host == host; });
}

}  // namespace vedette::history

// Series and boots of every host, each host's newest tick time, and how often the clock was set back under it. A
// snapshot type: any thread, under its own lock. What is new stays on a list until a commit has made it durable.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <unordered_map>
#include <vector>

#include "schema/metrics/series.h"
#include "schema/units/result.h"
#include "server/domain/history_store.h"
#include "server/history/key.h"

namespace vedette::history {

using BootId = std::array<std::uint8_t, 16>;

struct SeriesRow {
  domain::HostNumber host{};
  domain::StoredSeries stored;
};
struct BootRow {
  domain::HostNumber host{};
  std::uint32_t number = 0;
  BootId id{};
};
struct EpochRow {
  domain::HostNumber host{};
  std::uint32_t number = 0;
};
struct RegistryRows {
  std::vector<SeriesRow> series;
  std::vector<BootRow> boots;
  std::vector<EpochRow> epochs;
  [[nodiscard]] bool empty() const noexcept { return series.empty() && boots.empty() && epochs.empty(); }
};

class Registry {
 public:
  /// `cap`: series a host may have, at most kGroups × kGroupWidth.
  explicit Registry(std::size_t cap) : cap_(cap) {}

  /// Boots of a host whose ids are remembered: an older one that comes again gets a new number.
  static constexpr std::uint32_t kBoots = 256;

  /// What live.db holds, at start. `corrupt` if numbers don't count up from 0 (boots: from any on).
  [[nodiscard]] units::Result<void> load(const RegistryRows& rows);

  [[nodiscard]] units::Result<std::vector<domain::SeriesNumber>> assign(domain::HostNumber host,
                                                                        std::span<const metrics::Series> series);
  [[nodiscard]] std::uint32_t boot_number(domain::HostNumber host, const BootId& id);
  [[nodiscard]] std::uint32_t newest_boot(domain::HostNumber host) const;
  [[nodiscard]] std::vector<domain::StoredSeries> series(domain::HostNumber host) const;
  /// By series number: whether its cells are doubles.
  [[nodiscard]] std::vector<bool> reals(domain::HostNumber host) const;

  /// What isn't durable yet; saved() takes it off the lists.
  [[nodiscard]] RegistryRows unsaved() const;
  void saved(const RegistryRows& rows);

  /// The epoch of a live tick at `at` that came at `now`: the next one if the host's newest tick lies ahead of `now`
  /// and this one before it, because then the clock was set back (docs/decisions/0005).
  [[nodiscard]] std::uint32_t epoch_at(domain::HostNumber host, units::Instant at, units::Instant now);
  [[nodiscard]] std::uint32_t epoch(domain::HostNumber host) const;

  /// Of ticks that belong to another epoch than the host's own nothing is noted.
  void seen(domain::HostNumber host, units::Instant at, std::uint32_t epoch);
  [[nodiscard]] std::optional<units::Instant> newest(domain::HostNumber host) const;

  void forget(domain::HostNumber host);

 private:
  /// Thousands of hosts have the same series: each is there once.
  using SharedSeries = std::shared_ptr<const metrics::Series>;
  struct ByKey {
    using is_transparent = void;
    bool operator()(const SharedSeries& a, const SharedSeries& b) const { return a->key < b->key; }
    bool operator()(const SharedSeries& a, const metrics::SeriesKey& b) const { return a->key < b; }
    bool operator()(const metrics::SeriesKey& a, const SharedSeries& b) const { return a < b->key; }
  };
  struct Host {
    std::vector<SharedSeries> series;    ///< by number
    std::vector<std::uint32_t> numbers;  ///< by key, then ascending: a series whose unit or quantum changed has several
    std::map<BootId, std::uint32_t> boots;
    std::map<std::uint32_t, BootId> boots_by_number;  ///< the newest kBoots
    std::optional<units::Instant> newest;             ///< of the epoch
    std::uint32_t epoch = 0;
  };
  /// The newest series of the key, if it is this one: what a host announced last is always its highest number.
  static std::optional<std::uint32_t> find(const Host& host, const metrics::Series& series);
  void add(Host& host, const metrics::Series& series);
  [[nodiscard]] SharedSeries shared(const metrics::Series& series);
  void add_boot(domain::HostNumber number, Host& host, std::uint32_t boot, const BootId& id);

  const std::size_t cap_;
  mutable std::mutex mutex_;
  std::unordered_map<std::uint32_t, Host> hosts_;
  std::multiset<SharedSeries, ByKey> shared_;  ///< of all hosts
  RegistryRows unsaved_;
};

}  // namespace vedette::history

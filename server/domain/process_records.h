// The lists of processes that used most, as the other roles see them and their store. Default: server/processes over
// SQLite. All methods: any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "schema/units/result.h"
#include "schema/units/time.h"
#include "server/domain/ids.h"

namespace vedette::domain {

struct Process {
  std::uint32_t pid = 0;
  std::string name{};
  std::uint32_t cpu_permille = 0;                   ///< of one core: 1000 is one core all the time
  std::uint64_t memory_kib = 0;                     ///< resident
  std::string arguments{};                          ///< empty unless the host's operator allows them
  std::uint64_t read_bytes = 0, written_bytes = 0;  ///< a second; 0 where that can't be told
  bool operator==(const Process&) const = default;
};

/// A host's processes over one span of time.
struct ProcessList {
  units::Instant at{};          ///< the end of `span`
  units::Milliseconds span{0};  ///< over which CPU and I/O were measured
  std::uint32_t count = 0;      ///< processes there were
  std::vector<Process> top{};   ///< those that used most CPU, most first; then those of most memory besides
  bool operator==(const ProcessList&) const = default;
};

class ProcessRecords {
 public:
  virtual ~ProcessRecords() = default;

  /// Takes a list to be stored; on_stored tells once it is. Of lists of one host and time the first is kept, the others
  /// are told as stored; so is what can't be kept: too old, ahead of the clock, more than a host may have in a day.
  /// False when there is no room, or after stop(): its sender tells it again.
  [[nodiscard]] virtual bool submit(HostNumber host, std::uint64_t id, const ProcessList& list) = 0;

  /// Called on the store's thread for each list that its sender may forget. Set before start.
  using Stored = std::function<void(HostNumber host, std::uint64_t id)>;
  virtual void on_stored(Stored callback) = 0;

  /// Those of [from, to], oldest first; of too many the newest: kMostLists, or what is packed into kMostBytes.
  [[nodiscard]] virtual units::Result<std::vector<ProcessList>> lists(HostNumber host, units::Instant from,
                                                                      units::Instant to) const = 0;
  static constexpr std::size_t kMostLists = 1'500;  ///< a day at one a minute
  static constexpr std::size_t kMostBytes = 4U << 20;

  /// The list whose span holds `at`, else the nearest that ends within `within` of it.
  [[nodiscard]] virtual units::Result<std::optional<ProcessList>> nearest(HostNumber host, units::Instant at,
                                                                          units::Milliseconds within) const = 0;

  /// Drops a host's lists, those too that come later; their room on the disk is free afterwards.
  virtual units::Result<void> forget(HostNumber host) = 0;

  /// Empty when well; otherwise what is wrong in a person's words.
  [[nodiscard]] virtual std::string trouble() const = 0;
};

}  // namespace vedette::domain

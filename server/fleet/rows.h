// The rows and headers of the live topics `fleet` and `host/<id>` (ARCHITECTURE.md, "Live topics"). Pure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "server/domain/observer.h"

namespace vedette::fleet {

[[nodiscard]] std::string fleet_header();
[[nodiscard]] std::string fleet_row(const domain::HostView& host, std::span<const domain::FleetObserver::Value> values,
                                    std::optional<units::Instant> notifies_at, std::optional<units::Instant> happened);

[[nodiscard]] std::string host_topic(const units::HostId& id);
[[nodiscard]] std::string host_header(std::span<const metrics::Series> shown);
/// One entry a series of `shown`, whose elements `values` point into; null where there is no value.
[[nodiscard]] std::string host_row(units::Instant at, std::span<const metrics::Series> shown,
                                   std::span<const domain::FleetObserver::Value> values);

/// What the fleet row shows of a tick; absent where the host doesn't tell.
struct Summary {
  std::optional<double> cpu, memory, load, disk, received, sent;
  std::string disk_mount;  ///< of the fullest file system
};
[[nodiscard]] Summary summarize(std::span<const domain::FleetObserver::Value> values);

}  // namespace vedette::fleet

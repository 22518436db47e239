// Alerts in people's words. Pure.
#pragma once

#include <string>

#include "server/alerts/rule.h"
#include "server/domain/host.h"

namespace vedette::alerts {

/// "97.2 %" for unit "1", "4.0 GiB" for "By", otherwise the number and its unit.
[[nodiscard]] std::string quantity(double value, const std::string& unit);

/// "CPU utilisation 97.2 % above 90.0 % for 60 s"
[[nodiscard]] std::string reason(const Rule& rule, const std::vector<metrics::Attribute>& attributes, double value,
                                 const std::string& unit);

/// "lost: connection ended without goodbye: agent killed, or something between cut it"
[[nodiscard]] std::string reason(const domain::HostState& state);

}  // namespace vedette::alerts

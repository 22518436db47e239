// Alerts in people's words. Pure.
#pragma once

#include <string>

#include "server/alerts/step.h"
#include "server/domain/host.h"

namespace vedette::alerts {

/// "97.2 %" for unit "1", "4.0 GiB" for "By", otherwise the number and its unit; UCUM's annotations are left out:
/// "1.60" for "{thread}", "12.00/s" for "{packet}/s".
[[nodiscard]] std::string quantity(double value, const std::string& unit);

/// While the limit is broken by `value`: "CPU utilisation 97.2 % above 90.0 % for 60 s" once `lasted`, before that
/// "CPU utilisation 97.2 % above 90.0 %".
[[nodiscard]] std::string reason(const Rule& rule, const std::vector<metrics::Attribute>& attributes, double value,
                                 const std::string& unit, bool lasted);

/// Of a reading that resolves: "CPU utilisation back to 78.2 %, below 80.0 %".
[[nodiscard]] std::string recovery(const Rule& rule, const std::vector<metrics::Attribute>& attributes,
                                   const Reading& reading, const std::string& unit);

/// "lost: connection ended without goodbye: agent killed, or something between cut it"
[[nodiscard]] std::string reason(const domain::HostState& state);

/// Of a host that is no longer down, `was` being the reason of its alert: "up again; was lost: connection ended …"
[[nodiscard]] std::string recovery(const domain::HostRecord& record, const std::string& was);

}  // namespace vedette::alerts

// Hosts, series and outages as JSON. Pure; times are Unix seconds with three decimals.
#pragma once

#include <string>

#include "schema/metrics/series.h"
#include "server/domain/observer.h"

namespace vedette::api {

void append_host(std::string& out, const domain::HostView& host, bool with_facts);
void append_series(std::string& out, const metrics::Series& series);
/// "name":…,"attributes":{…},"unit":… without braces around.
void append_series_fields(std::string& out, const metrics::Series& series);
void append_outage(std::string& out, const domain::Outage& outage);
void append_happening(std::string& out, const domain::Happening& happening);

}  // namespace vedette::api

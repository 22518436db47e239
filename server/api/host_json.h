// Hosts, series, outages and history as JSON. Pure; times are Unix seconds with three decimals, NaN is null.
#pragma once

#include <string>

#include "server/domain/history_store.h"
#include "server/domain/observer.h"

namespace vedette::api {

void append_host(std::string& out, const domain::HostView& host, bool with_facts);
void append_series(std::string& out, const metrics::Series& series);
void append_outage(std::string& out, const domain::Outage& outage);
/// `raw`: one "value" a sample, else the columns that there are, named as `agg` names them. Series without samples are
/// left out.
[[nodiscard]] std::string history_json(const domain::HistoryAnswer& answer, bool raw);

}  // namespace vedette::api

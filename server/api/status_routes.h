// GET /healthz and GET /metrics: for load balancers, service managers and Prometheus.
#pragma once

#include <functional>
#include <string>

#include "server/api/router.h"

namespace vedette::api {

struct StatusSources {
  std::function<std::string()> trouble;  ///< empty when well; else what is wrong, in words. Any thread; must not block
  std::function<std::string()> metrics;  ///< Prometheus' text format. Any thread
  std::string metrics_token;             ///< lets others than this machine read /metrics; empty: nobody else
};

void add_status_routes(Router& router, StatusSources sources);

}  // namespace vedette::api

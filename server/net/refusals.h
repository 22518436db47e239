// How often peers met each bound of Config since the start.
#pragma once

#include <atomic>
#include <cstdint>

namespace vedette::net {

/// Written on the loops, read by any thread.
struct Refusals {
  using Count = std::atomic<std::uint64_t>;
  Count connections{0}, unproven_per_address{0};  ///< answered 503 and 429, or closed as they came
  Count unproven{0};                              ///< dropped for one that came later
  Count not_a_proxy{0};                           ///< closed as they came (Config::only_proxies)
  Count head{0};                                  ///< 431
  Count body{0};                                  ///< 413
  Count message{0}, fragments{0};                 ///< closed 1009 and 1008
  Count head_deadline{0}, body_deadline{0};       ///< 408, or dropped where nothing had come
  Count idle_deadline{0}, write_deadline{0};      ///< dropped
  Count answer_deadline{0};                       ///< 503
  Count close_deadline{0};                        ///< dropped
};

}  // namespace vedette::net

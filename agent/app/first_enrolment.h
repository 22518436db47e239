// An agent that starts without an identity and was left a token enrols itself.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "agent/config/config.h"
#include "schema/units/time.h"

namespace vedette::app {

/// What was left for this: STATE/enroll.toml, else [enroll] of the configuration. Nothing if neither is there.
[[nodiscard]] units::Result<std::optional<config::EnrolSource>> enrol_source(const config::Config& config,
                                                                             const std::string& state);

struct EnrolPatience {
  std::function<double()> random;           ///< from 0 to 1 without 1
  units::Milliseconds refused{30'000};      ///< at least, before a collector that isn't trusted is asked again
  units::Milliseconds alive_every{10'000};  ///< how often `alive` is called at least
  std::function<void()> alive = [] {};      ///< tells a watchdog
  int stop = -1;                            ///< readable: give up
};

/// Tries the collectors in turn, with Link's back-off, until one takes the token; stores the identity; then removes
/// enroll.toml and the token's file, which aren't needed any more. `invalid` and `unauthorized` end it: the token or
/// what stands beside it is wrong. Nothing when asked to stop.
[[nodiscard]] units::Result<std::optional<config::Identity>> enrol_first(const config::Config& config,
                                                                         const config::EnrolSource& source,
                                                                         const std::string& state,
                                                                         const EnrolPatience& patience);

}  // namespace vedette::app

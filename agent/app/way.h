// How this machine gets to its collectors: configuration, identity and environment, read and checked.
#pragma once

#include <string>
#include <vector>

#include "agent/config/config.h"
#include "agent/link/enroll.h"

namespace vedette::app {

struct Way {
  std::vector<link::CollectorAddress> collectors;  ///< in the operator's order, at least one
  link::Reach reach;
};

/// `proxy` as in config::Config. Errors name what can't be used.
[[nodiscard]] units::Result<Way> way_to(const std::vector<std::string>& urls, const std::string& pin,
                                        const std::string& proxy);

/// The identity's collectors, unless the configuration has others.
[[nodiscard]] units::Result<Way> way_of(const config::Config& config, const config::Identity& identity);

/// Logs a warning if the file holds a password or token and everyone may read it.
void warn_of_open_secrets(const std::string& file, const config::Config& config);

/// For logs and messages: the collectors' URLs.
[[nodiscard]] std::string to_text(const std::vector<link::CollectorAddress>& collectors);

/// The machine's own name, as UTF-8.
[[nodiscard]] std::string own_hostname();

/// What enrolment stores. `name` is empty if the machine's own was sent.
[[nodiscard]] config::Identity identity_of(const Way& way, const link::Enrolment& enrolment, const std::string& name,
                                           const std::vector<std::string>& tags);

}  // namespace vedette::app

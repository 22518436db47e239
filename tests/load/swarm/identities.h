// Which hosts the agents of a swarm are: keys from a file, and new ones through the real token exchange.
#pragma once

#include <string>
#include <vector>

#include "tests/load/swarm/api.h"

namespace vedette::swarm {

/// `count` identities: those of `file` (if named and there) first, the rest enrolled with `token`, and all of them
/// written to `file`. The file holds secrets: it is made readable for its owner only.
[[nodiscard]] units::Result<std::vector<Api::Host>> identities(Api& api, std::size_t count, const std::string& file,
                                                               const std::string& token);

}  // namespace vedette::swarm

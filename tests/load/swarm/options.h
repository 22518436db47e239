// A swarm's command line. Pure.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "schema/units/result.h"
#include "tests/load/swarm/viewer.h"

namespace vedette::swarm {

struct Options {
  std::string url, pin;
  bool insecure = false;
  std::size_t agents = 10, viewers = 0;
  TransportKind transport = TransportKind::websocket;
  std::vector<std::string> topics{"fleet"};  ///< fleet, alerts, host (one host's each); none of them: only connected
  double seconds = 30;
  double rate = 1;    ///< ticks a second of each agent; 0: none
  double ramp = 0;    ///< seconds over which all connect at the start; 0: a thousand a second
  std::string token;  ///< enrols what `keys` doesn't hold
  std::string keys;   ///< file of "host_id key" lines, read if it is there and written after enrolling
  std::string user;   ///< viewers and the check against history log in as
  std::string password_file;
  std::size_t verify = 20;  ///< hosts whose history is compared with what was acked
};

/// `arguments` without the program's name. `invalid` names what isn't known or missing.
[[nodiscard]] units::Result<Options> parse_options(std::span<const char* const> arguments);
[[nodiscard]] std::string help_text();

}  // namespace vedette::swarm

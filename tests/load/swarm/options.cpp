#include "tests/load/swarm/options.h"

#include <cmath>
#include <cstdlib>
#include <functional>
#include <map>

namespace vedette::swarm {
namespace {

using units::ErrorCode;
using units::fail;

/// Sets one option; empty if the value fits, else what is allowed.
using Setter = std::function<std::string(Options&, const std::string&)>;

Setter text(std::string Options::* member) {
  return [member](Options& options, const std::string& value) -> std::string {
    options.*member = value;
    return value.empty() ? "must not be empty" : "";
  };
}

bool read_number(const std::string& value, double most, double& out) {
  char* end = nullptr;
  out = std::strtod(value.c_str(), &end);
  return !value.empty() && *end == '\0' && out >= 0 && out <= most;
}

Setter number(double Options::* member, double most) {
  return [member, most](Options& options, const std::string& value) -> std::string {
    return read_number(value, most, options.*member) ? "" : "must be a number from 0 to " + std::to_string(most);
  };
}

Setter count(std::size_t Options::* member) {
  return [member](Options& options, const std::string& value) -> std::string {
    double read = 0;
    if (!read_number(value, 100'000, read) || read != std::floor(read)) return "must be a whole number up to 100000";
    options.*member = static_cast<std::size_t>(read);
    return {};
  };
}

std::string set_transport(Options& options, const std::string& value) {
  static const std::map<std::string, TransportKind> kinds{
      {"ws", TransportKind::websocket}, {"sse", TransportKind::sse}, {"poll", TransportKind::poll}};
  const auto found = kinds.find(value);
  if (found == kinds.end()) return "must be ws, sse or poll";
  options.transport = found->second;
  return {};
}

std::string set_topics(Options& options, const std::string& value) {
  options.topics.clear();
  for (std::size_t from = 0; from <= value.size();) {
    const std::size_t to = std::min(value.find(',', from), value.size());
    const std::string one = value.substr(from, to - from);
    if (one != "fleet" && one != "alerts" && one != "host" && one != "none")
      return "must be of fleet, alerts, host; or none";
    if (one != "none") options.topics.push_back(one);
    from = to + 1;
  }
  return {};
}

const std::map<std::string, Setter>& setters() {
  static const std::map<std::string, Setter> all{
      {"--url", text(&Options::url)},
      {"--pin", text(&Options::pin)},
      {"--agents", count(&Options::agents)},
      {"--viewers", count(&Options::viewers)},
      {"--transport", set_transport},
      {"--topics", set_topics},
      {"--seconds", number(&Options::seconds, 1e6)},
      {"--rate", number(&Options::rate, 100)},
      {"--ramp", number(&Options::ramp, 3'600)},
      {"--token", text(&Options::token)},
      {"--keys", text(&Options::keys)},
      {"--user", text(&Options::user)},
      {"--password-file", text(&Options::password_file)},
      {"--verify", count(&Options::verify)},
  };
  return all;
}

units::Result<void> check(const Options& options) {
  if (options.url.empty()) return fail(ErrorCode::invalid, "--url https://HOST:PORT is missing");
  if (options.pin.empty() == !options.insecure) {
    return fail(ErrorCode::invalid, "give either --pin (what `vedette-server pin` prints) or --insecure");
  }
  if (options.agents > 0 && options.token.empty() && options.keys.empty()) {
    return fail(ErrorCode::invalid, "--agents need --token (`vedette-server token create --uses N`) or --keys");
  }
  if (options.viewers > 0 && options.user.empty()) {
    return fail(ErrorCode::invalid, "--viewers need --user and --password-file");
  }
  if (options.user.empty() != options.password_file.empty()) {
    return fail(ErrorCode::invalid, "--user and --password-file go together");
  }
  return {};
}

}  // namespace

units::Result<Options> parse_options(std::span<const char* const> arguments) {
  Options options;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string name = arguments[i];
    if (name == "--insecure") {
      options.insecure = true;
      continue;
    }
    const auto setter = setters().find(name);
    if (setter == setters().end()) return fail(ErrorCode::invalid, "\"" + name + "\" is not known; see swarm --help");
    if (i + 1 == arguments.size()) return fail(ErrorCode::invalid, name + " needs a value");
    const std::string value = arguments[++i];
    const std::string wrong = setter->second(options, value);
    if (!wrong.empty()) return fail(ErrorCode::invalid, name + " \"" + value + "\" " + wrong);
  }
  if (const auto fits = check(options); !fits) return std::unexpected(fits.error());
  return options;
}

std::string help_text() {
  return R"(swarm --url https://HOST:PORT (--pin PIN | --insecure) [OPTIONS]
Plays many agents and viewers against a collector, and prints JSON lines.
  --agents N          simulated agents (10)
  --token T           enrols agents that --keys doesn't hold
  --keys FILE         identities, "host_id key" a line; written after enrolling
  --rate R            ticks a second of each agent (1); 0: they only stay connected
  --viewers N         simulated viewers (0), with --user NAME and --password-file FILE
  --transport KIND    ws, sse or poll (ws)
  --topics LIST       fleet, alerts, host (one host's each), comma-separated (fleet); none: they only stay connected
  --seconds S         how long, from when all are connected (30)
  --ramp S            seconds over which all connect at the start (a second a thousand)
  --verify N          hosts whose history is compared with what was acked (20); needs --user
)";
}

}  // namespace vedette::swarm

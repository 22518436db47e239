// `vedette-agent unenroll`.
#include <cstdio>

#include "agent/app/run.h"
#include "agent/app/way.h"
#include "agent/link/enroll.h"

namespace vedette::app {
namespace {

int failed(const std::string& words, int code = 1) {
  std::fprintf(stderr, "vedette-agent: can't unenrol: %s\n", words.c_str());
  return code;
}

/// Whether the collector has been told; what is left to do there otherwise.
void tell_collector(const config::Config& config, const config::Identity& identity) {
  const auto way = way_of(config, identity);
  const auto told = way ? link::unenroll(way->collectors, way->reach, identity.key) : std::unexpected(way.error());
  if (told) {
    std::printf("the collector has revoked host %s; what it stored stays there\n", identity.host_id.c_str());
  } else if (told.error().code == units::ErrorCode::not_found) {
    std::printf("%s; nothing is left to revoke there\n", told.error().message.c_str());
  } else {
    std::fprintf(
        stderr,
        "vedette-agent: the collector couldn't be told: %s\n"
        "  There the host stays listed, and a copy of its key stays good, until you run this at the collector:\n"
        "  vedette-server hosts revoke %s\n",
        told.error().message.c_str(), identity.host_id.c_str());
  }
}

}  // namespace

int run_unenroll(const Command& command) {
  const auto config = config::load_named(command.option("config"));
  if (!config) return failed(config.error().message, kConfigError);
  const std::string state = command.option("state", config->state);
  const auto identity = config::load_identity(state);
  if (identity && command.options.contains("offline")) {
    std::printf("host %s stays as it is at the collector\n", identity->host_id.c_str());
  } else if (identity) {
    tell_collector(*config, *identity);
  } else if (identity.error().code == units::ErrorCode::io) {
    return failed(identity.error().message);
  } else {
    std::printf("%s isn't there or can't be used: no collector is told\n", (state + "/agent.toml").c_str());
  }
  if (const auto removed = config::remove_identity(state); !removed) return failed(removed.error().message);
  std::printf(
      "removed identity, key and spool from %s; stop a running agent with: systemctl disable --now "
      "vedette-agent\n",
      state.c_str());
  if (config->enroll) {
    std::printf("%s is still there: remove it, or the next start enrols this machine again\n",
                config->enroll->place.c_str());
  }
  return 0;
}

}  // namespace vedette::app

// `vedette-agent enroll`.
#include <algorithm>
#include <cstdio>
#include <iostream>
#include <sstream>
#include <vector>

#include "agent/app/run.h"
#include "agent/app/way.h"
#include "agent/config/identity_writer.h"
#include "agent/link/enroll.h"
#include "schema/units/tags.h"
#include "schema/units/utf8.h"

namespace vedette::app {
namespace {

int failed(const std::string& words, int code = 1) {
  std::fprintf(stderr, "vedette-agent: %s\n", words.c_str());
  return code;
}

/// It is stored as TOML and sent as JSON.
bool printable(const std::string& name) {
  return units::is_utf8(name) &&
         std::ranges::none_of(name, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

/// "-" is read from standard input, so that the token needn't stand in a list of processes.
std::string token_of(const Command& command) {
  std::string token = command.option("token");
  if (token == "-") std::getline(std::cin, token);
  return token;
}

std::vector<std::string> tags_of(const Command& command) {
  std::vector<std::string> tags;
  std::istringstream list(command.option("tags"));
  for (std::string tag; std::getline(list, tag, ',');) tags.push_back(tag);
  return tags;
}

}  // namespace

int run_enroll(const Command& command) {
  std::vector<std::string> urls = command.more;
  urls.insert(urls.begin(), command.argument);
  // Whether its words are right is seen before its files are read.
  if (const auto way = way_to(urls, command.option("ca-pin"), "none"); !way) {
    return failed("can't enrol: " + way.error().message);
  }
  const std::string token = token_of(command);
  if (token.empty()) return failed("can't enrol: --token is missing; make one with `vedette-server token create`");
  const std::string hostname = command.option("hostname");
  if (!printable(hostname)) return failed("can't enrol: --hostname must be UTF-8 without control characters");
  const std::vector<std::string> tags = tags_of(command);
  if (!units::are_tags(tags)) {
    return failed("can't enrol: --tags must be up to 32 different tags, each " + std::string(units::kTagRule));
  }
  // Before the token is spent: it is good once.
  const std::string named = command.option("config");
  const auto config = config::load_named(named);
  if (!config) return failed("can't enrol: " + config.error().message, kConfigError);
  const auto way = way_to(urls, command.option("ca-pin"), config->proxy);
  if (!way) return failed("can't enrol: " + way.error().message, kConfigError);
  const std::string state = command.option("state", config->state);
  auto writer = config::IdentityWriter::prepare(state);
  if (!writer) return failed("can't enrol: " + writer.error().message);
  const std::string name = hostname.empty() ? config->name : hostname;
  const auto enrolment = link::enroll(way->collectors, way->reach, token, name.empty() ? own_hostname() : name);
  if (!enrolment) return failed("can't enrol at " + to_text(way->collectors) + ": " + enrolment.error().message);
  if (const auto stored = writer->store(identity_of(*way, *enrolment, hostname, tags)); !stored) {
    return failed("enrolled as " + enrolment->host_id + ", but " + stored.error().message +
                  "; revoke that host and enrol again");
  }
  std::printf("enrolled as %s; start it with: vedette-agent run --state %s%s\n", enrolment->host_id.c_str(),
              state.c_str(), named.empty() ? "" : (" --config " + named).c_str());
  return 0;
}

}  // namespace vedette::app

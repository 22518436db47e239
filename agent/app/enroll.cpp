// `vedette-agent enroll`.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <iostream>

#include "agent/app/run.h"
#include "agent/config/identity_writer.h"
#include "agent/link/enroll.h"
#include "schema/units/utf8.h"

namespace vedette::app {
namespace {

int failed(const std::string& words, int code = 1) {
  std::fprintf(stderr, "vedette-agent: %s\n", words.c_str());
  return code;
}

std::string own_hostname() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? units::repair_utf8(name.data()) : "";
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

}  // namespace

int run_enroll(const Command& command) {
  const auto address = link::parse_collector_url(command.argument);
  if (!address) return failed("can't enrol: " + address.error().message);
  const std::string token = token_of(command);
  if (token.empty()) return failed("can't enrol: --token is missing; make one with `vedette-server token create`");
  std::optional<link::Pin> pin;
  if (const std::string text = command.option("ca-pin"); !text.empty()) {
    const auto parsed = link::parse_pin(text);
    if (!parsed) return failed("can't enrol: " + parsed.error().message);
    pin = *parsed;
  }
  const std::string hostname = command.option("hostname");
  if (!printable(hostname)) return failed("can't enrol: --hostname must be UTF-8 without control characters");
  // Before the token is spent: it is good once.
  const std::string named = command.option("config");
  const auto config = config::load_named(named);
  if (!config) return failed("can't enrol: " + config.error().message, kConfigError);
  const std::string state = command.option("state", config->state);
  auto writer = config::IdentityWriter::prepare(state);
  if (!writer) return failed("can't enrol: " + writer.error().message);
  const auto enrolment = link::enroll(*address, pin, token, hostname.empty() ? own_hostname() : hostname);
  if (!enrolment) return failed("can't enrol at " + link::to_url(*address) + ": " + enrolment.error().message);
  const config::Identity identity{.url = link::to_url(*address),
                                  .pin = pin ? link::to_string(*pin) : "",
                                  .host_id = enrolment->host_id,
                                  .key = enrolment->key,
                                  .hostname = hostname};
  if (const auto stored = writer->store(identity); !stored) {
    return failed("enrolled as " + enrolment->host_id + ", but " + stored.error().message +
                  "; revoke that host and enrol again");
  }
  std::printf("enrolled as %s; start it with: vedette-agent run --state %s%s\n", enrolment->host_id.c_str(),
              state.c_str(), named.empty() ? "" : (" --config " + named).c_str());
  return 0;
}

}  // namespace vedette::app

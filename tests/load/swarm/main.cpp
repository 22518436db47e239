// Plays N agents and M viewers against a collector. `swarm --help` tells the options, run.h what it prints.
#include <sys/resource.h>

#include <csignal>
#include <cstdio>
#include <fstream>
#include <iostream>

#include "tests/load/swarm/identities.h"
#include "tests/load/swarm/run.h"

namespace {

using namespace vedette;
using namespace vedette::swarm;

int refused(const units::Error& error) {
  std::fprintf(stderr, "swarm: %s\n", error.message.c_str());
  return 2;
}

void raise_open_files() {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
}

}  // namespace

int main(int argc, char** argv) {
  const std::span<const char* const> arguments(argv + 1, static_cast<std::size_t>(argc) - 1);
  if (!arguments.empty() && std::string_view(arguments[0]) == "--help") {
    std::cout << help_text();
    return 0;
  }
  const auto options = parse_options(arguments);
  if (!options) return refused(options.error());
  raise_open_files();
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGINT, [](int) { ask_to_end(); });
  std::signal(SIGTERM, [](int) { ask_to_end(); });

  const auto target = make_target(options->url, options->pin);
  if (!target) return refused(target.error());
  Api api(*target);
  auto hosts = identities(api, options->agents, options->keys, options->token);
  if (!hosts) return refused(hosts.error());
  std::string cookie;
  if (!options->user.empty()) {
    std::string password;
    std::getline(std::ifstream(options->password_file), password);
    const auto login = api.log_in(options->user, password);
    if (!login) return refused(login.error());
    cookie = *login;
  }
  return Run(*options, *target, api, std::move(*hosts), cookie).go() ? 0 : 1;
}

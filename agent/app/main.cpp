// Wires the agent: reads the command line and calls the command.
#include <csignal>
#include <cstdio>
#include <span>

#include "agent/app/command_line.h"
#include "agent/app/job.h"
#include "agent/app/once.h"
#include "agent/app/run.h"

namespace {

constexpr int kUsage = 64;  // sysexits.h

int run(const vedette::app::Command& command) {
  using namespace vedette::app;
  if (command.name == "run") return run_agent(command);
  if (command.name == "enroll") return run_enroll(command);
  if (command.name == "unenroll") return run_unenroll(command);
  if (command.name == "job") return run_named_job(command);
  if (command.name == "once") return run_once(command);
  if (command.name == "list-metrics") return std::fputs(metrics_as_text().c_str(), stdout) < 0 ? 1 : 0;
  if (command.name == "version") return std::puts("vedette-agent " VEDETTE_VERSION) < 0 ? 1 : 0;
  return std::fputs(help_text(command.argument).c_str(), stdout) < 0 ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes to sockets without MSG_NOSIGNAL
  const std::span<const char* const> arguments(argv + 1, argc > 0 ? static_cast<std::size_t>(argc - 1) : 0);
  const auto command = vedette::app::parse_command_line(arguments);
  if (!command) {
    std::fprintf(stderr, "vedette-agent: %s\n", command.error().message.c_str());
    return kUsage;
  }
  return run(*command);
}

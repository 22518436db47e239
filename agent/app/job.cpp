#include "agent/app/job.h"

#include <cstdio>

#include "agent/config/config.h"
#include "agent/jobs/report.h"
#include "agent/jobs/runner.h"

namespace vedette::app {

int run_named_job(const Command& command) {
  if (const auto good = jobs::check_name(command.argument); !good) {
    std::fprintf(stderr, "vedette-agent: %s\n", good.error().message.c_str());
    return 64;
  }
  const auto config = config::load_named(command.option("config"));
  if (!config) std::fprintf(stderr, "vedette-agent: %s\n", config.error().message.c_str());
  const std::string socket = config ? config->job_socket : config::Config{}.job_socket;
  return jobs::run_job(command.argument, command.program, command.option("socket", socket));
}

}  // namespace vedette::app

// The configuration file that packages install.
#include "agent/config/config.h"

namespace vedette::config {

std::string example() {
  std::string text =
      "# Vedette agent. Everything has a default: these are they. vedette-agent(1) explains.\n\n"
      "# Where `vedette-agent enroll` stores identity and key, and `run` looks for them.\n"
      "#state = \"/var/lib/vedette-agent\"\n\n"
      "# How often to measure until the collector sets it; \"100ms\" to \"1h\".\n"
      "#interval = \"1s\"\n\n"
      "# error, warning, notice, info or debug\n"
      "#log_level = \"info\"\n\n"
      "# Examples; by default there is none of these.\n"
      "# The collector's addresses instead of those it was enrolled at: the first that can be reached is taken.\n"
      "# url = [\"https://collector.example:8443\", \"https://standby.example:8443\"]\n"
      "# Instead of https_proxy of the environment; \"none\" goes direct. With a password: chmod 0640 this file.\n"
      "# proxy = \"http://proxy.example:3128\"\n"
      "# The name to be listed under, given at enrolment, and tags, told at each connection.\n"
      "# name = \"web-1\"\n"
      "# tags = [\"site=berlin\", \"database\"]\n\n"
      "# What is kept in the state directory for a collector that can't be reached; the oldest is dropped first, "
      "and counted.\n"
      "#[spool]\n"
      "#size = \"64MiB\"\n"
      "#age = \"2d\"\n\n"
      "# Tell every minute which processes use most CPU and memory; with args also their command lines, where\n"
      "# passwords may stand.\n"
      "#[processes]\n"
      "#top = true\n"
      "#args = false\n\n"
      "# Slices, services, containers and machines: at most so many at once, services last.\n"
      "#[cgroups]\n"
      "#limit = 100\n\n"
      "# Your own metrics: *.prom files of a directory, in Prometheus' text format; at most so many series in all.\n"
      "#[textfile]\n"
      "#directory = \"/var/spool/vedette-agent/textfile.d\"\n"
      "#series = 500\n\n"
      "# Where `vedette-agent job NAME -- COMMAND` reports to the agent.\n"
      "#[jobs]\n"
      "#socket = \"/run/vedette-agent/jobs.sock\"\n\n"
      "# What is measured; `vedette-agent list-metrics` tells what belongs to each group.\n"
      "#[metrics]\n";
  for (const std::string_view group : metrics::kGroupNames) text += '#' + std::string(group) + " = true\n";
  text +=
      "\n# An agent that starts without an identity enrols itself with these. They may stand in enroll.toml of the\n"
      "# state directory too, without [enroll]; that file and the token's are removed afterwards. An example:\n"
      "# [enroll]\n"
      "# url = \"https://collector.example:8443\"\n"
      "# token_file = \"/var/lib/vedette-agent/token\"\n"
      "# ca_pin = \"sha256:...\"\n";
  return text;
}

}  // namespace vedette::config

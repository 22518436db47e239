#include "agent/app/command_line.h"

#include <algorithm>
#include <array>

namespace vedette::app {
namespace {

struct Option {
  std::string_view name;
  bool takes_value;
};

struct Known {
  std::string_view name;
  bool takes_argument;
  std::vector<Option> options;
  std::string_view help;
};

const std::array<Known, 7>& commands() {
  static const std::array<Known, 7> known{{
      {"run",
       false,
       {{"state", true}, {"config", true}},
       "vedette-agent [run] [--state DIR] [--config FILE]\n"
       "  Measures this machine and streams to the collector it is enrolled at, until told to stop.\n"
       "  --state DIR    where enroll stored identity and key (default: the configuration's, or else\n"
       "                 /var/lib/vedette-agent)\n"
       "  --config FILE  default /etc/vedette/agent.toml, which need not exist\n"},
      {"enroll",
       true,
       {{"token", true}, {"ca-pin", true}, {"state", true}, {"config", true}, {"hostname", true}, {"tags", true}},
       "vedette-agent enroll https://HOST[:PORT][/PATH]... --token T [--ca-pin PIN] [--state DIR] [--config FILE]\n"
       "                     [--hostname NAME] [--tags TAG,...]\n"
       "  Exchanges an enrolment token for this machine's own key and stores it in DIR, readable by its owner only.\n"
       "  Of several collectors under one pin and key the first that can be reached is taken, now and by run.\n"
       "  --token T        from `vedette-server token create`; \"-\" reads it from standard input\n"
       "  --ca-pin PIN     from `vedette-server pin`, \"sha256:...\"; without it the system's certificates are "
       "trusted\n"
       "  --state DIR      default: the configuration's, or else /var/lib/vedette-agent\n"
       "  --config FILE    default /etc/vedette/agent.toml, which need not exist\n"
       "  --hostname NAME  the name to be listed under, instead of this machine's\n"
       "  --tags TAG,...   words or key=value, told at each connection\n"},
      {"unenroll",
       false,
       {{"state", true}, {"config", true}, {"offline", false}},
       "vedette-agent unenroll [--offline] [--state DIR] [--config FILE]\n"
       "  Has the collector revoke this machine's key, if it can be reached, and removes identity, key and spool.\n"
       "  --offline      doesn't tell the collector: on a clone, whose key is another machine's too\n"
       "  --state DIR    default: the configuration's, or else /var/lib/vedette-agent\n"
       "  --config FILE  default /etc/vedette/agent.toml, which need not exist\n"},
      {"once",
       false,
       {{"json", false}, {"table", false}, {"config", true}},
       "vedette-agent once [--json|--table] [--config FILE]\n"
       "  Measures once and prints every series that would be sent; sends nothing.\n"
       "  --table        for people: aligned, by group, in units that are easy to read\n"
       "  --config FILE  default /etc/vedette/agent.toml, which need not exist; only its [metrics] counts\n"},
      {"list-metrics",
       false,
       {},
       "vedette-agent list-metrics\n  Prints the metrics this agent knows, by the groups of the configuration's "
       "[metrics].\n"},
      {"job",
       true,
       {{"socket", true}, {"config", true}},
       "vedette-agent job NAME [--socket PATH] [--config FILE] -- COMMAND [ARGUMENT...]\n"
       "  Runs the command as whoever calls, and tells this machine's agent when it began, how it ended, how long it\n"
       "  took and its last lines. The exit status is the command's, whether or not an agent runs.\n"
       "  --socket PATH  where the agent listens (default: the configuration's, or else /run/vedette-agent/jobs.sock)\n"
       "  --config FILE  default /etc/vedette/agent.toml, which need not exist\n"},
      {"version", false, {}, "vedette-agent version\n  Prints the version.\n"},
  }};
  return known;
}

const Known* find(std::string_view name) {
  const auto at = std::ranges::find(commands(), name, &Known::name);
  return at == commands().end() ? nullptr : &*at;
}

auto refused(const std::string& words) {
  return units::fail(units::ErrorCode::invalid, words);
}

/// Reads one "--key value", "--key=value" or "--switch" at `at`, and moves past it.
units::Result<void> take_option(std::span<const char* const> arguments, std::size_t& at, const Known& known,
                                Command& command) {
  std::string_view word = std::string_view(arguments[at++]).substr(2);
  const std::size_t equals = word.find('=');
  const std::string_view name = word.substr(0, equals);
  const auto option = std::ranges::find(known.options, name, &Option::name);
  if (option == known.options.end()) {
    return refused("\"" + command.name + "\" has no option --" + std::string(name) + "; see vedette-agent " +
                   command.name + " --help");
  }
  std::string value;
  if (equals != std::string_view::npos) {
    value = word.substr(equals + 1);
  } else if (option->takes_value) {
    if (at == arguments.size()) return refused("--" + std::string(name) + " needs a value");
    value = arguments[at++];
  }
  if (option->takes_value == value.empty()) {
    return refused("--" + std::string(name) + (option->takes_value ? " needs a value" : " takes no value"));
  }
  command.options[std::string(name)] = value;
  return {};
}

}  // namespace

std::string Command::option(const std::string& key, std::string_view fallback) const {
  const auto at = options.find(key);
  return at == options.end() ? std::string(fallback) : at->second;
}

units::Result<Command> parse_command_line(std::span<const char* const> arguments) {
  std::size_t at = 0;
  Command command{.name = "run", .argument = {}, .more = {}, .options = {}};
  if (!arguments.empty() && !std::string_view(arguments[0]).starts_with("--")) command.name = arguments[at++];
  if (command.name == "-h" || command.name == "help") {
    return Command{.name = "help", .argument = at < arguments.size() ? arguments[at] : "", .more = {}, .options = {}};
  }
  if (at < arguments.size() && at == 0 && std::string_view(arguments[0]) == "--version") command.name = "version", ++at;
  const Known* known = find(command.name);
  if (known == nullptr) {
    return refused("no command \"" + command.name + "\"; vedette-agent --help lists them");
  }
  while (at < arguments.size()) {
    const std::string_view word = arguments[at];
    if (word == "--help" || word == "-h") {
      return Command{.name = "help", .argument = at == 0 ? "" : command.name, .more = {}, .options = {}};
    }
    if (word == "--" && command.name == "job") {
      for (++at; at < arguments.size(); ++at) command.program.emplace_back(arguments[at]);
    } else if (word.starts_with("--")) {
      if (const auto taken = take_option(arguments, at, *known, command); !taken) return std::unexpected(taken.error());
    } else if (known->takes_argument && command.argument.empty()) {
      command.argument = arguments[at++];
    } else if (known->takes_argument && word.starts_with("https://")) {
      command.more.emplace_back(arguments[at++]);
    } else {
      return refused("\"" + command.name + "\" doesn't take \"" + std::string(word) + "\"; see vedette-agent " +
                     command.name + " --help");
    }
  }
  if (command.name == "job" && (command.argument.empty() || command.program.empty())) {
    return refused("job needs a name and a command: vedette-agent job nightly-backup -- /usr/local/bin/backup");
  }
  return command;
}

std::string help_text(std::string_view command) {
  if (const Known* known = find(command)) return "Usage: " + std::string(known->help);
  std::string text = "Measures this machine and streams it to a Vedette collector.\n\n";
  for (const Known& known : commands()) text += std::string(known.help) + '\n';
  return text + "Exit codes: 0 done, 1 failed, 64 wrong command line, 78 wrong configuration.\n";
}

}  // namespace vedette::app

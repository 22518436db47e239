// What the agent was asked to do. Pure.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "schema/units/result.h"

namespace vedette::app {

struct Command {
  std::string name;                 ///< "run", "enroll", "unenroll", "once", "list-metrics", "job", "version", "help"
  std::string argument;             ///< enroll: the URL; job: its name; help: the command asked about, or empty
  std::vector<std::string> more{};  ///< enroll: further URLs
  std::map<std::string, std::string> options;  ///< without "--"; a switch's value is ""
  std::vector<std::string> program{};          ///< job: what to run, with its arguments; never empty then

  [[nodiscard]] std::string option(const std::string& key, std::string_view fallback = {}) const;
};

/// `arguments` without the program's name; none at all means "run". `invalid` names what isn't known and what is.
[[nodiscard]] units::Result<Command> parse_command_line(std::span<const char* const> arguments);

/// Text for --help; of one command, or of all if the name is empty.
[[nodiscard]] std::string help_text(std::string_view command);

}  // namespace vedette::app

// The command line as a value. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "schema/units/result.h"

namespace vedette::app {

/// One command, its words and its options: `user add ann --role viewer` is {"user add", {"ann"}, {{"role","viewer"}}}.
struct Options {
  std::string command;                         ///< "run", "user add", "help" …
  std::vector<std::string> words;              ///< positional
  std::map<std::string, std::string> options;  ///< without the dashes; a flag's value is empty

  [[nodiscard]] bool has(const std::string& name) const { return options.contains(name); }
  [[nodiscard]] std::string get(const std::string& name, const std::string& otherwise = {}) const;
};

/// `arguments` without the program's name. `invalid` says what isn't understood and which command's --help to read.
/// `--help` anywhere gives {"help", {command}}.
[[nodiscard]] units::Result<Options> parse_options(const std::vector<std::string>& arguments);

/// Has the command as many words as it takes? What came over the control socket wasn't read by parse_options.
[[nodiscard]] units::Result<void> check_words(const Options& options);

/// The help text of one command; of the whole program for "" and for unknown ones.
[[nodiscard]] std::string help_text(const std::string& command);

}  // namespace vedette::app

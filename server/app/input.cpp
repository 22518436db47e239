#include "server/app/input.h"

#include "schema/units/utf8.h"

namespace vedette::app {

using units::ErrorCode;
using units::Result;

Result<std::string> read_secret(std::istream& in) {
  std::string line;
  std::getline(in, line);
  if (line.ends_with('\r')) line.pop_back();
  if (!units::is_utf8(line)) {
    return units::fail(ErrorCode::invalid,
                       "the line on standard input isn't UTF-8 text; write it in UTF-8 (LANG=C.UTF-8)");
  }
  return line;
}

Result<void> check_text(const Options& options) {
  const auto refuse = [](const std::string& what) {
    return units::fail(ErrorCode::invalid, what + " isn't UTF-8 text; write it in UTF-8 (LANG=C.UTF-8)");
  };
  for (const std::string& word : options.words) {
    if (!units::is_utf8(word)) return refuse("a word of the command line");
  }
  for (const auto& [name, value] : options.options) {
    if (name != "data" && name != "config" && !units::is_utf8(value)) return refuse("--" + name);
  }
  return {};
}

}  // namespace vedette::app

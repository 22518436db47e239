// What people hand to commands, checked before it is sent on: text that arrives is the text that was meant.
#pragma once

#include <istream>
#include <string>

#include "schema/units/result.h"
#include "server/app/options.h"

namespace vedette::app {

/// The first line, without LF or CR LF: a secret. `invalid` if it isn't UTF-8, in which it would reach the collector as
/// another text.
[[nodiscard]] units::Result<std::string> read_secret(std::istream& in);

/// `invalid` if a word or value that goes to the collector isn't UTF-8. Paths may be any bytes: they stay here.
[[nodiscard]] units::Result<void> check_text(const Options& options);

}  // namespace vedette::app

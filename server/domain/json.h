// Appending JSON to text, for what is too hot or too particular for a JSON library: live rows, columns of history,
// times with exactly three decimals. Text must be valid UTF-8.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "schema/units/time.h"

namespace vedette::domain {

void append_json_string(std::string& out, std::string_view text);
/// The shortest digits that read back as the same double; null for NaN and infinities, which JSON can't say.
void append_json_number(std::string& out, double value);
/// Unix seconds with three decimals.
void append_json_time(std::string& out, units::Instant at);

/// `append` writes each of the values.
template <class T, class Append>
void append_json_array(std::string& out, const std::vector<T>& values, Append append) {
  out += '[';
  for (std::size_t n = 0; n < values.size(); ++n) {
    if (n > 0) out += ',';
    append(out, values[n]);
  }
  out += ']';
}

}  // namespace vedette::domain

// Logs: one logfmt line a happening. `log_info("agent connected", {{"host", name}, {"rtt_ms", 12}})` writes
//   <6>msg="agent connected" host=web-07 rtt_ms=12
// where <N> is the syslog priority that journald reads. Formatting is pure; where lines go is bound once by app/.
// Never put a secret (key, token, cookie, password) into a field.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace vedette::units {

enum class Level : std::uint8_t { error = 3, warning = 4, notice = 5, info = 6, debug = 7 };  ///< syslog(3) priorities

/// One key and its value, already text; quoted when written if it has to be.
struct Field {
  std::string_view key;
  std::string value;

  Field(std::string_view k, std::string v) : key(k), value(std::move(v)) {}
  Field(std::string_view k, std::string_view v) : key(k), value(v) {}
  Field(std::string_view k, const char* v) : key(k), value(v) {}
  Field(std::string_view k, std::integral auto v) : key(k), value(std::to_string(v)) {}
  Field(std::string_view k, double v);
};

/// One line with its end. Control characters and quotes in values are escaped: a host can't forge a line.
[[nodiscard]] std::string format_log(Level level, std::string_view message, std::span<const Field> fields);

/// Takes one whole line; called on any thread, must not throw.
using LogSink = std::function<void(Level, std::string_view line)>;

/// Binds where lines go; before any thread starts. Without it lines are dropped (tests, benchmarks).
void bind_log(LogSink sink, Level most_verbose = Level::info);

void log(Level level, std::string_view message, std::initializer_list<Field> fields = {});
inline void log_error(std::string_view m, std::initializer_list<Field> f = {}) {
  log(Level::error, m, f);
}
inline void log_warning(std::string_view m, std::initializer_list<Field> f = {}) {
  log(Level::warning, m, f);
}
inline void log_info(std::string_view m, std::initializer_list<Field> f = {}) {
  log(Level::info, m, f);
}
inline void log_debug(std::string_view m, std::initializer_list<Field> f = {}) {
  log(Level::debug, m, f);
}

}  // namespace vedette::units

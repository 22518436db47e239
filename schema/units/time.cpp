#include "schema/units/time.h"

#include <array>
#include <charconv>
#include <cstdio>
#include <limits>
#include <utility>

namespace vedette::units {
namespace {

struct Unit {
  std::string_view suffix;
  std::int64_t ms;
};
constexpr std::array<Unit, 5> kUnits{{{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};

template <class... Args>
std::string printed(const char* format, Args... args) {
  std::array<char, 64> text{};
  const int length = std::snprintf(text.data(), text.size(), format, args...);
  return {text.data(), static_cast<std::size_t>(length)};
}

}  // namespace

std::string unix_seconds(Instant at) {
  const std::int64_t ms = unix_ms(at);
  const std::int64_t magnitude = ms < 0 ? -ms : ms;
  return printed("%s%lld.%03lld", ms < 0 ? "-" : "", static_cast<long long>(magnitude / 1000),
                 static_cast<long long>(magnitude % 1000));
}

std::string clock_utc(Instant at) {
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(at - day).count();
  return printed("%02lld:%02lld:%02lld", static_cast<long long>(seconds / 3600),
                 static_cast<long long>(seconds / 60 % 60), static_cast<long long>(seconds % 60));
}

std::string date_utc(Instant at) {
  const std::chrono::year_month_day day{std::chrono::floor<std::chrono::days>(at)};
  return printed("%04d-%02u-%02u ", static_cast<int>(day.year()), static_cast<unsigned>(day.month()),
                 static_cast<unsigned>(day.day())) +
         clock_utc(at) + " UTC";
}

Result<Milliseconds> parse_duration(std::string_view text) {
  const auto bad = [&] {
    return fail(
        ErrorCode::invalid,
        "\"" + std::string(text) + "\" is no duration; write a whole number and one of ms, s, m, h, d, as in \"60s\"");
  };
  std::int64_t count = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (status != std::errc{} || count < 0) return bad();
  const std::string_view suffix = text.substr(static_cast<std::size_t>(end - text.data()));
  for (const Unit& unit : kUnits) {
    if (suffix != unit.suffix) continue;
    if (count > std::numeric_limits<std::int64_t>::max() / unit.ms) return bad();
    return Milliseconds{count * unit.ms};
  }
  return bad();
}

std::string format_duration(Milliseconds span) {
  for (const Unit& unit : kUnits) {
    if (span.count() != 0 && span.count() % unit.ms == 0) {
      return std::to_string(span.count() / unit.ms) + std::string(unit.suffix);
    }
  }
  return "0s";
}

std::string spoken_duration(Milliseconds span) {
  const long long ms = span.count() < 0 ? 0 : span.count();
  const long long seconds = ms / 1000;
  if (ms < 10'000) return printed("%lld.%lld s", seconds, ms % 1000 / 100);
  if (seconds < 60) return printed("%lld s", seconds);
  if (seconds < 3600) return printed(seconds % 60 == 0 ? "%lld min" : "%lld min %lld s", seconds / 60, seconds % 60);
  const long long minutes = seconds / 60;
  if (minutes < 1440) return printed(minutes % 60 == 0 ? "%lld h" : "%lld h %lld min", minutes / 60, minutes % 60);
  const long long hours = minutes / 60;
  return printed(hours % 24 == 0 ? "%lld d" : "%lld d %lld h", hours / 24, hours % 24);
}

}  // namespace vedette::units

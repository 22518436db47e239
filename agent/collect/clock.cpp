#include "agent/collect/clock.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include "agent/collect/text.h"

namespace vedette::collect {

ClockState clock_state(int state, const timex& told) noexcept {
  return {.synchronized = state != TIME_ERROR && (told.status & STA_UNSYNC) == 0,
          .estimated_error = told.esterror,
          .offset = (told.status & STA_NANO) != 0 ? told.offset / 1000 : told.offset};
}

units::Result<void> ClockSource::read(Draft& draft) {
  timex told{};  // modes 0: nothing is set
  const int state = ::adjtimex(&told);
  if (state < 0) {
    const int error = errno;
    const bool denied = error == EPERM || error == EACCES || error == ENOSYS;
    return units::fail(denied ? units::ErrorCode::not_found : units::ErrorCode::io,
                       std::string("adjtimex: ") + std::strerror(error));
  }
  const ClockState clock = clock_state(state, told);
  synchronized_.put_signed(draft, clock.synchronized ? 1 : 0);
  error_.put_signed(draft, clock.estimated_error);
  offset_.put_signed(draft, clock.offset);
  return {};
}

units::Result<std::uint64_t> parse_uptime(std::string_view text) {
  std::string_view line = take_line(text).value_or("");
  const std::string_view word = take_word(line);
  const auto seconds = as_number(word.substr(0, std::min(word.find('.'), word.size())));
  if (!seconds) return units::fail(units::ErrorCode::corrupt, "/proc/uptime doesn't begin with a number");
  return *seconds;
}

units::Result<void> UptimeSource::read(Draft& draft) {
  const auto text = file_.read();
  if (!text) return std::unexpected(text.error());
  const auto seconds = parse_uptime(*text);
  if (!seconds) return std::unexpected(seconds.error());
  uptime_.put(draft, *seconds);
  return {};
}

}  // namespace vedette::collect

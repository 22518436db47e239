#include "agent/watch/oom_count.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <charconv>

namespace vedette::watch {

std::optional<std::uint64_t> parse_oom_kills(std::string_view vmstat) {
  constexpr std::string_view kKey = "\noom_kill ";
  const auto at = vmstat.find(kKey);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view rest = vmstat.substr(at + kKey.size());
  std::uint64_t count = 0;
  const auto [end, status] = std::from_chars(rest.data(), rest.data() + rest.size(), count);
  return status == std::errc{} ? std::optional(count) : std::nullopt;
}

std::optional<Happening> OomCount::read(units::Instant now) {
  std::array<char, 16'384> text{};
  const int fd = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  const ssize_t size = fd < 0 ? -1 : ::read(fd, text.data(), text.size());
  if (fd >= 0) ::close(fd);
  const auto count = size > 0 ? parse_oom_kills({text.data(), static_cast<std::size_t>(size)}) : std::nullopt;
  const auto before = known_;
  if (count) known_ = count;
  if (!count || !before || *count <= *before) return std::nullopt;
  return Happening{.at = now,
                   .kind = "oom_kill",
                   .text =
                       "the kernel killed a process because memory was out; which one is in its log, which this "
                       "agent may not read",
                   .count = *count - *before,
                   .id = id_of(boot_, "oom " + std::to_string(*count))};
}

}  // namespace vedette::watch

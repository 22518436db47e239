#include "agent/collect/zpool.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include "agent/collect/text.h"

namespace vedette::collect {
namespace {

struct Close {
  void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};

}  // namespace

std::optional<std::uint64_t> parse_pool_state(std::string_view text) {
  const auto word = take_line(text);
  if (!word) return std::nullopt;
  if (*word == "ONLINE") return 0;
  if (*word == "DEGRADED") return 1;
  constexpr std::array<std::string_view, 5> kUnusable{"FAULTED", "OFFLINE", "REMOVED", "SUSPENDED", "UNAVAIL"};
  return std::ranges::find(kUnusable, *word) != kUnusable.end() ? std::optional<std::uint64_t>(2) : std::nullopt;
}

units::Result<void> PoolSource::read(Draft& draft) {
  const std::unique_ptr<DIR, Close> folder(::opendir(folder_.c_str()));
  if (!folder) {
    return units::fail(errno == ENOENT ? units::ErrorCode::not_found : units::ErrorCode::io,
                       folder_ + ": " + std::strerror(errno));
  }
  while (const dirent* const entry = ::readdir(folder.get())) {
    const std::string_view pool = entry->d_name;
    if (pool.starts_with('.') || entry->d_type == DT_REG) continue;
    file_.assign(pool).append("/state");
    const int fd = ::openat(::dirfd(folder.get()), file_.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) continue;  // no pool's folder, or it was exported
    std::array<char, 64> text{};
    const ssize_t size = ::read(fd, text.data(), text.size());
    ::close(fd);
    const auto state = parse_pool_state({text.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))});
    if (!state) continue;
    auto known = numbers_.find(pool);
    if (known == numbers_.end()) {
      if (draft.roster().full()) continue;
      const SeriesNumber number = draft.roster().add("system.linux.zfs.pool.state", {{"pool", pool}});
      known = numbers_.emplace(std::string(pool), number).first;
    }
    draft.put(known->second, static_cast<std::int64_t>(*state));
  }
  return {};
}

}  // namespace vedette::collect

#include "server/history/space.h"

#include <fcntl.h>
#include <unistd.h>

#include <limits>

namespace vedette::history {

namespace {

constexpr const char* kReserve = "reserve";

std::string megabytes(std::uint64_t bytes) {
  return std::to_string(bytes >> 20) + " MB";
}

}  // namespace

Space::Space(std::filesystem::path directory, Options options)
    : directory_(std::move(directory)), options_(std::move(options)) {
  std::error_code missing;
  held_ = std::filesystem::file_size(directory_ / kReserve, missing) == options_.reserve && !missing;
}

bool Space::release(const std::filesystem::path& directory) {
  std::error_code ignored;
  return std::filesystem::remove(directory / kReserve, ignored);
}

std::uint64_t Space::free_bytes() const {
  if (options_.free_bytes) return options_.free_bytes();
  std::error_code error;
  const auto space = std::filesystem::space(directory_, error);
  return error ? std::numeric_limits<std::uint64_t>::max() : space.available;
}

bool Space::make_reserve() {
  const auto path = directory_ / kReserve;
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return false;
  const bool made = ::posix_fallocate(fd, 0, static_cast<off_t>(options_.reserve)) == 0;
  ::close(fd);
  if (!made) (void)release(directory_);
  return made;
}

bool Space::look() {
  if (options_.reserve == 0) return false;
  free_ = free_bytes();
  if (free_ >= 2 * options_.reserve) {
    if (!held_) held_ = make_reserve();
    return held_ && low_.exchange(false);
  }
  if (low_ || (held_ && free_ >= options_.reserve / 2)) return false;
  low_ = true;
  held_ = false;
  (void)release(directory_);
  return false;
}

std::string Space::words() const {
  return "disk full: " + megabytes(free_) + " free in " + directory_.string() + ", stored again from " +
         megabytes(2 * options_.reserve) + " on; free some space";
}

}  // namespace vedette::history

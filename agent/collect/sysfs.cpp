#include "agent/collect/sysfs.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <memory>
#include <span>

#include "agent/collect/text.h"

namespace vedette::collect {
namespace {

/// As much of the file as fits.
std::string_view read_into(const std::string& path, std::span<char> room) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};
  ssize_t n = 0;
  do {
    n = ::read(fd, room.data(), room.size());
  } while (n < 0 && errno == EINTR);
  ::close(fd);
  return {room.data(), static_cast<std::size_t>(std::max<ssize_t>(n, 0))};
}

}  // namespace

std::optional<std::int64_t> read_number(const std::string& path) {
  std::array<char, 32> room{};
  std::string_view text = read_into(path, room);
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  std::int64_t value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || status != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string read_word(const std::string& path) {
  std::array<char, 128> room{};
  const std::string_view text = read_into(path, room);
  std::string word(text.substr(0, std::min(text.find('\n'), text.size())));
  std::erase_if(word, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  return word;
}

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> open(::opendir(folder.c_str()), ::closedir);
  if (!open) return names;
  while (const dirent* entry = ::readdir(open.get())) {
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  }
  std::ranges::sort(names);
  return names;
}

std::optional<std::uint64_t> number_in(std::string_view name, std::string_view prefix, std::string_view suffix) {
  if (!name.starts_with(prefix) || !name.ends_with(suffix) || name.size() <= prefix.size() + suffix.size()) {
    return std::nullopt;
  }
  return as_number(name.substr(prefix.size(), name.size() - prefix.size() - suffix.size()));
}

}  // namespace vedette::collect

#include "agent/collect/textfile.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "agent/collect/exposition.h"
#include "schema/units/log.h"

namespace vedette::collect {
namespace {

using units::ErrorCode;
using units::Result;

struct Close {
  void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};

/// Never waits: not for a pipe's writer either.
Result<std::string> read_whole(const std::string& path) {
  const auto failed = [&](const std::string& words) {
    return units::fail(ErrorCode::io, path + ": " + words + "; it is left out");
  };
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
  if (fd < 0) return failed(std::strerror(errno));
  std::string text(TextfileSource::kLargest + 1, '\0');
  struct stat info{};
  std::size_t size = 0;
  ssize_t count = ::fstat(fd, &info) != 0 ? -1 : 1;
  const bool plain = count > 0 && S_ISREG(info.st_mode);
  while (plain && count > 0 && size < text.size()) {
    count = ::read(fd, text.data() + size, text.size() - size);
    if (count > 0) size += static_cast<std::size_t>(count);
  }
  const int error = errno;
  ::close(fd);
  if (!plain) return failed("it must be a plain file");
  if (count < 0) return failed(std::strerror(error));
  if (size > TextfileSource::kLargest) return failed("it is larger than 1 MiB");
  text.resize(size);
  return text;
}

}  // namespace

Result<std::vector<std::string>> TextfileSource::list() const {
  const std::unique_ptr<DIR, Close> directory(::opendir(options_.directory.c_str()));
  if (!directory) {
    return units::fail(errno == ENOENT ? ErrorCode::not_found : ErrorCode::io,
                       options_.directory + ": " + std::strerror(errno));
  }
  std::vector<std::string> names;
  while (const dirent* const entry = ::readdir(directory.get())) {
    const std::string_view name = entry->d_name;
    if (name.ends_with(".prom") && !name.starts_with('.')) names.emplace_back(name);
  }
  std::ranges::sort(names);
  if (names.size() > kMostFiles) names.resize(kMostFiles);
  return names;
}

Result<void> TextfileSource::read(Draft& draft) {
  const auto names = list();
  if (!names) return std::unexpected(names.error());
  std::erase_if(files_, [&](const auto& file) { return !std::ranges::binary_search(*names, file.first); });
  owners_.clear();
  for (const std::string& name : *names) look(name, draft);
  return {};
}

void TextfileSource::look(const std::string& name, Draft& draft) {
  struct stat info{};
  if (::lstat((options_.directory + "/" + name).c_str(), &info) != 0) return;
  const State state{info.st_ino, static_cast<std::uint64_t>(info.st_size),
                    info.st_mtim.tv_sec * 1'000'000'000LL + info.st_mtim.tv_nsec};
  File& file = files_[name];
  if (file.state != state) {
    file.state = state;
    take(name, file, draft.roster());
  }
  const auto age = units::unix_ms(options_.wall()) - state.modified_ns / 1'000'000;
  draft.put(file.age, std::max<std::int64_t>(age, 0));
  for (const auto& [number, value] : file.values) {
    if (owners_.try_emplace(number, name).second) draft.put(number, std::bit_cast<std::int64_t>(value));
  }
}

void TextfileSource::take(const std::string& name, File& file, Roster& roster) {
  if (file.age == kRefused && !roster.full()) file.age = roster.add("vedette.textfile.age", {{"file", name}});
  file.values.clear();
  const std::string path = options_.directory + "/" + name;
  const auto text = read_whole(path);
  if (!text) return units::log_warning("a text file with metrics can't be read", {{"error", text.error().message}});
  const Exposition all = parse_exposition(*text);
  if (all.faults > 0) {
    units::log_warning("a text file with metrics has faults; what they stand in is left out",
                       {{"file", path}, {"first", all.fault}, {"faults", all.faults}});
  }
  for (const ExposedSample& sample : all.samples) {
    const SeriesNumber number = number_of(sample.series, roster);
    if (number == kRefused) continue;
    const auto other = owners_.find(number);
    if (other != owners_.end() && other->second != name) {
      units::log_warning("two text files tell the same series; the first by name counts",
                         {{"series", to_string(sample.series.key)}, {"file", path}, {"first", other->second}});
      continue;
    }
    file.values.emplace_back(number, sample.value);
  }
}

SeriesNumber TextfileSource::number_of(const metrics::Series& series, Roster& roster) {
  if (const auto known = numbers_.find(series.key); known != numbers_.end()) return known->second;
  if (numbers_.size() >= options_.series) {
    if (!std::exchange(full_told_, true)) {
      units::log_warning("text files tell more series than may be; the rest is left out",
                         {{"textfile.series", options_.series}, {"directory", options_.directory}});
    }
    return kRefused;
  }
  const SeriesNumber number = roster.add_own(series);
  numbers_.emplace(series.key, number);
  return number;
}

}  // namespace vedette::collect

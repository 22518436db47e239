// A disk that loses power, as far as POSIX promises anything: what a file's last sync made safe is there afterwards. Of
// what was written since, each sector is as it was or as any write left it; the same goes for the file's length, and
// for each name in a directory since that was synced. Pure.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace vedette::history {

/// 512 bytes are the least that disks write as one: this tears a page of SQLite's into eight. What a disk of larger
/// sectors can leave is among what this one can.
inline constexpr std::size_t kSector = 512;

using Random = std::mt19937_64;

class PowerFile {
 public:
  explicit PowerFile(std::string safe) : safe_(safe), now_(std::move(safe)) {}

  [[nodiscard]] const std::string& now() const noexcept { return now_; }

  void write(std::string_view bytes, std::size_t at) {
    if (at + bytes.size() > now_.size()) resize(at + bytes.size());
    std::ranges::copy(bytes, now_.begin() + static_cast<std::ptrdiff_t>(at));
    changed(at, at + bytes.size());
  }

  void truncate(std::size_t size) {
    const std::size_t before = now_.size();
    resize(size);
    if (size < before) changed(size, before);
  }

  void sync() {
    safe_ = now_;
    sectors_.clear();
    sizes_.clear();
  }

  /// What is left of it: in a quarter of all cases nothing since the sync, in a quarter all, else sector by sector.
  [[nodiscard]] std::string after_cut(Random& random) const {
    const auto way = random() % 4;
    if (way == 0) return safe_;
    if (way == 1) return now_;
    std::string left = safe_;
    for (const auto& [sector, states] : sectors_) {
      const auto chosen = random() % (states.size() + 1);
      if (chosen == 0) continue;
      left.resize(std::max(left.size(), (sector + 1) * kSector));
      left.replace(sector * kSector, kSector, states[chosen - 1]);
    }
    const auto chosen = random() % (sizes_.size() + 1);
    left.resize(chosen == 0 ? safe_.size() : sizes_[chosen - 1]);
    return left;
  }

 private:
  void resize(std::size_t size) {
    now_.resize(size);
    sizes_.push_back(size);
  }
  void changed(std::size_t from, std::size_t to) {
    for (std::size_t sector = from / kSector; sector * kSector < to; ++sector) {
      std::string bytes = now_.substr(std::min(now_.size(), sector * kSector), kSector);
      bytes.resize(kSector);
      sectors_[sector].push_back(std::move(bytes));
    }
  }

  std::string safe_, now_;
  std::map<std::size_t, std::vector<std::string>> sectors_;  ///< since the last sync: what each held, one after another
  std::vector<std::size_t> sizes_;                           ///< since the last sync
};

class PowerDisk {
 public:
  using File = std::shared_ptr<PowerFile>;

  /// None if there is no such file.
  [[nodiscard]] File find(const std::filesystem::path& path) const {
    const auto it = names_.find(path);
    return it == names_.end() ? File() : it->second.now();
  }
  /// A file that was there before all this.
  void add(const std::filesystem::path& path, File file) { names_[path] = {std::move(file), {}}; }
  /// The name means this file from now on; none: it is removed.
  void name(const std::filesystem::path& path, File file) { names_[path].since.push_back(std::move(file)); }

  void sync_directory(const std::filesystem::path& directory) {
    for (auto& [path, entry] : names_) {
      if (path.parent_path() == directory) entry = {entry.now(), {}};
    }
    std::erase_if(names_, [](const auto& named) { return !named.second.safe && named.second.since.empty(); });
  }

  void forget(const std::filesystem::path& directory) {
    std::erase_if(names_, [&](const auto& named) { return named.first.parent_path() == directory; });
  }

  [[nodiscard]] std::vector<std::filesystem::path> files_in(const std::filesystem::path& directory) const {
    std::vector<std::filesystem::path> found;
    for (const auto& [path, entry] : names_) {
      if (path.parent_path() == directory && entry.now()) found.push_back(path);
    }
    return found;
  }

  /// What is left of the directory: contents by name.
  [[nodiscard]] std::map<std::string, std::string> after_cut(const std::filesystem::path& directory,
                                                             Random& random) const {
    std::map<std::string, std::string> left;
    for (const auto& [path, entry] : names_) {
      if (path.parent_path() != directory) continue;
      const auto chosen = random() % (entry.since.size() + 1);
      const File& file = chosen == 0 ? entry.safe : entry.since[chosen - 1];
      if (file) left[path.filename().string()] = file->after_cut(random);
    }
    return left;
  }

 private:
  struct Entry {
    File safe;
    std::vector<File> since;  ///< the directory's last sync: what the name meant, one after another
    [[nodiscard]] const File& now() const noexcept { return since.empty() ? safe : since.back(); }
  };
  std::map<std::filesystem::path, Entry> names_;
};

}  // namespace vedette::history

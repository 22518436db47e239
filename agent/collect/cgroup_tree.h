// The tree of control groups as it is mounted: version 2, or version 1 with a tree for each controller. Every file is
// opened by its path below the root: a service that was restarted has a new group under the same one. One owner thread.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/collect/cgroup_files.h"
#include "agent/collect/cgroup_name.h"

namespace vedette::collect {

class CgroupTree {
 public:
  /// `sys`: /sys
  explicit CgroupTree(std::string sys);
  ~CgroupTree();
  CgroupTree(const CgroupTree&) = delete;
  CgroupTree& operator=(const CgroupTree&) = delete;

  /// Looks which version there is; false without either.
  [[nodiscard]] bool open();
  /// 2 or 1; 0 before open().
  [[nodiscard]] int version() const noexcept { return version_; }

  using Found = std::function<void(std::string_view path, const CgroupPlace& place)>;
  /// All that is told (cgroup_name.h), at most kMostFound, in no order. `path` is good for the call only. False if the
  /// root can't be read.
  [[nodiscard]] bool walk(const Found& found);
  /// What is absent in a group that has just gone is absent here.
  [[nodiscard]] CgroupFigures read(std::string_view path);

  static constexpr std::size_t kMostFound = 2'000;

 private:
  /// A directory that stays open; -1 without it.
  struct Directory {
    Directory() = default;
    ~Directory();
    Directory(const Directory&) = delete;
    Directory& operator=(const Directory&) = delete;
    [[nodiscard]] bool open(const std::string& path);
    int fd = -1;
  };
  struct Device {
    std::uint32_t major, minor;
    bool counts;
  };
  bool walk_below(const Found& found);
  [[nodiscard]] std::string_view text_of(const Directory& tree, std::string_view path, std::string_view file);
  [[nodiscard]] CgroupFigures read_v2(std::string_view path);
  [[nodiscard]] CgroupFigures read_v1(std::string_view path);
  [[nodiscard]] bool counts(std::uint32_t major, std::uint32_t minor);

  std::string sys_;
  int version_ = 0;
  Directory root_;  ///< which is walked; of version 2 all is there
  Directory cpu_, cpuacct_, memory_, blkio_, pids_, unified_;
  std::vector<Device> devices_;
  CountsDevice counts_device_;
  std::string path_;       ///< where walk() is
  std::size_t found_ = 0;  ///< by this walk
  std::string file_;       ///< which is read
  std::array<char, 16'384> buffer_;
};

}  // namespace vedette::collect

// Slices, services, containers and machines by their control groups: CPU, memory, I/O, tasks. Every ten seconds, some
// 3 µs a file beside what the kernel takes to count. One owner thread.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/collect/cgroup_tree.h"
#include "agent/collect/source.h"

namespace vedette::collect {

struct CgroupOptions {
  std::size_t limit = 100;  ///< that are told at once; more are left out, services first, and that is logged
};

class CgroupSource final : public Source {
 public:
  CgroupSource(std::string sys, CgroupOptions options) : tree_(std::move(sys)), options_(options) {}
  [[nodiscard]] std::string_view name() const noexcept override { return "/sys/fs/cgroup"; }
  /// `not_found` without control groups. A group that appears after the first reading is told from its second on, so
  /// that what lives for moments takes no series.
  [[nodiscard]] units::Result<void> read(Draft& draft) override;

  static constexpr std::size_t kSeries = 13;  ///< of one group
  /// Different ones told in a run of the agent, times the limit: a series' number is never given back.
  static constexpr std::size_t kMostEver = 5;

 private:
  struct Group {
    CgroupKind kind{};
    std::string name;
    std::uint64_t first = 0, last = 0;  ///< readings in which it was there, the latter the newest
    bool told = false;
    std::array<std::optional<SeriesNumber>, kSeries> numbers{};
  };
  using Groups = std::map<std::string, Group, std::less<>>;
  void take(std::string_view path, const CgroupPlace& place);
  void choose();
  [[nodiscard]] bool may_tell(Group& group);
  void tell(const std::string& path, Group& group, Draft& draft);

  CgroupTree tree_;
  CgroupOptions options_;
  CgroupTree::Found found_ = [this](std::string_view path, const CgroupPlace& place) { take(path, place); };
  Groups groups_;  ///< by path
  std::vector<Groups::value_type*> chosen_;
  std::uint64_t reading_ = 0;
  std::size_t ever_ = 0;
  bool many_told_ = false, ever_told_ = false;
};

}  // namespace vedette::collect

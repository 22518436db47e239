#include "server/fleet/path_watch.h"

namespace vedette::fleet {

using domain::HostNumber;
using domain::NetworkPath;

namespace {

constexpr std::size_t kLeastOfProxy = 2;
constexpr std::size_t kLeastOfNetwork = 3;  // without a proxy nothing but the address says that they share a way

}  // namespace

std::string words(const PathLoss& loss) {
  const std::string head = "path lost, " + std::to_string(loss.hosts.size()) + " hosts: ";
  if (loss.of_proxy()) return head + "the proxy " + loss.path.proxy + " or the network behind it";
  return head + "the network " + loss.path.network + " or the way to it";
}

PathWatch::Group* PathWatch::group_of(HostNumber host) {
  const auto path = paths_.find(host);
  return path == paths_.end() ? nullptr : &groups_[path->second];
}

void PathWatch::connected(HostNumber host, const NetworkPath& path) {
  left(host);
  if (path == NetworkPath{}) return;
  paths_[host] = path;
  groups_[path].there.insert(host);
}

void PathWatch::answers(HostNumber host) {
  Group* group = group_of(host);
  if (group == nullptr) return;
  std::erase(group->fallen, host);
  group->there.insert(host);
}

void PathWatch::left(HostNumber host) {
  const auto path = paths_.find(host);
  if (path == paths_.end()) return;
  if (const auto found = groups_.find(path->second); found != groups_.end()) {
    Group& group = found->second;
    group.there.erase(host);
    std::erase(group.fallen, host);
    if (group.there.empty() && group.fallen.empty()) groups_.erase(found);
  }
  paths_.erase(path);
}

void PathWatch::path_answers(HostNumber host, units::Steady at) {
  Group* group = group_of(host);
  if (group == nullptr) return;
  group->there.erase(host);
  group->answered = at;
}

std::optional<PathLoss> PathWatch::fell(HostNumber host, units::Steady at) {
  Group* group = group_of(host);
  if (group == nullptr || group->there.erase(host) == 0) return std::nullopt;
  if (at - group->last_fall > kTogether) {
    group->fallen.clear();
    group->loss = 0;
  }
  group->fallen.push_back(host);
  group->last_fall = at;
  if (group->answered && at - *group->answered <= kTogether) return std::nullopt;
  const NetworkPath& path = paths_.at(host);
  const std::size_t least = path.proxy.empty() ? kLeastOfNetwork : kLeastOfProxy;
  if (!group->there.empty() || group->fallen.size() < least) return std::nullopt;
  if (group->loss == 0) group->loss = ++losses_;
  return PathLoss{group->loss, path, group->fallen};
}

bool PathWatch::elsewhere(HostNumber host, const NetworkPath& path) const {
  const auto own = paths_.find(host);
  if (own == paths_.end() || own->second == path) return false;
  const auto group = groups_.find(own->second);
  return group != groups_.end() && group->second.there.contains(host);
}

}  // namespace vedette::fleet

// Notices that all hosts of one proxy, or of one network, lost their connections together: then it was the path
// that went, not so many agents. Pure: time is passed in.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "schema/units/time.h"
#include "server/domain/ids.h"
#include "server/domain/network_path.h"

namespace vedette::fleet {

/// Hosts fall one after another: a proxy that stops ends its connections in turn, and of silence each one's verdict
/// depends on when it was pinged last: every 5 s, looked at once a second, and more where a machine is slow. Further
/// apart than this, they fell for reasons of their own. alerts::kGather waits for it.
inline constexpr units::Milliseconds kTogether{8'000};

struct PathLoss {
  std::uint64_t number = 0;  ///< from 1; the same when further hosts fall in its course
  domain::NetworkPath path;
  std::vector<domain::HostNumber> hosts;  ///< that fell together
  [[nodiscard]] bool of_proxy() const { return !path.proxy.empty(); }
};

/// "path lost, 3 hosts: the proxy 10.0.0.5 or the network behind it"; "path lost, 3 hosts: the network 192.0.2.0/24 or
/// the way to it".
[[nodiscard]] std::string words(const PathLoss& loss);

/// One owner.
class PathWatch {
 public:
  /// The host is there, by this path.
  void connected(domain::HostNumber host, const domain::NetworkPath& path);
  /// … by the one it had: silent for a while, it answers again.
  void answers(domain::HostNumber host);
  /// The host is away, or not asked about any more, and that says nothing of its path: it said goodbye, or we closed.
  void left(domain::HostNumber host);
  /// The host's agent is silent while its machine answers: the path is there. It isn't lost within kTogether.
  void path_answers(domain::HostNumber host, units::Steady at);

  /// The host, which was there, fell silent or its connection ended. A loss if now nobody is left on its path and at
  /// least two (of a network: three) fell together.
  [[nodiscard]] std::optional<PathLoss> fell(domain::HostNumber host, units::Steady at);

  /// Is the host there, and in another place than this path? Hosts on this machine are in no place: that they are heard
  /// says nothing of any network.
  [[nodiscard]] bool elsewhere(domain::HostNumber host, const domain::NetworkPath& path) const;

 private:
  struct Group {
    std::set<domain::HostNumber> there;
    std::vector<domain::HostNumber> fallen;  ///< one after another, newest last
    units::Steady last_fall{};
    std::optional<units::Steady> answered;
    std::uint64_t loss = 0;
  };
  Group* group_of(domain::HostNumber host);

  std::map<domain::HostNumber, domain::NetworkPath> paths_;  ///< each host's newest
  std::map<domain::NetworkPath, Group> groups_;
  std::uint64_t losses_ = 0;
};

}  // namespace vedette::fleet

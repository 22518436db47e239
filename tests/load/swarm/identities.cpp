#include "tests/load/swarm/identities.h"

#include <sys/stat.h>

#include <fstream>

namespace vedette::swarm {

units::Result<std::vector<Api::Host>> identities(Api& api, std::size_t count, const std::string& file,
                                                 const std::string& token) {
  std::vector<Api::Host> hosts;
  if (!file.empty()) {
    std::ifstream in(file);
    for (Api::Host host; hosts.size() < count && in >> host.id >> host.key;) hosts.push_back(host);
  }
  if (hosts.size() == count) return hosts;
  if (token.empty()) {
    return units::fail(units::ErrorCode::invalid, file + " holds " + std::to_string(hosts.size()) + " of " +
                                                      std::to_string(count) + " identities; --token enrols the others");
  }
  while (hosts.size() < count) {
    auto host = api.enroll(token, "swarm-" + std::to_string(hosts.size()));
    if (!host) return std::unexpected(host.error());
    hosts.push_back(std::move(*host));
  }
  if (!file.empty()) {
    ::umask(077);
    std::ofstream out(file, std::ios::trunc);
    for (const auto& host : hosts) out << host.id << ' ' << host.key << '\n';
    if (!out.flush()) return units::fail(units::ErrorCode::io, file + " can't be written");
  }
  return hosts;
}

}  // namespace vedette::swarm

// The fleet as other threads read it: written by the control thread, copied out by anyone.
#pragma once

#include <map>

#include "server/domain/guarded.h"
#include "server/domain/observer.h"

namespace vedette::fleet {

/// Revoked hosts are in it too: what was stored of them can still be asked for.
class Directory final : public domain::HostDirectory {
 public:
  [[nodiscard]] std::vector<domain::HostView> hosts() const override;  ///< by name
  [[nodiscard]] std::optional<domain::HostView> host(const units::HostId& id) const override;

  void put(domain::HostView view);
  void remove(domain::HostNumber host);
  void put_state(const units::HostId& id, const domain::HostState& state);  ///< cheaper: each tick

 private:
  mutable domain::Guarded<std::map<units::HostId, domain::HostView>> hosts_;
};

}  // namespace vedette::fleet

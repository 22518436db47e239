// An incident of several hosts: those that lost one path together, of which people are told once. Values; pure. (The
// incident of a single alert has no more to it than the alert's id.)
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "schema/units/result.h"
#include "server/domain/alert.h"

namespace vedette::alerts {

struct Incident {
  struct Member {
    domain::HostNumber host{};
    std::string id, name;     ///< the host's, for the message
    std::uint64_t alert = 0;  ///< its host-down
    bool over = false;        ///< resolved; not stored: whose alert is gone is over
    bool fresh = false;       ///< just joined; not stored
  };
  std::uint64_t id = 0;                       ///< no alert's
  units::Instant since{};                     ///< when the first alert of it fired
  std::string words;                          ///< "path lost, 3 hosts: …"
  std::optional<units::Instant> notifies_at;  ///< the hold of all its alerts; absent without receivers
  std::vector<Member> members;                ///< whom the message names, or will
  std::uint64_t path_loss = 0;                ///< whose alerts may still join; of this run: not stored
  bool changed = false;                       ///< not told to the store yet; not stored

  [[nodiscard]] bool over() const;
  [[nodiscard]] domain::Notice notice(domain::Transition transition, units::Instant at) const;
};

/// The key of its stored state, which no alert's can be: those begin with a rule's name.
[[nodiscard]] std::string state_key(std::uint64_t incident);
[[nodiscard]] bool is_incident(const std::string& state_key);

/// The body of its stored state: JSON, version 1. decode() says `version` or `corrupt`, naming `key`.
[[nodiscard]] std::string encode(const Incident& incident);
[[nodiscard]] units::Result<Incident> decode_incident(const std::string& key, const std::string& body);

}  // namespace vedette::alerts

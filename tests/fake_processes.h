// A store of process lists that answers what the test put in, and tells what it took when the test says so.
#pragma once

#include <utility>
#include <vector>

#include "server/domain/process_records.h"

namespace vedette::tests {

struct FakeProcesses final : domain::ProcessRecords {
  struct Told {
    domain::HostNumber host{};
    std::uint64_t id = 0;
    domain::ProcessList list;
  };
  struct Asked {
    domain::HostNumber host{};
    units::Instant from{}, to{};
    units::Milliseconds within{};
  };

  bool submit(domain::HostNumber host, std::uint64_t id, const domain::ProcessList& list) override {
    if (room) told.push_back({host, id, list});
    return room;
  }
  void on_stored(Stored callback) override { stored = std::move(callback); }
  units::Result<std::vector<domain::ProcessList>> lists(domain::HostNumber host, units::Instant from,
                                                        units::Instant to) const override {
    asked = {host, from, to, {}};
    return kept;
  }
  units::Result<std::optional<domain::ProcessList>> nearest(domain::HostNumber host, units::Instant at,
                                                            units::Milliseconds within) const override {
    asked = {host, at, at, within};
    if (!kept) return std::unexpected(kept.error());
    return kept->empty() ? std::nullopt : std::optional(kept->front());
  }
  units::Result<void> forget(domain::HostNumber) override { return {}; }
  std::string trouble() const override { return {}; }

  /// What it has told so far is stored from now on.
  void commit() {
    for (const Told& one : std::exchange(told, {})) stored(one.host, one.id);
  }

  bool room = true;
  std::vector<Told> told;
  Stored stored;
  units::Result<std::vector<domain::ProcessList>> kept;
  mutable Asked asked;
};

}  // namespace vedette::tests

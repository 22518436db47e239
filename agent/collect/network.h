// /proc/net/dev: traffic of network interfaces (proc(5)).
//
// Left out: lo, interfaces that carried nothing since they appeared, and those whose names come and go with containers
// and virtual machines (left_out() has the table): their traffic is counted at the bridge or the real interface, and
// each new name would take series that are never given back.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "agent/collect/proc_file.h"
#include "agent/collect/source.h"

namespace vedette::collect {

struct InterfaceStats {
  struct Direction {
    std::uint64_t bytes = 0, packets = 0, errors = 0, dropped = 0;
  };
  std::string_view name;  ///< into the text that was parsed
  Direction received, sent;
};

/// Fills `all`, whose room is used again, with the interfaces that the rule above leaves. `corrupt` without the two
/// head lines.
[[nodiscard]] units::Result<void> parse_net_dev(std::string_view text, std::vector<InterfaceStats>& all);

class NetworkSource final : public Source {
 public:
  explicit NetworkSource(const std::string& proc) : file_(proc + "/net/dev") {}
  [[nodiscard]] std::string_view name() const noexcept override { return file_.path(); }
  [[nodiscard]] units::Result<void> read(Draft& draft) override;

 private:
  struct Numbers {
    SeriesNumber bytes, packets, errors, dropped;
  };
  struct Both {
    Numbers received, sent;
  };
  const Both& numbers_of(std::string_view interface, Roster& roster);

  ProcFile file_;
  std::vector<InterfaceStats> all_;
  std::map<std::string, Both, std::less<>> numbers_;
};

}  // namespace vedette::collect

#include "server/access/refusal_log.h"

#include <utility>

namespace vedette::access {
namespace {

constexpr std::chrono::minutes kQuiet{1};
constexpr std::size_t kMostLines = 60;

}  // namespace

std::uint64_t RefusalLog::count(const std::string& address, units::Steady now) {
  const auto found = lines_.find(address);
  if (found == lines_.end()) {
    if (lines_.size() >= kMostLines)
      std::erase_if(lines_, [&](const auto& one) { return now - one.second.last >= kQuiet; });
    if (lines_.size() >= kMostLines) return 0;
    lines_.emplace(address, Line{now, 0});
    return 1;
  }
  Line& line = found->second;
  ++line.unsaid;
  if (now - line.last < kQuiet) return 0;
  line.last = now;
  return std::exchange(line.unsaid, 0);
}

}  // namespace vedette::access

#include "server/fleet/status.h"

namespace vedette::fleet {

using domain::HostStatus;
using domain::Sighting;
namespace seen = domain::seen;

namespace {

struct Judge {
  HostStatus current;
  using Answer = std::optional<Judgement>;

  Answer operator()(const seen::Welcomed&) const { return Judgement{HostStatus::up, "", false}; }
  Answer operator()(const seen::GoodBye& bye) const { return Judgement{HostStatus::stopped, bye.words, false}; }
  Answer operator()(const seen::EndedWithoutClose& ended) const {
    // A socket error after a verdict doesn't change it.
    if (away(current)) return std::nullopt;
    return Judgement{HostStatus::lost, std::string(ended.behind_proxy ? kLostBehindProxy : kLostWords), true};
  }
  Answer operator()(const seen::ClosedByUs& closed) const {
    return Judgement{HostStatus::rejected, closed.reason, false};
  }
  Answer operator()(const seen::Silent& silent) const {
    if (away(current)) return std::nullopt;
    if (silent.behind_proxy) return Judgement{HostStatus::unresponsive, "agent or path", false};
    return Judgement{
        HostStatus::unresponsive,
        silent.machine_answers ? "machine answers, agent is stopped or starved" : "host off, frozen, or network cut",
        false};
  }
  Answer operator()(const seen::AnswersAgain&) const {
    if (current != HostStatus::unresponsive && current != HostStatus::unknown) return std::nullopt;
    return Judgement{HostStatus::up, "", false};
  }
  Answer operator()(const seen::Replaced&) const { return std::nullopt; }
  Answer operator()(const seen::RoundTrip&) const { return std::nullopt; }
  Answer operator()(const seen::BackfillDone&) const { return std::nullopt; }
  Answer operator()(const seen::Happened&) const { return std::nullopt; }
};

}  // namespace

std::optional<Judgement> judge(HostStatus current, const Sighting& sighting) {
  return std::visit(Judge{current}, sighting);
}

bool is_lost(HostStatus status) noexcept {
  return status == HostStatus::lost || status == HostStatus::unresponsive;
}

bool away(HostStatus status) noexcept {
  return is_lost(status) || status == HostStatus::stopped || status == HostStatus::rejected;
}

}  // namespace vedette::fleet

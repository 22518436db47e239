#include "server/ingest/agent_streams.h"

#include <utility>

#include "schema/wire/session.h"

namespace vedette::ingest {

AgentStreams::AgentStreams(domain::HistoryStore& history, domain::ProcessRecords& processes,
                           domain::HostObserver& observer, domain::Executor& control, domain::ConnectionRouter& router,
                           const domain::Clock& clock, Rates rates, IntakeLimits intake)
    : ports_{history, processes, observer, control, router, clock, roster_, acks_, counters_, rates, intake} {
  history.on_commit([this](std::span<const domain::StreamMark> marks) { acks_.on_commit(marks); });
  processes.on_stored([this](domain::HostNumber host, std::uint64_t id) { acks_.on_noted(host, id); });
}

std::unique_ptr<domain::ConnectionHandler> AgentStreams::accept(domain::HostRecord host) {
  return std::make_unique<AgentStream>(std::move(host), ports_);
}

void AgentStreams::on_host_revoked(domain::HostNumber host) {
  if (const auto holder = roster_.revoke(host)) {
    ports_.router.with(*holder, [](domain::Connection& c) { c.close(wire::close::revoked, "this host was revoked"); });
  }
}

}  // namespace vedette::ingest

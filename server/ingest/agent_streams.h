// All agents' connections: whose each is, and what they have in common.
#pragma once

#include <memory>

#include "server/domain/observer.h"
#include "server/ingest/agent_stream.h"

namespace vedette::ingest {

/// Makes the handlers of agents' upgrades, and closes a revoked host's connection. Any thread.
class AgentStreams final : public domain::RevocationObserver {
 public:
  /// Binds the history's on_commit and the processes' on_stored: before the stores start.
  AgentStreams(domain::HistoryStore& history, domain::ProcessRecords& processes, domain::HostObserver& observer,
               domain::Executor& control, domain::ConnectionRouter& router, const domain::Clock& clock,
               Rates rates = {}, IntakeLimits intake = {});

  [[nodiscard]] std::unique_ptr<domain::ConnectionHandler> accept(domain::HostRecord host);
  [[nodiscard]] const Counters& counters() const noexcept { return counters_; }
  /// The happening is durable: its agent is told with the next Ack. Any thread.
  void on_noted(domain::HostNumber host, std::uint64_t happening) { acks_.on_noted(host, happening); }
  void on_host_revoked(domain::HostNumber host) override;
  void on_login_ended(const domain::Digest&) override {}
  void on_role_changed(std::uint64_t, domain::AccessRole) override {}

 private:
  Roster roster_;
  AckBook acks_;
  Counters counters_;
  AgentPorts ports_;
};

}  // namespace vedette::ingest

// What a Collector is made of. Inside server/app only: collector.cpp makes, starts and stops the parts,
// collector_routes.cpp and collector_metrics.cpp bind them to the outside.
#pragma once

#include <memory>
#include <vector>

#include "server/access/enrolment.h"
#include "server/access/gate.h"
#include "server/access/logins.h"
#include "server/alerts/engine.h"
#include "server/api/mounted.h"
#include "server/api/static_files.h"
#include "server/api/workers.h"
#include "server/app/backup_runner.h"
#include "server/app/certificate_keeper.h"
#include "server/app/collector.h"
#include "server/app/control_socket.h"
#include "server/app/control_thread.h"
#include "server/app/data_lock.h"
#include "server/app/heartbeat.h"
#include "server/app/host_removal.h"
#include "server/control/store.h"
#include "server/fleet/fleet.h"
#include "server/history/store.h"
#include "server/ingest/agent_streams.h"
#include "server/live/hub.h"
#include "server/live/polls.h"
#include "server/net/server.h"
#include "server/notify/deliverer.h"
#include "server/processes/store.h"
#include "server/telemetry/metrics.h"

namespace vedette::app {

/// Hands each revocation to everyone whose connections may lean on it.
class Revocations final : public domain::RevocationObserver {
 public:
  void add(domain::RevocationObserver& observer) { observers_.push_back(&observer); }
  void on_host_revoked(domain::HostNumber host) override {
    for (auto* observer : observers_) observer->on_host_revoked(host);
  }
  void on_login_ended(const domain::Digest& sid) override {
    for (auto* observer : observers_) observer->on_login_ended(sid);
  }
  void on_role_changed(std::uint64_t user, domain::AccessRole role) override {
    for (auto* observer : observers_) observer->on_role_changed(user, role);
  }

 private:
  std::vector<domain::RevocationObserver*> observers_;  ///< filled at start
};

/// The fleet has to hear of a new host before its agent connects.
class AnnouncedEnrolment final : public domain::Enrolment {
 public:
  AnnouncedEnrolment(domain::HostRecords& store, const domain::Clock& clock, fleet::Fleet& fleet, std::uint32_t tries)
      : desk_(store, clock, tries), fleet_(fleet) {}
  [[nodiscard]] const access::EnrolmentDesk& desk() const noexcept { return desk_; }
  domain::EnrolAnswer enrol(const std::string& token, const std::string& hostname, const std::string& peer) override {
    auto enrolled = desk_.enrol(token, hostname, peer);
    if (enrolled) fleet_.refresh(enrolled->number);
    return enrolled;
  }

 private:
  access::EnrolmentDesk desk_;
  fleet::Fleet& fleet_;
};

/// Logins of a collector that shares its name with other services aren't sent to those.
[[nodiscard]] domain::LoginCookie cookie(const Settings& settings);

// In the order they are made; destroyed the other way round.
struct Collector::Parts {
  Parts(Settings s, const domain::Clock& c, DataLock l, std::unique_ptr<CertificateKeeper> ck,
        std::unique_ptr<control::Store> cs, std::unique_ptr<history::Store> hs);

  /// What agents check; empty where TLS ends at the proxy.
  [[nodiscard]] std::string pin() const { return certificates ? certificates->loaded().pin : std::string(); }

  void add_routes(const std::string& metrics_token);
  void add_upgrades();
  void add_live_routes();
  void add_metrics();
  void add_connection_metrics();
  void add_limit_metrics();
  void add_history_metrics();
  void add_processes_metrics();
  units::Result<void> start_control();
  [[nodiscard]] std::optional<std::string> refusal_of(std::string_view topic) const;  ///< HubPorts
  [[nodiscard]] std::string trouble() const;  ///< of what is stored; empty when well
  void advance_alerts();
  void watch_threads();
  units::Result<void> open_socket();

  Settings settings;
  const domain::Clock& clock;
  DataLock lock;
  std::unique_ptr<CertificateKeeper> certificates;  ///< null: TLS ends at the proxy
  std::unique_ptr<control::Store> store;
  std::unique_ptr<history::Store> history;
  processes::Store processes;
  ControlThread control;
  Revocations revocations;
  access::LoginBook logins;
  access::Gate gate;
  access::LoginDesk desk;
  live::Hub hub;
  live::Polls polls;
  notify::Deliverer deliverer;
  alerts::Engine engine;
  fleet::Fleet fleet;
  AnnouncedEnrolment enrolment;
  api::StaticFiles files;
  telemetry::Metrics metrics;
  api::Workers workers;
  api::Router router;
  api::Mounted mounted;
  net::Server net;
  ingest::AgentStreams agents;
  HostRemoval removal;
  BackupRunner backups;
  std::unique_ptr<ControlSocket> socket;
  Heartbeat heartbeat;
  std::vector<units::Steady> loops;  ///< what net last told the heartbeat
  bool started = false;              ///< fleet and alerts have what was stored
  bool stopped = false;
};

}  // namespace vedette::app

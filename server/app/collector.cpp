#include "server/app/collector.h"

#include <algorithm>
#include <fstream>
#include <optional>
#include <vector>

#include "schema/units/log.h"
#include "server/access/certificates.h"
#include "server/access/enrolment.h"
#include "server/access/gate.h"
#include "server/access/logins.h"
#include "server/access/secrets.h"
#include "server/alerts/engine.h"
#include "server/api/alerts.h"
#include "server/api/enrol_route.h"
#include "server/api/history_route.h"
#include "server/api/host_routes.h"
#include "server/api/live_route.h"
#include "server/api/session_routes.h"
#include "server/api/static_files.h"
#include "server/api/status_routes.h"
#include "server/api/workers.h"
#include "server/app/commands.h"
#include "server/app/control_socket.h"
#include "server/app/control_thread.h"
#include "server/app/data_lock.h"
#include "server/app/version.h"
#include "server/control/store.h"
#include "server/fleet/fleet.h"
#include "server/history/store.h"
#include "server/ingest/agent_stream.h"
#include "server/live/hub.h"
#include "server/live/viewer.h"
#include "server/net/server.h"
#include "server/notify/deliverer.h"
#include "server/telemetry/metrics.h"

namespace vedette::app {

using units::Result;

namespace {

constexpr std::size_t kWorkers = 4;
constexpr std::size_t kWaitingRequests = 1024;
constexpr units::Milliseconds kDrain{1500};
constexpr std::chrono::seconds kStuck{20};
constexpr units::Milliseconds kAdvance{1000};

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

 private:
  std::vector<domain::RevocationObserver*> observers_;  ///< filled at start
};

fleet::FleetTimes fleet_times(const Settings& settings) {
  fleet::FleetTimes times;
  times.hold = settings.alerts.hold;
  return times;
}

Result<std::string> read_token(const std::filesystem::path& file) {
  if (file.empty()) return std::string();
  std::ifstream in(file);
  std::string token;
  if (!in || !std::getline(in, token) || token.size() < 16) {
    return units::fail(
        units::ErrorCode::invalid,
        file.string() + ": telemetry.token_file must be readable and hold one line of at least 16 characters");
  }
  return token;
}

/// The fleet has to hear of a new host before its agent connects.
class AnnouncedEnrolment final : public domain::Enrolment {
 public:
  AnnouncedEnrolment(domain::HostRecords& store, const domain::Clock& clock, fleet::Fleet& fleet)
      : desk_(store, clock), fleet_(fleet) {}
  domain::EnrolAnswer enrol(const std::string& token, const std::string& hostname, const std::string& peer) override {
    auto enrolled = desk_.enrol(token, hostname, peer);
    if (enrolled) fleet_.refresh();
    return enrolled;
  }

 private:
  access::EnrolmentDesk desk_;
  fleet::Fleet& fleet_;
};

/// Letters and digits, new at every start: an older run's cursors are told apart by it.
std::string run_id() {
  return units::to_string(access::random_host_id()).substr(0, 12);
}

net::Config net_config(const Settings& settings, const access::Certificates& certificates) {
  net::Config config = settings.net;
  config.certificate_file = certificates.chain.string();
  config.key_file = certificates.key.string();
  config.drain_deadline = kDrain;
  return config;
}

std::string setup_command(const Settings& settings) {
  std::string command = "vedette-server user add admin --role administrator --password-stdin";
  command += " --data " + std::filesystem::absolute(settings.data).string();
  return command;
}

}  // namespace

// In the order they are made; destroyed the other way round.
struct Collector::Parts {
  Parts(Settings s, const domain::Clock& c, DataLock l, access::Certificates certs, std::unique_ptr<control::Store> cs,
        std::unique_ptr<history::Store> hs)
      : settings(std::move(s)),
        clock(c),
        lock(std::move(l)),
        certificates(std::move(certs)),
        store(std::move(cs)),
        history(std::move(hs)),
        control(clock),
        logins(*store, clock),
        gate({settings.allowed_origins}, *store, logins, clock),
        desk(*store, logins, clock, revocations, setup_command(settings)),
        hub({control, clock, [this](const units::HostId& id) { return fleet.directory().host(id).has_value(); }},
            run_id()),
        deliverer(settings.notify.receivers, *store, clock, notify::send_over_network(settings.notify.public_url)),
        // Each holds a reference to the other; neither uses it before start().
        engine(settings.alerts, *store, hub, fleet, clock),
        fleet({*store, *history, hub, engine, control, clock}, fleet_times(settings)),
        enrolment(*store, clock, fleet),
        files(settings.dashboard),
        metrics(kVersion),
        workers(kWorkers, kWaitingRequests),
        router(gate, [this](std::function<void()> task) { return workers.submit(std::move(task)); }),
        net(net_config(settings, certificates), router),
        agents(*history, fleet, control, net, clock) {
    revocations.add(fleet);
    revocations.add(agents);
    revocations.add(hub);
  }

  [[nodiscard]] access::CertificateConfig certificate_config() const {
    return {settings.data / "tls", settings.certificate, settings.key, certificate_names(settings)};
  }
  void add_routes(const std::string& metrics_token);
  void add_metrics();
  void add_upgrades();
  Result<void> start_control();
  void advance_alerts();
  Result<void> open_socket();

  Settings settings;
  const domain::Clock& clock;
  DataLock lock;
  access::Certificates certificates;
  std::unique_ptr<control::Store> store;
  std::unique_ptr<history::Store> history;
  ControlThread control;
  Revocations revocations;
  access::LoginBook logins;
  access::Gate gate;
  access::LoginDesk desk;
  live::Hub hub;
  notify::Deliverer deliverer;
  alerts::Engine engine;
  fleet::Fleet fleet;
  AnnouncedEnrolment enrolment;
  api::StaticFiles files;
  telemetry::Metrics metrics;
  api::Workers workers;
  api::Router router;
  net::Server net;
  ingest::AgentStreams agents;
  std::unique_ptr<ControlSocket> socket;
  bool stopped = false;
};

void Collector::Parts::add_routes(const std::string& metrics_token) {
  api::add_session_routes(router, desk, gate);
  api::add_enrol_route(router, enrolment);
  api::add_host_routes(router, {fleet.directory(), *store, *history, clock});
  api::add_history_route(router, fleet.directory(), *history);
  api::add_alert_routes(router, *store, fleet.directory());
  api::add_status_routes(router,
                         {[this] { return history->trouble(); }, [this] { return metrics.text(); }, metrics_token});
  router.set_fallback([this](api::Context& context) { context.respond(files.answer(context.request.head)); });
}

void Collector::Parts::add_metrics() {
  metrics.add_counter("http_requests_refused_total", "Requests answered 503 because the workers were behind.",
                      [this] { return static_cast<double>(workers.refused()); });
  metrics.add_gauge("http_requests_waiting", "Requests that wait for a worker.",
                    [this] { return static_cast<double>(workers.waiting()); });
  metrics.add_gauge("control_tasks_waiting", "Tasks that wait for the control thread.",
                    [this] { return static_cast<double>(control.waiting()); });
  metrics.add_gauge("connections", "Open connections.",
                    [this] { return static_cast<double>(net.counts().connections); });
  metrics.add_counter("connections_refused_total", "Connections refused over a limit.",
                      [this] { return static_cast<double>(net.counts().refused); });
  metrics.add_counter("accept_rests_total", "Times accepting rested because the system had no descriptor left.",
                      [this] { return static_cast<double>(net.counts().rests); });
  metrics.add_gauge("certificate_expires_seconds", "End of the server certificate, Unix seconds.",
                    [end = certificates.expires] { return static_cast<double>(units::unix_ms(end)) / 1000; });
}

void Collector::Parts::add_upgrades() {
  router.add(api::UpgradeRoute{
      "/api/v1/agent/stream", api::Access::machine,
      [this](const domain::RequestHead& head, const auto& offered, const auto&) -> domain::UpgradeDecision {
        auto host = gate.host(head);
        if (!host) return domain::problem(host.error());
        if (std::ranges::find(offered, "vedette.agent.v1") == offered.end()) {
          return domain::problem(400, "Agents speak the subprotocol vedette.agent.v1.");
        }
        return domain::UpgradeAccepted{agents.accept(std::move(*host)), "vedette.agent.v1"};
      }});
  api::add_live_route(router, [this](const domain::Person& person) {
    return std::make_unique<live::Viewer>(hub, person.sid, person.expires);
  });
}

void Collector::Parts::advance_alerts() {
  engine.advance();
  logins.store_waiting();
  control.after(kAdvance, [this] { advance_alerts(); });
}

Result<void> Collector::Parts::start_control() {
  Result<void> started;
  control.run_and_wait([&] {
    engine.on_queued([this] { deliverer.wake(); });
    started = engine.load();
    if (started) started = fleet.start();
    if (started) advance_alerts();
  });
  if (!started) return started;
  hub.start();
  deliverer.start();
  return started;
}

Result<void> Collector::Parts::open_socket() {
  const CommandGround ground{*store, clock, [this](domain::HostNumber host) { revocations.on_host_revoked(host); },
                             [this]() -> Result<std::string> { return certificates.pin; }, settings.notify};
  auto opened = ControlSocket::open(settings.data, [ground](const Options& options, const std::string& input) {
    return run_command(options, input, ground);
  });
  if (!opened) return std::unexpected(std::move(opened.error()));
  socket = std::move(*opened);
  return {};
}

Result<std::unique_ptr<Collector>> Collector::start(Settings settings, const domain::Clock& clock) {
  const auto token = read_token(settings.metrics_token_file);
  if (!token) return std::unexpected(token.error());
  auto lock = DataLock::take(settings.data);
  if (!lock) return std::unexpected(std::move(lock.error()));
  auto certificates = access::prepare_certificates(
      {settings.data / "tls", settings.certificate, settings.key, certificate_names(settings)}, clock.now());
  if (!certificates) return std::unexpected(std::move(certificates.error()));
  auto store = control::Store::open(settings.data / "control.db");
  if (!store) return std::unexpected(std::move(store.error()));
  history::Options history_options;
  history_options.directory = settings.data;
  auto history = history::Store::open(std::move(history_options), clock);
  if (!history) return std::unexpected(std::move(history.error()));

  std::unique_ptr<Collector> collector(new Collector(std::make_unique<Parts>(
      std::move(settings), clock, std::move(*lock), std::move(*certificates), std::move(*store), std::move(*history))));
  Parts& parts = *collector->parts_;
  parts.history->start();
  parts.add_routes(*token);
  parts.add_upgrades();
  if (auto started = parts.start_control(); !started) return std::unexpected(std::move(started.error()));
  if (auto listening = parts.net.start(); !listening) return std::unexpected(std::move(listening.error()));
  parts.add_metrics();
  if (auto opened = parts.open_socket(); !opened) return std::unexpected(std::move(opened.error()));
  return collector;
}

Collector::Collector(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Collector::~Collector() {
  stop();
}

void Collector::stop() {
  if (std::exchange(parts_->stopped, true)) return;
  parts_->socket.reset();
  parts_->net.stop(1012, "collector restarting");
  parts_->workers.stop();
  parts_->desk.stop();
  parts_->deliverer.stop();
  parts_->control.stop();
  parts_->history->stop();
}

std::uint16_t Collector::port() const {
  return parts_->net.port();
}

std::string Collector::url() const {
  const std::string& address = parts_->settings.net.address;
  std::string host = address;
  if (address == "0.0.0.0" || address == "::") host = "localhost";
  if (host.find(':') != std::string::npos) host = "[" + host + "]";
  return parts_->settings.public_url.empty() ? "https://" + host + ":" + std::to_string(port())
                                             : parts_->settings.public_url;
}

std::string Collector::pin() const {
  return parts_->certificates.pin;
}

const api::Router& Collector::router() const {
  return parts_->router;
}

bool Collector::alive() const {
  return parts_->clock.steady() - parts_->control.last_round() < kStuck;
}

void Collector::renew_certificate() {
  auto fresh = access::prepare_certificates(parts_->certificate_config(), parts_->clock.now());
  if (!fresh) {
    units::log_error("certificate not renewed", {{"error", fresh.error().message}});
    return;
  }
  if (!fresh->made) return;
  if (auto read = parts_->net.reload_certificate(); !read) {
    units::log_error("certificate not taken up", {{"error", read.error().message}});
  }
}

}  // namespace vedette::app

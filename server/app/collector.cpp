#include "server/app/collector.h"

#include "schema/units/log.h"
#include "server/access/secrets.h"
#include "server/app/collector_parts.h"
#include "server/app/commands.h"
#include "server/app/proxy_settings.h"
#include "server/app/version.h"
#include "server/live/message.h"

namespace vedette::app {

using units::Result;

namespace {

constexpr std::size_t kWorkers = 4;
constexpr std::size_t kWaitingRequests = 1024;
constexpr units::Milliseconds kDrain{1500};
constexpr std::chrono::seconds kStuck{20};
constexpr std::chrono::seconds kDiskStuck{60};  // a disk may take its time
constexpr units::Milliseconds kAdvance{1000};
constexpr std::chrono::seconds kLockPatience{2};  // a command beside a start or restart may hold the data for a moment

// A path's next host may fall kTogether after the one before it, and alerts join a second later: until then nobody is
// told of either. (Of a chain that lasts longer than kGather, the first may be told of alone.)
static_assert(alerts::kGather >= fleet::kTogether + kAdvance);

fleet::FleetTimes fleet_times(const Settings& settings) {
  fleet::FleetTimes times;
  times.hold = settings.notify.receivers.empty() ? std::nullopt : std::optional(settings.alerts.hold);
  return times;
}

/// Letters and digits, new at every start: an older run's cursors are told apart by it.
std::string run_id() {
  return units::to_string(access::random_host_id()).substr(0, 12);
}

net::Config net_config(const Settings& settings, const CertificateKeeper* certificates) {
  net::Config config = settings.net;
  if (certificates != nullptr) {
    const access::Certificates files = certificates->loaded();
    config.certificate_file = files.chain.string();
    config.key_file = files.key.string();
  }
  config.drain_deadline = kDrain;
  return config;
}

Result<std::unique_ptr<CertificateKeeper>> prepare_certificates(const Settings& settings, const domain::Clock& clock) {
  if (settings.net.only_proxies) return nullptr;
  return CertificateKeeper::prepare([settings] { return certificate_config(settings); }, clock);
}

std::string setup_command(const Settings& settings) {
  std::string command = "vedette-server user add admin --role administrator --password-stdin";
  command += " --data " + std::filesystem::absolute(settings.data).string();
  return command;
}

/// As old as samples are kept; where that is less than a network may be cut for, older ones still make minutes.
units::Milliseconds latest_age(const Settings& settings) {
  return std::max(settings.keep.ages[static_cast<std::size_t>(history::Tier::raw)], ingest::IntakeLimits{}.raw_age);
}

}  // namespace

Collector::Parts::Parts(Settings s, const domain::Clock& c, DataLock l, std::unique_ptr<CertificateKeeper> ck,
                        std::unique_ptr<control::Store> cs, std::unique_ptr<history::Store> hs)
    : settings(std::move(s)),
      clock(c),
      lock(std::move(l)),
      certificates(std::move(ck)),
      store(std::move(cs)),
      history(std::move(hs)),
      processes(processes_options(settings), clock),
      control(clock),
      logins(*store, clock),
      gate({settings.allowed_origins, cookie(settings)}, *store, logins, clock),
      desk(*store, logins, clock, revocations, setup_command(settings), settings.limits.login_tries),
      hub({control, clock, [this](domain::AccessRole, std::string_view topic) { return refusal_of(topic); }}, run_id(),
          settings.limits.live),
      polls(hub, control),
      deliverer(settings.notify.receivers, *store, clock, notify::send_over_network(settings.notify.public_url)),
      // Each holds a reference to the other; neither uses it before start().
      engine(settings.alerts, *store, hub, fleet, clock),
      fleet({*store, *history, hub, engine, control, clock}, fleet_times(settings)),
      enrolment(*store, clock, fleet, settings.limits.enrolment_tries),
      files(settings.dashboard, settings.base_path),
      metrics(kVersion),
      workers(kWorkers, kWaitingRequests),
      router(gate, [this](std::function<void()> task) { return workers.submit(std::move(task)); }),
      mounted(settings.base_path, router),
      net(net_config(settings, certificates.get()), mounted),
      agents(*history, processes, fleet, control, net, clock, settings.limits.agents,
             {.raw_age = latest_age(settings)}),
      removal(*store, *history, processes, &revocations),
      backups(settings.backup, settings.data, clock) {
  fleet.on_noted([this](const domain::Happening& one) { agents.on_noted(one.host, one.id); });
  revocations.add(fleet);
  revocations.add(agents);
  revocations.add(hub);
}

/// Every role may watch every topic; a host's, while it is enrolled.
std::optional<std::string> Collector::Parts::refusal_of(std::string_view topic) const {
  if (!live::is_host_topic(topic)) return std::nullopt;
  const std::string id(topic.substr(topic.find('/') + 1));
  const auto parsed = units::parse_host_id(id);
  const auto host = parsed ? fleet.directory().host(*parsed) : std::nullopt;
  if (!host) return "There is no host " + id + ".";
  if (host->record.revoked) return "Host " + host->record.name + " was revoked: nothing new comes from it.";
  return std::nullopt;
}

std::string Collector::Parts::trouble() const {
  const std::string of_history = history->trouble(), of_processes = processes.trouble();
  return of_history + (of_history.empty() || of_processes.empty() ? "" : "; ") + of_processes;
}

void Collector::Parts::advance_alerts() {
  engine.advance();
  logins.store_waiting();
  control.after(kAdvance, [this] { advance_alerts(); });
}

Result<void> Collector::Parts::start_control() {
  Result<void> done;
  control.run_and_wait([&] {
    engine.on_queued([this] { deliverer.wake(); });
    engine.on_withdrawn([this](const notify::Incidents& incidents) { deliverer.withdraw(incidents); });
    done = engine.load();
    if (done) done = fleet.start();
    if (done) advance_alerts();
  });
  if (!done) return done;
  started = true;
  hub.start();
  deliverer.start();
  return done;
}

Result<void> Collector::Parts::open_socket() {
  auto opened = ControlSocket::open(
      settings.data, [this](const Options& options, const std::string& input, std::stop_token stop) {
        return run_command(
            options, input,
            {*store, clock, &logins, &revocations, [this](const std::string& host) { return removal.remove(host); },
             [this]() -> Result<std::string> { return certificates ? Result<std::string>(pin()) : no_pin(); },
             settings.notify, settings.limits.agents_per_token, std::move(stop)});
      });
  if (!opened) return std::unexpected(std::move(opened.error()));
  socket = std::move(*opened);
  return {};
}

void Collector::Parts::watch_threads() {
  heartbeat.watch({"the control thread", [this] { return control.last_round(); }, kStuck});
  heartbeat.watch({"the history writer", [this] { return history->last_round(); }, kDiskStuck});
  for (std::size_t n = 0; n < net.pulses().size(); ++n) {
    heartbeat.watch({"event loop " + std::to_string(n), [this, n] { return loops.at(n); }, kStuck});
  }
}

Result<std::unique_ptr<Collector>> Collector::start(Settings settings, const domain::Clock& clock) {
  const auto token = read_metrics_token(settings);
  if (!token) return std::unexpected(token.error());
  auto lock = DataLock::take(settings.data, kLockPatience);
  if (!lock) return std::unexpected(std::move(lock.error()));
  auto certificates = prepare_certificates(settings, clock);
  if (!certificates) return std::unexpected(std::move(certificates.error()));
  auto store = control::Store::open(settings.data / "control.db");
  if (!store) return std::unexpected(std::move(store.error()));
  auto history = history::Store::open(history_options(settings), clock);
  if (!history) return std::unexpected(std::move(history.error()));

  std::unique_ptr<Collector> collector(new Collector(std::make_unique<Parts>(
      std::move(settings), clock, std::move(*lock), std::move(*certificates), std::move(*store), std::move(*history))));
  Parts& parts = *collector->parts_;
  parts.history->start();
  parts.processes.start();
  parts.add_routes(*token);
  parts.add_upgrades();
  parts.add_live_routes();
  parts.add_metrics();
  if (auto started = parts.start_control(); !started) return std::unexpected(std::move(started.error()));
  if (auto listening = parts.net.start(); !listening) return std::unexpected(std::move(listening.error()));
  if (auto opened = parts.open_socket(); !opened) return std::unexpected(std::move(opened.error()));
  if (parts.certificates) parts.certificates->warn();
  parts.watch_threads();
  return collector;
}

Collector::Collector(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Collector::~Collector() {
  stop();
}

void Collector::stop() {
  if (std::exchange(parts_->stopped, true)) return;
  // First what tells everybody; then whoever may be in the middle of something is interrupted before it is waited for.
  if (parts_->socket) parts_->socket->request_stop();
  parts_->backups.request_stop();
  parts_->hub.stop();  // or polls would hold up the stop for as long as it may take
  parts_->net.stop(1012, "collector restarting");
  parts_->history->interrupt_queries();
  parts_->workers.stop();
  parts_->socket.reset();
  parts_->backups.end();
  parts_->desk.stop();
  parts_->deliverer.stop();
  if (parts_->started) parts_->control.run_and_wait([this] { parts_->engine.advance(); });  // what a lost path joined
  parts_->control.stop();
  parts_->processes.stop();
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
  const Settings& settings = parts_->settings;
  if (!settings.public_url.empty()) return settings.public_url;
  return (settings.net.plaintext ? "http://" : "https://") + host + ":" + std::to_string(port()) + settings.base_path;
}

std::string Collector::pin() const {
  return parts_->pin();
}

const api::Router& Collector::router() const {
  return parts_->router;
}

bool Collector::alive() {
  parts_->loops = parts_->net.pulses();
  return parts_->heartbeat.beats(parts_->clock.steady());
}

void Collector::renew_certificate() {
  if (parts_->certificates) parts_->certificates->look([this] { return parts_->net.reload_certificate(); });
}

void Collector::heed_clock() {
  if (!parts_->certificates) return;
  parts_->certificates->heed_clock([this] { return parts_->net.reload_certificate(); });
}

}  // namespace vedette::app

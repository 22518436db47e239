#include "server/ingest/agent_stream.h"

#include <cstring>
#include <utility>

#include "schema/units/bytes.h"
#include "schema/units/log.h"
#include "schema/wire/session.h"

namespace vedette::ingest {

using domain::Connection;
using domain::HostObserver;
using units::Milliseconds;
using units::Steady;
namespace seen = domain::seen;
namespace close = wire::close;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t kMostKept = 1U << 20;  // bytes of messages read before a pause; one read of the socket is 64 kB
constexpr std::size_t kKept = 64;            // what a kept message takes beside its bytes
constexpr Milliseconds kRetrySubmit{50};
constexpr Milliseconds kAckEvery{5'000};
constexpr Milliseconds kAckEveryBackfilling{1'000};
constexpr Milliseconds kBackfillQuiet{10'000};   // agents send ten a second: what didn't come by then is gone there
constexpr std::size_t kHappeningCosts = 65'536;  // of the allowance's bytes: each is logged and shown to people
constexpr Milliseconds kHelloAgain{30'000};
constexpr Milliseconds kInterval{1'000};           // between ticks
constexpr Milliseconds kLongestRoundTrip{10'000};  // a pong later than that answers from before a silence

std::string words(wire::GoodbyeReason reason) {
  switch (reason) {
    case wire::GoodbyeReason::service_stop:
      return "service stopped";
    case wire::GoodbyeReason::upgrade:
      return "upgrading";
    case wire::GoodbyeReason::host_shutdown:
      return "host is shutting down";
    case wire::GoodbyeReason::reboot:
      return "rebooting";
  }
  return "service stopped";
}

/// The host's clock told when it booted: here that becomes the collector's time. To the second, as the kernel tells it,
/// so that the way of a Hello doesn't make facts new.
domain::HostFacts facts_of(const wire::Hello& hello, Milliseconds skew) {
  const wire::Facts& f = hello.facts;
  const bool booted = f.boot_time != units::Instant{};
  const auto boot_time = booted ? f.boot_time - std::chrono::round<std::chrono::seconds>(skew) : f.boot_time;
  return {f.hostname,          f.os,    f.kernel,       f.architecture, f.cpu_model, f.timezone, f.virtualization,
          hello.agent_version, f.cores, f.memory_bytes, boot_time};
}

}  // namespace

AgentStream::AgentStream(domain::HostRecord host, AgentPorts ports, PulseTimes times)
    : ports_(ports), times_(times), intake_(std::move(host), ports.history) {}

void AgentStream::after(Milliseconds delay, domain::Executor::TimerId& timer, void (AgentStream::*method)()) {
  timer = connection_->loop().after(delay, [this, &timer, method] {
    timer = 0;
    (this->*method)();
  });
}

void AgentStream::on_open(Connection& connection) {
  connection_ = &connection;
  opened_ = ports_.clock.steady();
  allowance_ = Allowance(opened_, ports_.rates);
  pulse_ = open_pulse(opened_, times_);
  // Acks of many hosts are spread over the interval by where each one's first falls.
  const auto phase = Milliseconds{static_cast<std::int64_t>(connection.id()) * 1'009 % kAckEvery.count()};
  last_ack_ = opened_ - phase;
  after(times_.step_every, step_timer_, &AgentStream::on_step);
}

void AgentStream::on_text(std::string_view) {
  fail({close::unsupported, "text message: agents speak binary messages"});
}

void AgentStream::on_binary(std::span<const std::uint8_t> payload) {
  if (fault_) return;
  if (connection_->reading_paused()) return keep(payload);
  handle(payload);
  pump();
}

void AgentStream::keep(std::span<const std::uint8_t> payload) {
  inbox_bytes_ += payload.size() + kKept;
  if (inbox_bytes_ > kMostKept) {
    ++ports_.counters.put_off;
    return fail({close::try_later, "the collector can't keep up; come back in a while"});
  }
  inbox_.emplace_back(reinterpret_cast<const char*>(payload.data()), payload.size());
}

void AgentStream::handle(std::span<const std::uint8_t> payload) {
  if (said_goodbye_) return fail({close::protocol_error, "a message after Goodbye"});
  allowance_.spend(payload.size(), ports_.clock.steady());
  auto message = wire::decode_agent(payload);
  if (message) {
    std::visit([this](const auto& m) { receive(m); }, *message);
  } else if (message.error().code == units::ErrorCode::version) {
    fail({close::version, message.error().message});
  } else if (message.error().code == units::ErrorCode::too_large) {
    fail({close::too_big, message.error().message});
  } else if (message.error().code != units::ErrorCode::not_found) {
    fail({close::bad_data, message.error().message});
  }
}

void AgentStream::receive(const wire::Hello& hello) {
  const auto now = ports_.clock.now();
  if (!intake_.greeted() && !ports_.roster.admit(intake_.host().number, ports_.clock.steady())) return send_away();
  // Before resume points are asked for: no commit after them may be missed.
  if (!intake_.greeted()) slot_ = ports_.acks.open(intake_.host().number);
  auto answer = intake_.hello(hello, now);
  if (!answer) return fail(answer.error());
  raw_skew_ = hello.agent_time - now;
  if (!take_over(hello)) return fail({close::revoked, "this host was revoked"});
  welcome(hello, std::move(*answer));
}

// Each Hello may leave a boot and a stream behind.
void AgentStream::send_away() {
  units::log_warning("an agent that connects over and over was told to wait", {{"host", intake_.host().name}});
  connection_->send_binary(
      wire::encode(wire::CollectorMessage(wire::Retry{kHelloAgain, "this host connected too often lately"})));
}

void AgentStream::welcome(const wire::Hello& hello, wire::Welcome welcome) {
  welcome.interval = kInterval;
  connection_->send_binary(wire::encode(wire::CollectorMessage(std::move(welcome))));
  send_ping();
  welcomed_ = ports_.clock.steady();
  // A refusal costs nothing but time: these streams are then acked with this connection's own first ticks.
  for (auto& reminder : intake_.reminders()) (void)ports_.history.submit(std::move(reminder));
  if (!hello.open.empty()) last_backfill_ = welcomed_;
}

bool AgentStream::take_over(const wire::Hello& hello) {
  const auto& host = intake_.host();
  const auto taken = ports_.roster.take(host.number, connection_->id(), hello.boot_id, hello.run_id);
  if (taken.revoked) return false;
  if (taken.replaced) {
    const std::string reason = taken.clones ? "two machines use this host's key: enrol one of them anew"
                                            : "a newer connection of this host took over";
    ports_.router.with(*taken.replaced, [reason](Connection& old) { old.close(close::replaced, reason); });
  }
  if (taken.clones) {
    units::log_warning("two machines hold one identity", {{"host", host.name}, {"peer", connection_->peer()}});
  }
  tell(seen::Welcomed{intake_.boot(), facts_of(hello, *raw_skew_), std::string(connection_->peer()), taken.same_run,
                      connection_->path()});
  return true;
}

void AgentStream::receive(const wire::Announce& announce) {
  if (const auto done = intake_.announce(announce); !done) fail(done.error());
}

void AgentStream::receive(const wire::TickMessage& tick) {
  auto batch = intake_.tick(tick, ports_.clock.now());
  if (!batch) return fail(batch.error());
  hand_on(std::move(*batch));
}

void AgentStream::receive(const wire::Backfill& backfill) {
  auto batch = intake_.backfill(backfill, ports_.clock.now());
  if (!batch) return fail(batch.error());
  last_backfill_ = ports_.clock.steady();
  hand_on(std::move(*batch));
}

void AgentStream::receive(const wire::Happening& happening) {
  if (!intake_.greeted()) return fail({close::protocol_error, "Happening before Hello"});
  allowance_.spend(kHappeningCosts, ports_.clock.steady());
  tell(seen::Happened{happening.at, happening.kind, happening.text, happening.count});
}

void AgentStream::receive(const wire::Goodbye& goodbye) {
  if (!intake_.greeted()) return fail({close::protocol_error, "Goodbye before Hello"});
  said_goodbye_ = true;
  tell(seen::GoodBye{words(goodbye.reason)});
}

void AgentStream::receive(const wire::Evidence&) {
  fail({close::policy, "Evidence that nobody asked for"});
}

void AgentStream::hand_on(domain::SharedBatch batch) {
  if (intake_.restamped() > restamped_told_) {
    if (restamped_told_ == 0) {
      units::log_warning("ticks with an impossible time were re-stamped", {{"host", intake_.host().name}});
    }
    ports_.counters.restamped += intake_.restamped() - restamped_told_;
    restamped_told_ = intake_.restamped();
  }
  if (!batch) return;
  // At least a cell a tick: ticks without any take memory too.
  std::size_t cells = 0;
  for (const auto& tick : batch->ticks) cells += tick.cells.size() + 1;
  allowance_.spend_cells(cells, ports_.clock.steady());
  waiting_ = std::move(batch);
}

bool AgentStream::advance() {
  if (waiting_) {
    if (!ports_.history.submit(waiting_)) return false;
    on_control([batch = std::exchange(waiting_, nullptr)](HostObserver& observer) { observer.on_ticks(batch); });
  }
  if (fault_ || allowance_.spent(ports_.clock.steady())) return false;
  if (auto part = intake_.more()) {
    hand_on(std::move(part));
    return true;
  }
  if (inbox_.empty()) return false;
  const std::string payload = std::move(inbox_.front());
  inbox_.pop_front();
  inbox_bytes_ -= payload.size() + kKept;
  handle(units::as_bytes(payload));
  return true;
}

void AgentStream::pump() {
  if (connection_ == nullptr || fault_) return;
  while (advance()) {
  }
  if (fault_) return;
  note_backfill(ports_.clock.steady());
  const bool pause = waiting_ || allowance_.spent(ports_.clock.steady());
  if (pause && !connection_->reading_paused()) {
    if (allowance_.messages_spent()) ++ports_.counters.over_messages;
    if (allowance_.bytes_spent()) ++ports_.counters.over_bytes;
  }
  if (pause != connection_->reading_paused()) connection_->pause_reading(pause);
  if (pause && pump_timer_ == 0) after(kRetrySubmit, pump_timer_, &AgentStream::pump);
}

void AgentStream::note_backfill(Steady now) {
  if (!welcomed_) return;
  const bool quiet = now - std::max(*welcomed_, last_backfill_.value_or(*welcomed_)) >= kBackfillQuiet;
  if (backfilling_ == Backfilling::lasts && (intake_.backfilled() || (quiet && !connection_->reading_paused()))) {
    backfilling_ = Backfilling::ended;
  }
  if (backfilling_ != Backfilling::ended || waiting_) return;
  backfilling_ = Backfilling::told;
  tell(seen::BackfillDone{});
}

void AgentStream::on_pong(std::span<const std::uint8_t> payload) {
  std::int64_t sent = 0;
  if (fault_ || payload.size() != sizeof sent) return;
  std::memcpy(&sent, payload.data(), sizeof sent);
  const auto now = ports_.clock.steady();
  if (answered(pulse_, now)) tell(seen::AnswersAgain{});
  const auto rtt = now - Steady{std::chrono::nanoseconds{sent}};
  if (rtt < 0ns || rtt > kLongestRoundTrip || !raw_skew_) return;
  const auto way = std::chrono::round<Milliseconds>(rtt / 2);
  tell(seen::RoundTrip{std::chrono::floor<std::chrono::microseconds>(rtt), *raw_skew_ + way});
}

void AgentStream::on_step() {
  const auto now = ports_.clock.steady();
  if (!intake_.greeted()) return wait_for_hello(now);
  const PulseSigns signs{connection_->last_received(), connection_->reading_paused(), behind_proxy(),
                         connection_->tcp_state()};
  const PulseStep next = step(pulse_, now, signs, times_);
  if (next.own_lateness) {
    const std::string what = "an event loop was " + std::to_string(next.own_lateness->count()) + " ms late";
    on_control([at = ports_.clock.now(), what](HostObserver& o) { o.on_own_trouble(at, what); });
  }
  after(next.again, step_timer_, &AgentStream::on_step);
  obey(next);
  if (next.drop) return;
  note_backfill(now);
  acknowledge();
}

void AgentStream::wait_for_hello(Steady now) {
  // Our own lateness isn't the agent's.
  if (now - pulse_.due > times_.late_after) opened_ = now;
  if (now - opened_ >= times_.silent_after) return fail({close::policy, "no Hello within 10 s"});
  after(times_.step_every, step_timer_, &AgentStream::on_step);
  pulse_.due = now + times_.step_every;
}

void AgentStream::obey(const PulseStep& step) {
  pulse_ = step.next;
  if (step.sighting) tell(*step.sighting);
  if (step.ping) send_ping();
  if (step.drop) connection_->abort();  // may end in on_end: nothing after it
}

void AgentStream::send_ping() {
  const std::int64_t now =
      std::chrono::duration_cast<std::chrono::nanoseconds>(ports_.clock.steady().time_since_epoch()).count();
  char payload[sizeof now];
  std::memcpy(payload, &now, sizeof now);
  connection_->ping({payload, sizeof payload});
}

void AgentStream::acknowledge() {
  const auto now = ports_.clock.steady();
  const bool backfilling = last_backfill_ && now - *last_backfill_ < kAckEvery;
  if (!slot_ || now - last_ack_ < (backfilling ? kAckEveryBackfilling : kAckEvery)) return;
  auto streams = intake_.acknowledge(slot_->take());
  if (streams.empty()) return;
  last_ack_ = now;
  connection_->send_binary(wire::encode(wire::CollectorMessage(wire::Ack{std::move(streams)})));
}

void AgentStream::fail(const Fault& fault) {
  if (fault_) return;
  fault_ = fault;
  units::log_warning("agent connection closed for a fault",
                     {{"host", intake_.host().name}, {"code", fault.code}, {"reason", fault.reason}});
  // A host that never got its Welcome is rejected too: it has no other connection, or keeps the one it has.
  if (!intake_.greeted()) ports_.roster.speak_up(intake_.host().number, connection_->id());
  connection_->close(fault.code, fault.reason);
}

void AgentStream::on_end(const domain::Ending& ending) {
  connection_->loop().cancel(step_timer_);
  connection_->loop().cancel(pump_timer_);
  // Of what was read and not looked at only a Goodbye counts: ticks that aren't acked come again.
  for (const std::string& payload : inbox_) {
    const auto message = wire::decode_agent(units::as_bytes(payload));
    const auto* goodbye = message ? std::get_if<wire::Goodbye>(&*message) : nullptr;
    if (goodbye && !fault_) receive(*goodbye);
  }
  domain::Ending end = ending;
  if (fault_) end = {.how = ending.how, .code = fault_->code, .words = fault_->reason, .by_us = true};
  units::log_info("agent disconnected", {{"host", intake_.host().name},
                                         {"peer", connection_->peer()},
                                         {"code", end.code},
                                         {"reason", end.words},
                                         {"closed_by", domain::closed_by(end)}});
  if (const auto sighting = judge_end(end, {said_goodbye_, pulse_.silent_since.has_value(), behind_proxy()}))
    tell(*sighting);
  ports_.roster.ended(intake_.host().number, connection_->id());
  connection_ = nullptr;
}

void AgentStream::tell(domain::Sighting sighting) {
  on_control([host = intake_.host().number, at = ports_.clock.now(),
              sighting = std::move(sighting)](HostObserver& observer) { observer.on_sighting(host, at, sighting); });
}

void AgentStream::on_control(std::function<void(HostObserver&)> task) {
  // Asked on the control thread, behind the news of whoever took over: late news of an old connection ends here.
  ports_.control.post([&roster = ports_.roster, &observer = ports_.observer, host = intake_.host().number,
                       id = connection_->id(), task = std::move(task)] {
    if (roster.holds(host, id)) task(observer);
  });
}

AgentStreams::AgentStreams(domain::HistoryStore& history, HostObserver& observer, domain::Executor& control,
                           domain::ConnectionRouter& router, const domain::Clock& clock, Rates rates)
    : ports_{history, observer, control, router, clock, roster_, acks_, counters_, rates} {
  history.on_commit([this](std::span<const domain::StreamMark> marks) { acks_.on_commit(marks); });
}

std::unique_ptr<domain::ConnectionHandler> AgentStreams::accept(domain::HostRecord host) {
  return std::make_unique<AgentStream>(std::move(host), ports_);
}

void AgentStreams::on_host_revoked(domain::HostNumber host) {
  if (const auto holder = roster_.revoke(host)) {
    ports_.router.with(*holder, [](Connection& c) { c.close(close::revoked, "this host was revoked"); });
  }
}

}  // namespace vedette::ingest

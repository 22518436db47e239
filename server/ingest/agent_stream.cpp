#include "server/ingest/agent_stream.h"

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

namespace {

constexpr std::size_t kMostKept = 1U << 20;  // bytes of messages read before a pause; one read of the socket is 64 kB
constexpr std::size_t kKept = 64;            // what a kept message takes beside its bytes
constexpr Milliseconds kRetrySubmit{50};
constexpr std::size_t kHappeningCosts = 65'536;  // of the allowance's bytes: each is logged and shown to people

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

domain::ProcessList list_of(const wire::Processes& told) {
  domain::ProcessList list{told.at, told.span, told.count, {}};
  list.top.reserve(told.top.size());
  for (const wire::Process& one : told.top) {
    list.top.push_back(
        {one.pid, one.name, one.cpu_permille, one.memory_kib, one.arguments, one.read_bytes, one.written_bytes});
  }
  return list;
}

}  // namespace

AgentStream::AgentStream(domain::HostRecord host, AgentPorts ports, PulseTimes times)
    : ports_(ports), times_(times), intake_(std::move(host), ports.history, ports.intake) {}

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
  if (fault_ || connection_->closing()) return;
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
  tell(seen::Happened{happening.at, happening.kind, happening.text, happening.count, happening.id});
}

void AgentStream::receive(const wire::Goodbye& goodbye) {
  if (!intake_.greeted()) return fail({close::protocol_error, "Goodbye before Hello"});
  said_goodbye_ = true;
  tell(seen::GoodBye{words(goodbye.reason)});
}

void AgentStream::receive(const wire::Evidence&) {
  fail({close::policy, "Evidence that nobody asked for"});
}

void AgentStream::receive(const wire::Processes& processes) {
  if (!intake_.greeted()) return fail({close::protocol_error, "Processes before Hello"});
  allowance_.spend(kHappeningCosts, ports_.clock.steady());
  // Where there is no room for it, it isn't acked, and told again.
  (void)ports_.processes.submit(intake_.host().number, processes.id, list_of(processes));
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
  if (connection_ == nullptr || fault_ || connection_->closing()) return;
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

}  // namespace vedette::ingest

// The part of AgentStream that greets: Hello, who takes a host over, Welcome.
#include <utility>

#include "schema/units/log.h"
#include "schema/wire/session.h"
#include "server/ingest/agent_stream.h"

namespace vedette::ingest {

using domain::Connection;
using units::Milliseconds;
namespace seen = domain::seen;
namespace close = wire::close;

namespace {

constexpr Milliseconds kHelloAgain{30'000};
constexpr Milliseconds kInterval{1'000};  // between ticks

/// The host's clock told when it booted: here that becomes the collector's time. To the second, as the kernel tells it,
/// so that the way of a Hello doesn't make facts new.
domain::HostFacts facts_of(const wire::Hello& hello, Milliseconds skew) {
  const wire::Facts& f = hello.facts;
  const bool booted = f.boot_time != units::Instant{};
  const auto boot_time = booted ? f.boot_time - std::chrono::round<std::chrono::seconds>(skew) : f.boot_time;
  return {f.hostname,          f.os,    f.kernel,       f.architecture, f.cpu_model, f.timezone, f.virtualization,
          hello.agent_version, f.cores, f.memory_bytes, boot_time,      hello.tags};
}

}  // namespace

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
    const std::string reason =
        taken.clones
            ? "two machines use this host's key: on the clone run vedette-agent unenroll --offline, then enroll"
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

}  // namespace vedette::ingest

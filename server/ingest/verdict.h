// When an agent's connection is pinged, when its silence gets a verdict and which one, and what the end of a connection
// means. Pure: the stream (agent_stream.h) tells what it sees at every step and does what the answer says.
#pragma once

#include <optional>

#include "schema/units/time.h"
#include "server/domain/connection.h"
#include "server/domain/host.h"

namespace vedette::ingest {

struct PulseTimes {
  units::Milliseconds ping_every{5'000};
  units::Milliseconds probe_after{8'000};    ///< silence: one more ping, so that TCP has something to ack
  units::Milliseconds silent_after{10'000};  ///< silence: the verdict
  units::Milliseconds late_after{2'000};     ///< our own step came this late: silence is counted anew
  units::Milliseconds drop_after{60'000};    ///< after the verdict; until then a pong on the socket ends the outage
  units::Milliseconds step_every{1'000};
  units::Milliseconds confirm_after{100};  ///< what is buffered is read before silence is judged
};

/// What is known of one connection's pulse between steps.
struct PulseState {
  units::Steady counted_from{};  ///< silence isn't counted from before: opened, resumed reading, our own lateness
  units::Steady last_ping{};
  units::Steady due{};  ///< when the next step should come
  std::optional<units::Steady> last_probe{};
  std::optional<units::Steady> silent_since;  ///< when the verdict was given
  bool confirming = false;
};

/// What the connection shows now.
struct PulseSigns {
  units::Steady last_received{};
  bool reading_paused = false;  ///< by us: not the agent's silence
  bool behind_proxy = false;
  std::optional<domain::TcpState> tcp{};  ///< read only in a state that is `confirming`
};

struct PulseStep {
  PulseState next;
  bool ping = false;
  bool drop = false;                           ///< silent for long enough after the verdict: abort the socket
  std::optional<domain::Sighting> sighting{};  ///< Silent
  std::optional<units::Milliseconds> own_lateness{};
  units::Milliseconds again{};  ///< when to step next
};

[[nodiscard]] PulseState open_pulse(units::Steady now, const PulseTimes& times);
[[nodiscard]] PulseStep step(const PulseState& state, units::Steady now, const PulseSigns& signs,
                             const PulseTimes& times);

/// A pong came: a verdict that stands is over. False if there was none.
///
/// Only a pong says that the agent lives: bytes that were under way before a cut may still arrive after it, on a socket
/// that the agent gave up.
[[nodiscard]] bool answered(PulseState& state, units::Steady now);

/// Does the machine behind a silent socket still answer? True if its kernel acked everything we sent, or anything since
/// the probe. False when unknown.
[[nodiscard]] bool machine_answers(const std::optional<domain::TcpState>& tcp,
                                   std::optional<units::Milliseconds> since_probe);

/// What was said on the connection before it ended.
struct EndedAs {
  bool goodbye = false;  ///< told already as seen::GoodBye
  bool silent = false;   ///< a verdict stands: a socket error after it changes nothing
  bool behind_proxy = false;
};
/// What the end of a welcomed connection means; nullopt when nothing new.
[[nodiscard]] std::optional<domain::Sighting> judge_end(const domain::Ending& ending, const EndedAs& before);

}  // namespace vedette::ingest

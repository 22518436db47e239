#include "tests/load/swarm/agent.h"

#include <algorithm>
#include <utility>

#include "agent/link/http.h"
#include "agent/sample/schedule.h"
#include "schema/wire/session.h"

namespace vedette::swarm {
namespace {

using units::Milliseconds;
using units::Steady;

// link::LinkLimits' values.
constexpr Milliseconds kConnect{10'000}, kWelcome{10'000}, kSilence{15'000}, kGoodbye{1'500}, kRefused{30'000};
constexpr const char* kWebSocketKey = "dGhlIHNhbXBsZSBub25jZQ==";  // nothing here guards against caches

wire::Id128 id_from(std::mt19937_64& random) {
  wire::Id128 id{};
  for (auto& byte : id) byte = static_cast<std::uint8_t>(random());
  return id;
}

}  // namespace

Agent::Agent(Field& field, AgentPlan plan)
    : field_(field),
      plan_(std::move(plan)),
      channel_(field.loop, *this, field.target, plan_.number),
      host_(field.recording, field.random()),
      first_stream_(new_stream()),
      spool_(first_stream_, {}),
      unacked_(first_stream_),
      boot_id_(id_from(field.random)),
      run_id_(id_from(field.random)),
      until_(plan_.first) {
  // Somewhere in the second: hosts whose clocks agree would all tick in the same millisecond.
  tick_due_ = plan_.first + std::chrono::duration_cast<Steady::duration>(plan_.interval * fraction());
  if (plan_.interval.count() == 0) ticking_ = false;
  arm();
}

double Agent::fraction() {
  return std::uniform_real_distribution<double>(0, 1)(field_.random);
}

units::Instant Agent::host_time(Steady now) const {
  return field_.wall + std::chrono::floor<Milliseconds>(now - field_.steady);
}

void Agent::arm() {
  Steady next = ticking_ ? tick_due_ : Steady::max();
  if (state_ == State::open && conversation_->welcomed()) {
    next = std::min(next, heard_ + kSilence);
    if (const auto due = conversation_->due()) next = std::min(next, *due);
  } else {
    next = std::min(next, until_);
  }
  field_.loop.arm(*this, next);
}

void Agent::on_time(Steady now) {
  if (ticking_ && now >= tick_due_) take_tick(now);
  switch (state_) {
    case State::waiting:
      if (now >= until_) dial(now);
      break;
    case State::connecting:
    case State::upgrading:
      if (now < until_) break;  // a tick was due
      on_ready(now);            // what is buffered comes first: it may be this process that is late
      if ((state_ == State::connecting || state_ == State::upgrading) && now >= until_)
        end("no connection in time", now);
      break;
    case State::open:
      talk(now, now >= heard_ + kSilence || (!conversation_->welcomed() && now >= until_));
      break;
    case State::leaving:
      if (now >= until_) end("goodbye unanswered", now);
      break;
  }
  arm();
}

void Agent::on_ready(Steady now) {
  switch (state_) {
    case State::waiting:
      return;
    case State::connecting:
      upgrade(now);
      break;
    case State::upgrading:
      read_upgrade(now);
      break;
    case State::open:
    case State::leaving:
      talk(now, true);
      break;
  }
  arm();
}

void Agent::take_tick(Steady now) {
  const Steady planned = tick_due_;
  while (tick_due_ <= now) tick_due_ += plan_.interval;
  const units::Instant at = host_time(now - planned <= sample::Schedule::kSnap ? planned : now);
  const auto number = spool_.add({at, host_.next(plan_.interval)}, field_.recording.reals());
  unacked_.add(number, at, now);
  ++field_.report.ticks_sent;
  if (!counted_) return;
  recent_[next_recent_++ % recent_.size()] = {units::unix_ms(at + unacked_.offset()), now};
}

std::optional<Steady> Agent::taken(std::int64_t at_ms) const {
  const auto* const found = std::ranges::find(recent_, at_ms, &Taken::at_ms);
  return found == recent_.end() ? std::nullopt : std::optional(found->when);
}

void Agent::dial(Steady now) {
  if (!dialing_) dialing_ = field_.dialing.begin([this] { may_dial(); });
  if (dialing_) return connect(now);
  until_ = Steady::max();  // may_dial() will say
}

void Agent::may_dial() {
  dialing_ = true;
  until_ = std::chrono::steady_clock::now();
  arm();
}

void Agent::connect(Steady now) {
  state_ = State::connecting;
  until_ = now + kConnect;
  if (const auto begun = channel_.open(); !begun) end(begun.error().message, now);
}

void Agent::upgrade(Steady now) {
  const auto done = channel_.shake_hands();
  if (!done) return end(done.error().message, now);
  if (!*done) return;
  outgoing_ = link::upgrade_request(field_.target.address, kWebSocketKey, {.bearer = plan_.key});
  incoming_.clear();
  state_ = State::upgrading;
  read_upgrade(now);
}

void Agent::read_upgrade(Steady now) {
  if (const auto sent = channel_.flush(outgoing_); !sent) return end(sent.error().message, now);
  std::array<std::uint8_t, 4096> buffer{};
  for (;;) {
    const auto got = channel_.read(buffer);
    if (!got) return end("before the upgrade: " + got.error().message, now);
    if (*got == 0) return;
    incoming_.append(reinterpret_cast<const char*>(buffer.data()), *got);
    const auto head = link::parse_response(incoming_);
    if (!head) return end(head.error().message, now);
    if (!*head) continue;
    if (const auto upgraded = link::check_upgrade(**head, kWebSocketKey); !upgraded) {
      const bool for_good = upgraded.error().code != units::ErrorCode::unavailable;
      return end(upgraded.error().message, now,
                 for_good ? kRefused : link::retry_after(**head).value_or(Milliseconds{0}));
    }
    const std::string rest = incoming_.substr((*head)->size);
    incoming_.clear();
    state_ = State::open;
    if (std::exchange(dialing_, false)) field_.dialing.end();
    heard_ = now;
    until_ = now + kWelcome;
    acked_ = false;
    link::Backlog& backlog = *this;
    link::Host& host = *this;
    conversation_ = std::make_unique<link::Conversation>(
        backlog, host, link::Conversation::Options{.stream = new_stream(), .version = "swarm"});
    conversation_->start(now);
    const auto taken = conversation_->receive({reinterpret_cast<const std::uint8_t*>(rest.data()), rest.size()}, now);
    if (!taken) return end(taken.error().message, now);
    return talk(now, true);
  }
}

bool Agent::read_all(Steady now) {
  std::array<std::uint8_t, 16 * 1024> buffer{};
  while (conversation_->session().wants_input()) {
    const auto got = channel_.read(buffer);
    if (!got) {
      const auto& farewell = conversation_->farewell();
      end(farewell ? "closed " + std::to_string(farewell->code) + " " + farewell->reason : got.error().message, now,
          farewell ? farewell->retry_after.value_or(Milliseconds{0}) : Milliseconds{0});
      return false;
    }
    if (*got == 0) return true;
    heard_ = now;
    if (const auto taken = conversation_->receive(std::span(buffer).first(*got), now); !taken) {
      end(taken.error().message, now);
      return false;
    }
  }
  return true;
}

bool Agent::write_all(Steady now) {
  wire::Session& session = conversation_->session();
  while (!session.output().empty()) {
    const auto count = channel_.write(session.output());
    if (!count) {
      end(count.error().message, now);
      return false;
    }
    if (*count == 0) return true;
    session.consume(*count);
  }
  return true;
}

void Agent::talk(Steady now, bool read) {
  if (read && !read_all(now)) return;
  if (state_ == State::open) conversation_->pump(now);
  note_progress();
  if (!write_all(now)) return;
  const wire::Session& session = conversation_->session();
  const auto& farewell = conversation_->farewell();
  if (session.close_received() && session.queued() == 0) {
    return end("closed " + std::to_string(farewell ? farewell->code : 1005) + " " + (farewell ? farewell->reason : ""),
               now, farewell ? farewell->retry_after.value_or(Milliseconds{0}) : Milliseconds{0});
  }
  if (!conversation_->welcomed() && now >= until_) return end("no welcome in time", now);
  if (state_ == State::open && now - heard_ >= kSilence) end("silence", now);
}

void Agent::note_progress() {
  if (conversation_->welcomed() && !counted_) {
    counted_ = true;
    ++field_.connected;
    ++field_.report.connections;
    if (std::exchange(ever_, true)) ++field_.report.reconnects;
  }
  if (conversation_->acked() && !std::exchange(acked_, true)) backoff_.reset();
}

void Agent::leave() {
  if (state_ != State::open || !conversation_->welcomed()) return;
  const Steady now = std::chrono::steady_clock::now();
  ticking_ = false;
  conversation_->leave(wire::GoodbyeReason::service_stop, now);
  state_ = State::leaving;
  until_ = now + kGoodbye;
  talk(now, false);
  arm();
}

void Agent::end(const std::string& why, Steady now, Milliseconds at_least) {
  const bool left = state_ == State::leaving;
  if (!left) ++field_.report.ends[why];
  if (conversation_ && !conversation_->welcomed()) withdraw();
  if (std::exchange(counted_, false)) --field_.connected;
  conversation_.reset();
  channel_.close();
  if (std::exchange(dialing_, false)) field_.dialing.end();
  state_ = State::waiting;
  until_ = left ? Steady::max() : now + std::max(at_least, backoff_.next(fraction()));
}

void Agent::begin(wire::StreamId stream) {
  spool_.begin(stream);
  unacked_.begin(stream);
}

void Agent::withdraw() {
  spool_.withdraw();
  unacked_.withdraw();
}

std::optional<link::Backlog::Batch> Agent::read(wire::StreamId stream, wire::TickNumber from, std::size_t most) {
  auto batch = spool_.read(stream, from, most);
  if (!batch) return std::nullopt;
  return Batch{batch->first, std::move(batch->rows), {}};
}

void Agent::release(wire::StreamId stream, wire::TickNumber last) {
  spool_.release(stream, last);
  unacked_.release(stream, last, std::chrono::steady_clock::now(), field_.report);
}

wire::Facts Agent::facts() {
  wire::Facts facts;
  facts.hostname = "swarm-" + std::to_string(plan_.number);
  facts.os = "Debian GNU/Linux 12 (bookworm)";
  facts.kernel = "6.1.0";
  facts.architecture = "x86_64";
  facts.cores = 2;
  facts.memory_bytes = 25'276'510'208;
  facts.boot_time = field_.wall - std::chrono::hours{1};
  return facts;
}

units::Instant Agent::wall_clock() const {
  return std::chrono::floor<Milliseconds>(std::chrono::system_clock::now());
}

void Agent::welcomed(units::Instant collector_time, Milliseconds round_trip, Steady now) {
  const Milliseconds offset = sample::clock_offset(collector_time, host_time(now), round_trip);
  spool_.confirm(offset);
  unacked_.confirm(offset);
}

wire::StreamId Agent::new_stream() {
  return 1 + field_.random() / 2;
}

}  // namespace vedette::swarm

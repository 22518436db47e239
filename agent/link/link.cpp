#include "agent/link/link.h"

#include <openssl/rand.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "schema/units/log.h"

namespace vedette::link {
namespace {

using units::Error;
using units::ErrorCode;
using units::Milliseconds;

wire::StreamId random_stream() {
  wire::StreamId id = 0;
  while (id == 0) {
    if (RAND_bytes(reinterpret_cast<unsigned char*>(&id), sizeof id) != 1) std::abort();
  }
  return id;
}

}  // namespace

Link::Link(LinkOptions options, Backlog& backlog, Host& host, LinkLimits limits)
    : options_(std::move(options)),
      backlog_(backlog),
      host_(host),
      limits_(limits),
      rotation_(1 + options_.others.size(), limits.better),
      failures_(1 + options_.others.size()) {}

Link::~Link() = default;

void Link::interests(std::vector<pollfd>& list) const {
  if (attempt_) attempt_->interests(list);
  if (better_) better_->interests(list);
  if (connection_) list.push_back({connection_->socket, waits_for_, 0});
}

units::Steady Link::deadline() const {
  if (state_ == State::attempting) return attempt_->deadline();
  if (state_ != State::open) return until_;
  units::Steady first = heard_at_ + limits_.silence;
  if (const auto due = conversation_->due()) first = std::min(first, *due);
  if (!conversation_->welcomed()) return std::min(first, until_);
  const auto better = better_ ? std::optional(better_->deadline()) : rotation_.better_due();
  return better ? std::min(first, *better) : first;
}

void Link::step(units::Steady now) {
  switch (state_) {
    case State::waiting:
      if (now >= until_) begin(now);
      return;
    case State::attempting:
      return attempt(now);
    case State::open:
      talk(now);
      if (connected()) try_better(now);
      return;
    case State::leaving:
      return talk(now);
    case State::gone:
      return;
  }
}

void Link::open(Attempt::Opened opened, units::Steady now) {
  attempt_.reset();
  connection_ = std::move(opened.connection);
  state_ = State::open;
  heard_at_ = now;
  until_ = now + limits_.welcome;
  noted_welcome_ = noted_ack_ = false;
  conversation_ = std::make_unique<Conversation>(backlog_, host_,
                                                 Conversation::Options{.stream = random_stream(),
                                                                       .version = options_.version,
                                                                       .cautious = !suspects_.empty(),
                                                                       .drops_reported = drops_reported_,
                                                                       .tags = options_.tags});
  conversation_->start(now);
  if (const std::string& rest = opened.rest; !rest.empty()) {
    const auto taken = conversation_->receive({reinterpret_cast<const std::uint8_t*>(rest.data()), rest.size()}, now);
    if (!taken) return end_conversation(taken.error(), now);
  }
  talk(now);
}

/// Reads until the socket has no more, or enough for one turn. False if the connection ended.
bool Link::read_all(units::Steady now) {
  std::array<std::uint8_t, 16 * 1024> buffer{};
  for (int turn = 0; turn < 16 && conversation_->session().wants_input(); ++turn) {
    const auto got = connection_->tls->read(buffer);
    if (!got || got->io == Io::closed) {
      const auto& farewell = conversation_->farewell();
      end_conversation(got ? Error{ErrorCode::unavailable, farewell ? "closed" : "the connection ended without goodbye"}
                           : got.error(),
                       now);
      return false;
    }
    if (got->io != Io::done) {
      waits_for_ = static_cast<short>(waits_for_ | events_of(got->io));
      return true;
    }
    heard_at_ = now;
    const auto taken = conversation_->receive(std::span(buffer).first(got->count), now);
    if (!taken) {
      write_all(now);
      if (state_ == State::open || state_ == State::leaving) end_conversation(taken.error(), now);
      return false;
    }
  }
  return true;
}

bool Link::write_all(units::Steady now) {
  wire::Session& session = conversation_->session();
  while (!session.output().empty()) {
    const auto written = connection_->tls->write(session.output());
    if (!written || written->io == Io::closed) {
      end_conversation(
          written ? Error{ErrorCode::unavailable, "the connection ended without goodbye"} : written.error(), now);
      return false;
    }
    if (written->io != Io::done) {
      waits_for_ = static_cast<short>(waits_for_ | events_of(written->io));
      return true;
    }
    session.consume(written->count);
  }
  return true;
}

void Link::talk(units::Steady now) {
  waits_for_ = POLLIN;
  if (!read_all(now)) return;
  if (state_ == State::open) conversation_->pump(now);
  note_progress(now);
  if (!write_all(now)) return;
  const wire::Session& session = conversation_->session();
  // It has to take what waits for it before it may say more.
  if (!session.wants_input() && session.queued() > 0) waits_for_ = POLLOUT;
  if (session.close_received() && session.queued() == 0) {
    return end_conversation({ErrorCode::unavailable, "closed"}, now);
  }
  if (state_ == State::leaving) {
    if (now >= until_) end_conversation({ErrorCode::timeout, "the collector didn't answer our goodbye"}, now);
    return;
  }
  if (!conversation_->welcomed() && now >= until_) {
    return end_conversation({ErrorCode::timeout, "the collector took the connection and sent no welcome"}, now);
  }
  // What was buffered has been read above: this is the collector's silence, not ours.
  if (now - heard_at_ >= limits_.silence) {
    end_conversation(
        {ErrorCode::timeout, "nothing was heard from the collector for " + units::spoken_duration(limits_.silence)},
        now);
  }
}

void Link::note_progress(units::Steady now) {
  if (conversation_->welcomed() && !noted_welcome_) {
    noted_welcome_ = true;
    ++connections_;
    failures_.assign(failures_.size(), {});
    rotation_.connected(now);
    const CollectorAddress& address = collector(rotation_.current());
    const auto proxy = options_.proxy.for_collector(address);
    units::log_info("connected", {{"collector", authority(address)},
                                  {proxy ? "proxy" : "address", proxy ? authority(*proxy) : connection_->address},
                                  {"host_id", conversation_->host_id()}});
  }
  if (conversation_->acked() && !noted_ack_) {
    noted_ack_ = true;
    backoff_.reset();
  }
}

void Link::leave(wire::GoodbyeReason reason, units::Steady now) {
  if (state_ != State::open || !conversation_->welcomed()) {
    if (conversation_ && !conversation_->welcomed()) backlog_.withdraw();
    close_all();
    state_ = State::gone;
    return;
  }
  better_.reset();
  conversation_->leave(reason, now);
  state_ = State::leaving;
  until_ = now + limits_.goodbye;
  talk(now);
}

}  // namespace vedette::link

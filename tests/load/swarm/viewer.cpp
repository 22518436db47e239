#include "tests/load/swarm/viewer.h"

#include <array>
#include <utility>

namespace vedette::swarm {
namespace {

constexpr units::Milliseconds kConnect{10'000};
constexpr units::Milliseconds kSilence{40'000};  // a beat every 5 s, a long poll's answer every 25 s

}  // namespace

Viewer::Viewer(Gallery& gallery, std::size_t number, std::vector<std::string> topics, units::Steady first)
    : gallery_(gallery),
      topics_(std::move(topics)),
      channel_(gallery.loop, *this, gallery.target, number),
      until_(first),
      newest_(gallery.agents.size()) {
  gallery_.loop.arm(*this, until_);
}

void Viewer::on_time(units::Steady now) {
  if (state_ != State::waiting) {
    on_ready(now);  // what is buffered comes first: it may be this process that is late
    if (state_ != State::waiting && now >= until_) end("a viewer heard nothing in time", now);
    if (state_ == State::connecting) gallery_.loop.arm(*this, until_);
    return;
  }
  state_ = State::connecting;
  until_ = now + kConnect;
  gallery_.loop.arm(*this, until_);
  if (const auto begun = channel_.open(); !begun) end(begun.error().message, now);
}

void Viewer::on_ready(units::Steady now) {
  if (state_ == State::waiting) return;
  if (state_ == State::connecting) {
    const auto done = channel_.shake_hands();
    if (!done) return end(done.error().message, now);
    if (!*done) return;
    state_ = State::open;
    transport_ = make_transport(
        gallery_.kind, {link::authority(gallery_.target.address), gallery_.cookie, topics_, cursor_}, gallery_.reader);
    outgoing_.clear();
    transport_->open(outgoing_);
  }
  talk(now);
}

void Viewer::talk(units::Steady now) {
  if (const auto sent = channel_.flush(outgoing_); !sent) return end(sent.error().message, now);
  std::array<std::uint8_t, 16 * 1024> buffer{};
  for (;;) {
    const auto got = channel_.read(buffer);
    if (!got) return end(got.error().message, now);
    if (*got == 0) break;
    gallery_.report.viewer_bytes += *got;
    if (!std::exchange(heard_, true)) {
      ++gallery_.connected;
      ++gallery_.report.viewer_connections;
      if (std::exchange(ever_, true)) ++gallery_.report.viewer_reconnects;
    }
    until_ = now + kSilence;
    const auto taken = transport_->receive(std::span(buffer).first(*got), outgoing_, *this);
    if (!taken) return end(taken.error().message, now);
  }
  if (const auto sent = channel_.flush(outgoing_); !sent) return end(sent.error().message, now);
  gallery_.loop.arm(*this, until_);
}

void Viewer::on_event(const LiveEvent& event) {
  const auto now = std::chrono::steady_clock::now();
  ++gallery_.report.viewer_events;
  backoff_.reset();
  if (!event.cursor.empty()) cursor_ = event.cursor;
  for (const auto& shown : event.shown) {
    if (shown.at_ms <= newest_[shown.agent]) continue;  // its status changed, or another topic showed it first
    newest_[shown.agent] = shown.at_ms;
    if (event.snapshot) continue;
    if (const auto taken = gallery_.agents[shown.agent]->taken(shown.at_ms)) {
      gallery_.report.add(&Report::to_viewer, *taken, now);
    }
  }
}

void Viewer::end(const std::string& why, units::Steady now) {
  ++gallery_.report.ends["viewer: " + why];
  if (std::exchange(heard_, false)) --gallery_.connected;
  channel_.close();
  transport_.reset();
  state_ = State::waiting;
  until_ = now + backoff_.next(std::uniform_real_distribution<double>(0, 1)(gallery_.random));
  gallery_.loop.arm(*this, until_);
}

}  // namespace vedette::swarm

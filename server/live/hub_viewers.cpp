// The part of Hub that seats viewers: who comes and goes, what each watches and may watch, beats, ends of logins.
#include <algorithm>
#include <utility>

#include "server/live/hub.h"
#include "server/live/topic.h"

namespace vedette::live {
namespace {

constexpr std::size_t kEndedLogins = 1024;

}  // namespace

void Hub::join(SharedSeat seat) {
  control_.post([this, seat = std::move(seat)] {
    ++counters_.viewers;
    seats_.insert(seat);
    if (const auto changed = roles_.find(seat->login.user); changed != roles_.end()) seat->login.role = changed->second;
    if (std::ranges::find(ended_logins_, seat->login.sid) != ended_logins_.end()) end_login(seat->login.sid);
  });
}

void Hub::leave(SharedSeat seat) {
  control_.post([this, seat = std::move(seat)] {
    if (seats_.erase(seat) > 0) --counters_.viewers;
    for (const std::string& name : std::set<std::string>(seat->topics)) unwatch(seat, name);
  });
}

void Hub::subscribe(SharedSeat seat, std::vector<std::string> topics, std::optional<std::string> cursor) {
  Request request{.seat = std::move(seat), .topics = std::move(topics), .cursor = std::move(cursor)};
  control_.post([this, request = std::move(request)]() mutable { ask(std::move(request)); });
}

void Hub::unsubscribe(SharedSeat seat, std::vector<std::string> topics) {
  Request request{.seat = std::move(seat), .topics = std::move(topics), .leaves = true};
  control_.post([this, request = std::move(request)]() mutable { ask(std::move(request)); });
}

void Hub::watch(const SharedSeat& seat, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    Topic& watched = topic(name);
    watched.seats.insert(seat);
    watched.unwatched_beats = 0;
    seat->topics.insert(name);
  }
}

void Hub::unwatch(const SharedSeat& seat, const std::string& name) {
  seat->topics.erase(name);
  const auto found = topics_.find(name);
  if (found == topics_.end()) return;
  // It stays for a minute, for a viewer that comes back: between two polls nobody watches.
  found->second->seats.erase(seat);
}

Refusals Hub::refuse(const Seat& seat, std::vector<std::string>& names) {
  Refusals refused;
  std::size_t fresh = 0;
  std::erase_if(names, [&](const std::string& name) {
    if (auto words = ports_.refusal(seat.login.role, name)) {
      refused.emplace_back(name, std::move(*words));
      return true;
    }
    if (!is_host_topic(name) || topics_.contains(name)) return false;
    if (topics_.size() + fresh < limits_.host_topics || make_room()) {
      ++fresh;
      return false;
    }
    ++counters_.over_host_topics;
    refused.emplace_back(name, "Too many hosts are watched at once; try again later.");
    return true;
  });
  return refused;
}

bool Hub::make_room() {
  auto oldest = topics_.end();
  for (auto it = topics_.begin(); it != topics_.end(); ++it) {
    const Topic& idle = *it->second;
    if (!is_host_topic(it->first) || !idle.seats.empty() || idle.changed) continue;
    if (oldest == topics_.end() || idle.unwatched_beats > oldest->second->unwatched_beats) oldest = it;
  }
  if (oldest == topics_.end()) return false;
  topics_.erase(oldest);
  return true;
}

void Hub::beat() {
  control_.after(limits_.beat, [this] { beat(); });
  flush();
  forget_unwatched();
  end_expired();
  const std::string at = cursor(number_);
  Encodings beats;
  std::map<domain::Executor*, std::vector<SharedSeat>> loops;
  for (const auto& seat : seats_) {
    loops[&seat->loop].push_back(seat);
    Encoded& encoded = beats[static_cast<std::size_t>(seat->form)];
    if (!encoded) encoded = encode_beat(seat->form, at, &deflate_);
  }
  for (auto& [loop, seats] : loops) {
    loop->post([beats, at, mine = std::move(seats)] {
      for (const auto& seat : mine) {
        if (seat->subscriber) seat->subscriber->beat(beats[static_cast<std::size_t>(seat->form)], at);
      }
    });
  }
}

void Hub::on_login_ended(const domain::Digest& sid) {
  control_.post([this, sid] {
    ended_logins_.push_back(sid);
    if (ended_logins_.size() > kEndedLogins) ended_logins_.pop_front();
    end_login(sid);
  });
}

void Hub::on_host_revoked(domain::HostNumber) {
  // Whoever knows of hosts was told before, and posts too.
  control_.post([this] {
    for (const auto& seat : seats_) judge_again(seat);
  });
}

void Hub::on_role_changed(std::uint64_t user, domain::AccessRole role) {
  control_.post([this, user, role] {
    roles_[user] = role;
    for (const auto& seat : seats_) {
      if (seat->login.user != user) continue;
      seat->login.role = role;
      judge_again(seat);
    }
  });
}

void Hub::judge_again(const SharedSeat& seat) {
  Refusals lost;
  for (const std::string& name : seat->topics) {
    if (auto words = ports_.refusal(seat->login.role, name)) lost.emplace_back(name, std::move(*words));
  }
  if (lost.empty()) return;
  flush();  // what was published before may still be told
  for (const auto& [name, words] : lost) unwatch(seat, name);
  seat->loop.post([seat, told = std::move(lost)] {
    if (seat->subscriber) seat->subscriber->withdraw(told);
  });
}

void Hub::end_expired() {
  const units::Instant now = ports_.clock.now();
  for (const auto& seat : seats_) {
    if (seat->login.expires <= now) tell(seat, &Subscriber::end_login);
  }
}

void Hub::end_login(const domain::Digest& sid) {
  for (const auto& seat : seats_) {
    if (seat->login.sid == sid) tell(seat, &Subscriber::end_login);
  }
}

void Hub::stop() {
  control_.post([this] {
    for (const auto& seat : seats_) tell(seat, &Subscriber::stop);
  });
}

void Hub::tell(const SharedSeat& seat, void (Subscriber::*what)()) {
  seat->loop.post([seat, what] {
    if (seat->subscriber) (seat->subscriber->*what)();
  });
}

}  // namespace vedette::live

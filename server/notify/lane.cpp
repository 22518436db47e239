#include "server/notify/lane.h"

#include <algorithm>
#include <utility>

#include "schema/units/log.h"

namespace vedette::notify {

using domain::Delivery;
using units::Milliseconds;

namespace {

constexpr Milliseconds kLongest{60'000};
constexpr Milliseconds kDiskTrouble{5'000};

}  // namespace

Lane::Lane(Receiver receiver, domain::AlertRecords& records, const domain::Clock& clock, Send send,
           std::function<Incidents()> withdrawn)
    : receiver_(std::move(receiver)),
      records_(records),
      clock_(clock),
      send_(std::move(send)),
      withdrawn_(std::move(withdrawn)) {}

units::Result<std::vector<Delivery>> Lane::waiting() {
  const auto unstored = unstored_;
  for (const auto& [id, answer] : unstored) keep(id, answer);
  const Incidents withdrawn = withdrawn_();  // before the outbox: an incident leaves both, this one last
  auto all = records_.undelivered();
  if (!all) return all;
  std::erase_if(*all, [&](const Delivery& d) {
    return d.receiver != receiver_.name || unstored_.contains(d.id) || withdrawn.contains(d.notice.incident);
  });
  auto settled = std::exchange(settled_, {});
  for (Delivery& delivery : *all) {
    const auto known = settled.find(delivery.id);
    if (known == settled.end()) continue;
    delivery.settled = known->second;
    settled_.insert(settled.extract(known));
  }
  return all;
}

Milliseconds Lane::round(const std::stop_token& stop) {
  for (;;) {
    const units::Instant now = clock_.now();  // first: whatever was taken back in time is missing from what is read
    const auto outbox = waiting();
    if (!outbox) {
      units::log_error("the outbox can't be read; will be tried again",
                       {{"receiver", receiver_.name}, {"error", outbox.error().message}});
      return kDiskTrouble;
    }
    const auto plan = schedule_.plan(*outbox, now, clock_.steady());
    const auto longest = unstored_.empty() ? kLongest : kDiskTrouble;
    if (plan.due.empty()) return std::min(plan.wait.value_or(longest), longest);
    bool there = true;
    for (const auto& [n, fired] : plan.due) {
      if (stop.stop_requested()) return longest;
      const Delivery& delivery = (*outbox)[n];
      if (there) {
        there = attempt(delivery, fired ? held_by((*outbox)[*fired]) : std::vector<std::string>{}, stop);
      } else {
        schedule_.failed(delivery.id, clock_.steady());
      }
    }
  }
}

bool Lane::attempt(const Delivery& delivery, const std::vector<std::string>& held, const std::stop_token& stop) {
  Delivery asked = delivery;
  asked.settled.insert(asked.settled.end(), held.begin(), held.end());
  const auto outcome = send_(receiver_, asked, stop);
  if (!outcome) {
    if (stop.stop_requested()) return false;  // broken off by us: says nothing about the receiver
    put_off(delivery, outcome.error().message);
    return outcome.error().code == units::ErrorCode::invalid;
  }
  for (const auto& [address, answer] : outcome->refused) {
    units::log_error("recipient refused for good", {{"receiver", receiver_.name},
                                                    {"incident", delivery.notice.incident},
                                                    {"recipient", address},
                                                    {"answer", answer}});
  }
  if (!outcome->later.empty() || !held.empty()) {
    settle(delivery, *outcome);
    put_off(delivery, words(*outcome));
    return true;
  }
  units::log_info("notification delivered", {{"receiver", receiver_.name},
                                             {"incident", delivery.notice.incident},
                                             {"message_id", delivery.message_id},
                                             {"answer", words(*outcome)}});
  keep(delivery.id, words(*outcome));
  return true;
}

std::vector<std::string> Lane::held_by(const Delivery& fired) const {
  const auto* email = std::get_if<Email>(&receiver_.way);
  if (email == nullptr) return {};
  std::vector<std::string> held = email->to;
  std::erase_if(held, [&](const auto& to) { return std::ranges::find(fired.settled, to) != fired.settled.end(); });
  return held;
}

void Lane::settle(const Delivery& delivery, const Outcome& outcome) {
  std::vector<std::string>& settled = settled_[delivery.id];
  settled = delivery.settled;
  settled.insert(settled.end(), outcome.taken.begin(), outcome.taken.end());
  for (const auto& refused : outcome.refused) settled.push_back(refused.address);
}

void Lane::keep(std::uint64_t delivery, const std::string& answer) {
  if (const auto stored = records_.delivered(delivery, answer, clock_.now()); !stored) {
    units::log_error("a delivered notification could not be noted; will be tried again",
                     {{"receiver", receiver_.name}, {"error", stored.error().message}});
    unstored_[delivery] = answer;
    return;
  }
  unstored_.erase(delivery);
}

void Lane::put_off(const Delivery& delivery, const std::string& why) {
  const units::Instant now = clock_.now();
  const Milliseconds wait = schedule_.failed(delivery.id, clock_.steady());
  const bool over = now - delivery.notice.at > kGiveUpAfter;
  const auto known = settled_.find(delivery.id);
  const auto& settled = known == settled_.end() ? delivery.settled : known->second;
  const auto stored =
      over ? records_.give_up(delivery.id, why, now) : records_.failed(delivery.id, why, now + wait, settled);
  units::log(over ? units::Level::error : units::Level::warning,
             over ? "notification given up after three days" : "notification not delivered; will be tried again",
             {{"receiver", receiver_.name},
              {"incident", delivery.notice.incident},
              {"attempt", delivery.attempts + 1},
              {"retry_in", over ? "never" : units::format_duration(wait)},
              {"settled", settled.size()},
              {"error", why}});
  if (stored) return;
  units::log_error("a failed notification could not be noted",
                   {{"receiver", receiver_.name}, {"error", stored.error().message}});
}

}  // namespace vedette::notify

#include "server/notify/lane.h"

#include <algorithm>

#include "schema/units/log.h"

namespace vedette::notify {

using domain::Delivery;
using units::Milliseconds;

namespace {

constexpr Milliseconds kLongest{60'000};
constexpr Milliseconds kDiskTrouble{5'000};

}  // namespace

Lane::Lane(Receiver receiver, domain::AlertRecords& records, const domain::Clock& clock, Send send)
    : receiver_(std::move(receiver)), records_(records), clock_(clock), send_(std::move(send)) {}

units::Result<std::vector<Delivery>> Lane::waiting() {
  const auto unstored = unstored_;
  for (const auto& [id, answer] : unstored) keep(id, answer);
  auto all = records_.undelivered();
  if (!all) return all;
  std::erase_if(*all, [&](const Delivery& d) { return d.receiver != receiver_.name || unstored_.contains(d.id); });
  return all;
}

Milliseconds Lane::round(const std::stop_token& stop) {
  for (;;) {
    const auto outbox = waiting();
    if (!outbox) {
      units::log_error("the outbox can't be read; will be tried again",
                       {{"receiver", receiver_.name}, {"error", outbox.error().message}});
      return kDiskTrouble;
    }
    const auto plan = schedule_.plan(*outbox, clock_.now(), clock_.steady());
    const auto longest = unstored_.empty() ? kLongest : kDiskTrouble;
    if (plan.due.empty()) return std::min(plan.wait.value_or(longest), longest);
    bool there = true;
    for (const std::size_t n : plan.due) {
      if (stop.stop_requested()) return longest;
      if (there) {
        there = attempt((*outbox)[n], stop);
      } else {
        schedule_.failed((*outbox)[n].id, clock_.steady());
      }
    }
  }
}

bool Lane::attempt(const Delivery& delivery, const std::stop_token& stop) {
  const auto answer = send_(receiver_, delivery, stop);
  if (answer) {
    units::log_info("notification delivered", {{"receiver", receiver_.name},
                                               {"incident", delivery.notice.incident},
                                               {"message_id", delivery.message_id},
                                               {"answer", *answer}});
    keep(delivery.id, *answer);
    return true;
  }
  if (stop.stop_requested()) return false;  // broken off by us: says nothing about the receiver
  put_off(delivery, answer.error());
  return answer.error().code == units::ErrorCode::invalid;
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

void Lane::put_off(const Delivery& delivery, const units::Error& error) {
  const units::Instant now = clock_.now();
  const Milliseconds wait = schedule_.failed(delivery.id, clock_.steady());
  const bool over = now - delivery.notice.at > kGiveUpAfter;
  const auto stored = over ? records_.give_up(delivery.id, error.message, now)
                           : records_.failed(delivery.id, error.message, now + wait);
  units::log(over ? units::Level::error : units::Level::warning,
             over ? "notification given up after three days" : "notification not delivered; will be tried again",
             {{"receiver", receiver_.name},
              {"incident", delivery.notice.incident},
              {"attempt", delivery.attempts + 1},
              {"retry_in", over ? "never" : units::format_duration(wait)},
              {"error", error.message}});
  if (stored) return;
  units::log_error("a failed notification could not be noted",
                   {{"receiver", receiver_.name}, {"error", stored.error().message}});
}

}  // namespace vedette::notify

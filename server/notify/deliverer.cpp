#include "server/notify/deliverer.h"

#include <algorithm>
#include <random>
#include <thread>

#include "schema/units/log.h"
#include "server/domain/queue.h"
#include "server/notify/lane.h"
#include "server/notify/message.h"
#include "server/notify/smtp.h"
#include "server/notify/webhook.h"

namespace vedette::notify {

using domain::Delivery;
using units::Result;

/// A lane with its thread. The queue holds at most one "look again": more would say nothing more.
class Deliverer::Runner {
 public:
  explicit Runner(Lane lane) : lane_(std::move(lane)) {}
  ~Runner() { stop(); }

  void start() {
    thread_ = std::thread([this] { run(); });
  }
  void wake() { (void)wakes_.push(Wake{}); }
  void request_stop() {
    stop_.request_stop();
    wakes_.close();
  }
  void stop() {
    request_stop();
    if (thread_.joinable()) thread_.join();
  }
  [[nodiscard]] const std::string& name() const { return lane_.name(); }

 private:
  struct Wake {};

  void run() {
    while (!stop_.stop_requested()) (void)wakes_.pop_for(lane_.round(stop_.get_token()));
  }

  Lane lane_;
  std::stop_source stop_;
  domain::BoundedQueue<Wake> wakes_{1, domain::Overflow::reject};
  std::thread thread_;
};

Deliverer::Deliverer(std::vector<Receiver> receivers, domain::AlertRecords& records, const domain::Clock& clock,
                     const Send& send)
    : records_(records), clock_(clock) {
  for (Receiver& receiver : receivers) {
    const auto withdrawn = [this] { return withdrawn_.with([](const Incidents& all) { return all; }); };
    runners_.push_back(std::make_unique<Runner>(Lane(std::move(receiver), records, clock, counted(send), withdrawn)));
  }
}

Send Deliverer::counted(Send send) {
  return
      [this, send = std::move(send)](const Receiver& receiver, const Delivery& delivery, const std::stop_token& stop) {
        auto answer = send(receiver, delivery, stop);
        if (answer) {
          ++counters_.delivered;
        } else if (!stop.stop_requested()) {
          ++counters_.failed;
        }
        return answer;
      };
}

Deliverer::~Deliverer() {
  stop();
}

void Deliverer::start() {
  if (const auto outbox = records_.undelivered(); outbox) {
    for (const Delivery& delivery : *outbox) {
      if (std::ranges::any_of(runners_, [&](const auto& runner) { return runner->name() == delivery.receiver; })) {
        continue;
      }
      units::log_warning("notification given up: its receiver isn't configured any more",
                         {{"receiver", delivery.receiver}, {"incident", delivery.notice.incident}});
      [[maybe_unused]] const auto at_next_start =
          records_.give_up(delivery.id, "receiver not configured", clock_.now());
    }
  }
  for (const auto& runner : runners_) runner->start();
}

void Deliverer::wake() {
  for (const auto& runner : runners_) runner->wake();
}

void Deliverer::withdraw(const Incidents& incidents) {
  withdrawn_.with([&](Incidents& all) { all = incidents; });
}

void Deliverer::stop() {
  for (const auto& runner : runners_) runner->request_stop();
  for (const auto& runner : runners_) runner->stop();
}

Send send_over_network(std::string public_url) {
  return [url = std::move(public_url)](const Receiver& receiver, const Delivery& delivery,
                                       std::stop_token stop) -> Result<Outcome> {
    if (const auto* email = std::get_if<Email>(&receiver.way)) {
      const auto now = std::chrono::floor<units::Milliseconds>(std::chrono::system_clock::now());
      Email asked = *email;
      std::erase_if(asked.to,
                    [&](const auto& to) { return std::ranges::find(delivery.settled, to) != delivery.settled.end(); });
      if (asked.to.empty()) return Outcome{"nobody is left to be asked"};
      return send_mail(asked, mail(delivery, *email, url, now), std::move(stop));
    }
    auto answer = post(std::get<Webhook>(receiver.way), json(delivery, url), std::move(stop));
    if (!answer) return std::unexpected(std::move(answer.error()));
    return Outcome{std::move(*answer)};
  };
}

Result<std::string> test(const Receiver& receiver, const std::string& public_url, const std::stop_token& stop) {
  const auto now = std::chrono::floor<units::Milliseconds>(std::chrono::system_clock::now());
  Delivery delivery;
  delivery.receiver = receiver.name;
  delivery.message_id =
      "<test." + std::to_string(units::unix_ms(now)) + "." + std::to_string(std::random_device{}()) + "@vedette>";
  delivery.notice.at = now;
  delivery.notice.host_name = "Vedette";
  delivery.notice.alert.rule = "test";
  delivery.notice.alert.severity = domain::Severity::info;
  delivery.notice.alert.since = now;
  delivery.notice.alert.reason = "test: receiver " + receiver.name + " gets notifications; nothing is wrong";
  const auto outcome = send_over_network(public_url)(receiver, delivery, stop);
  if (!outcome && stop.stop_requested()) {
    return units::fail(units::ErrorCode::unavailable,
                       "the collector stopped before " + receiver.name + " had answered");
  }
  if (!outcome) return std::unexpected(outcome.error());
  if (!outcome->refused.empty() || !outcome->later.empty()) {
    return units::fail(units::ErrorCode::invalid, "not everyone got it: " + words(*outcome));
  }
  return outcome->answer;
}

}  // namespace vedette::notify

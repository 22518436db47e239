#include "server/live/polls.h"

#include <utility>

namespace vedette::live {

/// One request that waits. Sits on the control executor: nothing here belongs to a connection.
class Polls::Poll final : public Subscriber {
 public:
  Poll(Polls& owner, const Login& login, domain::Responder respond)
      : owner_(owner),
        respond_(std::move(respond)),
        seat_(std::make_shared<Seat>(Seat{owner.control_, Form::text, login, this, {}})) {
    owner_.hub_.join(seat_);
    finish_after(owner_.hub_.limits().poll);
  }
  ~Poll() override {
    owner_.control_.cancel(timer_);
    seat_->subscriber = nullptr;
    owner_.hub_.leave(seat_);
  }

  void watch(Watch watch) {
    // Told until the hub has answered: what was asked with, or a place from which all is told anew.
    cursor_ = watch.cursor && parse_cursor(*watch.cursor) ? *watch.cursor : owner_.hub_.cursor(0);
    owner_.hub_.subscribe(seat_, std::move(watch.topics), std::move(watch.cursor));
  }
  [[nodiscard]] const domain::Digest& sid() const noexcept { return seat_->login.sid; }

  void answer(const Answer& answer) override {
    for (const auto& [topic, words] : answer.refused) add(error_text(words, topic));
    cursor_ = answer.cursor;
    if (!answer.current) {
      for (const Encoded& message : answer.messages) add(*message.text);
    }
    if (!events_.empty()) finish();
  }
  void take(const SharedEvent& event) override {
    add(*event->encoded[static_cast<std::size_t>(Form::text)].text);
    cursor_ = owner_.hub_.cursor(event->number);
    // Where something happens all the time, a poll for each event would cost more than all events.
    if (!std::exchange(ending_, true)) finish_after(owner_.hub_.limits().poll_gather);
  }
  void beat(const Encoded&, const std::string& cursor) override { cursor_ = cursor; }
  void withdraw(const Refusals& lost) override {
    for (const auto& [topic, words] : lost) add(error_text(words, topic));
    finish();
  }
  void end_login() override { respond(domain::problem(401, "Your login ended.")); }
  void stop() override { respond(domain::problem(503, "The collector is restarting.", {{"Retry-After", "2"}})); }

 private:
  void add(std::string_view text) {
    if (!events_.empty()) events_ += ',';
    events_ += text;
  }
  void finish_after(units::Milliseconds delay) {
    owner_.control_.cancel(timer_);
    timer_ = owner_.control_.after(delay, [this] { finish(); });
  }
  void finish() { respond(domain::json(200, R"({"cursor":")" + cursor_ + R"(","events":[)" + events_ + "]}")); }
  void respond(domain::Response response) {
    if (std::exchange(done_, true)) return;
    seat_->subscriber = nullptr;
    response.headers.emplace_back("Cache-Control", "no-store");
    respond_(std::move(response));
    owner_.end(*this);
  }

  Polls& owner_;
  domain::Responder respond_;
  SharedSeat seat_;
  domain::Executor::TimerId timer_{};
  std::string cursor_;
  std::string events_;
  bool ending_ = false;
  bool done_ = false;
};

Polls::Polls(Hub& hub, domain::Executor& control) : hub_(hub), control_(control) {}
Polls::~Polls() = default;

void Polls::poll(Login login, Watch watch, domain::Responder respond) {
  control_.post([this, login = std::move(login), watch = std::move(watch), respond = std::move(respond)] {
    begin(login, watch, respond);
  });
}

void Polls::begin(const Login& login, Watch watch, domain::Responder respond) {
  const auto refuse = [&respond](int status, std::string_view words) {
    respond(domain::problem(status, words, {{"Retry-After", "1"}}));
  };
  if (watch.topics.size() > hub_.limits().topics) {
    return respond(
        domain::problem(400, "topics: a poll takes at most " + std::to_string(hub_.limits().topics) + " topics."));
  }
  if (polls_.size() >= hub_.limits().polls) {
    ++hub_.counters().over_polls;
    return refuse(503, "Too many polls wait at once; try again in a moment.");
  }
  std::size_t& mine = of_login_[login.sid];
  if (mine >= hub_.limits().polls_of_login) {
    ++hub_.counters().over_polls_of_login;
    return refuse(429, "This login has " + std::to_string(mine) + " polls waiting, and may not have more at once.");
  }
  ++mine;
  auto made = std::make_unique<Poll>(*this, login, std::move(respond));
  Poll& poll = *made;
  polls_.emplace(&poll, std::move(made));
  poll.watch(std::move(watch));
}

void Polls::end(Poll& poll) {
  const auto of_login = of_login_.find(poll.sid());
  if (--of_login->second == 0) of_login_.erase(of_login);
  // It is on the stack still.
  auto last = std::shared_ptr<Poll>(std::move(polls_.extract(&poll).mapped()));
  control_.post([last = std::move(last)] {});
}

}  // namespace vedette::live

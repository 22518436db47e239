// Live events on their way to viewers, within this process: topics, snapshots, the one sequence of events, fan-out.
// Knows no transport: subscriber.h is all it sees of viewers.
//
// Owner: the control thread. Subscribers live on event loops and reach the hub by posting to the control executor; the
// hub reaches them by posting to their loops, once a loop and flush.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "schema/wire/deflate.h"
#include "server/domain/clock.h"
#include "server/domain/live_bus.h"
#include "server/domain/observer.h"
#include "server/live/event.h"
#include "server/live/limits.h"
#include "server/live/row_set.h"
#include "server/live/subscriber.h"

namespace vedette::live {

/// Everything outlives the hub.
struct HubPorts {
  domain::Executor& control;
  const domain::Clock& clock;
  /// Why a person of this role may not watch a topic (a valid name), in words for that person; nothing: may. Asked on
  /// the control thread at every subscription, and again of all that is watched when rights change.
  std::function<std::optional<std::string>(domain::AccessRole, std::string_view topic)> refusal;
};

/// Must outlive the control executor and the loops.
class Hub final : public domain::LiveBus, public domain::RevocationObserver {
 public:
  /// `run` is this run's id in cursors: random, letters and digits.
  Hub(HubPorts ports, std::string run, Limits limits = {});
  ~Hub() override;

  /// Begins to beat. Any thread, once.
  void start();
  /// Tells all subscribers that the collector stops. Any thread.
  void stop();

  // domain::LiveBus. Control thread. A host topic exists from its first subscription until nobody watched it for a
  // minute; there are at most Limits::host_topics. watched() is always true for
  // the others. A host topic keeps its newest rows only.
  void header(std::string_view topic, std::string json) override;
  void publish(std::string_view topic, std::string_view key, std::string json, bool conflate) override;
  void retire(std::string_view topic, std::string_view key) override;
  [[nodiscard]] bool watched(std::string_view topic) const override;

  // domain::RevocationObserver. Any thread.
  void on_host_revoked(domain::HostNumber host) override;
  void on_login_ended(const domain::Digest& sid) override;
  void on_role_changed(std::uint64_t user, domain::AccessRole role) override;

  // For subscribers, any thread; each is done on the control thread, in order. Every subscribe and unsubscribe is
  // answered by one call of answer(). Topics that may not be watched, and host topics over the limit, are refused in
  // it.
  void join(SharedSeat seat);
  void subscribe(SharedSeat seat, std::vector<std::string> topics, std::optional<std::string> cursor);
  void unsubscribe(SharedSeat seat, std::vector<std::string> topics);
  void leave(SharedSeat seat);

  [[nodiscard]] const Limits& limits() const noexcept { return limits_; }
  [[nodiscard]] std::size_t topics() const noexcept { return topics_.size(); }  ///< control thread
  [[nodiscard]] Counters& counters() noexcept { return counters_; }
  [[nodiscard]] std::string cursor(std::uint64_t number) const { return to_string({run_, number}); }

 private:
  struct Topic;
  struct Pending;
  using Messages = std::vector<Encoded>;
  struct Parcel;    ///< what one loop gets of a flush
  struct Request {  ///< to subscribe or to leave, until the next flush
    SharedSeat seat;
    std::vector<std::string> topics;
    std::optional<std::string> cursor = {};
    bool leaves = false;  ///< unsubscribe
    Refusals refused = {};
  };

  Topic& topic(std::string_view name);
  Pending& pending(Topic& topic);
  [[nodiscard]] units::Steady next_flush() const;
  void schedule_flush();
  void flush();
  void flush_topic(Topic& topic, std::map<domain::Executor*, std::vector<Parcel>>& parcels);
  SharedEvent make_event(const Topic& topic, std::optional<std::string> header, std::vector<Event::Row> rows);

  void ask(Request request);
  void answer_requests();
  static void answer_with(const SharedSeat& seat, Answer answer);
  void answer(const Request& request);
  void watch(const SharedSeat& seat, const std::vector<std::string>& names);
  void unwatch(const SharedSeat& seat, const std::string& name);
  [[nodiscard]] Refusals refuse(const Seat& seat, std::vector<std::string>& names);
  [[nodiscard]] bool make_room();
  [[nodiscard]] std::optional<std::vector<SharedEvent>> resumed(const std::vector<std::string>& names,
                                                                const std::string& cursor) const;
  [[nodiscard]] Messages snapshot(Topic& topic, Form form, bool last);

  void beat();
  void forget_unwatched();
  void end_login(const domain::Digest& sid);
  void judge_again(const SharedSeat& seat);
  void end_expired();
  static void tell(const SharedSeat& seat, void (Subscriber::*what)());

  const HubPorts ports_;
  domain::Executor& control_;
  const std::string run_;
  const Limits limits_;
  Counters counters_;
  wire::Deflate deflate_;     ///< control thread
  std::uint64_t number_ = 0;  ///< of the newest event
  RecentEvents recent_;
  std::map<std::string, std::unique_ptr<Topic>, std::less<>> topics_;
  std::vector<Topic*> changed_;    ///< with pending rows, in order of their first
  std::vector<Request> requests_;  ///< wait for the next flush: all that came until then share their snapshots
  units::Steady flushed_{};
  bool flush_scheduled_ = false;
  std::unordered_set<SharedSeat> seats_;
  std::deque<domain::Digest> ended_logins_;            ///< the latest, for viewers that join just then
  std::map<std::uint64_t, domain::AccessRole> roles_;  ///< of users whose role changed in this run, likewise
};

}  // namespace vedette::live

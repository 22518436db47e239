// The agent's own parts on the caller's thread, without main(): real /proc, real sockets, ticks every few milliseconds.
#pragma once

#include <chrono>
#include <functional>
#include <vector>

#include "agent/app/bridge.h"
#include "agent/link/link.h"

namespace vedette::link {

inline LinkLimits quick() {
  using units::Milliseconds;
  return {.resolve = Milliseconds{5'000},
          .connect = Milliseconds{2'000},
          .handshake = Milliseconds{5'000},
          .welcome = Milliseconds{5'000},
          .silence = Milliseconds{5'000},
          .goodbye = Milliseconds{500},
          .refused = Milliseconds{30'000}};
}

class TestAgent {
 public:
  using Clock = std::chrono::steady_clock;

  TestAgent(std::uint16_t port, const std::string& pin, const std::string& host = "127.0.0.1",
            LinkLimits limits = quick(), Lookup lookup = resolve_now, std::vector<CollectorAddress> others = {},
            ProxyChoice proxy = {}, std::vector<std::string> tags = {})
      : schedule(std::chrono::floor<units::Milliseconds>(std::chrono::system_clock::now()), Clock::now(),
                 units::Milliseconds{20}),
        spool(app::random_stream(), {}),
        bridge(collector, schedule, spool, {happenings, processes}, {.hostname = "test-host"}),
        link({.address = {host, port},
              .pin = pin.empty() ? std::nullopt : std::optional<Pin>(parse_pin(pin).value()),
              .key = "secret-key",
              .version = "test",
              .random = [] { return 0.01; },  // short waits: 10 ms, 20 ms …
              .lookup = std::move(lookup),
              .others = std::move(others),
              .proxy = std::move(proxy),
              .tags = std::move(tags)},
             bridge, bridge, limits) {}

  /// Runs until `done` or 20 s passed; whether it was.
  bool run_until(const std::function<bool()>& done) {
    const auto give_up = Clock::now() + std::chrono::seconds(20);
    std::vector<pollfd> list;
    while (!done()) {
      if (Clock::now() > give_up) return false;
      const auto until = std::min({schedule.due(), link.deadline(), Clock::now() + std::chrono::milliseconds(5)});
      list.clear();
      link.interests(list);
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
      ::poll(list.data(), list.size(), left > 0 ? static_cast<int>(left) : 0);
      if (ticking && Clock::now() >= schedule.due()) {
        bridge.take_tick(Clock::now());
        ++taken;
      } else if (!ticking && Clock::now() >= schedule.due()) {
        (void)schedule.take(Clock::now());
      }
      link.step(Clock::now());
    }
    return true;
  }

  collect::Collector collector;
  sample::Schedule schedule;
  spool::Spool spool;
  watch::Outbox<wire::Happening> happenings{10};
  watch::Outbox<wire::Processes> processes{10};
  app::Bridge bridge;
  Link link;
  bool ticking = true;
  std::size_t taken = 0;
};

}  // namespace vedette::link

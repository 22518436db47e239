// An outbox, a clock and a receiver's far end that tests hold in their hands.
#pragma once

#include <algorithm>
#include <map>

#include "server/domain/clock.h"
#include "server/domain/control_store.h"
#include "server/notify/deliverer.h"
#include "tests/server/notify/make.h"

namespace vedette::notify::testing {

/// The store's outbox as server/control keeps it. Not for several threads.
struct Outbox final : domain::AlertRecords {
  std::vector<domain::Delivery> rows;
  std::map<std::uint64_t, std::string> done, given_up;
  bool broken = false;

  units::Result<std::vector<State>> alert_states() override { return std::vector<State>{}; }
  units::Result<void> commit(const Change&) override { return {}; }
  units::Result<std::uint64_t> last_alert_id() override { return 0; }
  units::Result<std::vector<domain::Alert>> alerts(std::size_t) override { return std::vector<domain::Alert>{}; }
  units::Result<std::vector<domain::Delivery>> undelivered() override { return rows; }
  units::Result<void> delivered(std::uint64_t id, const std::string& answer, units::Instant) override {
    if (broken) return units::fail(units::ErrorCode::io, "disk full");
    done[id] = answer;
    std::erase_if(rows, [&](const auto& row) { return row.id == id; });
    return {};
  }
  units::Result<void> failed(std::uint64_t id, const std::string& answer, units::Instant not_before,
                             const std::vector<std::string>& settled) override {
    if (broken) return units::fail(units::ErrorCode::io, "disk full");
    for (auto& row : rows) {
      if (row.id != id) continue;
      ++row.attempts;
      row.last_answer = answer;
      row.not_before = not_before;
      row.settled = settled;
    }
    return {};
  }
  units::Result<void> give_up(std::uint64_t id, const std::string& answer, units::Instant) override {
    given_up[id] = answer;
    std::erase_if(rows, [&](const auto& row) { return row.id == id; });
    return {};
  }
};

struct Clock final : domain::Clock {
  std::int64_t seconds = 0;
  units::Instant now() const override { return at(seconds); }
  units::Steady steady() const override { return units::Steady{} + std::chrono::seconds(1000 + seconds); }
};

/// Answers as told; remembers what came, by Message-ID.
struct FarEnd {
  std::vector<std::string> got, tried;
  std::optional<units::ErrorCode> trouble;
  std::map<std::string, units::ErrorCode> refused;  ///< by Message-ID

  Send send() {
    return [this](const Receiver&, const domain::Delivery& delivery, const std::stop_token&) -> units::Result<Outcome> {
      tried.push_back(delivery.message_id);
      if (trouble) return units::fail(*trouble, "mail:25: connection refused");
      if (const auto no = refused.find(delivery.message_id); no != refused.end()) return units::fail(no->second, "no");
      got.push_back(delivery.message_id);
      return Outcome{"250 OK"};
    };
  }
};

}  // namespace vedette::notify::testing

// Desks and gate on a real control.db, with time by hand.
#pragma once

#include <gtest/gtest.h>

#include <future>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "server/access/gate.h"
#include "server/access/logins.h"
#include "server/access/people.h"
#include "server/access/secrets.h"
#include "server/control/store.h"
#include "tests/temporary_directory.h"

namespace vedette::access {

struct FakeClock final : domain::Clock {
  units::Instant wall = units::from_unix_ms(1'795'000'000'000);
  units::Steady monotonic{std::chrono::hours(1)};
  units::Instant now() const override { return wall; }
  units::Steady steady() const override { return monotonic; }
};

struct Revocations final : domain::RevocationObserver {
  std::set<domain::Digest> ended;
  std::map<std::uint64_t, domain::AccessRole> roles;
  void on_host_revoked(domain::HostNumber) override {}
  void on_login_ended(const domain::Digest& sid) override { ended.insert(sid); }
  void on_role_changed(std::uint64_t user, domain::AccessRole role) override { roles[user] = role; }
};

struct Bench {
  explicit Bench(const std::filesystem::path& folder = {})
      : store(std::move(*control::Store::open((folder.empty() ? directory.path() : folder) / "control.db"))) {}

  tests::TemporaryDirectory directory;
  std::unique_ptr<control::Store> store;
  FakeClock clock;
  Revocations revocations;
  LoginBook logins{*store, clock};
  LoginDesk desk{*store, logins, clock, revocations, "vedette-server user add admin"};
  Gate gate{{{"https://mon.example.org"}}, *store, logins, clock};

  domain::LoginAnswer log_in(const std::string& user, const std::string& password,
                             const std::string& peer = "192.0.2.7:1") {
    std::promise<domain::LoginAnswer> answer;
    desk.log_in(user, password, peer, [&](domain::LoginAnswer a) { answer.set_value(std::move(a)); });
    return answer.get_future().get();
  }
  static domain::RequestHead with(const std::string& name, const std::string& value) {
    domain::RequestHead head;
    head.headers.emplace_back(name, value);
    return head;
  }
};

}  // namespace vedette::access

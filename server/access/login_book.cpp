#include "server/access/login_book.h"

#include <algorithm>
#include <iterator>

#include "schema/units/log.h"

namespace vedette::access {

using domain::LoginRecord;
using units::Result;

namespace {

constexpr std::size_t kMostWaiting = 256;
constexpr std::ptrdiff_t kMostOfAUser = 8;
constexpr std::chrono::seconds kAgain{5};

}  // namespace

LoginBook::~LoginBook() {
  moving_.with([](units::Steady& again) { again = {}; });
  store_waiting();
}

Result<void> LoginBook::add(const LoginRecord& login) {
  auto stored = store_.add_login(login);
  if (stored) return stored;
  const bool may_pass =
      stored.error().code == units::ErrorCode::unavailable || stored.error().code == units::ErrorCode::io;
  if (!may_pass || !keep(login)) return stored;
  units::log_error("login kept in memory until it can be stored", {{"error", stored.error().message}});
  return {};
}

bool LoginBook::keep(const LoginRecord& login) {
  return waiting_.with([&](Waiting& waiting) {
    const auto same_user = [&](const LoginRecord& one) { return one.user == login.user; };
    if (std::ranges::count_if(waiting, same_user) >= kMostOfAUser)
      waiting.erase(std::ranges::find_if(waiting, same_user));
    if (waiting.size() >= kMostWaiting) return false;
    waiting.push_back(login);
    return true;
  });
}

Result<std::optional<LoginRecord>> LoginBook::find(const domain::Digest& sid) {
  // Memory first: on its way into the store a login is in both for a moment, never in none.
  auto kept = waiting_.with([&](Waiting& waiting) -> std::optional<LoginRecord> {
    const auto found = std::ranges::find(waiting, sid, &LoginRecord::sid);
    return found == waiting.end() ? std::nullopt : std::optional(*found);
  });
  if (kept) return kept;
  return store_.login(sid);
}

bool LoginBook::take_out(const domain::Digest& sid) {
  return waiting_.with([&](Waiting& waiting) {
    return std::erase_if(waiting, [&](const LoginRecord& one) { return one.sid == sid; }) > 0;
  });
}

Result<void> LoginBook::remove(const domain::Digest& sid) {
  if (take_out(sid)) return {};
  return store_.remove_login(sid);
}

std::vector<domain::Digest> LoginBook::forget(std::uint64_t user) {
  return waiting_.with([user](Waiting& waiting) {
    std::vector<domain::Digest> sids;
    std::erase_if(waiting, [&](const LoginRecord& one) {
      if (one.user != user) return false;
      sids.push_back(one.sid);
      return true;
    });
    return sids;
  });
}

Result<domain::UserChange> LoginBook::end_with(const std::function<Result<domain::UserChange>()>& change) {
  return moving_.with([&](units::Steady&) {
    auto changed = change();
    if (changed) std::ranges::move(forget(changed->user.id), std::back_inserter(changed->ended));
    return changed;
  });
}

void LoginBook::store_waiting() {
  if (waiting() == 0) return;
  (void)moving_.try_with([this](units::Steady& again) { move_into_store(again); });
}

void LoginBook::move_into_store(units::Steady& again) {
  if (clock_.steady() < again) return;
  for (const LoginRecord& login : waiting_.with([](const Waiting& all) { return all; })) {
    if (auto stored = store_.add_login(login); !stored) {
      again = clock_.steady() + kAgain;
      return;
    }
    if (take_out(login.sid)) continue;
    // Signed out meanwhile.
    if (const auto removed = store_.remove_login(login.sid); !removed) {
      units::log_error("a login that was ended can't be removed from the store; it ends by itself",
                       {{"error", removed.error().message}});
    }
  }
  units::log_info("logins kept in memory are stored");
}

std::size_t LoginBook::waiting() const {
  return waiting_.with([](const Waiting& all) { return all.size(); });
}

}  // namespace vedette::access

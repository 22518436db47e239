#include "server/access/logins.h"

#include "schema/units/ascii.h"
#include "schema/units/log.h"
#include "server/access/people.h"
#include "server/access/secrets.h"

namespace vedette::access {

using domain::LoginAnswer;
using domain::LoginGrant;
using domain::LoginRefusal;
using std::chrono::seconds;
using units::ErrorCode;
using units::Result;

namespace {

std::unexpected<LoginRefusal> refused(LoginRefusal::Why why, std::string words, seconds retry = seconds{0}) {
  return std::unexpected(LoginRefusal{why, std::move(words), retry});
}

/// Names differ only by more than the case of ASCII letters, as in the store.
std::string folded(std::string name) {
  return units::lowered(std::move(name));
}

}  // namespace

LoginDesk::LoginDesk(domain::ControlStore& store, LoginBook& logins, const domain::Clock& clock,
                     domain::RevocationObserver& revocations, std::string setup_command, std::uint32_t free_tries)
    : store_(store),
      logins_(logins),
      clock_(clock),
      revocations_(revocations),
      setup_command_(std::move(setup_command)),
      nobody_(hash_password(random_secret())),
      attempts_(Attempts(free_tries)) {}

void LoginDesk::log_in(const std::string& name, const std::string& password, const std::string& peer,
                       std::function<void(LoginAnswer)> answer) {
  const std::string address = address_key(peer);
  const std::string key = folded(name.substr(0, kLongestUserName));
  const auto now = clock_.steady();
  const seconds wait = attempts_.with([&](Attempts& attempts) {
    const seconds left = attempts.wait(address, key, now);
    if (left == seconds{0}) attempts.count(address, key, now);
    return left;
  });
  if (wait > seconds{0}) {
    ++paused_;
    log_refusal(peer, key);
    return answer(refused(LoginRefusal::Why::paused,
                          "Too many wrong tries. The next one is possible in " + units::spoken_duration(wait) + ".",
                          wait));
  }
  auto user = store_.user(name);
  if (!user) {
    attempts_.with([&](Attempts& attempts) { attempts.take_back(address, key); });
    return answer(broken(user.error(), peer));
  }
  const std::string phc = *user ? (*user)->password : nobody_;
  const auto judge = [this, user = *user, peer, key, answer](bool fits) { answer(judged(fits, user, peer, key)); };
  if (!bench_.verify(phc, password, judge)) {
    attempts_.with([&](Attempts& attempts) { attempts.take_back(address, key); });
    answer(refused(LoginRefusal::Why::busy, "Too many people are signing in; try again in a moment.", seconds{2}));
  }
}

LoginAnswer LoginDesk::judged(bool fits, const std::optional<domain::User>& user, const std::string& peer,
                              const std::string& name) {
  const std::string address = address_key(peer);
  if (!fits || !user) {
    log_refusal(peer, name);
    const std::string left =
        attempts_.with([&](Attempts& attempts) { return attempts.words(address, name, clock_.steady()); });
    return refused(LoginRefusal::Why::wrong, "User or password is wrong. " + left);
  }
  attempts_.with([&](Attempts& attempts) { attempts.succeeded(address, name, clock_.steady()); });
  return granted(*user, peer);
}

void LoginDesk::log_refusal(const std::string& peer, const std::string& name) {
  const auto count = refusals_.with([&](RefusalLog& log) { return log.count(address_key(peer), clock_.steady()); });
  if (count > 0) units::log_warning("login refused", {{"user", name}, {"peer", peer}, {"refused", count}});
}

LoginAnswer LoginDesk::broken(const units::Error& error, const std::string& peer) {
  const auto count = refusals_.with([&](RefusalLog& log) { return log.count(address_key(peer), clock_.steady()); });
  if (count > 0) units::log_error("login failed", {{"peer", peer}, {"error", error.message}, {"refused", count}});
  if (error.code == ErrorCode::unavailable) return refused(LoginRefusal::Why::unavailable, error.message);
  return refused(LoginRefusal::Why::failed, "The collector failed to answer; its log says why.");
}

LoginAnswer LoginDesk::granted(const domain::User& user, const std::string& peer) {
  const std::string secret = random_secret();
  const domain::LoginRecord login{sha256(secret), user.id, clock_.now(), clock_.now() + kLoginLifetime};
  if (auto kept = logins_.add(login); !kept) return broken(kept.error(), peer);
  // The password may have been changed, or the user removed, since it was looked up: that ended the logins there were.
  const auto still = store_.user(user.id);
  if (still && *still && (*still)->password == user.password) {
    units::log_info("signed in", {{"user", user.name}, {"peer", peer}});
    return LoginGrant{{user.id, user.name, user.role, login.sid, login.expires}, secret, kLoginLifetime};
  }
  if (const auto removed = logins_.remove(login.sid); !removed) {  // nobody has its secret
    units::log_error("a login that was not granted can't be removed from the store; it ends by itself",
                     {{"user", user.name}, {"error", removed.error().message}});
  }
  if (!still) return broken(still.error(), peer);
  log_refusal(peer, folded(user.name));
  return refused(LoginRefusal::Why::wrong, "User or password is wrong.");
}

Result<void> LoginDesk::log_out(const domain::Person& person) {
  if (auto removed = logins_.remove(person.sid); !removed) return removed;
  revocations_.on_login_ended(person.sid);
  units::log_info("signed out", {{"user", person.name}});
  return {};
}

std::string LoginDesk::setup_command() {
  const auto users = store_.user_count();
  return users && *users == 0 ? setup_command_ : std::string();
}

}  // namespace vedette::access

#include "server/access/enrolment.h"

#include "schema/units/log.h"
#include "server/access/addresses.h"
#include "server/access/secrets.h"

namespace vedette::access {

using domain::EnrolAnswer;
using domain::EnrolRefusal;
using std::chrono::seconds;
using units::ErrorCode;
using units::Result;

namespace {

constexpr units::Milliseconds kLongestLife = std::chrono::hours(24 * 366);

}  // namespace

Result<std::string> create_token(domain::AccessRecords& store, std::uint32_t uses, units::Milliseconds life,
                                 units::Instant now, std::uint32_t most_uses) {
  if (uses == 0 || uses > most_uses) {
    return units::fail(ErrorCode::invalid, "uses is " + std::to_string(uses) + "; it must be 1 to " +
                                               std::to_string(most_uses) + " (limits.agents_per_token)");
  }
  if (life <= units::Milliseconds{0} || life > kLongestLife) {
    return units::fail(ErrorCode::invalid,
                       "expires is " + units::format_duration(life) + "; it must be above 0 and at most 366d");
  }
  std::string token = random_secret();
  if (auto kept = store.add_token(sha256(token), uses, now + life); !kept)
    return std::unexpected(std::move(kept.error()));
  return token;
}

EnrolAnswer EnrolmentDesk::enrol(const std::string& token, const std::string& hostname, const std::string& peer) {
  if (!is_host_name(hostname)) {
    return std::unexpected(EnrolRefusal{
        {ErrorCode::invalid, "hostname must be 1 to 253 letters, digits, \"-\", \".\" or \"_\""}, seconds{0}});
  }
  const std::string address = address_key(peer);
  const seconds wait = doorman_.with([&, now = clock_.steady()](Doorman& doorman) {
    const seconds left = doorman.tries.wait(address, now);
    if (left == seconds{0}) doorman.tries.count(address, free_tries_, now);
    return left;
  });
  if (wait > seconds{0}) {
    ++paused_;
    std::string words = "Too many bad enrolment tokens from here. The next try is possible in ";
    return refused({ErrorCode::unavailable, words + units::spoken_duration(wait) + "."}, wait, hostname, peer);
  }
  std::string key = random_secret();
  auto record = store_.enrol(sha256(token), random_host_id(), hostname, sha256(key), clock_.now());
  const bool used_up = !record && record.error().code == ErrorCode::forbidden;
  if (used_up) {
    ++used_up_;
    record.error().code = ErrorCode::unauthorized;  // to the agent one bad token is as good as another
  }
  const bool bad_token = used_up || (!record && record.error().code == ErrorCode::unauthorized);
  if (!bad_token) {
    doorman_.with([&](Doorman& doorman) { record ? doorman.tries.forget(address) : doorman.tries.take_back(address); });
  }
  if (!record) return refused(std::move(record.error()), seconds{0}, hostname, peer);
  units::log_info("host enrolled", {{"host", record->name}, {"id", units::to_string(record->id)}, {"peer", peer}});
  return domain::Enrolled{record->number, record->id, std::move(key)};
}

EnrolAnswer EnrolmentDesk::refused(units::Error error, seconds wait, const std::string& hostname,
                                   const std::string& peer) {
  const auto count =
      doorman_.with([&](Doorman& doorman) { return doorman.log.count(address_key(peer), clock_.steady()); });
  if (count > 0) {
    units::log_warning("enrolment refused",
                       {{"hostname", hostname}, {"peer", peer}, {"error", error.message}, {"refused", count}});
  }
  return std::unexpected(EnrolRefusal{std::move(error), wait});
}

}  // namespace vedette::access

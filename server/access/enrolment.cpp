#include "server/access/enrolment.h"

#include "schema/units/log.h"
#include "server/access/addresses.h"
#include "server/access/secrets.h"

namespace vedette::access {

using units::ErrorCode;
using units::Result;

namespace {

constexpr std::uint32_t kMostUses = 1'000'000;
constexpr units::Milliseconds kLongestLife = std::chrono::hours(24 * 366);

}  // namespace

Result<std::string> create_token(domain::AccessRecords& store, std::uint32_t uses, units::Milliseconds life,
                                 units::Instant now) {
  if (uses == 0 || uses > kMostUses) {
    return units::fail(ErrorCode::invalid, "uses is " + std::to_string(uses) + "; it must be 1 to 1000000");
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

Result<domain::Enrolled> EnrolmentDesk::enrol(const std::string& token, const std::string& hostname) {
  if (!is_host_name(hostname)) {
    return units::fail(ErrorCode::invalid, "hostname must be 1 to 253 letters, digits, \"-\", \".\" or \"_\"");
  }
  std::string key = random_secret();
  auto record = store_.enrol(sha256(token), random_host_id(), hostname, sha256(key), clock_.now());
  if (!record) {
    units::log_warning("enrolment refused", {{"hostname", hostname}, {"error", record.error().message}});
    return std::unexpected(std::move(record.error()));
  }
  units::log_info("host enrolled", {{"host", record->name}, {"id", units::to_string(record->id)}});
  return domain::Enrolled{record->id, std::move(key)};
}

}  // namespace vedette::access

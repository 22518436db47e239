#include "agent/link/enroll.h"

#include <algorithm>
#include <functional>
#include <optional>

#include "agent/link/http.h"
#include "schema/units/host_id.h"

namespace vedette::link {
namespace {

using units::Error;
using units::ErrorCode;
using units::fail;
using Clock = std::chrono::steady_clock;

constexpr std::string_view kPath = "/api/v1/agent/enroll";

/// Whether another collector may be asked instead: nothing was said to this one.
bool out_of_reach(const Error& error) {
  return error.code == ErrorCode::unavailable || error.code == ErrorCode::timeout;
}

/// The answer of the first collector that can be reached; only that one hears the request.
units::Result<Answer> ask_first(std::span<const CollectorAddress> collectors, const Reach& reach,
                                const std::function<std::string(const CollectorAddress&)>& request) {
  Error last{ErrorCode::invalid, "no collector is named"};
  for (const CollectorAddress& address : collectors) {
    const auto until = Clock::now() + reach.limit;
    const auto connection = connect(address, reach, until);
    if (connection) return ask(**connection, request(address), reach, until);
    last = connection.error();
    if (!out_of_reach(last)) break;
    if (!reach.proxy.for_collector(address)) {
      last.message += "; is the collector running, and does a firewall let this port through?";
    }
  }
  return std::unexpected(std::move(last));
}

Error refusal(const Answer& answer) {
  const auto detail = json_member(answer.body, "detail");
  return {answer.status == 429 || answer.status >= 500 ? ErrorCode::unavailable : ErrorCode::invalid,
          "the collector answered HTTP " + std::to_string(answer.status) + (detail ? ": " + *detail : "")};
}

units::Result<Enrolment> enrolment_of(const Answer& answer) {
  if (answer.status == 401 || answer.status == 403) {
    return fail(ErrorCode::unauthorized,
                "the collector refuses the token: it is mistyped, used up or expired; make a new one with "
                "`vedette-server token create`");
  }
  if (answer.status != 200 && answer.status != 201) return std::unexpected(refusal(answer));
  const auto id = json_member(answer.body, "host_id"), key = json_member(answer.body, "key");
  const bool printable = key && std::ranges::all_of(*key, [](char c) { return c > ' ' && c < 0x7f; });
  if (!id || !units::parse_host_id(*id) || !printable || key->empty() || key->size() > 1024) {
    return fail(ErrorCode::invalid, "the answer has no host_id and key; is this a Vedette collector?");
  }
  return Enrolment{*id, *key};
}

}  // namespace

std::expected<Enrolment, EnrolFailure> enroll(std::span<const CollectorAddress> collectors, const Reach& reach,
                                              const std::string& token, const std::string& hostname) {
  const std::string json = "{\"token\":" + json_string(token) + ",\"hostname\":" + json_string(hostname) + "}";
  const auto answer =
      ask_first(collectors, reach, [&](const CollectorAddress& address) { return post_request(address, kPath, json); });
  if (!answer) return std::unexpected(EnrolFailure{answer.error(), {}});
  auto enrolment = enrolment_of(*answer);
  if (enrolment) return std::move(*enrolment);
  return std::unexpected(EnrolFailure{enrolment.error(), answer->retry_after.value_or(units::Milliseconds{0})});
}

units::Result<void> unenroll(std::span<const CollectorAddress> collectors, const Reach& reach, const std::string& key) {
  const auto answer = ask_first(collectors, reach,
                                [&](const CollectorAddress& address) { return delete_request(address, kPath, key); });
  if (!answer) return std::unexpected(answer.error());
  if (answer->status == 401 || answer->status == 403) {
    return fail(ErrorCode::not_found, "the collector doesn't know this machine's key (any more)");
  }
  if (answer->status != 204 && answer->status != 200) return std::unexpected(refusal(*answer));
  return {};
}

}  // namespace vedette::link

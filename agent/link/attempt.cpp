#include "agent/link/attempt.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <array>
#include <cstdlib>
#include <utility>

namespace vedette::link {
namespace {

using units::Error;
using units::ErrorCode;

/// 16 random bytes in base64 (RFC 6455 4.1).
std::string random_key() {
  std::array<unsigned char, 16> bytes{};
  std::array<unsigned char, 25> text{};
  if (RAND_bytes(bytes.data(), bytes.size()) != 1) std::abort();
  const int length = EVP_EncodeBlock(text.data(), bytes.data(), bytes.size());
  return {reinterpret_cast<const char*>(text.data()), static_cast<std::size_t>(length)};
}

std::unexpected<Attempt::Failure> failed(Error error) {
  return std::unexpected(Attempt::Failure{std::move(error), std::nullopt});
}

}  // namespace

Attempt::Attempt(Dialer::Target target, const TlsContext& trust, const Lookup& lookup, std::string key, Limits limits,
                 units::Steady now)
    : collector_(target.collector),
      key_(std::move(key)),
      limits_(limits),
      dialer_(std::move(target), trust, lookup, limits.dial, now) {}

void Attempt::interests(std::vector<pollfd>& list) const {
  if (!connection_) return dialer_.interests(list);
  list.push_back({connection_->socket, waits_for_, 0});
}

units::Steady Attempt::deadline() const {
  return connection_ ? until_ : dialer_.deadline();
}

std::optional<Attempt::Outcome> Attempt::step(units::Steady now) {
  if (!connection_) {
    auto dialled = dialer_.step(now);
    if (!dialled) return std::nullopt;
    if (!*dialled) {
      Failure failure{dialled->error(), std::nullopt};
      // A proxy may lock an account out after a few wrong passwords.
      if (failure.error.code == ErrorCode::unauthorized) failure.at_least = limits_.refused;
      return std::unexpected(std::move(failure));
    }
    connection_ = std::move(**dialled);
    websocket_key_ = random_key();
    outgoing_ = upgrade_request(collector_, websocket_key_, {.bearer = key_});
    until_ = now + limits_.upgrade;
  }
  return outgoing_.empty() ? read_answer(now) : send_request(now);
}

std::optional<Attempt::Outcome> Attempt::send_request(units::Steady now) {
  while (!outgoing_.empty()) {
    const auto written =
        connection_->tls->write({reinterpret_cast<const std::uint8_t*>(outgoing_.data()), outgoing_.size()});
    if (!written) return failed(written.error());
    if (written->io == Io::closed || now >= until_) {
      return failed({ErrorCode::unavailable, "the collector didn't take the upgrade request"});
    }
    if (written->io != Io::done) {
      waits_for_ = events_of(written->io);
      return std::nullopt;
    }
    outgoing_.erase(0, written->count);
  }
  return read_answer(now);
}

std::optional<Attempt::Outcome> Attempt::read_answer(units::Steady now) {
  std::array<std::uint8_t, 4096> buffer{};
  while (true) {
    const auto head = parse_response(incoming_);
    if (!head) return failed(head.error());
    if (*head) return judge(**head);
    const auto got = connection_->tls->read(buffer);
    if (!got) return failed(got.error());
    if (got->io == Io::closed) return failed({ErrorCode::unavailable, "the collector hung up before the upgrade"});
    if (got->io != Io::done) {
      waits_for_ = events_of(got->io);
      if (now < until_) return std::nullopt;
      return failed({ErrorCode::timeout, "the collector didn't answer the upgrade in time"});
    }
    incoming_.append(reinterpret_cast<const char*>(buffer.data()), got->count);
  }
}

Attempt::Outcome Attempt::judge(const ResponseHead& head) {
  const auto upgraded = check_upgrade(head, websocket_key_);
  if (upgraded) return Opened{std::move(connection_), incoming_.substr(head.size)};
  const bool later = upgraded.error().code == ErrorCode::unavailable;
  return std::unexpected(Failure{upgraded.error(), later ? retry_after(head) : std::optional(limits_.refused)});
}

}  // namespace vedette::link

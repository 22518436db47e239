#include "tests/conformance/echo_client.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <array>
#include <cstdlib>

#include "agent/link/http.h"
#include "schema/wire/permessage_deflate.h"
#include "schema/wire/session.h"
#include "tests/conformance/first_look.h"
#include "tests/conformance/limits.h"
#include "tests/conformance/transport.h"

namespace vedette::conformance {
namespace {

using link::Io;
using units::ErrorCode;
using units::fail;

constexpr int kPatienceMs = 120'000;  ///< nothing happens: the suite computes 16 MB messages in Python
constexpr int kGoodbyeMs = 5'000;     ///< the close handshake is over: it is the server that ends the connection

void fill_random(std::span<std::uint8_t> out) {
  if (RAND_bytes(out.data(), static_cast<int>(out.size())) != 1) std::abort();
}

std::string random_key() {
  std::array<unsigned char, 16> bytes{};
  std::array<unsigned char, 25> text{};
  fill_random(bytes);
  const int length = EVP_EncodeBlock(text.data(), bytes.data(), bytes.size());
  return {reinterpret_cast<const char*>(text.data()), static_cast<std::size_t>(length)};
}

std::span<const std::uint8_t> as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

units::Result<void> shake_hands(Transport& transport) {
  while (true) {
    const auto io = transport.handshake();
    if (!io) return std::unexpected(io.error());
    if (*io == Io::done) return {};
    if (*io == Io::closed || !transport.wait(*io, kPatienceMs)) {
      return fail(ErrorCode::unavailable, "the TLS handshake came to nothing");
    }
  }
}

units::Result<void> write_all(Transport& transport, std::string_view text) {
  while (!text.empty()) {
    const auto written = transport.write(as_bytes(text));
    if (!written) return std::unexpected(written.error());
    text.remove_prefix(written->count);
    if (written->io == Io::closed || (written->io != Io::done && !transport.wait(written->io, kPatienceMs))) {
      return fail(ErrorCode::unavailable, "the server didn't take the request");
    }
  }
  return {};
}

struct Upgraded {
  wire::Compression compression;
  std::string early;  ///< bytes behind the head
};

units::Result<Upgraded> read_upgrade(Transport& transport, const std::string& key, const link::Upgrade& upgrade,
                                     wire::Deflate& deflate) {
  std::array<std::uint8_t, 4096> buffer{};
  std::string incoming;
  while (true) {
    const auto head = link::parse_response(incoming);
    if (!head) return std::unexpected(head.error());
    if (*head) {
      if (const auto good = link::check_upgrade(**head, key, upgrade); !good) return std::unexpected(good.error());
      const auto bits = wire::check_answer((*head)->field("sec-websocket-extensions"));
      if (!bits) return std::unexpected(bits.error());
      return Upgraded{*bits ? wire::Compression{&deflate, **bits} : wire::Compression{},
                      incoming.substr((*head)->size)};
    }
    const auto got = transport.read(buffer);
    if (!got) return std::unexpected(got.error());
    if (got->io == Io::closed || (got->io != Io::done && !transport.wait(got->io, kPatienceMs))) {
      return fail(ErrorCode::unavailable, "the server didn't answer the upgrade");
    }
    incoming.append(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(got->count));
  }
}

/// The talk after the upgrade.
class Talk final : private wire::SessionEvents {
 public:
  Talk(Transport& transport, wire::Compression compression, bool echoes)
      : transport_(transport),
        session_(wire::Role::client, {.message = kLongestMessage, .fragments = kMostFragments}, fill_random,
                 compression),
        echoes_(echoes) {}

  units::Result<void> run(std::string_view early) {
    feed(as_bytes(early));
    while (true) {
      const auto more = read_some();
      if (!more) return std::unexpected(more.error());
      const auto blocked = write_some();
      if (!blocked) return std::unexpected(blocked.error());
      if (ended_) return {};
      if (*more) continue;
      const bool over = session_.close_received() || session_.fault();
      if (transport_.wait(reads(), *blocked, over ? kGoodbyeMs : kPatienceMs)) continue;
      if (over) return {};  // the server doesn't end it, so we do
      return fail(ErrorCode::timeout, "the server fell silent");
    }
  }
  [[nodiscard]] std::string take_text() { return std::move(text_); }

 private:
  void feed(std::span<const std::uint8_t> bytes) {
    // A fault of the server's closes the session with its code: that is what suites look for.
    if (!session_.receive(bytes, *this)) return;
  }

  [[nodiscard]] bool reads() const { return session_.wants_input() || session_.close_sent(); }

  /// True if there may be more to read at once.
  units::Result<bool> read_some() {
    if (!reads()) return false;
    const auto got = transport_.read(buffer_);
    if (!got) return std::unexpected(got.error());
    if (got->io == Io::closed) ended_ = true;
    if (got->io != Io::done) return false;
    feed(std::span(buffer_).first(got->count));
    return true;
  }

  /// True if the socket takes no more just now.
  units::Result<bool> write_some() {
    while (!ended_ && !session_.output().empty()) {
      const auto written = transport_.write(session_.output());
      if (!written) return std::unexpected(written.error());
      if (written->io == Io::closed) ended_ = true;
      if (written->io != Io::done) return true;
      session_.consume(written->count);
    }
    return false;
  }

  void on_message(wire::Opcode opcode, std::span<const std::uint8_t> data) override {
    const std::string_view payload(reinterpret_cast<const char*>(data.data()), data.size());
    if (echoes_) {
      session_.send(opcode, payload);
    } else if (opcode == wire::Opcode::text && text_.empty()) {
      text_ = payload;
    }
  }
  void on_ping(std::span<const std::uint8_t>) override {}
  void on_pong(std::span<const std::uint8_t>) override {}
  void on_close(std::uint16_t, std::string_view) override {}

  Transport& transport_;
  wire::Session session_;
  bool echoes_;
  bool ended_ = false;
  std::string text_;
  std::array<std::uint8_t, 16 * 1024> buffer_{};
};

/// Connects, upgrades and talks. The text that came, if it wasn't echoed.
units::Result<std::string> converse(Transport& transport, const link::CollectorAddress& address, link::Upgrade upgrade,
                                    wire::Deflate& deflate, bool echoes) {
  upgrade.subprotocol.clear();
  upgrade.extensions = wire::kDeflateOffer;
  if (const auto shaken = shake_hands(transport); !shaken) return std::unexpected(shaken.error());
  const std::string key = random_key();
  const auto asked = write_all(transport, link::upgrade_request(address, key, upgrade));
  if (!asked) return std::unexpected(asked.error());
  const auto upgraded = read_upgrade(transport, key, upgrade, deflate);
  if (!upgraded) return std::unexpected(upgraded.error());
  Talk talk(transport, upgraded->compression, echoes);
  if (const auto done = talk.run(upgraded->early); !done) return std::unexpected(done.error());
  return talk.take_text();
}

}  // namespace

units::Result<EchoClient> EchoClient::create(std::string_view url) {
  const bool tls = url.starts_with("wss://");
  if (!tls && !url.starts_with("ws://")) return fail(ErrorCode::invalid, "write ws://HOST:PORT or wss://HOST:PORT");
  std::string rest(url.substr(url.find("//") + 2));
  if (rest.ends_with('/')) rest.pop_back();
  if (rest.rfind(':') == std::string::npos || rest.ends_with(']')) rest += tls ? ":443" : ":80";
  const auto address = link::parse_collector_url("https://" + rest);
  if (!address) return std::unexpected(address.error());
  const auto found = link::resolve_now(*address);
  if (!found) return std::unexpected(found.error());
  EchoClient client;
  client.address_ = *address;
  client.socket_address_ = found->front();
  if (!tls) return client;
  auto identity = look_at(client.socket_address_, address->host);
  if (!identity) return std::unexpected(identity.error());
  auto context = link::TlsContext::create(identity->pin);
  if (!context) return std::unexpected(context.error());
  client.tls_ = std::move(*context);
  client.certified_host_ = std::move(identity->host);
  return client;
}

units::Result<std::string> EchoClient::connect(const std::string& path, bool echoes) {
  const auto socket = connect_to(socket_address_);
  if (!socket) return std::unexpected(socket.error());
  Transport transport(*socket, tls_ ? &*tls_ : nullptr, certified_host_);
  return converse(transport, address_, {.path = path}, *deflate_, echoes);
}

units::Result<void> EchoClient::echo(const std::string& path) {
  const auto done = connect(path, true);
  if (!done) return std::unexpected(done.error());
  return {};
}

units::Result<std::string> EchoClient::read_text(const std::string& path) {
  return connect(path, false);
}

}  // namespace vedette::conformance

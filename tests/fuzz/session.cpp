// A WebSocket session in both roles, with permessage-deflate or without, fed in pieces that the input chooses. What it
// sends back, a collector also in shared frames, must reach a peer of the other role as it was. The first byte: role,
// compression and size of the pieces.
#include "schema/wire/session.h"

#include <algorithm>
#include <deque>
#include <string>
#include <string_view>
#include <utility>

#include "schema/units/utf8.h"
#include "tests/fuzz/require.h"

namespace {

using namespace vedette;

constexpr wire::SessionLimits kLimits{.message = 2'000, .fragments = 16};

using Message = std::pair<wire::Opcode, std::string>;

struct Events final : wire::SessionEvents {
  wire::Session* session = nullptr;  ///< what it is told is sent back
  wire::Deflate* deflate = nullptr;
  bool shares = false;         ///< every other message is sent as a shared frame
  std::deque<Message> echoes;  ///< queued in `session`
  std::size_t echoed = 0;
  bool closed = false;
  void on_message(wire::Opcode opcode, std::span<const std::uint8_t> data) override {
    fuzz::require(!closed, "nothing comes after a close");
    fuzz::require(data.size() <= kLimits.message, "messages are within the limit");
    const std::string_view text(reinterpret_cast<const char*>(data.data()), data.size());
    fuzz::require(opcode == wire::Opcode::binary || units::is_utf8(text), "text is UTF-8");
    const bool shared = shares && echoes.size() % 2 == 1;
    if (!(shared ? session->send(wire::make_frame(opcode, text, deflate)) : session->send(opcode, text))) return;
    echoes.emplace_back(opcode, text);
    echoed += text.size() + 14;
  }
  void on_ping(std::span<const std::uint8_t> data) override { fuzz::require(data.size() <= 125, "pings are short"); }
  void on_pong(std::span<const std::uint8_t> data) override { fuzz::require(data.size() <= 125, "pongs are short"); }
  void on_close(std::uint16_t code, std::string_view) override {
    fuzz::require(!closed, "there is one close");
    fuzz::require(code == wire::close::no_status || wire::close::on_wire(code), "the code may travel");
    closed = true;
  }
};

/// The other end: gets what was sent, and nothing else.
struct PeerEvents final : wire::SessionEvents {
  explicit PeerEvents(std::deque<Message>& messages) : expected(messages) {}
  std::deque<Message>& expected;
  void on_message(wire::Opcode opcode, std::span<const std::uint8_t> data) override {
    fuzz::require(!expected.empty(), "no message comes that wasn't sent");
    const std::string_view text(reinterpret_cast<const char*>(data.data()), data.size());
    fuzz::require(expected.front() == Message(opcode, text), "a message arrives as it was sent");
    expected.pop_front();
  }
  void on_ping(std::span<const std::uint8_t>) override { fuzz::require(false, "no ping was sent"); }
  void on_pong(std::span<const std::uint8_t> data) override { fuzz::require(data.size() <= 125, "pongs are short"); }
  void on_close(std::uint16_t code, std::string_view) override {
    fuzz::require(code == wire::close::no_status || wire::close::on_wire(code), "the code may travel");
  }
};

void zero_mask(std::span<std::uint8_t> out) {
  std::ranges::fill(out, std::uint8_t{0});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static wire::Deflate deflate;  // as in the product: what one session leaves in it, the next one finds
  const wire::Role role = (data[0] & 1) != 0 ? wire::Role::client : wire::Role::server;
  const wire::Role other = role == wire::Role::client ? wire::Role::server : wire::Role::client;
  wire::Deflate* const agreed = (data[0] & 2) != 0 ? &deflate : nullptr;
  const std::size_t step = (data[0] >> 2) + 1U;
  const auto window = static_cast<std::uint8_t>(8 + step % 8);
  wire::Session session(role, kLimits, zero_mask, {agreed, window});
  Events events;
  events.session = &session;
  events.deflate = &deflate;
  events.shares = role == wire::Role::server;
  std::span<const std::uint8_t> rest(data + 1, size - 1);
  while (!rest.empty()) {
    const auto piece = rest.first(std::min(step, rest.size()));
    rest = rest.subspan(piece.size());
    const auto result = session.receive(piece, events);
    fuzz::require(result.has_value() || session.fault().has_value(), "an error has a code");
    // Beside echoes, each as long as its message at most, there are pongs.
    fuzz::require(session.queued() < 80 * 150 + events.echoed, "answers are bounded");
  }
  fuzz::require(!session.fault() || session.close_sent(), "a fault closes");
  wire::Session peer(other, kLimits, zero_mask, {agreed, window});
  PeerEvents arrived(events.echoes);
  std::size_t drained = 0;
  const std::size_t queued = session.queued();
  while (!session.output().empty()) {
    const auto piece = session.output().first(std::min(step * 7, session.output().size()));
    fuzz::require(peer.receive(piece, arrived).has_value(), "a peer takes what we send");
    drained += piece.size();
    session.consume(piece.size());
  }
  fuzz::require(drained == queued, "what is queued comes out");
  fuzz::require(events.echoes.empty(), "what was sent arrives");
  return 0;
}

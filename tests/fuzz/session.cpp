// A WebSocket session in both roles, with permessage-deflate or without, fed in pieces that the input chooses. The
// first byte: role, compression and size of the pieces.
#include "schema/wire/session.h"

#include <algorithm>
#include <string_view>

#include "schema/units/utf8.h"
#include "tests/fuzz/require.h"

namespace {

using namespace vedette;

constexpr wire::SessionLimits kLimits{.message = 2'000, .fragments = 16};

struct Events final : wire::SessionEvents {
  wire::Session* session = nullptr;  ///< what it is told is sent back
  std::size_t echoed = 0;
  bool closed = false;
  void on_message(wire::Opcode opcode, std::span<const std::uint8_t> data) override {
    fuzz::require(!closed, "nothing comes after a close");
    fuzz::require(data.size() <= kLimits.message, "messages are within the limit");
    const std::string_view text(reinterpret_cast<const char*>(data.data()), data.size());
    fuzz::require(opcode == wire::Opcode::binary || units::is_utf8(text), "text is UTF-8");
    if (session->send(opcode, text)) echoed += text.size() + 14;
  }
  void on_ping(std::span<const std::uint8_t> data) override { fuzz::require(data.size() <= 125, "pings are short"); }
  void on_pong(std::span<const std::uint8_t> data) override { fuzz::require(data.size() <= 125, "pongs are short"); }
  void on_close(std::uint16_t code, std::string_view) override {
    fuzz::require(!closed, "there is one close");
    fuzz::require(code == wire::close::no_status || wire::close::on_wire(code), "the code may travel");
    closed = true;
  }
};

void zero_mask(std::span<std::uint8_t> out) {
  std::ranges::fill(out, std::uint8_t{0});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static wire::Deflate deflate;  // as in the product: what one session leaves in it, the next one finds
  const bool compresses = (data[0] & 2) != 0;
  const std::size_t step = (data[0] >> 2) + 1U;
  wire::Session session((data[0] & 1) != 0 ? wire::Role::client : wire::Role::server, kLimits, zero_mask,
                        {compresses ? &deflate : nullptr, static_cast<std::uint8_t>(9 + step % 7)});
  Events events;
  events.session = &session;
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
  std::size_t drained = 0;
  const std::size_t queued = session.queued();
  while (!session.output().empty()) {
    drained += session.output().size();
    session.consume(session.output().size());
  }
  fuzz::require(drained == queued, "what is queued comes out");
  return 0;
}

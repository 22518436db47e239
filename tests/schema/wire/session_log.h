// What tests of sessions share: a mask that is no secret, and events written down.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "schema/wire/session.h"

namespace vedette::wire {

/// The same mask each time: tests need no secrets.
inline void fixed_mask(std::span<std::uint8_t> out) {
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::uint8_t>(0x5A + 13 * i);
}

inline std::span<const std::uint8_t> as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string as_text(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Writes down what happened: "text:hello", "ping:x", "close:1000:bye".
struct Log final : SessionEvents {
  std::vector<std::string> seen;
  std::function<void()> after_message;
  void on_message(Opcode opcode, std::span<const std::uint8_t> data) override {
    seen.push_back((opcode == Opcode::text ? "text:" : "binary:") + as_text(data));
    if (after_message) after_message();
  }
  void on_ping(std::span<const std::uint8_t> data) override { seen.push_back("ping:" + as_text(data)); }
  void on_pong(std::span<const std::uint8_t> data) override { seen.push_back("pong:" + as_text(data)); }
  void on_close(std::uint16_t code, std::string_view reason) override {
    seen.push_back("close:" + std::to_string(code) + ":" + std::string(reason));
  }
};

/// Everything that waits to be written.
inline std::string drain(Session& session) {
  std::string out;
  while (!session.output().empty()) {
    out.append(session.output().begin(), session.output().end());
    session.consume(session.output().size());
  }
  return out;
}

}  // namespace vedette::wire

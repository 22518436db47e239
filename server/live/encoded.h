// A live message in the form in which a transport sends it. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "schema/wire/deflate.h"
#include "server/domain/connection.h"

namespace vedette::live {

/// What a transport sends of a message.
enum class Form : std::uint8_t {
  frame,  ///< a WebSocket text frame
  event,  ///< an event of Server-Sent Events, with the cursor as its id
  text,   ///< the JSON text, for long polling
};
inline constexpr std::size_t kForms = 3;

/// One message in one form, immutable and shared between viewers and threads.
struct Encoded {
  domain::SharedFrame frame;                ///< Form::frame, if it is for many
  std::shared_ptr<const std::string> text;  ///< Form::event and Form::text; Form::frame for one viewer: not framed yet

  [[nodiscard]] explicit operator bool() const noexcept { return frame || text; }
  [[nodiscard]] std::size_t size() const noexcept {
    return frame ? frame->plain.size() + frame->deflated.size() : text ? text->size() : 0;
  }
};
/// One message in the forms that somebody wants.
using Encodings = std::array<Encoded, kForms>;

/// `text` is a live message, one line of JSON; `cursor` is the place after it, empty if it doesn't move on (errors).
/// With `deflate` the message is for many: framed, and compressed, once for all of them.
[[nodiscard]] Encoded encode(Form form, std::string_view text, std::string_view cursor,
                             wire::Deflate* deflate = nullptr);
/// A beat. As an event it begins with a comment, which proxies and clients take for a sign of life as well.
[[nodiscard]] Encoded encode_beat(Form form, std::string_view cursor, wire::Deflate* deflate = nullptr);

/// The last event of a stream: {"code","reason"}, what a WebSocket's close frame says.
[[nodiscard]] std::string close_event(std::uint16_t code, std::string_view reason);

}  // namespace vedette::live

#include "server/live/encoded.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "schema/wire/session.h"
#include "server/live/message.h"

namespace vedette::live {
namespace {

std::string event_of(std::string_view text, std::string_view cursor) {
  std::string out;
  out.reserve(text.size() + cursor.size() + 16);
  if (!cursor.empty()) out.append("id: ").append(cursor).append("\n");
  return out.append("data: ").append(text).append("\n\n");
}

Encoded share(std::string text) {
  return {nullptr, std::make_shared<const std::string>(std::move(text))};
}

}  // namespace

Encoded encode(Form form, std::string_view text, std::string_view cursor, wire::Deflate* deflate) {
  if (form == Form::frame && deflate != nullptr) return {wire::make_frame(wire::Opcode::text, text, deflate), nullptr};
  return share(form == Form::event ? event_of(text, cursor) : std::string(text));
}

Encoded encode_beat(Form form, std::string_view cursor, wire::Deflate* deflate) {
  const std::string text = beat_text(cursor);
  return form == Form::event ? share(": beat\n" + event_of(text, cursor)) : encode(form, text, cursor, deflate);
}

std::string close_event(std::uint16_t code, std::string_view reason) {
  const nlohmann::json told{{"code", code}, {"reason", reason}};
  return "event: close\ndata: " + told.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n\n";
}

}  // namespace vedette::live

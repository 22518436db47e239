// The part of Session that reads.
#include <utility>

#include "schema/wire/session_impl.h"

namespace vedette::wire {
namespace {

std::string_view as_text(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::uint16_t read_code(std::string_view payload) {
  return static_cast<std::uint16_t>((static_cast<unsigned char>(payload[0]) << 8) |
                                    static_cast<unsigned char>(payload[1]));
}

}  // namespace

/// One step of the reader's; false when it needs more bytes or nothing more may be read.
bool Session::Impl::read_piece(SessionEvents& events) {
  wslay_frame_iocb piece{};
  const FrameReader::Step step = reader.next(piece);
  if (step == FrameReader::Step::needs_more) return false;
  const auto why = step == FrameReader::Step::piece
                       ? on_piece(piece, events)
                       : std::optional(Fault{close::protocol_error, "malformed frame header"});
  if (why) fail(*why);
  return !fault && !close_received;
}

std::optional<Session::Impl::Fault> Session::Impl::on_piece(const wslay_frame_iocb& piece, SessionEvents& events) {
  const bool first = reader.begins_frame();
  if (first) {
    if (auto why = on_frame_start(piece)) return why;
  }
  if (wslay_is_ctrl_frame(piece.opcode)) {
    control.append(reinterpret_cast<const char*>(piece.data), piece.data_length);
    if (reader.in_frame()) return std::nullopt;
    auto why = piece.opcode == WSLAY_CONNECTION_CLOSE ? on_close_frame(events) : std::nullopt;
    if (piece.opcode == WSLAY_PING && !close_sent) {
      answer_ping();
      events.on_ping(as_bytes(control));
    }
    if (piece.opcode == WSLAY_PONG) events.on_pong(as_bytes(control));
    control.clear();
    return why;
  }
  return on_data(piece, first && piece.fin != 0 && fragments == 1, events);
}

std::optional<Session::Impl::Fault> Session::Impl::on_frame_start(const wslay_frame_iocb& piece) {
  // RFC 7692 6.1: RSV1 on the first frame of a message says that it is compressed.
  const bool may_be_compressed =
      compression.deflate != nullptr && (piece.opcode == WSLAY_TEXT_FRAME || piece.opcode == WSLAY_BINARY_FRAME);
  if (piece.rsv != WSLAY_RSV_NONE && !(may_be_compressed && piece.rsv == WSLAY_RSV1_BIT)) {
    return Fault{close::protocol_error, "reserved bits set without an extension"};
  }
  const bool masked = piece.mask != 0;
  if (role == Role::server && !masked) return Fault{close::protocol_error, "client frames have to be masked"};
  if (role == Role::client && masked) return Fault{close::protocol_error, "server frames must not be masked"};
  switch (piece.opcode) {
    case WSLAY_CONTINUATION_FRAME:
    case WSLAY_TEXT_FRAME:
    case WSLAY_BINARY_FRAME:
      return on_data_start(piece);
    case WSLAY_CONNECTION_CLOSE:
    case WSLAY_PING:
    case WSLAY_PONG:
      return std::nullopt;
    default:
      return Fault{close::protocol_error, "unknown opcode"};
  }
}

std::optional<Session::Impl::Fault> Session::Impl::on_data_start(const wslay_frame_iocb& piece) {
  if (piece.opcode == WSLAY_CONTINUATION_FRAME) {
    if (!in_message) return Fault{close::protocol_error, "continuation without a message"};
    if (++fragments > limits.fragments) return Fault{close::policy, "too many fragments"};
  } else {
    if (in_message) return Fault{close::protocol_error, "message inside a fragmented message"};
    in_message = true;
    fragments = 1;
    opcode = piece.opcode == WSLAY_TEXT_FRAME ? Opcode::text : Opcode::binary;
    compressed = piece.rsv != WSLAY_RSV_NONE;
    utf8 = {};
  }
  const std::size_t longest = compressed ? Deflate::longest(limits.message) : limits.message;
  if (piece.payload_length > longest - message.size()) return Fault{close::too_big, "message too big"};
  return std::nullopt;
}

std::optional<Session::Impl::Fault> Session::Impl::on_data(const wslay_frame_iocb& piece, bool whole,
                                                           SessionEvents& events) {
  const std::span data(piece.data, piece.data_length);
  const bool last = piece.fin != 0 && !reader.in_frame();
  if (opcode == Opcode::text && !compressed && (!utf8.feed(data) || (last && !utf8.complete()))) {
    return Fault{close::bad_data, "text is not UTF-8"};
  }
  if (last && whole) {  // it came in one piece: no copy
    in_message = false;
    if (compressed) return on_compressed(as_text(data), events);
    deliver(data, events);
    return std::nullopt;
  }
  message.append(reinterpret_cast<const char*>(data.data()), data.size());
  if (!last) return std::nullopt;
  in_message = false;
  const std::string taken = std::exchange(message, {});
  if (compressed) return on_compressed(taken, events);
  deliver(as_bytes(taken), events);
  return std::nullopt;
}

std::optional<Session::Impl::Fault> Session::Impl::on_compressed(std::string_view payload, SessionEvents& events) {
  if (close_sent) return std::nullopt;  // it would be dropped anyway
  const auto expanded = compression.deflate->expand(payload, limits.message);
  if (!expanded && expanded.error().code == units::ErrorCode::too_large) {
    return Fault{close::too_big, "message too big"};
  }
  if (!expanded) return Fault{close::bad_data, "compressed message can't be expanded"};
  if (opcode == Opcode::text && !units::is_utf8(*expanded)) return Fault{close::bad_data, "text is not UTF-8"};
  deliver(as_bytes(*expanded), events);
  return std::nullopt;
}

void Session::Impl::deliver(std::span<const std::uint8_t> data, SessionEvents& events) {
  if (!close_sent) events.on_message(opcode, data);
}

std::optional<Session::Impl::Fault> Session::Impl::on_close_frame(SessionEvents& events) {
  if (control.empty()) {
    close_received = true;
    queue_close(std::nullopt, {});
    events.on_close(close::no_status, {});
    return std::nullopt;
  }
  if (control.size() == 1) return Fault{close::protocol_error, "close frame of one byte"};
  const std::uint16_t code = read_code(control);
  const std::string_view reason = std::string_view(control).substr(2);
  if (!close::on_wire(code)) return Fault{close::protocol_error, "close code that must not be sent"};
  if (!units::is_utf8(reason)) return Fault{close::bad_data, "close reason is not UTF-8"};
  close_received = true;
  queue_close(code, {});
  events.on_close(code, reason);
  return std::nullopt;
}

void Session::Impl::fail(Fault why) {
  fault = why.code;
  fault_words = why.words;
  std::string().swap(message);
  queue_close(why.code, why.words);
}

}  // namespace vedette::wire

// What a session remembers. Private to schema/wire: session.cpp sends, session_input.cpp reads.
#pragma once

#include <cstdlib>

#include "schema/units/utf8.h"
#include "schema/wire/frame_reader.h"
#include "schema/wire/frame_writer.h"
#include "schema/wire/output_queue.h"
#include "schema/wire/session.h"

namespace vedette::wire {

struct Session::Impl {
  struct Fault {
    std::uint16_t code;
    std::string_view words;
  };

  Impl(Role r, SessionLimits l, Random rnd, Compression c)
      : role(r), limits(l), random(r == Role::client ? rnd : nullptr), compression(c) {
    if (role == Role::client && random == nullptr) std::abort();
  }

  bool read_piece(SessionEvents& events);
  std::optional<Fault> on_piece(const wslay_frame_iocb& piece, SessionEvents& events);
  std::optional<Fault> on_frame_start(const wslay_frame_iocb& piece);
  std::optional<Fault> on_data_start(const wslay_frame_iocb& piece);
  std::optional<Fault> on_data(const wslay_frame_iocb& piece, bool whole, SessionEvents& events);
  std::optional<Fault> on_close_frame(SessionEvents& events);
  std::optional<Fault> on_compressed(std::string_view payload, SessionEvents& events);
  void deliver(std::span<const std::uint8_t> data, SessionEvents& events);
  void fail(Fault why);
  void answer_ping();
  bool queue(FrameKind kind, std::string_view payload);
  bool queue_close(std::optional<std::uint16_t> code, std::string_view reason);
  [[nodiscard]] bool over_limits() const noexcept {
    return out.frames() > limits.queued_messages || out.bytes() > limits.queued;
  }

  Role role;
  SessionLimits limits;
  Random random;
  Compression compression;

  FrameReader reader;
  std::string control;  ///< payload of the current control frame so far

  bool in_message = false;
  Opcode opcode = Opcode::text;
  bool compressed = false;
  std::size_t fragments = 0;
  std::string message;  ///< the current message's payload so far, as it came
  units::Utf8Check utf8;

  OutputQueue out;
  bool close_sent = false;
  bool close_received = false;
  std::optional<std::uint16_t> fault;
  std::string_view fault_words;
};

}  // namespace vedette::wire

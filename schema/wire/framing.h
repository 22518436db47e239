// Version byte and protobuf around it. Private to schema/wire.
#pragma once

#include <google/protobuf/message_lite.h>

#include <span>
#include <string>

#include "schema/units/result.h"

namespace vedette::wire {

/// The version byte and then the message.
[[nodiscard]] std::string pack(const google::protobuf::MessageLite& message);

/// Checks size and version byte and parses the rest into `message`.
[[nodiscard]] units::Result<void> unpack(std::span<const std::uint8_t> bytes, google::protobuf::MessageLite& message);

}  // namespace vedette::wire

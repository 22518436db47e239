#include "schema/wire/framing.h"

#include <google/protobuf/stubs/logging.h>

#include "schema/wire/messages.h"

namespace vedette::wire {

using units::ErrorCode;
using units::fail;

namespace {

/// protobuf writes to stderr when text isn't UTF-8: a peer, or an odd fact of this host, could flood the log.
void silence_protobuf() {
  [[maybe_unused]] static const bool quiet = (google::protobuf::SetLogHandler(nullptr), true);
}

}  // namespace

std::string pack(const google::protobuf::MessageLite& message) {
  silence_protobuf();
  std::string out(1, static_cast<char>(kProtocolVersion));
  message.AppendToString(&out);
  return out;
}

units::Result<void> unpack(std::span<const std::uint8_t> bytes, google::protobuf::MessageLite& message) {
  silence_protobuf();
  if (bytes.empty()) return fail(ErrorCode::invalid, "message is empty");
  if (bytes.size() > kMaxMessage) {
    return fail(ErrorCode::too_large, "message of " + std::to_string(bytes.size()) + " bytes is over the limit of " +
                                          std::to_string(kMaxMessage));
  }
  if (bytes[0] != kProtocolVersion) {
    return fail(ErrorCode::version, "message has version " + std::to_string(bytes[0]) + "; this end speaks version " +
                                        std::to_string(kProtocolVersion));
  }
  if (!message.ParseFromArray(bytes.data() + 1, static_cast<int>(bytes.size() - 1))) {
    return fail(ErrorCode::invalid, "message is cut off, malformed, or has text that isn't UTF-8");
  }
  return {};
}

}  // namespace vedette::wire

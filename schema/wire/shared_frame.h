// One message framed once for many receivers.
#pragma once

#include <memory>
#include <string>

namespace vedette::wire {

/// The whole frame in each form that a session may send it in (server role: unmasked). Immutable, so shared between
/// threads.
struct Frame {
  std::string plain;
  std::string deflated;  ///< with permessage-deflate and a window of 15 bits; empty if that wouldn't be smaller
};
using SharedFrame = std::shared_ptr<const Frame>;

}  // namespace vedette::wire

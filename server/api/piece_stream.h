// A body that is made piece by piece on workers, each when the peer has taken the one before: an answer of any length
// takes the memory of a piece, a slow peer occupies no worker, and one that goes stops the making.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "server/api/router.h"
#include "server/domain/http.h"

namespace vedette::api {

/// What makes the pieces: on workers, never two at a time.
class Pieces {
 public:
  virtual ~Pieces() = default;
  /// Nothing after the last. What takes long looks at `gone` and may then end with any error.
  [[nodiscard]] virtual units::Result<std::optional<std::string>> next(const std::stop_token& gone) = 0;
};

/// The answer: 200 with these headers. Its first piece is made at once, so that an error of it is the answer; a later
/// one cuts the body off, which is all that can be said then. Compressed as it goes if `accept_encoding` takes gzip.
[[nodiscard]] domain::Response streamed(std::unique_ptr<Pieces> pieces, const domain::Request& request,
                                        const Router::Submit& submit, std::vector<domain::Header> headers);

}  // namespace vedette::api

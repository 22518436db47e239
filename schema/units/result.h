// Errors as values: what input, network and disk faults come back as. A broken invariant aborts instead.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace vedette::units {

/// What kind of fault it is, so that callers can decide without reading words. Stable names: logs and metrics show
/// them.
enum class ErrorCode {
  invalid,       ///< the input breaks a rule; asking again won't help
  unauthorized,  ///< nobody has proven who asks
  forbidden,     ///< known, but not allowed
  not_found,     ///< no such thing
  conflict,      ///< exists already, or is held by someone else
  too_large,     ///< over a limit
  unavailable,   ///< try again later
  timeout,       ///< a deadline passed
  io,            ///< the operating system said no
  corrupt,       ///< stored bytes aren't what was written
  version,       ///< a version we don't speak
  internal,      ///< our fault
};

[[nodiscard]] std::string_view name(ErrorCode code) noexcept;

/// A fault with the words a person needs: which field, which value, where, and what to do.
struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string message;
};

template <class T>
using Result = std::expected<T, Error>;

/// `return fail(ErrorCode::invalid, "port 70000 is above 65535");`
[[nodiscard]] inline std::unexpected<Error> fail(ErrorCode code, std::string message) {
  return std::unexpected(Error{code, std::move(message)});
}

}  // namespace vedette::units

// Content codings of answers (RFC 9110, 8.4 and 12.5.3): what a client takes, and gzip. Pure.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "server/domain/http.h"

struct z_stream_s;

namespace vedette::api {

inline constexpr const char* kCsvType = "text/csv; charset=utf-8; header=present";

/// Which of the codings on offer the client wants most, the earlier one of equals; empty: none, send the bytes as they
/// are. A coding that neither its name nor "*" allows isn't wanted, nor is one that weighs less than "identity" does
/// where that is named. Malformed weights count as 0.
[[nodiscard]] std::string_view choose_coding(std::string_view accept_encoding,
                                             std::span<const std::string_view> offered);

/// Whether the client takes gzip rather than the bytes as they are.
[[nodiscard]] bool takes_gzip(std::string_view accept_encoding);

/// `bytes` as gzip (RFC 1952), quickly rather than tightly.
[[nodiscard]] std::string gzip(std::string_view bytes);

/// The same of a text that comes in pieces. What is given back is what can leave already, maybe nothing.
class Gzip {
 public:
  Gzip();
  [[nodiscard]] std::string add(std::string_view bytes);
  [[nodiscard]] std::string finish();  ///< once, at the end

 private:
  struct End {
    void operator()(z_stream_s* stream) const;
  };
  [[nodiscard]] std::string run(std::string_view bytes, int flush);

  std::unique_ptr<z_stream_s, End> stream_;
};

/// The answer to GET or HEAD as this client takes it: JSON and CSV over 1 kB go as gzip. Takes about 10 ms a megabyte:
/// not on an event loop.
///
/// Compressing a secret together with text that an attacker chose, on a wire that the attacker watches, tells the
/// secret byte by byte (BREACH). So left as they are: errors, which quote the request; answers whose handler marked
/// them no-store or sets a cookie (logins, keys). What remains (hosts, history, alerts) holds no secret: this API has
/// no tokens in its answers against forged requests, and another site's page sends no login (SameSite=Strict).
[[nodiscard]] domain::Response compressed(domain::Response response, std::string_view accept_encoding);

}  // namespace vedette::api

// TLS towards receivers: which certificates are taken, and in words why one isn't.
#pragma once

#include <Poco/Net/Context.h>

#include <string>

#include "schema/units/result.h"

namespace vedette::notify {

/// What the verification of one handshake found wrong; empty if nothing. Must outlive the context's handshakes.
struct Verdict {
  std::string words;
};

/// A client's context, for connections to `host` only: OpenSSL checks chain, dates and name (or address) within the
/// handshake. Poco's own check isn't used: it skips loopback and can look names up in the DNS. TLS 1.2 or newer.
/// `invalid` naming the file if `ca_file` can't be used.
[[nodiscard]] units::Result<Poco::Net::Context::Ptr> make_client_context(const std::string& host,
                                                                         const std::string& ca_file, Verdict& verdict);

}  // namespace vedette::notify

// The collector's TLS identity: certificate, key and the settings every accepted socket shares.
#pragma once

#include <Poco/Net/Context.h>
#include <openssl/ssl.h>

#include <string>

#include "schema/units/result.h"

namespace vedette::net {

/// TLS ≥ 1.2, no tickets, no renegotiation, buffers released while idle, read ahead. Errors name the file and what is
/// wrong with it.
[[nodiscard]] units::Result<Poco::Net::Context::Ptr> make_server_context(const std::string& certificate_file,
                                                                         const std::string& key_file);

/// What OpenSSL told about a connection of this thread and Poco keeps to itself.
struct TlsNews {
  const SSL* connection = nullptr;  ///< which one: known from its handshake on
  /// Its peer said close_notify. A peer that was killed says none, and Poco from 1.13 on reports both as the end of the
  /// stream.
  bool goodbye = false;
};

/// Since the last call on this thread.
[[nodiscard]] TlsNews take_news() noexcept;

}  // namespace vedette::net

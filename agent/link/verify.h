// Whether a certificate chain is the collector's. Private to agent/link, OpenSSL's types show.
#pragma once

#include <openssl/x509_vfy.h>

#include <optional>
#include <string>

#include "agent/link/pin.h"

namespace vedette::link {

/// What one connection expects, and why it was refused.
struct Expectation {
  std::optional<Pin> pin;
  std::string host;
  std::string refusal;  ///< one sentence for a person, set by verify_chain on failure
};

/// SHA-256 of the certificate's public key (SPKI, DER).
[[nodiscard]] Pin pin_of(const X509* certificate);

/// OpenSSL's cert_verify_callback: judges the chain in `context`. 1 if it is trusted.
int verify_chain(X509_STORE_CTX* context, Expectation& expectation);

}  // namespace vedette::link

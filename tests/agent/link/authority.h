// A private certificate authority for tests: CA and server certificates with any names and dates, EC P-256.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

namespace vedette::link {

template <auto Free>
struct With {
  void operator()(auto* object) const { Free(object); }
};
using Key = std::unique_ptr<EVP_PKEY, With<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, With<X509_free>>;

struct Signed {
  Key key;
  Certificate certificate;
};

/// Valid from an hour ago to an hour from now, moved by `days`.
Signed make_authority(const std::string& name = "Test CA");
/// `names`: OpenSSL's subjectAltName, "DNS:localhost,IP:127.0.0.1".
Signed make_server(const Signed& authority, const std::string& names, int days = 0);

/// "sha256:<hex>" of the certificate's key.
std::string pin_text(const Signed& one);

}  // namespace vedette::link

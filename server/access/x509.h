// Keys and certificates as values over OpenSSL. Inside server/access only; throws nothing.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "schema/units/result.h"
#include "schema/units/time.h"

namespace vedette::access {

struct FreeKey {
  void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
};
struct FreeCertificate {
  void operator()(X509* certificate) const noexcept { X509_free(certificate); }
};
using Key = std::unique_ptr<EVP_PKEY, FreeKey>;
using Certificate = std::unique_ptr<X509, FreeCertificate>;

[[nodiscard]] Key make_key();  ///< EC P-256
/// A CA of its own for 10 y from `now`. Starts a day early, for hosts whose clocks are behind.
[[nodiscard]] Certificate make_ca(EVP_PKEY* key, units::Instant now);
/// A server certificate for these names (is_host_name) and addresses (canonical_address), 397 d, signed by the CA.
[[nodiscard]] Certificate make_server(EVP_PKEY* key, const std::set<std::string>& names, X509* ca, EVP_PKEY* ca_key,
                                      units::Instant now);

[[nodiscard]] std::set<std::string> names_of(const X509* certificate);  ///< subjectAltName's DNS names and addresses
[[nodiscard]] units::Instant start_of(const X509* certificate);         ///< notBefore
[[nodiscard]] units::Instant expiry_of(const X509* certificate);
[[nodiscard]] std::string pin_of(X509* certificate);  ///< "sha256:" and the hex of SHA-256 over the DER SPKI

[[nodiscard]] units::Result<Key> read_key(const std::filesystem::path& file);
/// All certificates of a PEM file, at least one.
[[nodiscard]] units::Result<std::vector<Certificate>> read_chain(const std::filesystem::path& file);
/// Writes beside and renames, so that a crash leaves the old file or the new one.
[[nodiscard]] units::Result<void> write_key(const std::filesystem::path& file, EVP_PKEY* key);
[[nodiscard]] units::Result<void> write_chain(const std::filesystem::path& file, const std::vector<X509*>& chain);

}  // namespace vedette::access

// The collector's own certificates: a private CA and a server certificate signed by it, made when none is configured,
// and the checks of configured ones. Called once at start, before any thread.
#pragma once

#include <filesystem>
#include <set>
#include <string>

#include "schema/units/result.h"
#include "schema/units/time.h"

namespace vedette::access {

struct CertificateConfig {
  std::filesystem::path directory;         ///< DATA/tls, for our own
  std::filesystem::path certificate, key;  ///< configured ones; both or none
  std::set<std::string> names;             ///< what the certificate must be good for
};

struct Certificates {
  std::filesystem::path chain;  ///< PEM, the server's first, then those that signed it
  std::filesystem::path key;
  std::string pin;  ///< "sha256:<64 hex>": SHA-256 of the SPKI of the chain's last certificate (the CA's)
  units::Instant starts{}, expires{};  ///< the server's: nobody accepts it before or after
  bool made = false;                   ///< a server certificate was made in this call
};

/// Ours: CA for 10 y (EC P-256), server certificate for 397 d; that one is made anew when less than 30 d are left or
/// the names changed, and either when it isn't valid yet: the clock ran ahead when it was made. The CA's key stays, so
/// the pin does. A configured one that isn't valid yet is no error: `starts` tells. Keys are 0600. Errors: `io` and
/// `invalid`, naming the file.
[[nodiscard]] units::Result<Certificates> prepare_certificates(const CertificateConfig& config, units::Instant now);

/// The two halves of what prepare_certificates checks of configured files, for whoever says which setting is wrong: the
/// certificate by itself, and whether `key` is its key. Errors as above.
[[nodiscard]] units::Result<void> check_certificate(const std::filesystem::path& certificate, units::Instant now);
[[nodiscard]] units::Result<void> check_key(const std::filesystem::path& key, const std::filesystem::path& certificate);

/// The pin of certificates that exist already; nothing is made. `not_found` if there are none.
[[nodiscard]] units::Result<std::string> read_pin(const CertificateConfig& config);

}  // namespace vedette::access

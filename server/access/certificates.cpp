#include "server/access/certificates.h"

#include <openssl/err.h>

#include "schema/units/log.h"
#include "server/access/addresses.h"
#include "server/access/x509.h"
#include "server/domain/file_fault.h"

namespace vedette::access {

using units::ErrorCode;
using units::Result;

namespace {

using Chain = std::vector<Certificate>;

constexpr std::chrono::hours kRenewServer{24 * 30};
constexpr std::chrono::hours kRenewCa{24 * 400};  // longer than a server certificate lives

struct Authority {
  Key key;
  Certificate certificate;
};

bool is_there(const std::filesystem::path& file) {
  std::error_code ignored;
  return std::filesystem::exists(file, ignored);
}

/// Valid from now on, and for longer than this? One that was made while the clock ran ahead isn't valid yet: nobody
/// would accept it for years.
bool lasts(const X509* certificate, std::chrono::hours left, units::Instant now) {
  return start_of(certificate) <= now && expiry_of(certificate) - now > left;
}

Result<Certificate> renewed_ca(const std::filesystem::path& file, EVP_PKEY* key, units::Instant now) {
  if (is_there(file)) {
    auto chain = read_chain(file);
    if (!chain) return std::unexpected(std::move(chain.error()));
    if (X509_check_private_key(chain->front().get(), key) != 1) {
      return units::fail(ErrorCode::invalid,
                         file.string() + " doesn't belong to ca.key beside it; restore both from a backup");
    }
    if (lasts(chain->front().get(), kRenewCa, now)) return std::move(chain->front());
  }
  Certificate ca = make_ca(key, now);
  if (auto written = write_chain(file, {ca.get()}); !written) return std::unexpected(std::move(written.error()));
  units::log_info("made a certificate authority", {{"pin", pin_of(ca.get())}});
  return ca;
}

/// The CA's key is made once; agents are pinned to it.
Result<Authority> authority(const std::filesystem::path& directory, units::Instant now) {
  const auto key_file = directory / "ca.key";
  if (!is_there(key_file)) {
    if (is_there(directory / "ca.crt")) {
      return units::fail(ErrorCode::io, key_file.string() +
                                            " is missing beside ca.crt; agents trust that key: restore it "
                                            "from a backup, or remove ca.crt and enrol all agents again");
    }
    if (auto written = write_key(key_file, make_key().get()); !written)
      return std::unexpected(std::move(written.error()));
  }
  auto key = read_key(key_file);
  if (!key) return std::unexpected(std::move(key.error()));
  auto certificate = renewed_ca(directory / "ca.crt", key->get(), now);
  if (!certificate) return std::unexpected(std::move(certificate.error()));
  return Authority{std::move(*key), std::move(*certificate)};
}

/// Is the server certificate there, ours, long enough to live and for these names?
bool still_good(const Certificates& files, const std::set<std::string>& names, X509* ca, units::Instant now) {
  if (!is_there(files.chain) || !is_there(files.key)) return false;
  const auto chain = read_chain(files.chain);
  const auto key = read_key(files.key);
  if (!chain || !key || chain->size() != 2) return false;
  X509* server = chain->front().get();
  return X509_check_private_key(server, key->get()) == 1 && X509_cmp(chain->back().get(), ca) == 0 &&
         lasts(server, kRenewServer, now) && names_of(server) == names;
}

/// Addresses in the form a certificate gives back; what can't stand in one is left out.
std::set<std::string> usable(const std::set<std::string>& names) {
  std::set<std::string> out;
  for (const std::string& name : names) {
    if (is_address(name) || is_host_name(name)) {
      out.insert(canonical_address(name));
    } else {
      units::log_warning("name left out of the certificate", {{"name", name}});
    }
  }
  return out;
}

Result<Certificates> own(const CertificateConfig& config, units::Instant now) {
  const std::set<std::string> names = usable(config.names);
  std::error_code code;
  std::filesystem::create_directories(config.directory, code);
  if (code) {
    return units::fail(ErrorCode::io,
                       config.directory.string() + ": " + domain::file_fault("cannot be made", code.value()));
  }
  std::filesystem::permissions(config.directory, std::filesystem::perms::owner_all, code);
  auto ca = authority(config.directory, now);
  if (!ca) return std::unexpected(std::move(ca.error()));
  Certificates files{
      config.directory / "server.crt", config.directory / "server.key", pin_of(ca->certificate.get()), {}, {}, false};
  if (!still_good(files, names, ca->certificate.get(), now)) {
    const Key key = make_key();
    const Certificate server = make_server(key.get(), names, ca->certificate.get(), ca->key.get(), now);
    if (auto kept = write_key(files.key, key.get()); !kept) return std::unexpected(std::move(kept.error()));
    if (auto kept = write_chain(files.chain, {server.get(), ca->certificate.get()}); !kept) {
      return std::unexpected(std::move(kept.error()));
    }
    files.made = true;
    units::log_info("made a server certificate", {{"names", names.size()}});
  }
  auto chain = read_chain(files.chain);
  if (!chain) return std::unexpected(std::move(chain.error()));
  files.starts = start_of(chain->front().get());
  files.expires = expiry_of(chain->front().get());
  return files;
}

Result<Chain> valid_chain(const std::filesystem::path& file, units::Instant now) {
  auto chain = read_chain(file);
  if (chain && expiry_of(chain->front().get()) <= now) {
    return units::fail(ErrorCode::invalid, file.string() + " has expired; put a valid certificate there");
  }
  return chain;
}

Result<void> check_key_of(const Chain& chain, const std::filesystem::path& certificate,
                          const std::filesystem::path& key) {
  const auto read = read_key(key);
  if (!read) return std::unexpected(read.error());
  if (X509_check_private_key(chain.front().get(), read->get()) == 1) return {};
  ERR_clear_error();
  return units::fail(ErrorCode::invalid, key.string() + " isn't the key of the first certificate in " +
                                             certificate.string() + "; name the key that it was made for");
}

Result<Certificates> configured(const CertificateConfig& config, units::Instant now) {
  const auto chain = valid_chain(config.certificate, now);
  if (!chain) return std::unexpected(chain.error());
  if (auto fits = check_key_of(*chain, config.certificate, config.key); !fits)
    return std::unexpected(std::move(fits.error()));
  const X509* server = chain->front().get();
  return Certificates{config.certificate, config.key,        pin_of(chain->back().get()),
                      start_of(server),   expiry_of(server), false};
}

}  // namespace

Result<void> check_certificate(const std::filesystem::path& certificate, units::Instant now) {
  if (const auto chain = valid_chain(certificate, now); !chain) return std::unexpected(chain.error());
  return {};
}

Result<void> check_key(const std::filesystem::path& key, const std::filesystem::path& certificate) {
  const auto chain = read_chain(certificate);
  if (!chain) return std::unexpected(chain.error());
  return check_key_of(*chain, certificate, key);
}

Result<Certificates> prepare_certificates(const CertificateConfig& config, units::Instant now) {
  return config.certificate.empty() ? own(config, now) : configured(config, now);
}

Result<std::string> read_pin(const CertificateConfig& config) {
  const auto file = config.certificate.empty() ? config.directory / "ca.crt" : config.certificate;
  if (!is_there(file)) {
    return units::fail(ErrorCode::not_found,
                       file.string() + " isn't there yet; the collector makes it at its first start");
  }
  auto chain = read_chain(file);
  if (!chain) return std::unexpected(std::move(chain.error()));
  return pin_of(chain->back().get());
}

}  // namespace vedette::access

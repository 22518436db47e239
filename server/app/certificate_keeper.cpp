#include "server/app/certificate_keeper.h"

#include <fstream>
#include <sstream>

#include "schema/units/log.h"
#include "server/access/secrets.h"

namespace vedette::app {

using units::Result;

namespace {

constexpr std::chrono::days kEndsSoon{14};
constexpr std::chrono::hours kWarnEvery{24};

domain::Digest digest_of(const std::filesystem::path& chain, const std::filesystem::path& key) {
  std::ostringstream bytes;
  for (const auto& file : {chain, key}) {
    std::ifstream in(file);
    if (in.peek() != std::ifstream::traits_type::eof()) bytes << in.rdbuf();
    bytes << '\0';
  }
  return access::sha256(bytes.str());
}

long days_left(units::Instant expires, units::Instant now) {
  return static_cast<long>(std::chrono::floor<std::chrono::days>(expires - now).count());
}

}  // namespace

CertificateKeeper::CertificateKeeper(Config config, const domain::Clock& clock, Loaded loaded)
    : config_(std::move(config)), clock_(clock), loaded_(std::move(loaded)) {}

Result<CertificateKeeper::Loaded> CertificateKeeper::read(const access::CertificateConfig& config,
                                                          const domain::Clock& clock) {
  // Before the files are read: if they are replaced just then, the digest is the old one and the next look reloads.
  const auto before = digest_of(config.certificate, config.key);
  auto files = access::prepare_certificates(config, clock.now());
  if (!files) return std::unexpected(std::move(files.error()));
  const auto digest = config.certificate.empty() ? digest_of(files->chain, files->key) : before;
  return Loaded{std::move(*files), digest};
}

Result<std::unique_ptr<CertificateKeeper>> CertificateKeeper::prepare(Config config, const domain::Clock& clock) {
  auto loaded = read(config(), clock);
  if (!loaded) return std::unexpected(std::move(loaded.error()));
  return std::unique_ptr<CertificateKeeper>(new CertificateKeeper(std::move(config), clock, std::move(*loaded)));
}

bool CertificateKeeper::valid(const access::Certificates& files) const {
  const auto now = clock_.now();
  return files.starts <= now && now < files.expires;
}

void CertificateKeeper::look(const Reload& reload) {
  auto fresh = read(config_(), clock_);
  if (!fresh) {
    units::log_error("the certificate's files can't be used; the one loaded before goes on",
                     {{"error", fresh.error().message}});
  } else if (!valid(fresh->files) && valid(loaded())) {
    units::log_error("the certificate isn't valid yet; the one loaded before goes on",
                     {{"certificate", fresh->files.chain.string()},
                      {"valid_from", units::date_utc(fresh->files.starts)},
                      {"clock", units::date_utc(clock_.now())}});
  } else if (fresh->digest != loaded_.with([](const Loaded& loaded) { return loaded.digest; })) {
    if (const auto done = reload(); !done) {
      units::log_error("a renewed certificate could not be taken up; the one loaded before goes on",
                       {{"error", done.error().message}});
    } else {
      units::log_info("a renewed certificate was taken up", {{"certificate", fresh->files.chain.string()},
                                                             {"days", days_left(fresh->files.expires, clock_.now())}});
      loaded_.with([&](Loaded& loaded) { loaded = std::move(*fresh); });
    }
  }
  warn();
}

void CertificateKeeper::heed_clock(const Reload& reload) {
  const bool was_valid = std::exchange(was_valid_, valid(loaded()));
  if (was_valid && !was_valid_) look(reload);
}

void CertificateKeeper::warn() {
  const access::Certificates files = loaded();
  const auto now = clock_.now();
  if (files.starts <= now && files.expires - now > kEndsSoon) return;
  if (warned_ && clock_.steady() - *warned_ < kWarnEvery) return;
  warned_ = clock_.steady();
  if (files.starts > now) {
    return units::log_warning(
        "the server certificate isn't valid yet, so nobody accepts it: set this machine's clock, "
        "or put one there that is valid",
        {{"certificate", files.chain.string()},
         {"valid_from", units::date_utc(files.starts)},
         {"clock", units::date_utc(now)}});
  }
  units::log_warning("the server certificate ends soon: renew it; its files are looked at every hour and on SIGHUP",
                     {{"certificate", files.chain.string()}, {"days_left", days_left(files.expires, now)}});
}

access::Certificates CertificateKeeper::loaded() const {
  return loaded_.with([](const Loaded& loaded) { return loaded.files; });
}

}  // namespace vedette::app

#include "server/access/x509.h"

#include <arpa/inet.h>
#include <openssl/ec.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <array>
#include <cstdlib>
#include <ctime>

#include "schema/units/bytes.h"
#include "schema/units/host_id.h"
#include "server/access/addresses.h"
#include "server/access/secrets.h"

namespace vedette::access {
namespace {

constexpr std::chrono::hours kCaLife{24 * 3653};
constexpr std::chrono::hours kServerLife{24 * 397};
constexpr std::chrono::hours kClockSlack{24};

/// Building a certificate from constants and our own key fails only without memory.
void must(bool ok) {
  if (!ok) std::abort();
}

std::time_t unix_time(units::Instant at) {
  return static_cast<std::time_t>(units::unix_ms(at) / 1000);
}

units::Instant instant(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
  return units::from_unix_ms(std::int64_t{::timegm(&parts)} * 1000);
}

void add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  must(extension && X509_add_ext(certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

void set_serial(X509* certificate) {
  std::array<std::uint8_t, 16> bytes{};
  must(RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1);
  bytes[0] = static_cast<std::uint8_t>((bytes[0] & 0x7f) | 0x40);  // positive and never short (RFC 5280 4.1.2.2)
  BIGNUM* number = BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr);
  must(number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)));
  BN_free(number);
}

void set_name(X509_NAME* name, const std::string& common_name) {
  must(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, reinterpret_cast<const std::uint8_t*>(common_name.data()),
                                  static_cast<int>(common_name.size()), -1, 0) == 1);
}

Certificate blank(EVP_PKEY* key, units::Instant now, std::chrono::hours life) {
  Certificate certificate(X509_new());
  must(certificate && X509_set_version(certificate.get(), X509_VERSION_3) == 1);
  set_serial(certificate.get());
  must(ASN1_TIME_set(X509_getm_notBefore(certificate.get()), unix_time(now - kClockSlack)) != nullptr);
  must(ASN1_TIME_set(X509_getm_notAfter(certificate.get()), unix_time(now + life - kClockSlack)) != nullptr);
  must(X509_set_pubkey(certificate.get(), key) == 1);
  return certificate;
}

std::string address_text(const ASN1_OCTET_STRING* bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = ASN1_STRING_length(bytes) == 4 ? AF_INET : AF_INET6;
  if (!::inet_ntop(family, ASN1_STRING_get0_data(bytes), text.data(), text.size())) return {};
  return text.data();
}

std::string alternative_names(const std::set<std::string>& names) {
  std::string out;
  for (const std::string& name : names) {
    if (!out.empty()) out += ",";
    out += (is_address(name) ? "IP:" : "DNS:") + name;
  }
  return out;
}

}  // namespace

Key make_key() {
  Key key(EVP_EC_gen("P-256"));
  must(key != nullptr);
  return key;
}

Certificate make_ca(EVP_PKEY* key, units::Instant now) {
  Certificate ca = blank(key, now, kCaLife);
  X509_NAME* name = X509_get_subject_name(ca.get());
  set_name(name, "Vedette CA " + pin_of(ca.get()).substr(7, 8));
  must(X509_set_issuer_name(ca.get(), name) == 1);
  add_extension(ca.get(), ca.get(), NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
  add_extension(ca.get(), ca.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
  add_extension(ca.get(), ca.get(), NID_subject_key_identifier, "hash");
  must(X509_sign(ca.get(), key, EVP_sha256()) > 0);
  return ca;
}

Certificate make_server(EVP_PKEY* key, const std::set<std::string>& names, X509* ca, EVP_PKEY* ca_key,
                        units::Instant now) {
  Certificate server = blank(key, now, kServerLife);
  set_name(X509_get_subject_name(server.get()), "Vedette collector");
  must(X509_set_issuer_name(server.get(), X509_get_subject_name(ca)) == 1);
  add_extension(server.get(), ca, NID_basic_constraints, "critical,CA:FALSE");
  add_extension(server.get(), ca, NID_key_usage, "critical,digitalSignature");
  add_extension(server.get(), ca, NID_ext_key_usage, "serverAuth");
  add_extension(server.get(), ca, NID_subject_key_identifier, "hash");
  add_extension(server.get(), ca, NID_authority_key_identifier, "keyid");
  add_extension(server.get(), ca, NID_subject_alt_name, alternative_names(names));
  must(X509_sign(server.get(), ca_key, EVP_sha256()) > 0);
  return server;
}

std::set<std::string> names_of(const X509* certificate) {
  std::set<std::string> names;
  auto* found = static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(found); ++i) {
    const GENERAL_NAME* one = sk_GENERAL_NAME_value(found, i);
    if (one->type == GEN_DNS) {
      names.emplace(reinterpret_cast<const char*>(ASN1_STRING_get0_data(one->d.dNSName)),
                    static_cast<std::size_t>(ASN1_STRING_length(one->d.dNSName)));
    }
    if (one->type == GEN_IPADD) names.insert(address_text(one->d.iPAddress));
  }
  GENERAL_NAMES_free(found);
  return names;
}

units::Instant start_of(const X509* certificate) {
  return instant(X509_get0_notBefore(certificate));
}

units::Instant expiry_of(const X509* certificate) {
  return instant(X509_get0_notAfter(certificate));
}

std::string pin_of(X509* certificate) {
  std::uint8_t* der = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
  must(size > 0);
  const domain::Digest digest = sha256({reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)});
  OPENSSL_free(der);
  return "sha256:" + units::hex(units::as_bytes(digest));
}

}  // namespace vedette::access

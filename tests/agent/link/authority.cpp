#include "tests/agent/link/authority.h"

#include <openssl/ec.h>
#include <openssl/x509v3.h>

#include "agent/link/pin.h"
#include "agent/link/verify.h"

namespace vedette::link {
namespace {

void extend(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context{};
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

Signed make(const std::string& name, int days) {
  Signed one{Key(EVP_EC_gen("P-256")), Certificate(X509_new())};
  X509* certificate = one.certificate.get();
  static long serial = 1;
  X509_set_version(certificate, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600 + 86'400L * days);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600 + 86'400L * days);
  X509_set_pubkey(certificate, one.key.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  return one;
}

}  // namespace

Signed make_authority(const std::string& name) {
  Signed one = make(name, 0);
  X509_set_issuer_name(one.certificate.get(), X509_get_subject_name(one.certificate.get()));
  extend(one.certificate.get(), one.certificate.get(), NID_basic_constraints, "critical,CA:TRUE");
  extend(one.certificate.get(), one.certificate.get(), NID_key_usage, "critical,keyCertSign");
  X509_sign(one.certificate.get(), one.key.get(), EVP_sha256());
  return one;
}

Signed make_server(const Signed& authority, const std::string& names, int days) {
  Signed one = make("server", days);
  X509_set_issuer_name(one.certificate.get(), X509_get_subject_name(authority.certificate.get()));
  extend(one.certificate.get(), authority.certificate.get(), NID_subject_alt_name, names);
  X509_sign(one.certificate.get(), authority.key.get(), EVP_sha256());
  return one;
}

std::string pin_text(const Signed& one) {
  return to_string(pin_of(one.certificate.get()));
}

}  // namespace vedette::link

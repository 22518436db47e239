#include "agent/link/verify.h"

#include <arpa/inet.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>

#include <array>
#include <ctime>
#include <memory>

namespace vedette::link {
namespace {

template <auto Free>
struct With {
  void operator()(auto* object) const { Free(object); }
};
using Store = std::unique_ptr<X509_STORE, With<X509_STORE_free>>;
using StoreContext = std::unique_ptr<X509_STORE_CTX, With<X509_STORE_CTX_free>>;

bool is_address(const std::string& host) {
  std::array<unsigned char, 16> bytes{};
  return ::inet_pton(AF_INET, host.c_str(), bytes.data()) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1;
}

bool expect_host(X509_VERIFY_PARAM* rules, const std::string& host) {
  X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (is_address(host)) return X509_VERIFY_PARAM_set1_ip_asc(rules, host.c_str()) == 1;
  return X509_VERIFY_PARAM_set1_host(rules, host.c_str(), host.size()) == 1;
}

std::string printed(const ASN1_TIME* at) {
  std::tm parts{};
  std::array<char, 32> text{};
  if (at == nullptr || ASN1_TIME_to_tm(at, &parts) != 1) return "an unknown time";
  std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M UTC", &parts);
  return text.data();
}

std::string now() {
  const std::time_t seconds = std::time(nullptr);
  std::tm parts{};
  std::array<char, 32> text{};
  ::gmtime_r(&seconds, &parts);
  std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M UTC", &parts);
  return text.data();
}

/// The names and addresses a certificate is for: "localhost, 127.0.0.1".
std::string names_of(X509* certificate) {
  std::string list;
  auto* names = static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(names) && list.size() < 300; ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names, i);
    std::string text;
    if (name->type == GEN_DNS) {
      text.assign(reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName)),
                  static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName)));
    } else if (name->type == GEN_IPADD) {
      const int length = ASN1_STRING_length(name->d.iPAddress);
      std::array<char, INET6_ADDRSTRLEN> address{};
      if (::inet_ntop(length == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(name->d.iPAddress), address.data(),
                      address.size()) != nullptr) {
        text = address.data();
      }
    }
    if (!text.empty()) list += (list.empty() ? "" : ", ") + text;
  }
  GENERAL_NAMES_free(names);
  return list.empty() ? "no name at all" : list;
}

std::string sentence(int error, X509* failed, const Expectation& expectation) {
  switch (error) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return "wrong host name: the collector's certificate is for " + names_of(failed) + ", not for " +
             expectation.host + "; use one of its names, or give it this one";
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return "the certificate expired at " + printed(X509_get0_notAfter(failed)) + " (this machine's clock says " +
             now() + "); renew the collector's certificate, or set the clock";
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "the certificate is valid from " + printed(X509_get0_notBefore(failed)) +
             " only, and this machine's clock says " + now() + "; set the clock";
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      if (expectation.pin) return "wrong certificate authority: the pinned one didn't sign the collector's certificate";
      return "wrong certificate authority: this system trusts none that signed the collector's certificate; if the "
             "collector has its own, enrol with the pin that `vedette-server pin` prints";
    default:
      return std::string("the certificate is refused: ") + X509_verify_cert_error_string(error);
  }
}

X509* pinned_authority(X509_STORE_CTX* context, const Pin& pin) {
  STACK_OF(X509)* chain = X509_STORE_CTX_get0_untrusted(context);
  for (int i = 0; i < sk_X509_num(chain); ++i) {
    X509* certificate = sk_X509_value(chain, i);
    if (X509_check_ca(certificate) > 0 && pin_of(certificate) == pin) return certificate;
  }
  return nullptr;
}

/// Runs OpenSSL's verification, and puts its error into words.
int judged(X509_STORE_CTX* context, Expectation& expectation) {
  const int trusted = X509_verify_cert(context);
  if (trusted == 1) return 1;
  X509* failed = X509_STORE_CTX_get_current_cert(context);
  if (failed == nullptr) failed = X509_STORE_CTX_get0_cert(context);
  expectation.refusal = sentence(X509_STORE_CTX_get_error(context), failed, expectation);
  return 0;
}

int verify_against(X509* authority, X509_STORE_CTX* outer, Expectation& expectation) {
  const Store store(X509_STORE_new());
  const StoreContext inner(X509_STORE_CTX_new());
  if (!store || !inner || X509_STORE_add_cert(store.get(), authority) != 1 ||
      X509_STORE_CTX_init(inner.get(), store.get(), X509_STORE_CTX_get0_cert(outer),
                          X509_STORE_CTX_get0_untrusted(outer)) != 1) {
    expectation.refusal = "the certificate can't be checked: out of memory";
    return 0;
  }
  X509_VERIFY_PARAM* rules = X509_STORE_CTX_get0_param(inner.get());
  X509_VERIFY_PARAM_set_purpose(rules, X509_PURPOSE_SSL_SERVER);
  // The pinned authority may itself be signed by another; the pin ends the chain here.
  X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_PARTIAL_CHAIN);
  if (!expect_host(rules, expectation.host)) {
    expectation.refusal = "the host \"" + expectation.host + "\" can't be checked";
    return 0;
  }
  const int trusted = judged(inner.get(), expectation);
  X509_STORE_CTX_set_error(outer, X509_STORE_CTX_get_error(inner.get()));
  return trusted;
}

}  // namespace

Pin pin_of(const X509* certificate) {
  Pin pin{};
  unsigned char* der = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
  if (size > 0) SHA256(der, static_cast<std::size_t>(size), pin.data());
  OPENSSL_free(der);
  return pin;
}

int verify_chain(X509_STORE_CTX* context, Expectation& expectation) {
  if (!expectation.pin) {
    if (!expect_host(X509_STORE_CTX_get0_param(context), expectation.host)) return 0;
    return judged(context, expectation);
  }
  X509* authority = pinned_authority(context, *expectation.pin);
  if (authority == nullptr) {
    expectation.refusal = "wrong pin: no certificate authority in the collector's chain has the key " +
                          to_string(*expectation.pin) + "; compare with what `vedette-server pin` prints, enrol again";
    X509_STORE_CTX_set_error(context, X509_V_ERR_CERT_UNTRUSTED);
    return 0;
  }
  return verify_against(authority, context, expectation);
}

}  // namespace vedette::link

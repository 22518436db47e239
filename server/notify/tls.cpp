#include "server/notify/tls.h"

#include <Poco/Exception.h>
#include <Poco/Net/SSLManager.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <fstream>

namespace vedette::notify {

using Poco::Net::Context;

namespace {

int verdict_index() {
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

int note(int ok, X509_STORE_CTX* store) {
  if (ok == 1) return 1;
  const auto* ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto* verdict = static_cast<Verdict*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), verdict_index()));
  if (verdict->words.empty()) verdict->words = X509_verify_cert_error_string(X509_STORE_CTX_get_error(store));
  return 0;
}

bool expect(SSL_CTX* context, const std::string& host) {
  X509_VERIFY_PARAM* expected = SSL_CTX_get0_param(context);
  X509_VERIFY_PARAM_set_hostflags(expected, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (X509_VERIFY_PARAM_set1_ip_asc(expected, host.c_str()) == 1) return true;
  return X509_VERIFY_PARAM_set1_host(expected, host.data(), host.size()) == 1;
}

}  // namespace

units::Result<Context::Ptr> make_client_context(const std::string& host, const std::string& ca_file, Verdict& verdict) {
  static const bool initialized = (Poco::Net::initializeSSL(), true);
  (void)initialized;
  if (!ca_file.empty() && !std::ifstream(ca_file)) {
    return units::fail(units::ErrorCode::invalid,
                       "ca_file \"" + ca_file + "\" can't be read; is the path right, and may this user read it?");
  }
  try {
    Context::Params params;
    params.verificationMode = Context::VERIFY_RELAXED;
    params.caLocation = ca_file;
    params.loadDefaultCAs = ca_file.empty();
    Context::Ptr context(new Context(Context::TLS_CLIENT_USE, params));
    context->enableExtendedCertificateVerification(false);
    SSL_CTX* ssl = context->sslContext();
    SSL_CTX_set_min_proto_version(ssl, TLS1_2_VERSION);
    SSL_CTX_set_ex_data(ssl, verdict_index(), &verdict);
    SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER, note);
    if (!expect(ssl, host)) return units::fail(units::ErrorCode::invalid, "\"" + host + "\" is no host name");
    return context;
  } catch (const Poco::Exception& fault) {
    return units::fail(
        units::ErrorCode::invalid,
        "ca_file \"" + ca_file + "\" holds no PEM certificates that can be used: " + fault.displayText());
  }
}

}  // namespace vedette::notify

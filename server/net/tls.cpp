#include "server/net/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

namespace vedette::net {
namespace {

std::string openssl_words() {
  const unsigned long code = ERR_peek_last_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? "unknown reason" : reason;
}

units::Result<void> check_readable(const std::string& what, const std::string& file) {
  if (file.empty()) return units::fail(units::ErrorCode::invalid, "[tls] " + what + " is not set: name a PEM file");
  errno = 0;
  const std::ifstream in(file);
  if (in) return {};
  return units::fail(units::ErrorCode::io, "[tls] " + what + " \"" + file +
                                               "\" can't be read: " + std::strerror(errno) +
                                               "; give the collector's user access to it or name another file");
}

thread_local TlsNews news;

void note(const SSL* connection, int where, int alert) {
  news.connection = connection;
  if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT && (alert & 0xFF) == SSL_AD_CLOSE_NOTIFY) news.goodbye = true;
}

units::Result<void> load(SSL_CTX* context, const std::string& certificate, const std::string& key) {
  if (auto ok = check_readable("certificate", certificate); !ok) return ok;
  if (auto ok = check_readable("key", key); !ok) return ok;
  ERR_clear_error();
  if (SSL_CTX_use_certificate_chain_file(context, certificate.c_str()) != 1) {
    return units::fail(units::ErrorCode::invalid,
                       "[tls] certificate \"" + certificate + "\" is no PEM certificate: " + openssl_words());
  }
  if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1) {
    const bool mismatch = ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_VALUES_MISMATCH ||
                          ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_TYPE_MISMATCH;
    return units::fail(units::ErrorCode::invalid,
                       mismatch ? "[tls] key \"" + key + "\" doesn't belong to certificate \"" + certificate +
                                      "\": name the key that the certificate was made for"
                                : "[tls] key \"" + key + "\" is no PEM private key: " + openssl_words());
  }
  return {};
}

}  // namespace

TlsNews take_news() noexcept {
  return std::exchange(news, {});
}

units::Result<Poco::Net::Context::Ptr> make_server_context(const std::string& certificate_file,
                                                           const std::string& key_file) {
  Poco::Net::Context::Params params;
  params.verificationMode = Poco::Net::Context::VERIFY_NONE;
  params.cipherList = "ECDHE+AESGCM:ECDHE+CHACHA20";
  Poco::Net::Context::Ptr context(new Poco::Net::Context(Poco::Net::Context::TLS_SERVER_USE, params));
  SSL_CTX* ssl = context->sslContext();
  SSL_CTX_set_min_proto_version(ssl, TLS1_2_VERSION);
  SSL_CTX_set_options(ssl, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_info_callback(ssl, note);
  SSL_CTX_set_num_tickets(ssl, 0);
  SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_read_ahead(ssl, 1);  // a record's head and body in one system call, and the records behind it
  if (auto loaded = load(ssl, certificate_file, key_file); !loaded) return std::unexpected(loaded.error());
  return context;
}

}  // namespace vedette::net

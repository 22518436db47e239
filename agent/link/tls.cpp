#include "agent/link/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <cerrno>
#include <cstring>

#include "agent/link/verify.h"

namespace vedette::link {

using units::ErrorCode;
using units::fail;

struct TlsContext::Impl {
  SSL_CTX* context = nullptr;
  std::optional<Pin> pin;
  Impl() = default;
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() { SSL_CTX_free(context); }
};

struct TlsStream::Impl {
  SSL* ssl = nullptr;
  Expectation expectation;
  Impl() = default;
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() { SSL_free(ssl); }

  /// Why OpenSSL's last call didn't go through. Call right after it, with ERR and errno cleared before it.
  units::Result<Io> outcome(int result) const;
};

namespace {

int on_verify(X509_STORE_CTX* context, void*) {
  auto* ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(context, SSL_get_ex_data_X509_STORE_CTX_idx()));
  return verify_chain(context, *static_cast<Expectation*>(SSL_get_app_data(ssl)));
}

std::string last_error() {
  const unsigned long code = ERR_peek_last_error();
  const char* reason = code != 0 ? ERR_reason_error_string(code) : nullptr;
  return reason != nullptr ? reason : "unknown error";
}

void clear_errors() {
  ERR_clear_error();
  errno = 0;
}

}  // namespace

units::Result<Io> TlsStream::Impl::outcome(int result) const {
  const int error_number = errno;
  switch (SSL_get_error(ssl, result)) {
    case SSL_ERROR_WANT_READ:
      return Io::want_read;
    case SSL_ERROR_WANT_WRITE:
      return Io::want_write;
    case SSL_ERROR_ZERO_RETURN:
      return Io::closed;
    case SSL_ERROR_SYSCALL:
      if (error_number == 0 || error_number == ECONNRESET || error_number == EPIPE) return Io::closed;
      return fail(ErrorCode::io, std::strerror(error_number));
    default:
      break;
  }
  if (!expectation.refusal.empty()) return fail(ErrorCode::forbidden, expectation.refusal);
  if (ERR_GET_REASON(ERR_peek_last_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING) return Io::closed;
  return fail(ErrorCode::io, "TLS failed: " + last_error());
}

TlsContext::TlsContext(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TlsContext::~TlsContext() = default;
TlsContext::TlsContext(TlsContext&&) noexcept = default;
TlsContext& TlsContext::operator=(TlsContext&&) noexcept = default;

units::Result<TlsContext> TlsContext::create(std::optional<Pin> pin) {
  auto impl = std::make_unique<Impl>();
  clear_errors();
  impl->context = SSL_CTX_new(TLS_client_method());
  impl->pin = pin;
  SSL_CTX* context = impl->context;
  if (context == nullptr || SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 ||
      (!pin && SSL_CTX_set_default_verify_paths(context) != 1)) {
    return fail(ErrorCode::internal, "OpenSSL can't be set up: " + last_error());
  }
  SSL_CTX_set_mode(context,
                   SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_cert_verify_callback(context, on_verify, nullptr);
  return TlsContext(std::move(impl));
}

TlsStream::TlsStream(const TlsContext& context, int socket, const std::string& host) : impl_(std::make_unique<Impl>()) {
  impl_->expectation = {.pin = context.impl().pin, .host = host, .refusal = {}};
  impl_->ssl = SSL_new(context.impl().context);
  if (impl_->ssl == nullptr) std::abort();
  SSL_set_app_data(impl_->ssl, &impl_->expectation);
  SSL_set_fd(impl_->ssl, socket);
  SSL_set_connect_state(impl_->ssl);
  // An address is no server name (RFC 6066 3); one more dot or colon than letters would be refused anyway.
  if (host.find_first_not_of("0123456789.") != std::string::npos && host.find(':') == std::string::npos) {
    SSL_set_tlsext_host_name(impl_->ssl, host.c_str());
  }
}

TlsStream::~TlsStream() = default;

units::Result<Io> TlsStream::handshake() {
  clear_errors();
  const int result = SSL_do_handshake(impl_->ssl);
  return result == 1 ? units::Result<Io>(Io::done) : impl_->outcome(result);
}

units::Result<IoResult> TlsStream::read(std::span<std::uint8_t> into) {
  clear_errors();
  std::size_t count = 0;
  const int result = SSL_read_ex(impl_->ssl, into.data(), into.size(), &count);
  if (result == 1) return IoResult{Io::done, count};
  const auto io = impl_->outcome(result);
  if (!io) return std::unexpected(io.error());
  return IoResult{*io, 0};
}

units::Result<IoResult> TlsStream::write(std::span<const std::uint8_t> bytes) {
  clear_errors();
  std::size_t count = 0;
  const int result = SSL_write_ex(impl_->ssl, bytes.data(), bytes.size(), &count);
  if (result == 1) return IoResult{Io::done, count};
  const auto io = impl_->outcome(result);
  if (!io) return std::unexpected(io.error());
  return IoResult{*io, 0};
}

void TlsStream::shutdown() noexcept {
  clear_errors();
  if (SSL_is_init_finished(impl_->ssl) == 1) SSL_shutdown(impl_->ssl);
}

}  // namespace vedette::link

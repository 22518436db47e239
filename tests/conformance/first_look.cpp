#include "tests/conformance/first_look.h"

#include <fcntl.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <memory>

#include "agent/link/socket.h"
#include "agent/link/verify.h"

namespace vedette::conformance {
namespace {

using units::ErrorCode;
using units::fail;

constexpr int kPatienceMs = 10'000;

template <auto Free>
struct With {
  void operator()(auto* object) const { Free(object); }
};
using SslContext = std::unique_ptr<SSL_CTX, With<SSL_CTX_free>>;
using Ssl = std::unique_ptr<SSL, With<SSL_free>>;
using Names = std::unique_ptr<GENERAL_NAMES, With<GENERAL_NAMES_free>>;

/// `wanted` if the certificate is for it, otherwise its first DNS name, otherwise its common name.
std::string name_of(X509* certificate, const std::string& wanted) {
  if (X509_check_host(certificate, wanted.c_str(), wanted.size(), 0, nullptr) == 1) return wanted;
  if (X509_check_ip_asc(certificate, wanted.c_str(), 0) == 1) return wanted;
  const Names names(static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_DNS) continue;
    return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName)),
            static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName))};
  }
  std::array<char, 256> common{};
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, common.data(), common.size());
  return common.data();
}

}  // namespace

units::Result<int> connect_to(const link::SocketAddress& address) {
  const auto socket = link::begin_connect(address);
  if (!socket) return std::unexpected(socket.error());
  pollfd ready{*socket, POLLOUT, 0};
  if (::poll(&ready, 1, kPatienceMs) == 1) {
    if (const auto connected = link::finish_connect(*socket))
      return *socket;
    else {
      ::close(*socket);
      return std::unexpected(connected.error());
    }
  }
  ::close(*socket);
  return fail(ErrorCode::timeout, "no answer to the connect");
}

units::Result<Identity> look_at(const link::SocketAddress& address, const std::string& host) {
  const auto socket = connect_to(address);
  if (!socket) return std::unexpected(socket.error());
  ::fcntl(*socket, F_SETFL, ::fcntl(*socket, F_GETFL) & ~O_NONBLOCK);
  const SslContext context(SSL_CTX_new(TLS_client_method()));
  const Ssl ssl(SSL_new(context.get()));
  SSL_set_fd(ssl.get(), *socket);
  const bool shaken = SSL_connect(ssl.get()) == 1;
  ::close(*socket);
  STACK_OF(X509)* chain = shaken ? SSL_get_peer_cert_chain(ssl.get()) : nullptr;
  if (chain == nullptr || sk_X509_num(chain) == 0) return fail(ErrorCode::unavailable, "it doesn't speak TLS");
  return Identity{link::pin_of(sk_X509_value(chain, sk_X509_num(chain) - 1)), name_of(sk_X509_value(chain, 0), host)};
}

}  // namespace vedette::conformance

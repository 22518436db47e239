#include "tests/server/net/client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace vedette::net::testing {

Identity::Identity() {
  std::string pattern = std::filesystem::temp_directory_path() / "vedette-net-XXXXXX";
  folder_ = ::mkdtemp(pattern.data());
  EVP_PKEY* key_pair = EVP_EC_gen("P-256");
  X509* x509 = X509_new();
  ASN1_INTEGER_set(X509_get_serialNumber(x509), 1);
  X509_gmtime_adj(X509_getm_notBefore(x509), -60);
  X509_gmtime_adj(X509_getm_notAfter(x509), 3'600);
  X509_set_pubkey(x509, key_pair);
  X509_NAME* name = X509_get_subject_name(x509);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
  X509_set_issuer_name(x509, name);
  X509_sign(x509, key_pair, EVP_sha256());
  FILE* file = std::fopen(certificate().c_str(), "w");
  PEM_write_X509(file, x509);
  std::fclose(file);
  file = std::fopen(key().c_str(), "w");
  PEM_write_PrivateKey(file, key_pair, nullptr, nullptr, 0, nullptr, nullptr);
  std::fclose(file);
  X509_free(x509);
  EVP_PKEY_free(key_pair);
}

Identity::~Identity() {
  std::filesystem::remove_all(folder_);
}

Client::Client(std::uint16_t port, bool tls) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const timeval patience{10, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) std::abort();
  if (!tls) return;
  context_ = SSL_CTX_new(TLS_client_method());
  ssl_ = SSL_new(context_);
  SSL_set_fd(ssl_, fd_);
  SSL_connect(ssl_);
}

Client::~Client() {
  SSL_free(ssl_);
  SSL_CTX_free(context_);
  if (fd_ >= 0) ::close(fd_);
}

bool Client::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto n = ssl_ != nullptr ? SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()))
                                   : ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

bool Client::more() {
  std::array<char, 16'384> buffer{};
  const auto n =
      ssl_ != nullptr ? SSL_read(ssl_, buffer.data(), buffer.size()) : ::recv(fd_, buffer.data(), buffer.size(), 0);
  if (n <= 0) return false;
  buffered_.append(buffer.data(), static_cast<std::size_t>(n));
  return true;
}

std::string Client::read(std::size_t n) {
  while (buffered_.size() < n && more()) {
  }
  std::string out = buffered_.substr(0, n);
  buffered_.erase(0, n);
  return out;
}

std::string Client::read_until(std::string_view mark) {
  while (buffered_.find(mark) == std::string::npos) {
    if (!more()) return std::exchange(buffered_, {});
  }
  return read(buffered_.find(mark) + mark.size());
}

std::string Client::response(bool with_body) {
  std::string head = read_until("\r\n\r\n");
  const std::size_t at = head.find("Content-Length: ");
  if (!with_body || at == std::string::npos) return head;
  return head + read(std::stoul(head.substr(at + 16)));
}

std::string Client::read_to_end() {
  while (more()) {
  }
  return std::exchange(buffered_, {});
}

std::pair<int, std::string> Client::frame() {
  const std::string head = read(2);
  if (head.size() < 2) return {0, {}};
  std::size_t size = static_cast<unsigned char>(head[1]);
  const std::size_t extra = size == 126 ? 2 : size == 127 ? 8 : 0;
  if (extra > 0) {
    size = 0;
    for (const char c : read(extra)) size = (size << 8) | static_cast<unsigned char>(c);
  }
  return {static_cast<unsigned char>(head[0]) & 0x0F, read(size)};
}

std::string Client::certificate() const {
  X509* shown = SSL_get1_peer_certificate(ssl_);
  unsigned char* der = nullptr;
  const int size = i2d_X509(shown, &der);
  std::string bytes(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  X509_free(shown);
  return bytes;
}

void Client::cork(bool on) {
  const int value = on ? 1 : 0;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_CORK, &value, sizeof value);
}

void Client::reset() {
  const linger hard{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  ::close(std::exchange(fd_, -1));
}

void Client::fin_only() {
  ::shutdown(fd_, SHUT_WR);
}

void Client::say_end() {
  if (ssl_ != nullptr) SSL_shutdown(ssl_);
  fin_only();
}

std::string upgrade_request(const std::string& path, const std::string& protocol) {
  return "GET " + path +
         " HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
         (protocol.empty() ? "" : "Sec-WebSocket-Protocol: " + protocol + "\r\n") + "\r\n";
}

std::string masked(int opcode, std::string_view payload, bool fin) {
  std::string out{static_cast<char>((fin ? 0x80 : 0) | opcode)};
  if (payload.size() < 126) {
    out += static_cast<char>(0x80 | payload.size());
  } else {
    out += static_cast<char>(0x80 | 126);
    out += static_cast<char>(payload.size() >> 8);
    out += static_cast<char>(payload.size() & 0xFF);
  }
  const std::string mask = "\x21\x43\x65\x07";
  out += mask;
  for (std::size_t i = 0; i < payload.size(); ++i) out += static_cast<char>(payload[i] ^ mask[i % 4]);
  return out;
}

std::string close_payload(int code, std::string_view reason) {
  return std::string{static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)} + std::string(reason);
}

}  // namespace vedette::net::testing

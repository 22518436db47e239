// A blocking TLS client and a throw-away certificate for tests of server/net: OpenSSL and sockets, nothing of ours.
#pragma once

#include <openssl/ssl.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace vedette::net::testing {

/// A self-signed EC certificate and its key, as PEM files in a folder that goes with this.
class Identity {
 public:
  Identity();
  ~Identity();
  Identity(const Identity&) = delete;
  Identity& operator=(const Identity&) = delete;
  [[nodiscard]] std::string certificate() const { return folder_ / "certificate.pem"; }
  [[nodiscard]] std::string key() const { return folder_ / "key.pem"; }

 private:
  std::filesystem::path folder_;
};

/// One TLS connection to 127.0.0.1. Reads give up after 10 s.
class Client {
 public:
  explicit Client(std::uint16_t port, bool tls = true);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  bool write(std::string_view bytes);
  /// At least `n` bytes; fewer only at the end of the connection.
  std::string read(std::size_t n);
  /// Up to and with `mark`; what follows stays for the next read.
  std::string read_until(std::string_view mark);
  /// Head and body of one response (Content-Length).
  std::string response(bool with_body = true);
  std::string read_to_end();
  /// One unmasked frame: opcode and payload; opcode 0 at the end.
  std::pair<int, std::string> frame();

  [[nodiscard]] std::string certificate() const;  ///< what the server showed, DER
  void cork(bool on);                             ///< holds packets back until they are full or it is taken off
  void reset();                                   ///< RST
  void fin_only();                                ///< FIN without TLS's close_notify
  void say_end();                                 ///< close_notify (with TLS) and FIN; reading goes on
  [[nodiscard]] int fd() const noexcept { return fd_; }

 private:
  bool more();

  int fd_ = -1;
  SSL_CTX* context_ = nullptr;
  SSL* ssl_ = nullptr;
  std::string buffered_;
};

[[nodiscard]] std::string upgrade_request(const std::string& path, const std::string& protocol = {});
/// A masked frame.
[[nodiscard]] std::string masked(int opcode, std::string_view payload, bool fin = true);
[[nodiscard]] std::string close_payload(int code, std::string_view reason = {});

}  // namespace vedette::net::testing

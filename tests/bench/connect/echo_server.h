// WebSocket servers over TLS that do the same work: text is echoed, binary is swallowed.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace vedette::bench {

/// Where the own server decodes binary as an agent's ticks instead.
inline constexpr const char* kTicks = "/ticks";

/// Tells the port, then serves until the process is killed. Exits if it can't.
using Serve = void (*)(const std::string& certificate, const std::string& key,
                       const std::function<void(std::uint16_t port)>& up);

[[noreturn]] void serve_net(const std::string& certificate, const std::string& key,
                            const std::function<void(std::uint16_t port)>& up);
/// Stock Poco::Net::WebSocket on HTTPServer: a thread a client.
[[noreturn]] void serve_poco(const std::string& certificate, const std::string& key,
                             const std::function<void(std::uint16_t port)>& up);
/// The floor: OpenSSL and epoll alone.
[[noreturn]] void serve_openssl(const std::string& certificate, const std::string& key,
                                const std::function<void(std::uint16_t port)>& up);

}  // namespace vedette::bench

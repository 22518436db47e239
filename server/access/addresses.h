// The names and addresses under which this machine may be reached, for its certificate.
#pragma once

#include <sys/socket.h>

#include <set>
#include <string>

namespace vedette::access {

/// Host name (short and with its domain), every interface's address, localhost, 127.0.0.1, ::1. Link-local
/// addresses are left out.
[[nodiscard]] std::set<std::string> machine_names();

/// 169.254.0.0/16 (RFC 3927) or fe80::/10: reachable on its own cable only.
[[nodiscard]] bool is_link_local(const sockaddr& address) noexcept;

/// Is it an IPv4 or IPv6 address rather than a name?
[[nodiscard]] bool is_address(const std::string& text);

/// 1 to 253 letters, digits, "-", "." or "_": what host names are made of.
[[nodiscard]] bool is_host_name(const std::string& text);

/// An IPv6 address in its shortest form; anything else unchanged.
[[nodiscard]] std::string canonical_address(const std::string& text);

}  // namespace vedette::access

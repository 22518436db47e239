// What a login's cookie is called and which requests carry it: server/api writes it, server/access reads it.
#pragma once

#include <string>
#include <string_view>

namespace vedette::domain {

struct LoginCookie {
  /// Ends with "/". Below another path than "/" the name may be shared with other services, which then never get it.
  std::string path = "/";

  /// "__Host-sid" over TLS, "__Secure-sid" where the path isn't "/" (RFC 6265bis, 4.1.3: the first would need "/");
  /// "sid" over plain HTTP, where browsers drop both.
  [[nodiscard]] std::string_view name(bool secure) const noexcept {
    if (!secure) return "sid";
    return path == "/" ? "__Host-sid" : "__Secure-sid";
  }
};

}  // namespace vedette::domain

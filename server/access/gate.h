// The default Gatekeeper: reads cookies, bearer keys and Origins, looks them up in the control store. Any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/access/login_book.h"
#include "server/domain/clock.h"
#include "server/domain/control_store.h"
#include "server/domain/login_cookie.h"
#include "server/domain/observer.h"

namespace vedette::access {

struct GateConfig {
  std::vector<std::string> allowed_origins;  ///< of public_url and allowed_origins, in origin_of's form
  domain::LoginCookie cookie{};
};

class Gate final : public domain::Gatekeeper {
 public:
  /// The references must outlive the gate.
  Gate(GateConfig config, domain::ControlStore& store, LoginBook& logins, const domain::Clock& clock)
      : config_(std::move(config)), store_(store), logins_(logins), clock_(clock) {}

  [[nodiscard]] units::Result<domain::Person> person(const domain::RequestHead& head) override;
  [[nodiscard]] units::Result<void> origin(const domain::RequestHead& head) override;
  [[nodiscard]] units::Result<domain::HostRecord> host(const domain::RequestHead& head) override;

 private:
  /// Nobody if the secret is of no login, or of one that has ended.
  [[nodiscard]] units::Result<std::optional<domain::Person>> holder(std::string_view secret);

  GateConfig config_;
  domain::ControlStore& store_;
  LoginBook& logins_;
  const domain::Clock& clock_;
};

}  // namespace vedette::access

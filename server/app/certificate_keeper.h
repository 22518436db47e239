// Keeps the server certificate current while the collector runs: ours is made anew when it is due, a configured one is
// taken up when whoever renews it has put other files there.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "schema/units/result.h"
#include "server/access/certificates.h"
#include "server/domain/clock.h"
#include "server/domain/control_store.h"
#include "server/domain/guarded.h"

namespace vedette::app {

/// prepare(), look() and warn(): one thread. The rest: any thread.
class CertificateKeeper {
 public:
  /// Makes new connections get what the files hold.
  using Reload = std::function<units::Result<void>()>;
  /// Asked at every look: the machine's addresses, for which ours must be good, may have changed.
  using Config = std::function<access::CertificateConfig()>;

  /// Makes or checks the files as access::prepare_certificates does. The clock must outlive the keeper.
  [[nodiscard]] static units::Result<std::unique_ptr<CertificateKeeper>> prepare(Config config,
                                                                                 const domain::Clock& clock);

  /// Looks at the files and has them reloaded if they aren't those loaded; then warn(). Files that can't be used are
  /// logged and left: the loaded ones go on, and the next look tries again.
  void look(const Reload& reload);
  /// Logs a warning when the loaded certificate has at most 14 days left, once a day.
  void warn();

  [[nodiscard]] access::Certificates loaded() const;

 private:
  /// The files and a digest of their bytes: intermediates and key count as much as the leaf.
  struct Loaded {
    access::Certificates files;
    domain::Digest digest;
  };
  CertificateKeeper(Config config, const domain::Clock& clock, Loaded loaded);
  [[nodiscard]] static units::Result<Loaded> read(const access::CertificateConfig& config, const domain::Clock& clock);

  const Config config_;
  const domain::Clock& clock_;
  mutable domain::Guarded<Loaded> loaded_;
  std::optional<units::Steady> warned_;
};

}  // namespace vedette::app

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

/// prepare(), look(), heed_clock() and warn(): one thread. The rest: any thread.
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
  /// A configured certificate that isn't valid yet doesn't replace one that is.
  void look(const Reload& reload);
  /// Looks as soon as the loaded certificate is no longer valid by the clock, which was set then. Cheap: call it often.
  void heed_clock(const Reload& reload);
  /// Logs a warning when the loaded certificate isn't valid yet or has at most 14 days left, once a day.
  void warn();

  [[nodiscard]] access::Certificates loaded() const;

 private:
  /// The files and a digest of their bytes: intermediates and key count as much as the leaf.
  struct Loaded {
    access::Certificates files;
    domain::Digest digest;
  };
  [[nodiscard]] bool valid(const access::Certificates& files) const;
  CertificateKeeper(Config config, const domain::Clock& clock, Loaded loaded);
  [[nodiscard]] static units::Result<Loaded> read(const access::CertificateConfig& config, const domain::Clock& clock);

  const Config config_;
  const domain::Clock& clock_;
  mutable domain::Guarded<Loaded> loaded_;
  std::optional<units::Steady> warned_;
  bool was_valid_ = true;  ///< the loaded one, when its validity was looked at last
};

}  // namespace vedette::app

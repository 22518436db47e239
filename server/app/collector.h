// Wires the collector's parts to each other and holds them while it runs. Nothing but wiring belongs here.
#pragma once

#include <memory>

#include "schema/units/result.h"
#include "server/api/router.h"
#include "server/app/settings.h"
#include "server/domain/clock.h"

namespace vedette::app {

class Collector {
 public:
  /// Takes the data directory, makes or opens what is in it and starts listening. On an error everything that had
  /// started has been stopped again. The clock must outlive the collector.
  [[nodiscard]] static units::Result<std::unique_ptr<Collector>> start(Settings settings, const domain::Clock& clock);

  /// Stops, if nobody did.
  ~Collector();
  Collector(const Collector&) = delete;
  Collector& operator=(const Collector&) = delete;

  /// Tells every connection 1012, writes what is in memory, ends all threads. Within 3 s.
  void stop();

  [[nodiscard]] std::uint16_t port() const;
  /// public_url; without one, scheme, address, port and base_path of what it listens on.
  [[nodiscard]] std::string url() const;
  [[nodiscard]] std::string pin() const;  ///< empty where TLS ends at the proxy
  [[nodiscard]] const api::Router& router() const;
  /// Do the control thread, every event loop and the history writer still turn? Logs which don't. For the watchdog:
  /// call every few seconds. On the thread that made the collector.
  [[nodiscard]] bool alive();
  /// Makes our server certificate anew when it is due, takes up a configured one that was renewed, and warns when the
  /// end is near. Call every hour. On the thread that made the collector.
  void renew_certificate();
  /// The same at once when the clock was set so that the certificate isn't valid any more. Call every few seconds, on
  /// the thread that made the collector.
  void heed_clock();

 private:
  struct Parts;
  explicit Collector(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace vedette::app

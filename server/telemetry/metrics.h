// What the collector tells Prometheus about itself, through prometheus-cpp's core: process figures and whatever the
// modules' counts are, read at each scrape.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace vedette::telemetry {

/// Sources are added at start; text() may then be called from any thread.
class Metrics {
 public:
  explicit Metrics(const std::string& version);
  ~Metrics();

  using Read = std::function<double()>;  ///< any thread, quick
  /// A level, read at each scrape. Names without "vedette_", which is put before them.
  void add_gauge(const std::string& name, const std::string& help, Read read);
  /// A sum that only grows; the name ends with _total.
  void add_counter(const std::string& name, const std::string& help, Read read);

  /// A family of such sums, told apart by one label.
  void add_counters(const std::string& name, const std::string& help, const std::string& label,
                    std::vector<std::pair<std::string, Read>> values);

  /// Prometheus' text format, version 0.0.4.
  [[nodiscard]] std::string text() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace vedette::telemetry

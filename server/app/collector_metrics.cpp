// What the collector tells Prometheus of its parts, read at each scrape.
#include "server/app/collector_parts.h"

namespace vedette::app {

void Collector::Parts::add_metrics() {
  metrics.add_counter("http_requests_refused_total", "Requests answered 503 because the workers were behind.",
                      [this] { return static_cast<double>(workers.refused()); });
  metrics.add_gauge("http_requests_waiting", "Requests that wait for a worker.",
                    [this] { return static_cast<double>(workers.waiting()); });
  metrics.add_gauge("control_tasks_waiting", "Tasks that wait for the control thread.",
                    [this] { return static_cast<double>(control.waiting()); });
  metrics.add_gauge("connections", "Open connections.",
                    [this] { return static_cast<double>(net.counts().connections); });
  metrics.add_counter("connections_refused_total", "Connections refused over a limit.",
                      [this] { return static_cast<double>(net.counts().refused); });
  metrics.add_counter("accept_rests_total", "Times accepting rested because the system had no descriptor left.",
                      [this] { return static_cast<double>(net.counts().rests); });
  metrics.add_gauge("certificate_expires_seconds", "End of the server certificate, Unix seconds.",
                    [this] { return static_cast<double>(units::unix_ms(certificates->loaded().expires)) / 1000; });
}

}  // namespace vedette::app

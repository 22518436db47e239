#include "server/telemetry/metrics.h"

#include <gtest/gtest.h>

namespace vedette::telemetry {
namespace {

TEST(Metrics, SpeakPrometheusTextFormat) {
  Metrics metrics("1.2.3");
  double level = 4;
  metrics.add_gauge("connections", "Open connections.", [&] { return level; });
  metrics.add_counter("refused_total", "Refused.", [] { return 7.0; });
  std::string text = metrics.text();
  EXPECT_NE(text.find("# TYPE vedette_connections gauge\nvedette_connections 4\n"), std::string::npos) << text;
  EXPECT_NE(text.find("# TYPE vedette_refused_total counter\nvedette_refused_total 7\n"), std::string::npos) << text;
  EXPECT_NE(text.find("vedette_build_info{version=\"1.2.3\"} 1\n"), std::string::npos) << text;
  level = 5;
  EXPECT_NE(metrics.text().find("vedette_connections 5\n"), std::string::npos);
}

TEST(Metrics, TellAFamilysSumsApartByItsLabel) {
  Metrics metrics("1");
  metrics.add_counters("hits_total", "Hits.", "limit", {{"head", [] { return 3.0; }}, {"body", [] { return 0.0; }}});
  const std::string text = metrics.text();
  EXPECT_NE(text.find("# TYPE vedette_hits_total counter\nvedette_hits_total{limit=\"head\"} 3\n"
                      "vedette_hits_total{limit=\"body\"} 0\n"),
            std::string::npos)
      << text;
}

TEST(Metrics, TellOfTheProcessItself) {
  const std::string text = Metrics("1").text();
  for (const char* name : {"process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds"}) {
    EXPECT_NE(text.find(std::string("\n") + name + " "), std::string::npos) << name;
    EXPECT_EQ(text.find(std::string("\n") + name + " 0\n"), std::string::npos) << name;
  }
}

}  // namespace
}  // namespace vedette::telemetry

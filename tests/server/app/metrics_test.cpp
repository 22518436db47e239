// Who may read /metrics, and what it tells.
#include "tests/server/app/a_collector.h"

namespace vedette::app {
namespace {

std::string status(const Collector& collector, const std::string& headers) {
  return get(collector, "/metrics", headers).substr(0, 12);
}

TEST(Metrics, AreForThisMachineAndNotForWhomAProxyOnItSpeaks) {
  Bench bench;
  auto collector = bench.start();
  EXPECT_EQ(status(*collector, ""), "HTTP/1.1 200");
  for (const char* header : {"X-Forwarded-For: 192.0.2.7", "X-Forwarded-Host: mon.example.org",
                             "Forwarded: for=192.0.2.7", "Via: 1.1 proxy", "X-Forwarded-For: 127.0.0.1"}) {
    EXPECT_EQ(status(*collector, std::string(header) + "\r\n"), "HTTP/1.1 401") << header;
  }
}

TEST(Metrics, AreNotForATrustedProxyEvenIfItSaysNothing) {
  Bench bench;
  Settings settings = bench.settings();
  settings.net.trusted_proxies = {"127.0.0.1"};
  auto collector = bench.start(std::move(settings));
  EXPECT_EQ(status(*collector, ""), "HTTP/1.1 401");
  EXPECT_EQ(status(*collector, "X-Forwarded-For: 127.0.0.1\r\n"), "HTTP/1.1 401");
}

TEST(Metrics, TellWhateverIsDroppedRefusedOrLost) {
  Bench bench;
  auto collector = bench.start();
  const std::string text = get(*collector, "/metrics");
  for (const char* name : {"accept_rests_total",
                           "connections",
                           "connections_refused_total",
                           "control_tasks_waiting",
                           "history_batches_refused_total",
                           "history_chunks_sealed_total",
                           "history_commits_failed_total",
                           "history_commits_total",
                           "history_seals_failed_total",
                           "history_ticks_duplicate_total",
                           "history_ticks_left_out_total",
                           "history_ticks_total",
                           "history_ticks_waiting",
                           "history_trouble",
                           "http_requests_refused_total",
                           "http_requests_waiting",
                           "ingest_agents_put_off_total",
                           "ingest_ticks_restamped_total",
                           "live_events_total",
                           "live_rows_conflated_total",
                           "live_viewers",
                           "live_viewers_too_slow_total",
                           "notifications_delivered_total",
                           "notifications_failed_total",
                           "notifications_waiting",
                           "outages_lost_total",
                           "process_commits_failed_total",
                           "process_disk_bytes",
                           "process_lists_dropped_total",
                           "process_lists_refused_total",
                           "process_lists_stored_total"}) {
    EXPECT_NE(text.find("\nvedette_" + std::string(name) + " "), std::string::npos) << name;
  }
  for (const char* limit :
       {"agent_bytes",    "agent_messages", "agents_per_token",     "answer_deadline", "body",  "body_deadline",
        "close_deadline", "connections",    "enrolment_tries",      "fragments",       "head",  "head_deadline",
        "host_topics",    "idle_deadline",  "login_tries",          "message",         "polls", "polls_per_login",
        "topics",         "unproven",       "unproven_per_address", "write_deadline"}) {
    EXPECT_NE(text.find("\nvedette_limit_hits_total{limit=\"" + std::string(limit) + "\"} 0\n"), std::string::npos)
        << limit;
  }
  EXPECT_EQ(metric(*collector, "connections_past_proxy_total"), "0");
  EXPECT_EQ(metric(*collector, "history_trouble"), "0");
  EXPECT_EQ(metric(*collector, "process_trouble"), "0");
  EXPECT_EQ(metric(*collector, "notifications_waiting"), "0");
  EXPECT_EQ(metric(*collector, "connections"), "1") << "this one";
}

TEST(Metrics, CountALimitThatWasConfiguredAndMet) {
  Bench bench;
  Settings settings = bench.settings();
  settings.limits.body = 600;
  auto collector = bench.start(std::move(settings));
  const auto post = [&](const std::string& path, std::size_t size) {
    net::testing::Client client(collector->port());
    client.write("POST " + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(size) +
                 "\r\n\r\n" + std::string(size, ' '));
    return client.response().substr(0, 12);
  };
  for (const char* path : {"/api/v1/session", "/api/v1/agent/enroll"}) {
    EXPECT_EQ(post(path, 601), "HTTP/1.1 413") << path;
    EXPECT_NE(post(path, 600), "HTTP/1.1 413") << path;
  }
  EXPECT_EQ(metric(*collector, "limit_hits_total{limit=\"body\"}"), "2");
}

}  // namespace
}  // namespace vedette::app

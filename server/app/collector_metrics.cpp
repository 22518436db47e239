// What the collector tells Prometheus of its parts, read at each scrape. Whatever a part drops, refuses or loses is
// here.
#include <limits>

#include "server/app/collector_parts.h"

namespace vedette::app {
namespace {

double number(std::uint64_t count) {
  return static_cast<double>(count);
}

}  // namespace

void Collector::Parts::add_metrics() {
  add_connection_metrics();
  add_limit_metrics();
  add_history_metrics();
  add_processes_metrics();
  metrics.add_gauge("control_tasks_waiting", "Tasks that wait for the control thread.",
                    [this] { return number(control.waiting()); });
  metrics.add_counter("outages_lost_total", "Outages never stored because the disk refused for too long.",
                      [this] { return number(fleet.outages_lost()); });
  metrics.add_gauge("live_viewers", "Live connections of people and scripts.",
                    [this] { return number(hub.counters().viewers); });
  metrics.add_counter("live_events_total", "Deltas made for viewers.",
                      [this] { return number(hub.counters().events); });
  metrics.add_counter("live_rows_conflated_total", "Rows that slow viewers skipped for later ones.",
                      [this] { return number(hub.counters().conflated); });
  metrics.add_counter("live_viewers_too_slow_total", "Viewers closed because they took too little (4408).",
                      [this] { return number(hub.counters().too_slow); });
  metrics.add_counter("notifications_delivered_total", "Notifications that receivers took.",
                      [this] { return number(deliverer.counters().delivered); });
  metrics.add_counter("notifications_failed_total", "Attempts that failed; they are repeated for three days.",
                      [this] { return number(deliverer.counters().failed); });
  metrics.add_gauge("notifications_waiting", "Notifications in the outbox, those still held back included.", [this] {
    const auto outbox = store->undelivered();
    return outbox ? number(outbox->size()) : std::numeric_limits<double>::quiet_NaN();
  });
}

void Collector::Parts::add_connection_metrics() {
  metrics.add_counter("http_requests_refused_total", "Requests answered 503 because the workers were behind.",
                      [this] { return number(workers.refused()); });
  metrics.add_gauge("http_requests_waiting", "Requests that wait for a worker.",
                    [this] { return number(workers.waiting()); });
  metrics.add_gauge("connections", "Open connections.", [this] { return number(net.counts().connections); });
  metrics.add_counter("connections_refused_total", "Connections refused over a limit.",
                      [this] { return number(net.counts().refused); });
  metrics.add_counter("accept_rests_total", "Times accepting rested because the system had no descriptor left.",
                      [this] { return number(net.counts().rests); });
  metrics.add_counter("connections_past_proxy_total",
                      "Connections closed unread because no trusted proxy made them (tls.at_proxy).",
                      [this] { return number(net.refusals().not_a_proxy); });
  if (certificates) {
    metrics.add_gauge("certificate_expires_seconds", "End of the server certificate, Unix seconds.",
                      [this] { return static_cast<double>(units::unix_ms(certificates->loaded().expires)) / 1000; });
  }
  metrics.add_counter("ingest_ticks_restamped_total", "Ticks with an impossible time, which got the collector's.",
                      [this] { return number(agents.counters().restamped); });
  metrics.add_counter("ingest_agents_put_off_total", "Agents told to come back later because history had no room.",
                      [this] { return number(agents.counters().put_off); });
}

/// Named as the keys of [limits] are.
void Collector::Parts::add_limit_metrics() {
  const net::Refusals& met = net.refusals();
  const auto count = [](const std::atomic<std::uint64_t>& one) { return [&one] { return number(one); }; };
  metrics.add_counters("limit_hits_total", "How often peers met each of the configured limits.", "limit",
                       {{"connections", count(met.connections)},
                        {"unproven_per_address", count(met.unproven_per_address)},
                        {"unproven", count(met.unproven)},
                        {"head", count(met.head)},
                        {"body", count(met.body)},
                        {"message", count(met.message)},
                        {"fragments", count(met.fragments)},
                        {"head_deadline", count(met.head_deadline)},
                        {"body_deadline", count(met.body_deadline)},
                        {"answer_deadline", count(met.answer_deadline)},
                        {"write_deadline", count(met.write_deadline)},
                        {"idle_deadline", count(met.idle_deadline)},
                        {"close_deadline", count(met.close_deadline)},
                        {"agent_messages", count(agents.counters().over_messages)},
                        {"agent_bytes", count(agents.counters().over_bytes)},
                        {"agents_per_token", [this] { return number(enrolment.desk().used_up()); }},
                        {"enrolment_tries", [this] { return number(enrolment.desk().paused()); }},
                        {"login_tries", [this] { return number(desk.paused()); }},
                        {"topics", count(hub.counters().over_topics)},
                        {"host_topics", count(hub.counters().over_host_topics)},
                        {"polls", count(hub.counters().over_polls)},
                        {"polls_per_login", count(hub.counters().over_polls_of_login)}});
  metrics.add_gauge("connections_limit", "Connections that may be open at once.",
                    [this] { return number(net.most_connections()); });
}

void Collector::Parts::add_history_metrics() {
  metrics.add_gauge("history_trouble", "1 while history has trouble, which /healthz tells in words.",
                    [this] { return history->trouble().empty() ? 0.0 : 1.0; });
  metrics.add_counter("history_ticks_total", "Ticks stored.", [this] { return number(history->counts().ticks); });
  metrics.add_counter("history_ticks_duplicate_total", "Ticks dropped because they had been accepted before.",
                      [this] { return number(history->counts().intake.duplicates); });
  metrics.add_counter("history_ticks_left_out_total", "Ticks dropped because their time can't be stored.",
                      [this] { return number(history->counts().open.left_out); });
  metrics.add_gauge("history_ticks_waiting", "Ticks that aren't durable yet.",
                    [this] { return number(history->counts().intake.waiting_ticks); });
  metrics.add_counter("history_batches_refused_total", "Batches that found no room; their agents wait.",
                      [this] { return number(history->counts().intake.refused); });
  metrics.add_counter("history_commits_total", "Commits of ticks.",
                      [this] { return number(history->counts().commits); });
  metrics.add_counter("history_commits_failed_total", "Commits that failed; what they held is tried again.",
                      [this] { return number(history->counts().failed_commits); });
  metrics.add_counter("history_chunks_sealed_total", "Chunks sealed into files.",
                      [this] { return number(history->counts().sealed_chunks); });
  metrics.add_counter("history_tier_slots_built_total", "Hours of minutes and days of hours built.",
                      [this] { return number(history->counts().built_slots); });
  metrics.add_counter("history_files_removed_total", "Files of history removed for their age or for the budget.",
                      [this] { return number(history->counts().expired_files); });
  metrics.add_gauge("history_disk_bytes", "What history takes on the disk.",
                    [this] { return number(history->disk_bytes()); });
  metrics.add_gauge("history_budget_bytes", "What it may take.",
                    [this] { return number(history->budget_bytes().value_or(0)); });
  metrics.add_counter("history_seals_failed_total", "Rounds of sealing that failed; they are tried again.",
                      [this] { return number(history->counts().failed_seals); });
}

void Collector::Parts::add_processes_metrics() {
  metrics.add_gauge("process_trouble", "1 while lists of processes have trouble, which /healthz tells in words.",
                    [this] { return processes.trouble().empty() ? 0.0 : 1.0; });
  metrics.add_counter("process_lists_stored_total", "Lists of processes stored.",
                      [this] { return number(processes.counts().stored); });
  metrics.add_counter("process_lists_refused_total", "Lists of processes that found no room; their agents keep them.",
                      [this] { return number(processes.counts().refused); });
  metrics.add_counter("process_lists_dropped_total", "Lists of processes dropped because their time can't be stored.",
                      [this] { return number(processes.counts().dropped); });
  metrics.add_counter("process_commits_failed_total", "Commits that failed; what they held is tried again.",
                      [this] { return number(processes.counts().failed_commits); });
  metrics.add_gauge("process_disk_bytes", "What lists of processes take on the disk.",
                    [this] { return number(processes.disk_bytes()); });
}

}  // namespace vedette::app

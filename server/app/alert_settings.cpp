#include "server/app/alert_settings.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "schema/metrics/catalogue.h"

namespace vedette::app {

using alerts::Direction;
using alerts::Rule;
using config::Table;

namespace {

domain::Severity severity_of(const std::string& word) {
  if (word == "critical") return domain::Severity::critical;
  if (word == "info") return domain::Severity::info;
  return domain::Severity::warning;
}

/// Empty if there is none that can be used; then a fault says so.
std::string read_name(Table& table, const std::string& example) {
  table.require("name", "\"" + example + "\"");
  std::string name = table.text("name").value_or("");
  if (table.has("name") && name.find_first_not_of(" \t\r\n") == std::string::npos) {
    table.fault("name", "is \"" + name + "\"; it must say something, like \"" + example + "\"");
    name.clear();
  }
  return name;
}

std::string known_metrics() {
  std::string names;
  for (const metrics::Metric& metric : metrics::catalogue()) {
    names += (names.empty() ? "" : ", ") + std::string(metric.name);
  }
  return names;
}

void read_limit(Table& table, Rule& rule) {
  const auto above = table.number("above");
  const auto below = table.number("below");
  if (above && below) table.fault("below", "stands beside above; a rule has one of them");
  if (!table.has("above") && !table.has("below")) table.fault("above", "or below is missing; for example above = 0.9");
  rule.direction = above ? Direction::above : Direction::below;
  rule.limit = above.value_or(below.value_or(0));
  rule.recover = table.number("recover");
  if (rule.recover && (above ? *rule.recover > rule.limit : *rule.recover < rule.limit)) {
    table.fault("recover", "is on the firing side of the limit; it must be on the other");
  }
}

void read_series(Table& table, Rule& rule) {
  table.require("series", "\"system.cpu.utilization\"");
  const auto text = table.text("series");
  if (!text) return;
  auto selector = metrics::parse_selector(*text);
  if (!selector) return table.fault("series", "is \"" + *text + "\": " + selector.error().message);
  if (!metrics::find(selector->name)) {
    return table.fault("series", "is \"" + *text + "\"; no agent measures that; allowed: " + known_metrics());
  }
  rule.series = std::move(*selector);
}

Rule read_rule(Table& table, std::set<std::string>& names) {
  Rule rule;
  rule.name = read_name(table, "cpu-busy");
  if (!rule.name.empty() && !names.insert(rule.name).second) {
    table.fault("name", "is \"" + rule.name + "\", which another rule has; names are unique");
  }
  read_series(table, rule);
  read_limit(table, rule);
  rule.lasting = table.duration("for").value_or(rule.lasting);
  rule.severity = severity_of(table.choice("severity", {"info", "warning", "critical"}).value_or("warning"));
  table.finish();
  return rule;
}

notify::Email read_email(Table& table) {
  table.require("server", "\"smtp://mail.example.org:587\"");
  table.require("from", "\"vedette@example.org\"");
  table.require("to", "[\"ops@example.org\"]");
  notify::Email email;
  email.server = table.text("server").value_or("");
  if (table.choice("starttls", {"required", "off"}) == "off") email.starttls = notify::StartTls::off;
  email.user = table.text("user").value_or("");
  email.password_file = table.text("password_file").value_or("");
  email.ca_file = table.text("ca_file").value_or("");
  email.from = table.text("from").value_or("");
  email.to = table.texts("to").value_or(std::vector<std::string>{});
  return email;
}

notify::Webhook read_webhook(Table& table) {
  table.require("url", "\"https://hooks.example.org/vedette\"");
  notify::Webhook webhook;
  webhook.url = table.text("url").value_or("");
  webhook.ca_file = table.text("ca_file").value_or("");
  return webhook;
}

/// What else belongs into the table depends on its type.
void read_receiver(Table& table, notify::Config& config) {
  notify::Receiver receiver{read_name(table, "ops"), {}};
  table.require("type", "\"email\"");
  const auto type = table.choice("type", {"email", "webhook"});
  if (!type) return;
  if (*type == "email") {
    receiver.way = read_email(table);
  } else {
    receiver.way = read_webhook(table);
  }
  if (table.sound()) {
    if (const auto fault = notify::fault_of(receiver)) table.fault(fault->field, fault->words);
  }
  const auto same = [&](const notify::Receiver& other) { return other.name == receiver.name; };
  if (!receiver.name.empty() && std::ranges::any_of(config.receivers, same)) {
    table.fault("name", "is \"" + receiver.name + "\", which another receiver has; names are unique");
  }
  if (config.receivers.size() == notify::kMaxReceivers) {
    table.fault("name", "is one too many; there may be " + std::to_string(notify::kMaxReceivers) + " receivers");
  }
  table.finish();
  config.receivers.push_back(std::move(receiver));
}

}  // namespace

void read_alerts(config::File& file, alerts::Config& config, notify::Config& notify) {
  Table general = file.table("alerts");
  config.stopped_after = general.duration("stopped_after").value_or(config.stopped_after);
  general.finish();
  Table notices = file.table("notify");
  config.hold = notices.duration("hold").value_or(config.hold);
  notices.finish();
  notify.hold = config.hold;
  for (Table& table : file.tables("receiver")) read_receiver(table, notify);
  for (const notify::Receiver& receiver : notify.receivers) config.receivers.push_back(receiver.name);
  std::set<std::string> names;
  for (const Rule& rule : alerts::default_rules()) names.insert(rule.name);
  for (Table& table : file.tables("rule")) config.rules.push_back(read_rule(table, names));
}

}  // namespace vedette::app

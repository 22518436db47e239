#include "server/alerts/engine.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "schema/units/log.h"
#include "server/alerts/words.h"

namespace vedette::alerts {

using domain::HostStatus;
using domain::Phase;
using domain::Transition;
using Json = nlohmann::json;

namespace {

constexpr std::string_view kTopic = "alerts";

std::string key_of(const Rule& rule, domain::HostNumber host, const std::vector<metrics::Attribute>& attributes) {
  return metrics::to_string({rule.name + "/" + std::to_string(domain::index(host)), attributes});
}

Json pairs(const std::vector<metrics::Attribute>& attributes) {
  Json object = Json::object();
  for (const auto& [key, value] : attributes) object[key] = value;
  return object;
}

bool down(const domain::HostState& state) {
  return state.status == HostStatus::lost || state.status == HostStatus::unresponsive ||
         state.status == HostStatus::rejected;
}

Json seconds(units::Instant at) {
  return static_cast<double>(units::unix_ms(at)) / 1000;
}

}  // namespace

Engine::Engine(Config config, domain::AlertRecords& records, domain::LiveBus& bus, domain::NotificationObserver& told,
               const domain::Clock& clock)
    : config_(std::move(config)), rules_(default_rules()), records_(records), bus_(bus), told_(told), clock_(clock) {
  rules_.insert(rules_.end(), config_.rules.begin(), config_.rules.end());
  for (std::size_t n = 0; n < rules_.size(); ++n) {
    if (rules_[n].kind == Kind::threshold) by_series_[rules_[n].series.name].push_back(n);
  }
  bus_.header(
      kTopic,
      R"(["id","rule","host","host_name","attributes","phase","severity","since","value","reason","notifies_at"])");
}

units::Result<void> Engine::load() {
  const auto last = records_.last_alert_id();
  if (!last) return std::unexpected(last.error());
  last_id_ = *last;
  const auto states = records_.alert_states();
  if (!states) return std::unexpected(states.error());
  for (const auto& [key, body] : *states) {
    const Json json = Json::parse(body, nullptr, false);
    try {
      if (json.at("v") != 1) return units::fail(units::ErrorCode::version, "alert state " + key + ": newer version");
      Entry entry;
      const auto rule = std::ranges::find(rules_, json.at("rule").get<std::string>(), &Rule::name);
      entry.alert.id = entry.alert.incident = json.at("id");
      last_id_ = std::max(last_id_, entry.alert.id);
      entry.alert.rule = json.at("rule");
      entry.alert.host = domain::HostNumber{json.at("host").get<std::uint32_t>()};
      for (const auto& [name, value] : json.at("attributes").items()) entry.alert.attributes.push_back({name, value});
      entry.alert.phase = entry.state.phase = json.at("firing").get<bool>() ? Phase::firing : Phase::pending;
      entry.alert.since = entry.state.since = units::from_unix_ms(json.at("since"));
      entry.alert.severity = static_cast<domain::Severity>(json.at("severity").get<int>());
      entry.alert.reason = json.at("reason");
      if (json.contains("value")) entry.alert.value = json["value"].get<double>();
      if (json.contains("notifies_at")) entry.alert.notifies_at = units::from_unix_ms(json["notifies_at"]);
      entry.host_since = units::from_unix_ms(json.at("host_since"));
      if (rule == rules_.end()) {  // taken out of the file: nobody will judge it again
        entry.alert.phase = Phase::resolved;
        entry.alert.notifies_at.reset();
        backlog_.states.push_back({key, ""});
        backlog_.alerts.push_back(entry.alert);
        backlog_.cancel.push_back(entry.alert.incident);
        continue;
      }
      entry.rule = static_cast<std::size_t>(rule - rules_.begin());
      hosts_[entry.alert.host].entries[key] = entry;
    } catch (const Json::exception& fault) {
      return units::fail(units::ErrorCode::corrupt, "alert state " + key + ": " + fault.what());
    }
  }
  flush();
  return {};
}

void Engine::on_host(const domain::HostRecord& record, const domain::HostState& state) {
  Host& host = hosts_[record.number];
  const bool known = host.record.number == record.number;
  host.record = record;
  host.state = state;
  if (!known) {
    for (const auto& [key, entry] : host.entries) publish(host, entry.alert);
  }
  judge_host(host);
  flush();
}

void Engine::judge_host(Host& host) {
  const units::Instant now = clock_.now();
  if (host.state.status == HostStatus::unknown || host.state.status == HostStatus::fresh) return;
  const std::string key = key_of(rules_[0], host.record.number, {});
  const auto found = host.entries.find(key);
  Entry entry = found == host.entries.end() ? Entry{} : found->second;
  const bool away = host.state.status == HostStatus::stopped && !host.record.revoked;
  const bool is_down =
      !host.record.revoked && (down(host.state) || (away && now - host.state.since >= config_.stopped_after));
  StepResult result{entry.state, std::nullopt};
  if (entry.state.phase == Phase::firing) {
    const std::string words = reason(host.state);
    if (is_down || away) {
      if (words == entry.alert.reason) return;
      entry.alert.reason = words;
    } else {
      result = {{Phase::inactive, now, now}, Transition::resolved};
    }
  } else if (is_down) {
    result = {{Phase::firing, now, now}, Transition::fired};
    entry.host_since = host.state.since;
  } else {
    const Phase phase = away ? Phase::pending : Phase::inactive;
    if (phase == entry.state.phase) return;
    result.next = {phase, host.state.since, now};
  }
  if (result.next.phase != Phase::inactive) entry.alert.reason = reason(host.state);
  apply(host, key, std::move(entry), result);
}

void Engine::on_values(domain::HostNumber number, units::Instant at, std::span<const Value> values) {
  const auto found = hosts_.find(number);
  if (found == hosts_.end()) return;
  Host& host = found->second;
  std::map<std::string, Free> disks;
  double available = std::nan(""), limit = std::nan("");
  for (const auto& [series, value] : values) {
    if (series->key.name == "system.memory.limit") limit = value;
    const auto rules = by_series_.find(series->key.name);
    if (rules == by_series_.end()) continue;
    for (const std::size_t n : rules->second) {
      const Rule& rule = rules_[n];
      if (rule.measure == Measure::memory_available) available = value;
      if (rule.measure == Measure::filesystem_free) {
        const auto mount = series->key.attribute("mountpoint");
        const auto state = series->key.attribute("state");
        if (!mount || !state) continue;
        Free& disk = disks.try_emplace(std::string(*mount), Free{std::nan(""), std::nan("")}).first->second;
        if (*state == "free") disk.free = value;
        if (*state == "used") disk.used = value;
      }
      if (rule.measure != Measure::value || !rule.series.matches(series->key)) continue;
      judge(host, n, series->key.attributes, at, {value}, series->unit);
    }
  }
  for (const auto& [mount, disk] : disks) {
    judge(host, 1, {{"mountpoint", mount}}, at, {disk.free / (disk.free + disk.used), disk.free}, "1");
  }
  judge(host, 2, {}, at, {limit > 0 ? available / limit : std::nan("")}, "1");
  flush();
}

void Engine::judge(Host& host, std::size_t n, std::vector<metrics::Attribute> attributes, units::Instant at,
                   Reading reading, const std::string& unit) {
  if (std::isnan(reading.value)) return;
  const Rule& rule = rules_[n];
  if (host.entries.empty() && step(rule, {}, at, reading, config_.interval).next.phase == Phase::inactive) return;
  const std::string key = key_of(rule, host.record.number, attributes);
  const auto found = host.entries.find(key);
  if (found == host.entries.end()) {
    const auto result = step(rule, {}, at, reading, config_.interval);
    if (result.next.phase == Phase::inactive) return;
    Entry entry;
    entry.rule = n;
    entry.alert.attributes = std::move(attributes);
    entry.alert.value = reading.value;
    entry.alert.reason = reason(rule, entry.alert.attributes, reading.value, unit);
    apply(host, key, std::move(entry), result);
    return;
  }
  Entry& entry = found->second;
  const auto result = step(rule, entry.state, at, reading, config_.interval);
  if (result.next == entry.state) return;
  entry.alert.value = reading.value;
  if (result.change != Transition::resolved) entry.alert.reason = reason(rule, attributes, reading.value, unit);
  if (result.next.phase == entry.state.phase && result.next.since == entry.state.since) {
    entry.state = result.next;
    return;
  }
  apply(host, key, entry, result);
}

void Engine::apply(Host& host, const std::string& key, Entry entry, const StepResult& result) {
  entry.state = result.next;
  const Rule& rule = rules_[entry.rule];
  if (entry.alert.id == 0) entry.alert.id = entry.alert.incident = ++last_id_;
  entry.alert.rule = rule.name;
  entry.alert.host = host.record.number;
  entry.alert.severity = rule.severity;
  if (result.change == Transition::resolved) {
    resolve(host, entry);
  } else {
    entry.alert.phase = entry.state.phase;
    entry.alert.since = entry.state.since;
    if (result.change == Transition::fired) fire(host, entry);
  }
  backlog_.alerts.push_back(entry.alert);
  publish(host, entry.alert);
  if (entry.state.phase == Phase::inactive) {
    bus_.retire(kTopic, std::to_string(entry.alert.id));
    backlog_.states.push_back({key, ""});
    host.entries.erase(key);
    return;
  }
  keep(key, entry);
  host.entries[key] = std::move(entry);
}

void Engine::fire(Host& host, Entry& entry) {
  entry.alert.notifies_at = clock_.now() + config_.hold;
  queue(host, entry.alert, Transition::fired, *entry.alert.notifies_at);
}

void Engine::resolve(Host& host, Entry& entry) {
  const units::Instant now = clock_.now();
  const bool held = entry.alert.notifies_at && now < *entry.alert.notifies_at;
  if (!held && entry.alert.notifies_at && entry.rule == 0) told_.on_notified(host.record.number, entry.host_since);
  entry.alert.notifies_at.reset();
  entry.alert.phase = Phase::resolved;
  if (held) {
    backlog_.cancel.push_back(entry.alert.incident);
    std::erase_if(backlog_.queue, [&](const auto& d) { return d.notice.incident == entry.alert.incident; });
  } else {
    queue(host, entry.alert, Transition::resolved, now);
  }
  entry.alert.since = now;
}

void Engine::queue(const Host& host, const domain::Alert& alert, Transition transition, units::Instant not_before) {
  for (const std::string& receiver : config_.receivers) {
    domain::Delivery delivery;
    delivery.receiver = receiver;
    delivery.notice = {alert.incident, transition, alert, host.record.name, units::to_string(host.record.id),
                       clock_.now()};
    delivery.message_id = "<" + std::to_string(alert.incident) +
                          (transition == Transition::fired ? ".fired." : ".resolved.") +
                          std::to_string(units::unix_ms(clock_.now())) + "." +
                          std::to_string(std::hash<std::string>{}(receiver)) + "@vedette>";
    delivery.not_before = not_before;
    backlog_.queue.push_back(std::move(delivery));
  }
}

void Engine::keep(const std::string& key, const Entry& entry) {
  const domain::Alert& alert = entry.alert;
  Json body = {{"v", 1},
               {"rule", alert.rule},
               {"host", domain::index(alert.host)},
               {"attributes", pairs(alert.attributes)},
               {"firing", alert.phase == Phase::firing},
               {"since", units::unix_ms(alert.since)},
               {"id", alert.id},
               {"severity", static_cast<int>(alert.severity)},
               {"reason", alert.reason},
               {"host_since", units::unix_ms(entry.host_since)}};
  if (alert.value) body["value"] = *alert.value;
  if (alert.notifies_at) body["notifies_at"] = units::unix_ms(*alert.notifies_at);
  backlog_.states.push_back({key, body.dump(-1, ' ', false, Json::error_handler_t::replace)});
}

void Engine::publish(const Host& host, const domain::Alert& alert) {
  const Json row = {alert.id,
                    alert.rule,
                    units::to_string(host.record.id),
                    host.record.name,
                    pairs(alert.attributes),
                    std::string(domain::name(alert.phase)),
                    std::string(domain::name(alert.severity)),
                    seconds(alert.since),
                    alert.value ? Json(*alert.value) : Json(),
                    alert.reason,
                    alert.notifies_at ? seconds(*alert.notifies_at) : Json()};
  bus_.publish(kTopic, std::to_string(alert.id), row.dump(-1, ' ', false, Json::error_handler_t::replace), false);
}

void Engine::advance() {
  const units::Instant now = clock_.now();
  for (auto& [number, host] : hosts_) {
    if (host.record.number != number) continue;
    if (host.state.status == HostStatus::stopped) judge_host(host);
    for (auto& [key, entry] : host.entries) {
      if (!entry.alert.notifies_at || now < *entry.alert.notifies_at) continue;
      entry.alert.notifies_at.reset();
      if (entry.rule == 0) told_.on_notified(number, entry.host_since);
      keep(key, entry);
      backlog_.alerts.push_back(entry.alert);
      publish(host, entry.alert);
    }
  }
  flush();
}

void Engine::flush() {
  if (backlog_.states.empty() && backlog_.alerts.empty()) return;
  if (const auto done = records_.commit(backlog_); !done) {
    units::log_error("alert states could not be stored; will be tried again", {{"error", done.error().message}});
    return;
  }
  const bool queued = !backlog_.queue.empty();
  backlog_ = {};
  if (queued && queued_) queued_();
}

}  // namespace vedette::alerts

#include "tests/load/swarm/live_reader.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

namespace vedette::swarm {
namespace {

constexpr std::size_t kKnown = 32;

}  // namespace

const LiveEvent& LiveReader::read(std::string_view text) {
  for (auto known = known_.rbegin(); known != known_.rend(); ++known) {
    if (known->text == text) return known->event;
  }
  if (known_.size() == kKnown) known_.pop_front();
  known_.push_back({std::string(text), read_message(nlohmann::json::parse(text, nullptr, false))});
  return known_.back().event;
}

LiveEvent LiveReader::read_message(const nlohmann::json& message) {
  LiveEvent event;
  if (!message.is_object()) {
    ++unreadable_;
    return event;
  }
  event.cursor = message.value("cursor", "");
  const std::string topic = message.value("topic", "");
  if (topic == "fleet" && message.contains("header")) {
    const auto& header = message["header"];
    const auto at = std::ranges::find(header, "last_tick");
    if (at != header.end()) last_tick_ = static_cast<std::size_t>(at - header.begin());
  }
  if (!message.contains("rows")) return event;
  event.snapshot = message.value("type", "") == "snapshot";
  for (const auto& row : message["rows"]) {
    if (topic == "fleet" && row.size() > last_tick_) show(event, row[0].get<std::string>(), row[last_tick_]);
    if (topic.starts_with("host/") && !row.empty()) show(event, topic.substr(5), row[0]);
  }
  return event;
}

void LiveReader::show(LiveEvent& event, const std::string& host, const nlohmann::json& seconds) {
  const auto agent = agents_.find(host);
  if (agent == agents_.end() || !seconds.is_number()) return;
  event.shown.push_back({agent->second, std::llround(seconds.get<double>() * 1000)});
}

}  // namespace vedette::swarm

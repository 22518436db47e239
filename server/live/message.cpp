#include "server/live/message.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "schema/units/utf8.h"

namespace vedette::live {
namespace {

using nlohmann::json;
using units::ErrorCode;
using units::fail;

void append_rows(std::string& out, std::span<const SharedRow> rows) {
  out += "\"rows\":[";
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (i > 0) out += ',';
    out += *rows[i];
  }
  out += ']';
}

std::string begin(std::string_view type, std::string_view topic, std::string_view cursor,
                  std::span<const SharedRow> rows) {
  std::string out;
  std::size_t size = 256;
  for (const auto& row : rows) size += row->size() + 1;
  out.reserve(size);
  out.append("{\"type\":\"").append(type).append("\",\"topic\":\"").append(topic);
  out.append("\",\"cursor\":\"").append(cursor).append("\",");
  return out;
}

/// What a viewer wrote, as it may be quoted back: short, and valid UTF-8 because the frame's text was.
std::string quoted(const json& value) {
  std::string text = value.dump(-1, ' ', true);  // ASCII only: cutting can't break a character
  if (text.size() > 80) text = text.substr(0, 80) + "…";
  return text;
}

std::unexpected<units::Error> no_topic(const json& what) {
  return fail(ErrorCode::invalid,
              quoted(what) + " is no topic; there are \"fleet\", \"alerts\" and \"host/<32 hex digits>\"");
}

void add_once(std::vector<std::string>& names, const std::string& name) {
  if (std::ranges::find(names, name) == names.end()) names.push_back(name);
}

units::Result<std::vector<std::string>> parse_topics(const json& body) {
  const auto topics = body.find("topics");
  if (topics == body.end() || !topics->is_array() || topics->empty()) {
    return fail(ErrorCode::invalid, "\"topics\" must be a list of at least one topic");
  }
  std::vector<std::string> names;
  for (const json& topic : *topics) {
    if (!topic.is_string() || !is_topic(topic.get_ref<const std::string&>())) return no_topic(topic);
    add_once(names, topic.get_ref<const std::string&>());
  }
  return names;
}

}  // namespace

std::string to_string(const Cursor& cursor) {
  return cursor.run + "-" + std::to_string(cursor.number);
}

std::optional<Cursor> parse_cursor(std::string_view text) {
  const std::size_t dash = text.rfind('-');
  if (dash == std::string_view::npos || dash == 0) return std::nullopt;
  Cursor cursor{std::string(text.substr(0, dash)), 0};
  const char* end = text.data() + text.size();
  const auto [stop, status] = std::from_chars(text.data() + dash + 1, end, cursor.number);
  if (status != std::errc{} || stop != end) return std::nullopt;
  return cursor;
}

bool is_host_topic(std::string_view name) noexcept {
  constexpr std::string_view kPrefix = "host/";
  if (name.size() != kPrefix.size() + 32 || !name.starts_with(kPrefix)) return false;
  return std::ranges::all_of(name.substr(kPrefix.size()),
                             [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_topic(std::string_view name) noexcept {
  return name == "fleet" || name == "alerts" || is_host_topic(name);
}

units::Result<ViewerRequest> parse_request(std::string_view text) {
  // Depth is bounded by the message's size (4 kB).
  const json body = json::parse(text, nullptr, false);
  if (!body.is_object()) return fail(ErrorCode::invalid, "this is no JSON object");
  ViewerRequest request;
  const auto op = body.find("op");
  if (op != body.end() && *op == "unsubscribe") {
    request.op = ViewerRequest::Op::unsubscribe;
  } else if (op == body.end() || *op != "subscribe") {
    return fail(ErrorCode::invalid, "\"op\" must be \"subscribe\" or \"unsubscribe\"");
  }
  auto topics = parse_topics(body);
  if (!topics) return std::unexpected(topics.error());
  request.topics = std::move(*topics);
  if (const auto cursor = body.find("cursor"); cursor != body.end() && !cursor->is_null()) {
    if (!cursor->is_string()) return fail(ErrorCode::invalid, "\"cursor\" must be a text");
    request.cursor = cursor->get<std::string>();
  }
  return request;
}

units::Result<std::vector<std::string>> parse_topic_lists(std::span<const std::string_view> lists) {
  std::vector<std::string> names;
  for (std::string_view list : lists) {
    while (!list.empty()) {
      const std::size_t comma = std::min(list.find(','), list.size());
      const std::string name(list.substr(0, comma));
      list.remove_prefix(std::min(comma + 1, list.size()));
      if (!is_topic(name)) return no_topic(units::repair_utf8(name));
      add_once(names, name);
    }
  }
  if (names.empty()) {
    return fail(ErrorCode::invalid, "topics is missing: name what to watch, as in topics=fleet,alerts");
  }
  return names;
}

std::string delta_text(std::string_view topic, std::string_view cursor, const std::optional<std::string>& header,
                       std::span<const SharedRow> rows) {
  std::string out = begin("delta", topic, cursor, rows);
  if (header) out.append("\"header\":").append(*header).append(",");
  append_rows(out, rows);
  return out += '}';
}

std::string snapshot_text(std::string_view topic, std::string_view cursor, Part part, std::string_view header,
                          std::span<const SharedRow> rows) {
  std::string out = begin("snapshot", topic, cursor, rows);
  if (part.of > 1) {
    out.append("\"part\":").append(std::to_string(part.number));
    out.append(",\"parts\":").append(std::to_string(part.of)).append(",");
  }
  out.append("\"header\":").append(header).append(",");
  append_rows(out, rows);
  return out += '}';
}

std::string beat_text(std::string_view cursor) {
  return "{\"type\":\"beat\",\"cursor\":\"" + std::string(cursor) + "\"}";
}

std::string error_text(std::string_view message, std::string_view topic) {
  json text{{"type", "error"}, {"message", message}};
  if (!topic.empty()) text["topic"] = topic;
  return text.dump();
}

std::vector<std::span<const SharedRow>> split(std::span<const SharedRow> rows, std::size_t limit) {
  std::vector<std::span<const SharedRow>> runs;
  std::size_t first = 0, bytes = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (i > first && bytes + rows[i]->size() + 1 > limit) {
      runs.push_back(rows.subspan(first, i - first));
      first = i;
      bytes = 0;
    }
    bytes += rows[i]->size() + 1;
  }
  runs.push_back(rows.subspan(first));
  return runs;
}

}  // namespace vedette::live

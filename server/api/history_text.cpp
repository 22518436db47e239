#include "server/api/history_text.h"

#include <cmath>
#include <span>

#include "server/api/host_json.h"
#include "server/domain/json.h"

namespace vedette::api {

using domain::Aggregate;
using domain::append_json_number;
using domain::append_json_string;
using domain::append_json_time;
using domain::HistoryColumns;

namespace {

template <class T, class Append>
void column(std::string& out, std::string_view key, const std::vector<T>& values, Append append) {
  out += ",\"";
  out += key;
  out += "\":";
  domain::append_json_array(out, values, append);
}

// What a machine called itself mustn't be a formula to the spreadsheet that opens this.
std::string_view guard(std::string_view text) {
  return !text.empty() && std::string_view("=+-@\t\r").find(text.front()) != std::string_view::npos ? "'" : "";
}

void csv_text(std::string& out, std::string_view plain) {
  const std::string text = std::string(guard(plain)) + std::string(plain);
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

void csv_number(std::string& out, std::span<const double> values, std::size_t row) {
  out += ',';
  if (row < values.size() && std::isfinite(values[row])) append_json_number(out, values[row]);
}

const char* name_of(domain::Incomplete::Why why) {
  switch (why) {
    case domain::Incomplete::Why::damaged:
      return "damaged";
    case domain::Incomplete::Why::removed:
      return "removed";
    case domain::Incomplete::Why::coarser:
      return "coarser";
    case domain::Incomplete::Why::open:
      return "open";
  }
  return "";
}

void append_incomplete(std::string& out, const HistoryWriter::Lack& lack) {
  const auto& [host, one] = lack;
  out += '{';
  if (host) out += "\"host\":\"" + units::to_string(*host) + "\",";
  out += "\"from\":";
  append_json_time(out, one.from);
  out += ",\"to\":";
  append_json_time(out, one.to);
  out += std::string(",\"reason\":\"") + name_of(one.why) + "\",\"tier\":";
  append_json_string(out, one.tier);
  out += '}';
}

}  // namespace

void HistoryWriter::begin(std::string& out, std::string_view tier, units::Milliseconds step) {
  if (shape_.format == HistoryFormat::json) {
    out += "{\"tier\":";
    append_json_string(out, tier);
    out += ",\"step\":";
    append_json_number(out, std::chrono::duration<double>(step).count());
    out += ",\"series\":[";
    return;
  }
  if (shape_.host) out += "host,host_name,";
  if (shape_.tag) out += "tag,";
  out += "series,unit,t";
  if (shape_.hosts) out += ",hosts";
  if (shape_.raw) out += ",value";
  for (const auto& one : domain::kHistoryColumns) {
    if (!shape_.raw && shape_.aggregates.contains(one.aggregate)) out += ',' + std::string(one.name);
  }
  out += "\r\n";
}

void HistoryWriter::add(std::string& out, const HistoryLine& line) {
  if (line.columns->t.empty()) return;
  if (shape_.format == HistoryFormat::json) {
    add_json(out, line);
  } else {
    add_csv(out, line);
  }
}

void HistoryWriter::add_json(std::string& out, const HistoryLine& line) {
  const HistoryColumns& columns = *line.columns;
  out += first_ ? "{" : ",{";
  first_ = false;
  if (line.host != nullptr) {
    out += "\"host\":\"" + units::to_string(line.host->id) + "\",\"host_name\":";
    append_json_string(out, line.host->name);
    out += ',';
  }
  if (line.tag) {
    out += "\"tag\":";
    append_json_string(out, *line.tag);
    out += ',';
  }
  append_series_fields(out, columns.series);
  column(out, "t", columns.t, append_json_time);
  if (line.hosts != nullptr) column(out, "hosts", *line.hosts, append_json_number);
  for (const auto& one : domain::kHistoryColumns) {
    const auto& values = columns.*one.values;
    const bool raw = shape_.raw && one.aggregate == Aggregate::average;
    if (!values.empty()) column(out, raw ? std::string_view("value") : one.name, values, append_json_number);
  }
  out += '}';
}

void HistoryWriter::add_csv(std::string& out, const HistoryLine& line) const {
  const HistoryColumns& columns = *line.columns;
  std::string head;
  if (shape_.host && line.host != nullptr) {
    head += units::to_string(line.host->id) + ',';
    csv_text(head, line.host->name);
    head += ',';
  }
  if (shape_.tag) {
    csv_text(head, line.tag.value_or(""));
    head += ',';
  }
  csv_text(head, metrics::to_string(columns.series.key));
  head += ',';
  csv_text(head, columns.series.unit);
  head += ',';
  for (std::size_t row = 0; row < columns.t.size(); ++row) {
    out += head;
    append_json_time(out, columns.t[row]);
    if (shape_.hosts) csv_number(out, line.hosts == nullptr ? std::span<const double>{} : *line.hosts, row);
    if (shape_.raw) csv_number(out, columns.average, row);
    for (const auto& one : domain::kHistoryColumns) {
      if (!shape_.raw && shape_.aggregates.contains(one.aggregate)) csv_number(out, columns.*one.values, row);
    }
    out += "\r\n";
  }
}

void HistoryWriter::end(std::string& out, const Lacks& incomplete) const {
  if (shape_.format == HistoryFormat::csv) return;
  out += "],\"incomplete\":[";
  for (std::size_t n = 0; n < incomplete.size(); ++n) {
    if (n > 0) out += ',';
    append_incomplete(out, incomplete[n]);
  }
  out += "]}";
}

}  // namespace vedette::api

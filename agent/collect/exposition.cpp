#include "agent/collect/exposition.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>
#include <set>

#include "agent/collect/text.h"

namespace vedette::collect {
namespace {

using units::ErrorCode;
using units::Result;

bool is_name(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == ':';
}

std::string_view take_name(std::string_view& rest) {
  const auto end = std::ranges::find_if_not(rest, is_name);
  const auto name = rest.substr(0, static_cast<std::size_t>(end - rest.begin()));
  rest.remove_prefix(name.size());
  return name;
}

void skip_blanks(std::string_view& rest) {
  while (!rest.empty() && (rest.front() == ' ' || rest.front() == '\t')) rest.remove_prefix(1);
}

bool take(std::string_view& rest, char c) {
  skip_blanks(rest);
  if (!rest.starts_with(c)) return false;
  rest.remove_prefix(1);
  return true;
}

/// Behind the opening quote, up to and with the closing one.
std::optional<std::string> take_quoted(std::string_view& rest) {
  std::string value;
  while (!rest.empty()) {
    const char c = rest.front();
    rest.remove_prefix(1);
    if (c == '"') return value;
    if (c != '\\') {
      value += c;
      continue;
    }
    if (rest.empty()) return std::nullopt;
    value += rest.front() == 'n' ? '\n' : rest.front();  // \\ and \" are themselves
    rest.remove_prefix(1);
  }
  return std::nullopt;
}

Result<std::vector<metrics::Attribute>> take_labels(std::string_view& rest) {
  std::vector<metrics::Attribute> labels;
  if (!take(rest, '{')) return labels;
  while (!take(rest, '}')) {
    skip_blanks(rest);
    const auto name = take_name(rest);
    if (name.empty() || !take(rest, '=') || !take(rest, '"')) {
      return units::fail(ErrorCode::invalid, "a label must be name=\"value\"");
    }
    auto value = take_quoted(rest);
    if (!value) return units::fail(ErrorCode::invalid, "the value of " + std::string(name) + " has no closing quote");
    labels.push_back({std::string(name), std::move(*value)});
    if (!take(rest, ',') && !rest.starts_with('}')) {
      return units::fail(ErrorCode::invalid, "between labels there must be a comma");
    }
  }
  std::ranges::sort(labels);
  return labels;
}

/// As Go's ParseFloat reads it, but for hexadecimals and underscores.
std::optional<double> number(std::string_view word) {
  if (word.starts_with('+')) word.remove_prefix(1);
  double value = 0;
  const auto [end, status] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (word.empty() || end != word.data() + word.size()) return std::nullopt;
  if (status != std::errc{}) return std::nullopt;
  return value;
}

class Reader {
 public:
  void line(std::string_view text, std::size_t number_of_line) {
    skip_blanks(text);
    if (text.ends_with('\r')) text.remove_suffix(1);
    if (text.empty()) return;
    if (text.front() == '#') return comment(text);
    if (auto sample = read(text); !sample) {
      if (out_.faults++ == 0) out_.fault = "line " + std::to_string(number_of_line) + ": " + sample.error().message;
    } else if (!std::isnan(sample->value)) {
      out_.samples.push_back(std::move(*sample));
    }
  }
  Exposition finish() && { return std::move(out_); }

 private:
  void comment(std::string_view text) {
    text.remove_prefix(1);
    if (take_word(text) != "TYPE") return;
    const auto name = take_word(text);
    types_.insert_or_assign(std::string(name), std::string(take_word(text)));
  }

  [[nodiscard]] metrics::Kind kind_of(const std::string& name) const {
    const auto type = types_.find(name);
    if (type != types_.end()) return type->second == "counter" ? metrics::Kind::counter : metrics::Kind::gauge;
    // What a histogram or summary counts has its family's TYPE.
    for (const std::string_view end : {"_bucket", "_count", "_sum"}) {
      if (!name.ends_with(end)) continue;
      const auto family = types_.find(name.substr(0, name.size() - end.size()));
      if (family == types_.end()) continue;
      if (family->second == "histogram" || family->second == "summary") return metrics::Kind::counter;
    }
    return metrics::Kind::gauge;
  }

  Result<ExposedSample> read(std::string_view text) {
    ExposedSample sample;
    auto& [key, unit, kind, quantum] = sample.series;
    key.name = std::string(take_name(text));
    if (key.name.empty()) return units::fail(ErrorCode::invalid, "a metric's name must come first");
    if (key.name.contains(':')) {
      return units::fail(ErrorCode::invalid, key.name + ": names with : are for rules; give it another");
    }
    auto labels = take_labels(text);
    if (!labels) return std::unexpected(std::move(labels.error()));
    key.attributes = std::move(*labels);
    const auto word = take_word(text);
    const auto value = number(word);
    if (!value) {
      return units::fail(ErrorCode::invalid, key.name + ": \"" + std::string(word.substr(0, 40)) + "\" is no number");
    }
    if (!take_word(text).empty()) {
      return units::fail(ErrorCode::invalid, key.name + ": something follows the value; times can't be given");
    }
    sample.value = *value;
    kind = kind_of(key.name);
    quantum = metrics::kReal;
    if (auto good = metrics::check(sample.series); !good) return std::unexpected(std::move(good.error()));
    if (!seen_.insert(key).second) {
      return units::fail(ErrorCode::invalid, to_string(key) + " comes twice");
    }
    return sample;
  }

  Exposition out_;
  std::map<std::string, std::string, std::less<>> types_;
  std::set<metrics::SeriesKey> seen_;
};

}  // namespace

Exposition parse_exposition(std::string_view text) {
  Reader reader;
  for (std::size_t line = 1; !text.empty(); ++line) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    reader.line(text.substr(0, end), line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return std::move(reader).finish();
}

}  // namespace vedette::collect

#include "schema/metrics/series.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "schema/units/utf8.h"

namespace vedette::metrics {
namespace {

using units::ErrorCode;
using units::fail;
using units::Result;

constexpr std::size_t kMaxName = 128, kMaxUnit = 64, kMaxAttributes = 8, kMaxKey = 64, kMaxValue = 256;
constexpr std::int64_t kMaxQuantum = 1'000'000'000'000'000;  // doubles hold it exactly
constexpr std::size_t kShown = 64;                           // of a bad value, in error messages

std::string shown(std::string_view text) {
  if (!units::is_utf8(text)) return "(not UTF-8)";
  return '"' + std::string(units::cut_utf8(text, kShown)) + (text.size() > kShown ? "…\"" : "\"");
}

/// std::round, exactly. Of libm nothing else is called, and mapping it costs every agent 300 kB.
double nearest(double value) noexcept {
  constexpr double kWhole = 0x1p52;  // from here on a double has no fraction
  if (!(std::abs(value) < kWhole)) return value;
  const auto whole = static_cast<double>(static_cast<std::int64_t>(value));
  const double rest = value - whole;
  return whole + (rest >= 0.5 ? 1 : 0) - (rest <= -0.5 ? 1 : 0);
}

bool is_letter(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// OpenTelemetry's instrument names: a letter, then letters, digits and _ . - /
bool is_name(std::string_view text) noexcept {
  return !text.empty() && is_letter(text.front()) && std::ranges::all_of(text, [](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-' || c == '/';
  });
}

Result<void> check_attributes(const SeriesKey& key) {
  if (key.attributes.size() > kMaxAttributes) {
    return fail(ErrorCode::invalid, "series " + shown(key.name) + " has " + std::to_string(key.attributes.size()) +
                                        " attributes; at most " + std::to_string(kMaxAttributes) + " are allowed");
  }
  for (std::size_t i = 0; i < key.attributes.size(); ++i) {
    const Attribute& attribute = key.attributes[i];
    const std::string where = "series " + shown(key.name) + ": attribute ";
    if (attribute.key.size() > kMaxKey || !is_name(attribute.key)) {
      return fail(ErrorCode::invalid, where + "key " + shown(attribute.key) +
                                          " must be 1 to 64 letters, digits and _ . - /, a letter first");
    }
    if (attribute.value.size() > kMaxValue || !units::is_utf8(attribute.value)) {
      return fail(ErrorCode::invalid, where + attribute.key + " must be at most 256 bytes of UTF-8");
    }
    if (i > 0 && key.attributes[i - 1].key >= attribute.key) {
      return fail(ErrorCode::invalid, where + "keys must ascend, each once: " + attribute.key + " does not");
    }
  }
  return {};
}

}  // namespace

double value(Cell cell, Quantum quantum) noexcept {
  if (quantum.is_real()) return std::bit_cast<double>(cell.bits);
  return static_cast<double>(cell.bits) * static_cast<double>(quantum.multiply) / static_cast<double>(quantum.divide);
}

Cell cell(double value, Quantum quantum) noexcept {
  if (quantum.is_real()) return integer(std::bit_cast<std::int64_t>(value));
  if (std::isnan(value)) return {};
  const double steps = nearest(value * static_cast<double>(quantum.divide) / static_cast<double>(quantum.multiply));
  constexpr double kEdge = 0x1p63;
  if (steps >= kEdge) return integer(std::numeric_limits<std::int64_t>::max());
  if (steps < -kEdge) return integer(std::numeric_limits<std::int64_t>::min());
  return integer(static_cast<std::int64_t>(steps));
}

std::optional<std::string_view> SeriesKey::attribute(std::string_view key) const {
  for (const Attribute& attribute : attributes) {
    if (attribute.key == key) return attribute.value;
  }
  return std::nullopt;
}

std::string to_string(const SeriesKey& key) {
  std::string out = key.name;
  if (key.attributes.empty()) return out;
  char separator = '{';
  for (const Attribute& attribute : key.attributes) {
    out += separator;
    separator = ',';
    out += attribute.key;
    out += '=';
    if (attribute.value.find_first_of(",}=\"\\") == std::string::npos) {
      out += attribute.value;
      continue;
    }
    out += '"';
    for (const char c : attribute.value) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    out += '"';
  }
  return out + '}';
}

Result<void> check(const Series& series) {
  if (series.key.name.size() > kMaxName || !is_name(series.key.name)) {
    return fail(ErrorCode::invalid, "series name " + shown(series.key.name) +
                                        " must be 1 to 128 letters, digits and _ . - /, a letter first");
  }
  if (auto ok = check_attributes(series.key); !ok) return ok;
  if (series.unit.size() > kMaxUnit || !units::is_utf8(series.unit)) {
    return fail(ErrorCode::invalid, "series " + series.key.name + ": unit must be at most 64 bytes of UTF-8");
  }
  if (series.kind != Kind::gauge && series.kind != Kind::counter) {
    return fail(ErrorCode::invalid, "series " + series.key.name + ": kind must be 0 (gauge) or 1 (counter)");
  }
  const auto sensible = [](std::int64_t n) { return n >= 1 && n <= kMaxQuantum; };
  if (series.quantum != kReal && !(sensible(series.quantum.multiply) && sensible(series.quantum.divide))) {
    return fail(ErrorCode::invalid,
                "series " + series.key.name + ": quantum " + std::to_string(series.quantum.multiply) + "/" +
                    std::to_string(series.quantum.divide) + " must be 0/0 or two numbers from 1 to 10^15");
  }
  return {};
}

namespace {

/// Reads the part of a selector between the braces.
class AttributeReader {
 public:
  explicit AttributeReader(std::string_view text) : text_(text) {}

  /// From after "{" to the end of the text; the last character has to be the closing brace.
  Result<std::vector<Attribute>> read() {
    std::vector<Attribute> attributes;
    if (text_ == "}") return attributes;
    for (char last = ','; last == ',';) {
      auto attribute = one();
      if (!attribute) return std::unexpected(attribute.error());
      attributes.push_back(std::move(*attribute));
      if (at_ == text_.size() || (text_[at_] != ',' && text_[at_] != '}')) return bad("needs a , or } after a value");
      last = text_[at_++];
    }
    if (at_ != text_.size()) return bad("has text after }");
    std::ranges::sort(attributes);
    const auto twice = std::ranges::adjacent_find(attributes, {}, &Attribute::key);
    if (twice != attributes.end()) return bad("names the key " + twice->key + " twice");
    return attributes;
  }

 private:
  static std::unexpected<units::Error> bad(const std::string& what) { return fail(ErrorCode::invalid, what); }

  Result<Attribute> one() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
    const std::size_t equals = text_.find('=', at_);
    if (equals == std::string_view::npos) return bad("needs key=value between { and }");
    Attribute attribute{std::string(text_.substr(at_, equals - at_)), {}};
    if (!is_name(attribute.key)) return bad("has the key " + shown(attribute.key) + ", which is no attribute's name");
    at_ = equals + 1;
    if (at_ < text_.size() && text_[at_] == '"') {
      ++at_;
      if (!quoted(attribute.value)) return bad("has a value whose quote isn't closed");
      return attribute;
    }
    const std::size_t end = std::min(text_.find_first_of(",}", at_), text_.size());
    attribute.value = text_.substr(at_, end - at_);
    if (attribute.value.find_first_of("=\"\\") != std::string::npos) {
      return bad("has the value " + shown(attribute.value) + ", which must stand in quotes");
    }
    at_ = end;
    return attribute;
  }

  bool quoted(std::string& value) {
    for (; at_ < text_.size(); ++at_) {
      if (text_[at_] == '"') return ++at_, true;
      if (text_[at_] == '\\' && ++at_ == text_.size()) return false;
      value += text_[at_];
    }
    return false;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

Result<Selector> parse_selector(std::string_view text) {
  const auto bad = [&](const std::string& what) {
    return fail(ErrorCode::invalid,
                "series " + shown(text) + " " + what + "; write name, name{key=value} or name{key=*}");
  };
  if (!units::is_utf8(text)) return bad("isn't UTF-8");
  const std::size_t brace = text.find('{');
  Selector selector{std::string(text.substr(0, brace)), std::nullopt};
  if (selector.name.size() > kMaxName || !is_name(selector.name)) return bad("has no valid name");
  if (brace == std::string_view::npos) return selector;
  auto attributes = AttributeReader(text.substr(brace + 1)).read();
  if (!attributes) return bad(attributes.error().message);
  selector.attributes = std::move(*attributes);
  return selector;
}

bool Selector::matches(const SeriesKey& key) const {
  if (name != key.name) return false;
  if (!attributes) return true;
  return std::ranges::equal(*attributes, key.attributes, [](const Attribute& wanted, const Attribute& has) {
    return wanted.key == has.key && (wanted.value == "*" || wanted.value == has.value);
  });
}

}  // namespace vedette::metrics

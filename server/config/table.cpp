#include "server/config/table.h"

#include <toml++/toml.h>
#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

namespace vedette::config {

using units::ErrorCode;
using units::Result;

namespace {

std::string line_of(const std::string& file, const toml::source_region& region) {
  return file + ":" + std::to_string(region.begin.line) + ": ";
}

std::string joined_names(const std::set<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

/// "10GB" -> 10^10.
std::optional<std::uint64_t> parse_bytes(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc{}) return std::nullopt;
  const std::string_view unit(end, text.data() + text.size());
  std::uint64_t factor = 0;
  if (unit.empty() || unit == "B") factor = 1;
  if (unit == "kB" || unit == "KB") factor = 1'000;
  if (unit == "MB") factor = 1'000'000;
  if (unit == "GB") factor = 1'000'000'000;
  if (unit == "TB") factor = 1'000'000'000'000;
  std::uint64_t bytes = 0;
  if (factor == 0 || __builtin_mul_overflow(number, factor, &bytes)) return std::nullopt;
  return bytes;
}

}  // namespace

std::string Faults::joined() const {
  std::string out;
  for (const std::string& one : words_) out += (out.empty() ? "" : "\n") + one;
  return out;
}

struct File::Impl {
  std::string name;
  toml::table root;
  std::set<std::string> known;
  Faults faults;
};

struct Table::Impl {
  std::shared_ptr<void> file;  ///< keeps the nodes alive
  std::string file_name;
  std::string name;  ///< "server", "receiver"
  const toml::table* node = nullptr;
  Faults* faults = nullptr;
  std::set<std::string> known;

  const toml::node* find(std::string_view key) {
    known.emplace(key);
    return node ? node->get(key) : nullptr;
  }
  std::string place_of(std::string_view key) const {
    const toml::node* at = node ? node->get(key) : nullptr;
    const std::string where = at     ? line_of(file_name, at->source())
                              : node ? line_of(file_name, node->source())
                                     : file_name + ": ";
    return where + name + "." + std::string(key);
  }
  bool sound = true;
  void fault(std::string_view key, const std::string& words) {
    sound = false;
    faults->add(place_of(key) + " " + words);
  }
};

std::optional<std::string> Table::text(std::string_view key) {
  const toml::node* node = impl_->find(key);
  if (!node) return std::nullopt;
  auto value = node->value_exact<std::string>();
  if (!value) impl_->fault(key, "must be text in quotes");
  return value;
}

std::optional<double> Table::number(std::string_view key) {
  const toml::node* node = impl_->find(key);
  if (!node) return std::nullopt;
  auto value = node->is_number() ? node->value<double>() : std::nullopt;
  if (!value) {
    impl_->fault(key, "must be a number");
  } else if (!std::isfinite(*value)) {
    impl_->fault(key, std::string("is ") +
                          (std::isnan(*value) ? "nan"
                           : *value > 0       ? "inf"
                                              : "-inf") +
                          "; it must be a finite number");
    return std::nullopt;
  }
  return value;
}

std::optional<std::uint64_t> Table::whole(std::string_view key, std::uint64_t least, std::uint64_t most) {
  const toml::node* node = impl_->find(key);
  if (!node) return std::nullopt;
  const auto value = node->value_exact<std::int64_t>();
  if (value && *value >= 0 && static_cast<std::uint64_t>(*value) >= least &&
      static_cast<std::uint64_t>(*value) <= most) {
    return static_cast<std::uint64_t>(*value);
  }
  impl_->fault(key, (value ? "is " + std::to_string(*value) + "; it " : std::string()) +
                        "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  return std::nullopt;
}

std::optional<bool> Table::flag(std::string_view key) {
  const toml::node* node = impl_->find(key);
  if (!node) return std::nullopt;
  auto value = node->value_exact<bool>();
  if (!value) impl_->fault(key, "must be true or false");
  return value;
}

std::optional<std::vector<std::string>> Table::texts(std::string_view key) {
  const toml::node* node = impl_->find(key);
  if (!node) return std::nullopt;
  std::vector<std::string> values;
  const toml::array* list = node->as_array();
  for (std::size_t i = 0; list && i < list->size(); ++i) {
    auto value = list->get(i)->value_exact<std::string>();
    if (value) values.push_back(std::move(*value));
  }
  if (list && values.size() == list->size()) return values;
  impl_->fault(key, "must be a list of texts: [\"a\", \"b\"]");
  return std::nullopt;
}

std::optional<units::Milliseconds> Table::duration(std::string_view key) {
  const auto words = text(key);
  if (!words) return std::nullopt;
  auto span = units::parse_duration(*words);
  if (span && *span <= kLongestDuration) return *span;
  if (span) {
    impl_->fault(key, "is \"" + *words + "\"; it must be at most \"" + units::format_duration(kLongestDuration) + "\"");
    return std::nullopt;
  }
  impl_->fault(key, "is \"" + *words + "\"; it must be a span like \"500ms\", \"60s\", \"15m\", \"1h\" or \"14d\"");
  return std::nullopt;
}

std::optional<std::uint64_t> Table::bytes(std::string_view key) {
  const toml::node* node = impl_->find(key);
  if (!node) return std::nullopt;
  std::optional<std::uint64_t> value;
  if (const auto whole = node->value_exact<std::int64_t>(); whole && *whole >= 0) {
    value = static_cast<std::uint64_t>(*whole);
  }
  if (const auto words = node->value_exact<std::string>()) value = parse_bytes(*words);
  if (!value) impl_->fault(key, "must be a size like \"10GB\", \"500MB\" or a whole number of bytes");
  return value;
}

std::optional<std::string> Table::choice(std::string_view key, const std::vector<std::string>& allowed) {
  auto value = text(key);
  if (!value || std::ranges::find(allowed, *value) != allowed.end()) return value;
  impl_->fault(key, "is \"" + *value + "\"; allowed: " + joined_names({allowed.begin(), allowed.end()}));
  return std::nullopt;
}

bool Table::has(std::string_view key) const {
  return impl_->node && impl_->node->contains(key);
}

std::string Table::place(std::string_view key) const {
  return impl_->place_of(key);
}

void Table::fault(std::string_view key, const std::string& words) {
  impl_->fault(key, words);
}

bool Table::sound() const {
  return impl_->sound;
}

void Table::require(std::string_view key, const std::string& example) {
  impl_->known.emplace(key);
  if (!has(key)) impl_->fault(key, "is missing; for example " + std::string(key) + " = " + example);
}

void Table::finish() {
  if (!impl_->node) return;
  for (const auto& [key, node] : *impl_->node) {
    if (impl_->known.contains(std::string(key.str()))) continue;
    impl_->fault(key.str(), "is not known here; allowed: " + joined_names(impl_->known));
  }
}

Result<File> File::read(const std::string& path) {
  std::error_code code;
  const auto status = std::filesystem::status(path, code);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    const bool folder = std::filesystem::is_directory(status);
    return units::fail(ErrorCode::io,
                       path + (folder ? " is a directory" : " is no regular file") + "; it must be a TOML file");
  }
  std::ifstream in(path);
  std::ostringstream text;
  if (in && in.peek() != std::ifstream::traits_type::eof()) text << in.rdbuf();  // an empty file is a good one
  if (!in.eof() && !in) {
    return units::fail(ErrorCode::io, path + ": cannot be read; is the path right, and may this user read it?");
  }
  return parse(text.str(), path);
}

Result<File> File::parse(std::string_view text, const std::string& name) {
  auto impl = std::make_shared<Impl>();
  impl->name = name;
  try {
    impl->root = toml::parse(text, name);
  } catch (const toml::parse_error& fault) {
    const auto& at = fault.source().begin;
    return units::fail(ErrorCode::invalid, name + ":" + std::to_string(at.line) + ":" + std::to_string(at.column) +
                                               ": " + std::string(fault.description()));
  }
  return File(std::move(impl));
}

File File::empty() {
  return File(std::make_shared<Impl>());
}

Table File::table(std::string_view name) {
  impl_->known.emplace(name);
  auto table = std::make_shared<Table::Impl>();
  table->file = impl_;
  table->file_name = impl_->name;
  table->name = name;
  table->faults = &impl_->faults;
  if (const toml::node* node = impl_->root.get(name)) {
    table->node = node->as_table();
    if (!table->node) {
      impl_->faults.add(line_of(impl_->name, node->source()) + std::string(name) + " must be a table: [" +
                        std::string(name) + "]");
    }
  }
  return Table(std::move(table));
}

std::vector<Table> File::tables(std::string_view name) {
  impl_->known.emplace(name);
  std::vector<Table> out;
  const toml::node* node = impl_->root.get(name);
  if (!node) return out;
  const toml::array* list = node->as_array();
  if (!list || !list->is_array_of_tables()) {
    impl_->faults.add(line_of(impl_->name, node->source()) + std::string(name) + " must be written [[" +
                      std::string(name) + "]]");
    return out;
  }
  for (const toml::node& one : *list) {
    auto table = std::make_shared<Table::Impl>();
    table->file = impl_;
    table->file_name = impl_->name;
    table->name = name;
    table->faults = &impl_->faults;
    table->node = one.as_table();
    out.emplace_back(std::move(table));
  }
  return out;
}

const Faults& File::finish() {
  for (const auto& [key, node] : impl_->root) {
    if (impl_->known.contains(std::string(key.str()))) continue;
    impl_->faults.add(line_of(impl_->name, node.source()) + std::string(key.str()) +
                      " is not known here; allowed: " + joined_names(impl_->known));
  }
  return impl_->faults;
}

}  // namespace vedette::config

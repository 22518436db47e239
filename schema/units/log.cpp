#include "schema/units/log.h"

#include <array>
#include <cstdio>

namespace vedette::units {
namespace {

struct Binding {
  LogSink sink;
  Level most_verbose = Level::info;
};

Binding& binding() {
  static Binding bound;
  return bound;
}

bool plain(std::string_view value) {
  if (value.empty()) return false;
  for (const char c : value) {
    if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c == 0x7f) return false;
  }
  return true;
}

void append_value(std::string& line, std::string_view value) {
  if (plain(value)) {
    line += value;
    return;
  }
  line += '"';
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      line += '\\';
      line += c;
    } else if (c == '\n') {
      line += "\\n";
    } else if (byte < 0x20 || byte == 0x7f) {
      std::array<char, 8> escaped{};
      std::snprintf(escaped.data(), escaped.size(), "\\x%02x", byte);
      line += escaped.data();
    } else {
      line += c;
    }
  }
  line += '"';
}

}  // namespace

Field::Field(std::string_view k, double v) : key(k) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.6g", v);
  value = text.data();
}

std::string format_log(Level level, std::string_view message, std::span<const Field> fields) {
  std::string line = "<" + std::to_string(static_cast<int>(level)) + ">msg=";
  append_value(line, message);
  for (const Field& field : fields) {
    line += ' ';
    line += field.key;
    line += '=';
    append_value(line, field.value);
  }
  line += '\n';
  return line;
}

void bind_log(LogSink sink, Level most_verbose) {
  binding() = {std::move(sink), most_verbose};
}

void log(Level level, std::string_view message, std::initializer_list<Field> fields) {
  const Binding& bound = binding();
  if (!bound.sink || level > bound.most_verbose) return;
  bound.sink(level, format_log(level, message, {fields.begin(), fields.size()}));
}

}  // namespace vedette::units

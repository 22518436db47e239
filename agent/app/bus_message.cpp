#include "agent/app/bus_message.h"

#include <algorithm>

namespace vedette::app {
namespace {

constexpr char kMethodReturn = 2, kError = 3;
constexpr char kPath = 1, kInterface = 2, kMember = 3, kReplySerial = 5, kDestination = 6, kSignature = 8;

void pad(std::string& out, std::size_t to) {
  while (out.size() % to != 0) out += '\0';
}

void put_u32(std::string& out, std::uint32_t value) {
  pad(out, 4);
  for (int i = 0; i < 4; ++i) out += static_cast<char>(value >> (8 * i) & 0xff);
}

std::uint32_t u32_at(std::string_view bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value |= std::uint32_t{static_cast<unsigned char>(bytes[at + i])} << (8 * i);
  return value;
}

/// One header field: code, signature, string.
void put_field(std::string& out, char code, char type, std::string_view value) {
  pad(out, 8);
  out += code;
  out += '\1';
  out += type;
  out += '\0';
  put_u32(out, static_cast<std::uint32_t>(value.size()));
  out += value;
  out += '\0';
}

/// Does the field array of this message, whose bytes are complete, answer `serial`?
bool answers(std::string_view message, std::uint32_t serial) {
  if (message[1] != kMethodReturn && message[1] != kError) return false;
  const std::string_view fields = message.substr(0, 16 + u32_at(message, 12));
  // Fields are aligned to 8; a reply serial is "5, signature u, value".
  for (std::size_t at = 16; at + 8 <= fields.size(); at += 8) {
    if (fields[at] == kReplySerial && fields[at + 1] == 1 && fields[at + 2] == 'u' &&
        u32_at(fields, at + 4) == serial) {
      return true;
    }
  }
  return false;
}

void put_string(std::string& out, std::string_view text) {
  put_u32(out, static_cast<std::uint32_t>(text.size()));
  out += text;
  out += '\0';
}

struct Method {
  std::string_view destination, path, interface, member;
};

std::string call_with(const Method& method, std::uint32_t serial, std::string_view signature, std::string_view body) {
  std::string fields;  // the array begins at 16, so alignment within it is alignment within the message
  put_field(fields, kPath, 'o', method.path);
  put_field(fields, kInterface, 's', method.interface);
  put_field(fields, kMember, 's', method.member);
  put_field(fields, kDestination, 's', method.destination);
  if (!signature.empty()) {
    pad(fields, 8);
    fields += {kSignature, '\1', 'g', '\0', static_cast<char>(signature.size())};
    fields += signature;
    fields += '\0';
  }
  std::string message{'l', '\1', '\0', '\1'};
  put_u32(message, static_cast<std::uint32_t>(body.size()));
  put_u32(message, serial);
  put_u32(message, static_cast<std::uint32_t>(fields.size()));
  message += fields;
  pad(message, 8);
  return message.append(body);
}

/// Bytes of a message before its body.
std::size_t head_of(std::string_view message) {
  return (std::size_t{16} + u32_at(message, 12) + 7) / 8 * 8;
}

/// The reply (or error) to `serial` among whole messages and perhaps the begin of one more.
std::optional<std::string_view> reply_to(std::string_view bytes, std::uint32_t serial) {
  while (bytes.size() >= 16 && bytes[0] == 'l') {
    const std::size_t size = head_of(bytes) + u32_at(bytes, 4);
    if (bytes.size() < size) return std::nullopt;
    if (answers(bytes.substr(0, size), serial)) return bytes.substr(0, size);
    bytes.remove_prefix(size);
  }
  return std::nullopt;
}

/// A message's body, read from its front; what isn't there ends it.
class Body {
 public:
  explicit Body(std::string_view bytes) : bytes_(bytes) {}
  [[nodiscard]] std::size_t left() const noexcept { return bytes_.size() - at_; }
  void align(std::size_t to) { at_ = std::min((at_ + to - 1) / to * to, bytes_.size()); }
  std::optional<std::uint32_t> number() {
    align(4);
    if (left() < 4) return end();
    const std::uint32_t value = u32_at(bytes_, at_);
    at_ += 4;
    return value;
  }
  std::optional<std::string_view> text() {
    const auto size = number();
    if (!size) return std::nullopt;
    if (left() <= *size) {
      (void)end();
      return std::nullopt;
    }
    const std::string_view text = bytes_.substr(at_, *size);
    at_ += std::size_t{*size} + 1;
    return text;
  }

 private:
  std::nullopt_t end() {
    at_ = bytes_.size();
    return std::nullopt;
  }
  std::string_view bytes_;
  std::size_t at_ = 0;
};

}  // namespace

std::string bus_call(std::uint32_t serial, std::string_view destination, std::string_view path,
                     std::string_view interface, std::string_view member) {
  return call_with({destination, path, interface, member}, serial, {}, {});
}

std::string list_failed_units(std::uint32_t serial) {
  std::string state;
  put_string(state, "failed");
  std::string body;
  put_u32(body, static_cast<std::uint32_t>(state.size()));
  return call_with({"org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager",
                    "ListUnitsFiltered"},
                   serial, "as", body + state);
}

std::optional<std::vector<std::string>> unit_names(std::string_view bytes, std::uint32_t serial) {
  const auto reply = reply_to(bytes, serial);
  if (!reply || (*reply)[1] != kMethodReturn) return std::nullopt;
  Body body(reply->substr(head_of(*reply)));
  const auto size = body.number();  // a(ssssssouso)
  body.align(8);
  if (!size || *size != body.left()) return std::nullopt;
  std::vector<std::string> names;
  while (body.left() > 0) {
    const auto name = body.text();
    for (int field = 1; field < 7; ++field) (void)body.text();  // description, states, following, path
    (void)body.number();                                        // a job's id, type and path
    (void)body.text();
    if (!body.text() || !name) return std::nullopt;
    names.emplace_back(*name);
    body.align(8);
  }
  return names;
}

bool has_reply_to(std::string_view bytes, std::uint32_t serial) {
  return reply_to(bytes, serial).has_value();
}

}  // namespace vedette::app

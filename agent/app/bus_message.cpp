#include "agent/app/bus_message.h"

namespace vedette::app {
namespace {

constexpr char kMethodReturn = 2, kError = 3;
constexpr char kPath = 1, kInterface = 2, kMember = 3, kReplySerial = 5, kDestination = 6;

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

}  // namespace

std::string bus_call(std::uint32_t serial, std::string_view destination, std::string_view path,
                     std::string_view interface, std::string_view member) {
  std::string fields;  // the array begins at 16, so alignment within it is alignment within the message
  put_field(fields, kPath, 'o', path);
  put_field(fields, kInterface, 's', interface);
  put_field(fields, kMember, 's', member);
  put_field(fields, kDestination, 's', destination);
  std::string message{'l', '\1', '\0', '\1'};
  put_u32(message, 0);
  put_u32(message, serial);
  put_u32(message, static_cast<std::uint32_t>(fields.size()));
  message += fields;
  pad(message, 8);
  return message;
}

bool has_reply_to(std::string_view bytes, std::uint32_t serial) {
  while (bytes.size() >= 16 && bytes[0] == 'l') {
    const std::size_t head = (std::size_t{16} + u32_at(bytes, 12) + 7) / 8 * 8;
    const std::size_t size = head + u32_at(bytes, 4);
    if (bytes.size() < size) return false;
    if (answers(bytes.substr(0, size), serial)) return true;
    bytes.remove_prefix(size);
  }
  return false;
}

}  // namespace vedette::app

// Prints how our parser reads each hostile request, one JSON object a line, for nginx_heads_test.py to compare:
// {"what","bytes" (hex),"requests":[{"method","path","query","headers","body"}],"status"}. Texts are Latin-1, byte by
// byte; "status" is what the first request that isn't taken is answered, 0 if the bytes end before it does or all are
// taken.
#include <iostream>
#include <nlohmann/json.hpp>
#include <span>

#include "schema/units/bytes.h"
#include "schema/units/host_id.h"
#include "server/net/body_reader.h"
#include "tests/server/net/hostile_heads.h"

namespace {

using nlohmann::json;
using namespace vedette;

/// Each byte as the character of its number: JSON can't hold bytes.
std::string latin1(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      out += c;
    } else {
      out += static_cast<char>(0xC0 | (byte >> 6));
      out += static_cast<char>(0x80 | (byte & 0x3F));
    }
  }
  return out;
}

json pairs(const std::vector<std::pair<std::string, std::string>>& all) {
  json out = json::array();
  for (const auto& [name, value] : all) out.push_back({latin1(name), latin1(value)});
  return out;
}

json reading(std::string_view bytes) {
  json requests = json::array();
  int status = 0;
  while (!bytes.empty()) {
    const std::size_t end = bytes.find("\r\n\r\n");
    const auto parsed = net::parse_head(bytes.substr(0, end == std::string_view::npos ? end : end + 4));
    if (!parsed) {
      status = parsed.error().status;
      break;
    }
    bytes.remove_prefix(end + 4);
    net::BodyReader body(*parsed, 1'000'000);
    if (!body.feed(bytes)) status = body.refusal().status;
    if (status != 0 || !body.complete()) break;
    requests.push_back({{"method", parsed->head.method},
                        {"path", latin1(parsed->head.path)},
                        {"query", pairs(parsed->head.query)},
                        {"headers", pairs(parsed->head.headers)},
                        {"body", latin1(body.take())}});
    if (!parsed->keep_alive) break;
  }
  return {{"requests", requests}, {"status", status}};
}

}  // namespace

int main() {
  for (const auto& [what, bytes, status] : net::testing::hostile_heads()) {
    json line = reading(bytes);
    line["what"] = what;
    line["bytes"] = units::hex(units::as_bytes(bytes));
    std::cout << line.dump() << '\n';
  }
}

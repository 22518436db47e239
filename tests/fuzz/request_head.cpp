// A request head, the WebSocket handshake in it, and the body behind it.
#include "server/net/request_head.h"

#include <algorithm>
#include <string_view>

#include "server/net/body_reader.h"
#include "server/net/handshake.h"
#include "tests/fuzz/require.h"

namespace {

using namespace vedette;

constexpr std::size_t kLimit = 1'000;

void check_head(const net::ParsedHead& parsed) {
  const domain::RequestHead& head = parsed.head;
  fuzz::require(head.path.starts_with('/') && head.path.find('\0') == std::string::npos, "a path is a path");
  fuzz::require((head.path + "/").find("/../") == std::string::npos, "no way up");
  fuzz::require(!parsed.chunked || parsed.content_length == 0, "one length");
  fuzz::require(head.headers.size() <= 100, "fields are counted");
  for (const auto& [name, value] : head.headers) {
    fuzz::require(!name.empty() && name.find_first_of(" \t\r\n:") == std::string::npos, "names are tokens");
    fuzz::require(value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos, "values are lines");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t end = input.find("\r\n\r\n");
  const std::size_t head_size = end == std::string_view::npos ? input.size() : end + 4;
  const auto parsed = net::parse_head(input.substr(0, head_size));
  if (!parsed) {
    fuzz::require(parsed.error().status >= 400 && !parsed.error().words.empty(), "a refusal has words");
    return 0;
  }
  check_head(*parsed);
  if (net::asks_for_websocket(*parsed)) (void)net::check_handshake(*parsed);
  if (parsed->content_length > kLimit) return 0;
  net::BodyReader body(*parsed, kLimit);
  std::string_view rest = input.substr(head_size);
  if (!body.feed(rest)) return 0;
  fuzz::require(body.complete() || rest.empty(), "a body takes what is its own");
  fuzz::require(body.take().size() <= kLimit, "a body is within its limit");
  return 0;
}

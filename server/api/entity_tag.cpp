#include "server/api/entity_tag.h"

#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include "schema/units/host_id.h"

namespace vedette::api {
namespace {

std::string_view without_weakness(std::string_view tag) {
  return tag.starts_with("W/") ? tag.substr(2) : tag;
}

}  // namespace

std::string tag_of(std::string_view bytes) {
  std::array<std::uint8_t, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size(), digest.data());
  return units::hex(std::span(digest).first(16));
}

bool names_tag(std::string_view if_none_match, std::string_view tag) {
  const std::string_view wanted = without_weakness(tag);
  std::string_view rest = if_none_match;
  while (!rest.empty()) {
    // Tags may hold commas: an item goes from its first quote to the next.
    rest.remove_prefix(std::min(rest.find_first_not_of(", \t"), rest.size()));
    if (rest == "*") return true;
    rest = without_weakness(rest);
    const std::size_t end = rest.starts_with('"') ? rest.find('"', 1) : std::string_view::npos;
    if (end == std::string_view::npos) return false;
    if (rest.substr(0, end + 1) == wanted) return true;
    rest.remove_prefix(end + 1);
  }
  return false;
}

}  // namespace vedette::api

// Entity tags and If-None-Match (RFC 9110, 8.8.3 and 13.1.2). Pure.
#pragma once

#include <string>
#include <string_view>

namespace vedette::api {

/// A tag for these bytes, 32 hex digits of SHA-256, without quotes.
[[nodiscard]] std::string tag_of(std::string_view bytes);

/// Does the field name the tag (quoted, with W/ if weak)? Compared weakly, as for GET and HEAD; "*" names every tag.
[[nodiscard]] bool names_tag(std::string_view if_none_match, std::string_view tag);

}  // namespace vedette::api

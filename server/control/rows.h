// Domain values as control.db keeps them, and back: words for enums, hex for digests, JSON for what has parts. Pure.
// What can't be read back is `corrupt`, never guessed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "schema/units/result.h"
#include "server/domain/alert.h"
#include "server/domain/control_store.h"
#include "server/domain/host.h"

namespace vedette::control {

[[nodiscard]] std::string hex_of(const domain::Digest& digest);
[[nodiscard]] units::Result<domain::Digest> digest_of(std::string_view hex);

[[nodiscard]] std::string_view word(domain::Transition transition) noexcept;
[[nodiscard]] units::Result<domain::AccessRole> role_of(std::string_view word);
[[nodiscard]] units::Result<domain::HostStatus> status_of(std::string_view word);
[[nodiscard]] units::Result<domain::Phase> phase_of(std::string_view word);
[[nodiscard]] units::Result<domain::Severity> severity_of(std::string_view word);

[[nodiscard]] std::string encode_tags(const std::vector<std::string>& tags);
[[nodiscard]] units::Result<std::vector<std::string>> decode_tags(std::string_view json);
[[nodiscard]] std::string encode_attributes(const std::vector<metrics::Attribute>& attributes);
[[nodiscard]] units::Result<std::vector<metrics::Attribute>> decode_attributes(std::string_view json);
[[nodiscard]] std::string encode_facts(const domain::HostFacts& facts);
[[nodiscard]] units::Result<domain::HostFacts> decode_facts(std::string_view json);
[[nodiscard]] std::string encode_notice(const domain::Notice& notice);
[[nodiscard]] units::Result<domain::Notice> decode_notice(std::string_view json);

}  // namespace vedette::control

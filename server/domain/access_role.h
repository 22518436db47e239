// What a person may do, and the words for it: in commands, in the API and in the store.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace vedette::domain {

enum class AccessRole : std::uint8_t { viewer, operator_, administrator };

[[nodiscard]] std::string_view name(AccessRole role) noexcept;                           ///< "operator"
[[nodiscard]] std::optional<AccessRole> access_role_of(std::string_view name) noexcept;  ///< nothing for other words

}  // namespace vedette::domain

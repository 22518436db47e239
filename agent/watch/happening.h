// What is noticed beside samples, and how it is told apart.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "schema/units/time.h"
#include "schema/wire/messages.h"

namespace vedette::watch {

/// In the host's time until it is sent.
using wire::Happening;

/// A happening's id: the same for the same `origin` and `what`, in whatever run it is told, never 0. `origin` is what
/// makes `what` unique: a boot's or a run's id.
[[nodiscard]] std::uint64_t id_of(const wire::Id128& origin, std::string_view what) noexcept;

/// One line of UTF-8 that a Happening may carry: other bytes and control characters become U+FFFD and blanks, and what
/// is too long is cut.
[[nodiscard]] std::string one_line(std::string_view text);

}  // namespace vedette::watch

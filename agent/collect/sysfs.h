// Small files of /sys that hold one number or one word. Their folders come and go with hot plug.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace vedette::collect {

/// One whole number, with or without sign. May block (a sensor behind a slow bus); absent if the file can't be read or
/// holds anything else.
[[nodiscard]] std::optional<std::int64_t> read_number(const std::string& path);

/// The first line without what isn't printable; "" if the file can't be read.
[[nodiscard]] std::string read_word(const std::string& path);

/// Names in a folder, sorted; none if it can't be read.
[[nodiscard]] std::vector<std::string> names_in(const std::string& folder);

/// The number between prefix and suffix: "temp12_input" has 12 between "temp" and "_input".
[[nodiscard]] std::optional<std::uint64_t> number_in(std::string_view name, std::string_view prefix,
                                                     std::string_view suffix = {});

}  // namespace vedette::collect

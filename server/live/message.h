// The live messages as text: what viewers ask, what the collector answers (schema/api/openapi.yaml, LiveRequest and
// LiveMessage). Pure.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "schema/units/result.h"

namespace vedette::live {

/// One row of a topic, a JSON array. Immutable, so shared between threads.
using SharedRow = std::shared_ptr<const std::string>;

/// A place in the collector's one sequence of live events: "<run id>-<number>".
///
/// Number 0 stands before everything: it always gets a snapshot. Parts of a state that isn't complete yet carry it, so
/// that a viewer cut off in between starts again.
struct Cursor {
  std::string run;
  std::uint64_t number = 0;
  bool operator==(const Cursor&) const = default;
};
[[nodiscard]] std::string to_string(const Cursor& cursor);
[[nodiscard]] std::optional<Cursor> parse_cursor(std::string_view text);

/// "fleet", "alerts" or "host/" and 32 lower-case hex digits.
[[nodiscard]] bool is_topic(std::string_view name) noexcept;
[[nodiscard]] bool is_host_topic(std::string_view name) noexcept;

struct ViewerRequest {
  enum class Op : std::uint8_t { subscribe, unsubscribe };
  Op op = Op::subscribe;
  std::vector<std::string> topics;  ///< valid names, no duplicates, at least one
  std::optional<std::string> cursor;
};
/// `invalid` with words that name the field; they go to the viewer.
[[nodiscard]] units::Result<ViewerRequest> parse_request(std::string_view text);

/// The values of `topics` in a query, each a list with commas. `invalid` as parse_request().
[[nodiscard]] units::Result<std::vector<std::string>> parse_topic_lists(std::span<const std::string_view> lists);

/// `header` and rows are JSON already; topic and cursor need no escaping.
[[nodiscard]] std::string delta_text(std::string_view topic, std::string_view cursor,
                                     const std::optional<std::string>& header, std::span<const SharedRow> rows);
struct Part {
  std::size_t number = 1, of = 1;
};
[[nodiscard]] std::string snapshot_text(std::string_view topic, std::string_view cursor, Part part,
                                        std::string_view header, std::span<const SharedRow> rows);
[[nodiscard]] std::string beat_text(std::string_view cursor);
/// `topic` empty: the error isn't about one.
[[nodiscard]] std::string error_text(std::string_view message, std::string_view topic = {});

/// Runs of rows that fit `limit` bytes each (one row may be longer alone); at least one run, empty if there are no
/// rows.
[[nodiscard]] std::vector<std::span<const SharedRow>> split(std::span<const SharedRow> rows, std::size_t limit);

}  // namespace vedette::live

// Rows of lists of processes, as a damaged disk may give them.
#include <string_view>

#include "schema/units/bytes.h"
#include "schema/units/utf8.h"
#include "server/processes/row.h"
#include "tests/fuzz/require.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vedette;
  const units::Instant at = units::from_unix_ms(1'795'435'260'000);
  const auto list = processes::decode_row(at, {data, size});
  if (!list) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  fuzz::require(processes::encode_row(*list) == bytes, "a list has one form only");
  fuzz::require(list->at == at && list->span <= processes::kDayLength, "a span is at most a day");
  fuzz::require(list->top.size() <= processes::kMostProcesses, "a list is bounded");
  for (const auto& one : list->top) {
    fuzz::require(units::is_utf8(one.name) && units::is_utf8(one.arguments), "what is text can be answered as JSON");
  }
  return 0;
}

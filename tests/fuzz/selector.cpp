// Series selectors, as anybody may put them into a query.
#include <string_view>

#include "schema/metrics/series.h"
#include "tests/fuzz/require.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vedette;
  const auto selector = metrics::parse_selector({reinterpret_cast<const char*>(data), size});
  if (!selector) return 0;
  const metrics::SeriesKey key{selector->name, selector->attributes.value_or(std::vector<metrics::Attribute>{})};
  fuzz::require(selector->matches(key), "a selector takes the series that it spells out");
  const auto again = metrics::parse_selector(metrics::to_string(key));
  fuzz::require(again && again->matches(key), "a series is found by its own name");
  return 0;
}

#include "agent/collect/arc.h"

#include <optional>

#include "agent/collect/text.h"

namespace vedette::collect {

units::Result<Arc> parse_arcstats(std::string_view text) {
  std::optional<std::uint64_t> size, least;
  while (auto line = take_line(text)) {
    const std::string_view key = take_word(*line);
    if (key != "size" && key != "c_min") continue;
    (void)take_word(*line);  // the value's type
    (key == "size" ? size : least) = take_number(*line);
  }
  if (!size || !least) return units::fail(units::ErrorCode::corrupt, "arcstats lacks size or c_min");
  return Arc{*size, *least};
}

units::Result<void> ArcSource::read(Draft& draft) {
  const auto text = file_.read();
  if (!text) return std::unexpected(text.error());
  const auto arc = parse_arcstats(*text);
  if (!arc) return std::unexpected(arc.error());
  reclaimable_.put(draft, arc->reclaimable() / 1024);
  unreclaimable_.put(draft, (arc->size - arc->reclaimable()) / 1024);
  return {};
}

}  // namespace vedette::collect

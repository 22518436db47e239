#include "agent/collect/file_descriptors.h"

#include <limits>

#include "agent/collect/text.h"

namespace vedette::collect {

units::Result<OpenFiles> parse_file_nr(std::string_view text) {
  std::string_view line = take_line(text).value_or("");
  const auto allocated = take_number(line), unused = take_number(line), most = take_number(line);
  if (!allocated || !unused || !most) {
    return units::fail(units::ErrorCode::corrupt, "/proc/sys/fs/file-nr doesn't begin with three numbers");
  }
  constexpr auto kNoBound = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  return OpenFiles{.open = *allocated > *unused ? *allocated - *unused : 0,
                   .limit = *most < kNoBound ? most : std::nullopt};
}

units::Result<void> FileDescriptorSource::read(Draft& draft) {
  const auto text = file_.read();
  if (!text) return std::unexpected(text.error());
  const auto files = parse_file_nr(*text);
  if (!files) return std::unexpected(files.error());
  open_.put(draft, files->open);
  limit_.put(draft, files->limit);
  return {};
}

}  // namespace vedette::collect

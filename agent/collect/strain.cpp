#include "agent/collect/strain.h"

#include <charconv>

namespace vedette::collect {

std::optional<double> parse_some_avg10(std::string_view text) {
  constexpr std::string_view kBegin = "some avg10=";
  if (!text.starts_with(kBegin)) return std::nullopt;
  double percent = 0;
  const auto [end, status] = std::from_chars(text.data() + kBegin.size(), text.data() + text.size(), percent);
  return status == std::errc{} ? std::optional(percent) : std::nullopt;
}

Strain::Strain(const std::string& proc)
    : files_{ProcFile(proc + "/pressure/cpu"), ProcFile(proc + "/pressure/memory"), ProcFile(proc + "/pressure/io")} {}

bool Strain::is_short() {
  constexpr std::array kFrom{kCpu, kMemory, kIo};
  for (std::size_t n = 0; n < files_.size(); ++n) {
    const auto text = files_[n].read();
    if (text && parse_some_avg10(*text).value_or(0) >= kFrom[n]) return true;
  }
  return false;
}

}  // namespace vedette::collect

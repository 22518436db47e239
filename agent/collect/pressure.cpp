#include "agent/collect/pressure.h"

#include "agent/collect/text.h"

namespace vedette::collect {
namespace {

constexpr std::string_view kMetric = "system.linux.pressure.stall_time";

std::optional<std::uint64_t> total_of(std::string_view line) {
  constexpr std::string_view kTotal = "total=";
  for (std::string_view word = take_word(line); !word.empty(); word = take_word(line)) {
    if (word.starts_with(kTotal)) return as_number(word.substr(kTotal.size()));
  }
  return std::nullopt;
}

}  // namespace

units::Result<Pressure> parse_pressure(std::string_view text) {
  Pressure pressure;
  while (auto line = take_line(text)) {
    const std::string_view tasks = take_word(*line);
    if (tasks == "some") pressure.some = total_of(*line);
    if (tasks == "full") pressure.full = total_of(*line);
  }
  if (!pressure.some) return units::fail(units::ErrorCode::corrupt, "a file of /proc/pressure has no readable total");
  return pressure;
}

PressureSource::PressureSource(const std::string& proc, std::string_view resource)
    : file_(proc + "/pressure/" + std::string(resource)),
      some_(kMetric, {"resource", resource}, {"tasks", "some"}),
      full_(kMetric, {"resource", resource}, {"tasks", "full"}),
      // Of the whole system it has no meaning: kernels since 5.13 print it as 0 for programs that expect the line.
      tells_full_(resource != "cpu") {}

units::Result<void> PressureSource::read(Draft& draft) {
  const auto text = file_.read();
  if (!text) return std::unexpected(text.error());
  const auto pressure = parse_pressure(*text);
  if (!pressure) return std::unexpected(pressure.error());
  some_.put(draft, pressure->some);
  if (tells_full_) full_.put(draft, pressure->full);
  return {};
}

}  // namespace vedette::collect

#include "agent/app/failed_units.h"

#include "agent/app/bus.h"
#include "agent/app/bus_message.h"

namespace vedette::app {
namespace {

const std::string kSystemd = "systemd";

}  // namespace

std::optional<std::vector<std::string>> ask_failed_units() {
  return unit_names(ask_bus(list_failed_units(kBusSerial), units::Milliseconds{2'000}), kBusSerial);
}

FailedUnits::FailedUnits(std::function<units::Steady()> clock, std::function<std::optional<Names>()> ask)
    : clock_(std::move(clock)),
      probe_(kSystemd, [ask = std::move(ask)](const std::string&) { return ask(); }, units::Milliseconds{10'000}) {}

void FailedUnits::look(units::Steady now) {
  if (now >= due_ && !asked_) {
    due_ = now + kEvery;
    asked_ = true;
    probe_.start({kSystemd}, now);
  }
  if (!asked_) return;
  probe_.poll(now);
  if (!probe_.idle()) return;
  asked_ = false;
  auto answers = probe_.answers();
  const auto answer = answers.find(kSystemd);
  count_.reset();
  if (answer == answers.end()) return;
  count_ = answer->second.size();
  news_ = std::move(answer->second);
}

units::Result<void> FailedUnits::read(collect::Draft& draft) {
  look(clock_());
  failed_.put(draft, count_);
  return {};
}

}  // namespace vedette::app

#include "agent/app/notices.h"

#include <time.h>

#include "schema/units/log.h"

namespace vedette::app {
namespace {

constexpr std::chrono::seconds kOomEvery{10};
constexpr std::chrono::minutes kJustBooted{10};

/// The clock of the kernel's log, as good as.
std::chrono::microseconds monotonic() {
  timespec at{};
  ::clock_gettime(CLOCK_MONOTONIC, &at);
  return std::chrono::seconds{at.tv_sec} + std::chrono::microseconds{at.tv_nsec / 1000};
}

}  // namespace

Notices::Notices(const std::string& state, const wire::Id128& boot, const wire::Id128& run, units::Milliseconds started)
    : present_{boot, run, std::nullopt},
      started_(started),
      file_(state),
      kernel_(boot),
      ooms_(boot),
      clock_(run),
      units_(boot, run) {}

void Notices::start(units::Instant host, units::Steady now) {
  const auto booted = std::chrono::floor<units::Milliseconds>(host - now.time_since_epoch() + started_);
  for (auto& happening : watch::at_start(file_.read(), present_, booted, host)) {
    units::log(units::Level::notice, happening.text);
    outbox_.add(std::move(happening));
  }
  mark();
  if (!kernel_.trouble().empty()) {
    units::log_info("the kernel's log can't be read: OOM kills are told without their victims, and no kernel errors",
                    {{"error", kernel_.trouble()}});
  }
}

void Notices::look(units::Instant host, units::Instant wall, units::Steady now) {
  kernel_.read(host, monotonic(), [this](watch::Happening happening) { outbox_.add(std::move(happening)); });
  if (auto step = clock_.take(wall, now)) {
    step->at = host;
    units::log(units::Level::notice, step->text);
    outbox_.add(std::move(*step));
  }
  if (kernel_.trouble().empty() || now < ooms_due_) return;
  ooms_due_ = now + kOomEvery;
  if (auto killed = ooms_.read(host)) outbox_.add(std::move(*killed));
}

void Notices::take_failed_units(const std::vector<std::string>& failed, units::Instant host, units::Steady now) {
  const bool booted = now.time_since_epoch() - started_ < kJustBooted;
  for (auto& happening : units_.take(failed, host, booted)) outbox_.add(std::move(happening));
}

void Notices::stopping(wire::GoodbyeReason reason) {
  present_.ended = reason;
  mark();
}

void Notices::mark() {
  if (const auto done = file_.write(present_); !done) {
    units::log_warning("the next start can't tell how this run ended", {{"error", done.error().message}});
  }
}

}  // namespace vedette::app

// What `vedette-agent job` tells the agent of a job that it ran: one datagram at its beginning and one at its end.
// Pure.
//
//   job 1                     version
//   name nightly-backup
//   start 1795425204083       Unix ms, which with the name tells this run of it
//   end 252000 3              only at the end: after so many ms, exit status (128 + n for signal n)
//   text last lines of what it wrote
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "schema/units/result.h"
#include "schema/units/time.h"

namespace vedette::jobs {

struct JobReport {
  std::string name;
  units::Instant start{};
  struct End {
    units::Milliseconds took{0};
    int status = 0;
    bool operator==(const End&) const = default;
  };
  std::optional<End> end;
  std::string text;  ///< its last lines; at most kMostText bytes
  bool operator==(const JobReport&) const = default;
};

inline constexpr std::size_t kMostReport = 4'096;  ///< bytes of a datagram
inline constexpr std::size_t kMostText = 2'000;

/// 1 to 64 letters, digits and "._-", a letter or digit first. `invalid` says so.
[[nodiscard]] units::Result<void> check_name(std::string_view name);

[[nodiscard]] std::string encode(const JobReport& report);
/// `invalid` for anything that encode() didn't write: any program on the machine may send.
[[nodiscard]] units::Result<JobReport> decode(std::string_view bytes);

}  // namespace vedette::jobs

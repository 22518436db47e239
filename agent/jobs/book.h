// The jobs that were reported: what the series vedette.job.* and the happenings are made of. Pure: time is passed in.
// One owner thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "agent/jobs/report.h"

namespace vedette::jobs {

struct Job {
  std::uint32_t user = 0;                 ///< who reported it first; nobody else may go on with the name
  std::optional<units::Instant> running;  ///< since when
  std::optional<units::Instant> ended;    ///< the last time
  std::optional<units::Instant> succeeded;
  units::Milliseconds took{0};  ///< the last time
  int status = 0;               ///< the last time
  bool operator==(const Job&) const = default;
};

class Book {
 public:
  /// What there is to tell people.
  struct Told {
    bool failed = false;
    std::string words;  ///< one line
    std::string which;  ///< tells this run of the job from all others
  };
  /// Takes a report that user `user` sent; told once it ended. `forbidden` if the name is another user's, `too_large`
  /// when there are kMostJobs.
  [[nodiscard]] units::Result<std::optional<Told>> take(const JobReport& report, std::uint32_t user,
                                                        units::Instant now);
  [[nodiscard]] const std::map<std::string, Job>& jobs() const noexcept { return jobs_; }

  /// For the next run of the agent; what it can't read is left out. Jobs that were running are not any more: nobody
  /// would hear of their end.
  [[nodiscard]] std::string to_text() const;
  [[nodiscard]] static Book from_text(std::string_view text);

  static constexpr std::size_t kMostJobs = 100;

 private:
  std::map<std::string, Job> jobs_;
};

}  // namespace vedette::jobs

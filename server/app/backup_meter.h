// How far a run of a backup is.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "server/domain/backups.h"
#include "server/domain/clock.h"

namespace vedette::app {

/// One thread.
class BackupMeter {
 public:
  using Tell = std::function<void(const domain::BackupProgress&)>;

  /// `tell` hears of everything, but of bytes at most five times a second; empty: nobody does. The clock must outlive
  /// the meter.
  BackupMeter(const domain::Clock& clock, Tell tell) : clock_(clock), tell_(std::move(tell)) {}

  /// A file that is going to be worked on, and its bytes as far as they are known yet.
  void expect(const std::string& file, std::uint64_t bytes);
  /// `doing` as BackupProgress has it.
  void begin(const std::string& file, const std::string& doing);
  /// Of the file that was begun: so many bytes, of so many.
  void at(std::uint64_t done, std::uint64_t total);
  /// The file that was begun is part of the backup now.
  void end();
  /// The file that was begun isn't there any more.
  void drop();

 private:
  struct File {
    domain::BackupProgress::Count bytes;
    bool ended = false;
  };
  void tell();

  const domain::Clock& clock_;
  const Tell tell_;
  std::map<std::string, File> files_;
  std::string file_, doing_;
  units::Steady told_{};
};

}  // namespace vedette::app

#include "server/app/backup_meter.h"

#include <chrono>
#include <utility>

namespace vedette::app {
namespace {

constexpr std::chrono::milliseconds kApart{200};

}  // namespace

void BackupMeter::expect(const std::string& file, std::uint64_t bytes) {
  files_.try_emplace(file, File{{0, bytes}});
}

void BackupMeter::begin(const std::string& file, const std::string& doing) {
  file_ = file;
  doing_ = doing;
  auto& bytes = files_[file].bytes;
  bytes.done = doing == "checking" ? bytes.total : 0;
  tell();
}

void BackupMeter::at(std::uint64_t done, std::uint64_t total) {
  files_[file_].bytes = {done, total};
  if (clock_.steady() - told_ >= kApart) tell();
}

void BackupMeter::end() {
  auto& file = files_[file_];
  file.ended = true;
  file.bytes.done = file.bytes.total;
  file_.clear();
  doing_.clear();
  tell();
}

void BackupMeter::drop() {
  files_.erase(std::exchange(file_, {}));
  doing_.clear();
  tell();
}

void BackupMeter::tell() {
  if (!tell_) return;
  domain::BackupProgress progress{.files = {}, .bytes = {}, .file = file_, .doing = doing_};
  for (const auto& [name, file] : files_) {
    progress.files.done += file.ended ? 1 : 0;
    progress.files.total += 1;
    progress.bytes.done += file.bytes.done;
    progress.bytes.total += file.bytes.total;
  }
  told_ = clock_.steady();
  tell_(progress);
}

}  // namespace vedette::app

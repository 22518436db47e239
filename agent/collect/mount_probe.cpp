#include "agent/collect/mount_probe.h"

#include <sys/statvfs.h>

#include <deque>
#include <mutex>
#include <set>
#include <system_error>
#include <thread>

#include "schema/units/log.h"

namespace vedette::collect {

/// One thread's life. `asking` is what it waits for now.
struct MountProbe::Run {
  std::string asking;
  std::uint64_t question = 0;  ///< counts what it asked, so that progress shows
  bool left = false;           ///< given up: it only reports that its mount answered
  bool done = false;
};

struct MountProbe::Shared {
  AskUsage ask;
  mutable std::mutex mutex;
  std::deque<std::string> waiting;
  std::set<std::string> wanted;
  std::set<std::string> hung;
  std::map<std::string, Usage> usages;
  std::uint64_t times_hung = 0;
  std::shared_ptr<Run> run;
  std::uint64_t question_seen = 0;
  units::Steady seen_at{};

  /// The next mount to ask, or false when the thread shall end.
  bool next(Run& own) {
    const std::scoped_lock lock(mutex);
    if (own.left || waiting.empty()) {
      own.done = true;
      return false;
    }
    own.asking = std::move(waiting.front());
    waiting.pop_front();
    ++own.question;
    return true;
  }

  void answer(const Run& own, const std::optional<Usage>& usage) {
    const std::scoped_lock lock(mutex);
    hung.erase(own.asking);
    if (!wanted.contains(own.asking)) return;
    if (usage) {
      usages[own.asking] = *usage;
    } else {
      usages.erase(own.asking);
    }
  }
};

std::optional<Usage> ask_statvfs(const std::string& mount_point) {
  struct statvfs info{};
  if (::statvfs(mount_point.c_str(), &info) != 0 || info.f_blocks == 0) return std::nullopt;
  // Blocks are whole KiB on nearly every file system; dividing first keeps exabytes inside 64 bits.
  const std::uint64_t size = info.f_frsize;
  const auto kib = [&](std::uint64_t blocks) {
    return size % 1024 == 0 ? blocks * (size / 1024) : blocks / 1024 * size + blocks % 1024 * size / 1024;
  };
  // Some network file systems tell more free than there is.
  const std::uint64_t free_for_root = std::min<std::uint64_t>(info.f_bfree, info.f_blocks);
  const std::uint64_t free = std::min<std::uint64_t>(info.f_bavail, free_for_root);
  return Usage{kib(info.f_blocks - free_for_root), kib(free), kib(free_for_root - free)};
}

MountProbe::MountProbe(AskUsage ask, units::Milliseconds limit) : shared_(std::make_shared<Shared>()), limit_(limit) {
  shared_->ask = std::move(ask);
}

MountProbe::~MountProbe() {
  const std::scoped_lock lock(shared_->mutex);
  shared_->waiting.clear();
  if (shared_->run) shared_->run->left = true;
}

void MountProbe::start(std::vector<std::string> mount_points, units::Steady now) {
  {
    const std::scoped_lock lock(shared_->mutex);
    shared_->wanted = {mount_points.begin(), mount_points.end()};
    std::erase_if(shared_->usages, [&](const auto& entry) { return !shared_->wanted.contains(entry.first); });
    shared_->waiting.clear();
    for (std::string& point : mount_points) {
      if (!shared_->hung.contains(point)) shared_->waiting.push_back(std::move(point));
    }
  }
  launch(now);
}

void MountProbe::launch(units::Steady now) {
  std::shared_ptr<Run> run;
  {
    const std::scoped_lock lock(shared_->mutex);
    const bool running = shared_->run && !shared_->run->done;
    if (running || shared_->waiting.empty()) return;
    run = shared_->run = std::make_shared<Run>();
    shared_->question_seen = 0;
    shared_->seen_at = now;
  }
  // Detached: a call that hangs in the kernel can't be ended. The thread holds its part of the state itself.
  try {
    std::thread([shared = shared_, run] {
      while (shared->next(*run)) shared->answer(*run, shared->ask(run->asking));
    }).detach();
    starved_ = false;
  } catch (const std::system_error& error) {
    if (!std::exchange(starved_, true)) {
      units::log_warning("file systems can't be asked while there is no thread for it", {{"error", error.what()}});
    }
    const std::scoped_lock lock(shared_->mutex);
    shared_->waiting.clear();
    run->done = true;
  }
}

void MountProbe::poll(units::Steady now) {
  {
    const std::scoped_lock lock(shared_->mutex);
    const std::shared_ptr<Run>& run = shared_->run;
    if (!run || run->done) return;
    // A thread that has asked nothing yet only waits for a CPU.
    if (run->question == 0 || run->question != shared_->question_seen) {
      shared_->question_seen = run->question;
      shared_->seen_at = now;
      return;
    }
    if (now - shared_->seen_at < limit_) return;
    run->left = true;
    ++shared_->times_hung;
    shared_->hung.insert(run->asking);
    shared_->usages.erase(run->asking);
    shared_->run = nullptr;
  }
  launch(now);
}

std::map<std::string, Usage> MountProbe::usages() const {
  const std::scoped_lock lock(shared_->mutex);
  return shared_->usages;
}

std::size_t MountProbe::hung() const {
  const std::scoped_lock lock(shared_->mutex);
  return shared_->hung.size();
}

std::uint64_t MountProbe::times_hung() const {
  const std::scoped_lock lock(shared_->mutex);
  return shared_->times_hung;
}

bool MountProbe::idle() const {
  const std::scoped_lock lock(shared_->mutex);
  return !shared_->run || shared_->run->done;
}

}  // namespace vedette::collect

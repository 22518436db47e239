// The kernel's log (/dev/kmsg; Documentation/ABI/testing/dev-kmsg): OOM kills with their victims, file systems that
// went read-only, errors. Parsing and judging are pure; KernelLog is the shell. One owner thread.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/watch/happening.h"

namespace vedette::watch {

struct KernelLine {
  int priority = 6;                         ///< 0 emergency … 7 debug (syslog(3))
  std::uint64_t sequence = 0;               ///< unique within the boot
  std::chrono::microseconds since_boot{0};  ///< by the kernel's own clock, which stands still in suspend
  std::string_view text;                    ///< into the record
};

/// One record as a read of /dev/kmsg gives it. Nothing if it isn't one, or wasn't written by the kernel: any program
/// with rights to may write there.
[[nodiscard]] std::optional<KernelLine> parse_record(std::string_view record);

/// What a line says that people want to know: kind and words. Nothing for most.
struct Verdict {
  std::string_view kind;
  std::string text;
};
[[nodiscard]] std::optional<Verdict> judge(const KernelLine& line);

/// Turns lines into happenings. Errors are told at most once in ten minutes, with how many more there were.
class KernelEvents {
 public:
  explicit KernelEvents(const wire::Id128& boot) : boot_(boot) {}
  /// `at`: when it was written, in the host's time. `past`: it was there already when we began to read.
  [[nodiscard]] std::optional<Happening> take(const KernelLine& line, units::Instant at, bool past);

  static constexpr std::chrono::minutes kPause{10};

 private:
  wire::Id128 boot_;
  std::optional<units::Instant> told_;  ///< the last error
  std::uint64_t untold_ = 0;            ///< errors since
};

class KernelLog {
 public:
  using Tell = std::function<void(Happening)>;
  KernelLog(const wire::Id128& boot, std::string path = "/dev/kmsg");
  ~KernelLog();
  KernelLog(const KernelLog&) = delete;
  KernelLog& operator=(const KernelLog&) = delete;

  /// Why the log can't be read; empty if it can.
  [[nodiscard]] const std::string& trouble() const noexcept { return trouble_; }
  /// Reads what is new, at most kMostLines. Never blocks.
  void read(units::Instant now, std::chrono::microseconds since_boot, const Tell& tell);

  static constexpr int kMostLines = 200;

 private:
  int fd_ = -1;
  std::string trouble_;
  KernelEvents events_;
  bool caught_up_ = false;
  std::array<char, 8192> record_;  ///< the longest that the kernel gives
};

}  // namespace vedette::watch

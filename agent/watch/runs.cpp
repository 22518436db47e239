#include "agent/watch/runs.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "schema/units/host_id.h"

namespace vedette::watch {
namespace {

using wire::GoodbyeReason;

constexpr std::array<std::string_view, 4> kReasons{"service_stop", "upgrade", "host_shutdown", "reboot"};
constexpr std::string_view kRunning = "running";

std::optional<wire::Id128> parse_id(std::string_view text) {
  const auto id = units::parse_host_id(text);
  return id ? std::optional(id->bytes) : std::nullopt;
}

std::string_view take_line(std::string_view& rest) {
  const auto end = rest.find('\n');
  if (end == std::string_view::npos) return {};
  const auto line = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return line;
}

bool machine_went_down(const std::optional<GoodbyeReason>& ended) {
  return ended == GoodbyeReason::host_shutdown || ended == GoodbyeReason::reboot;
}

std::string words_of_boot(const std::optional<GoodbyeReason>& ended) {
  if (!ended) return "the machine was started; before that it went down without a shutdown (crash, reset or power cut)";
  if (*ended == GoodbyeReason::reboot) return "the machine was started after a reboot";
  if (machine_went_down(ended)) return "the machine was started after a shutdown";
  return "the machine was started; the agent had been stopped before";
}

class File {
 public:
  File(const std::string& path, int flags) : fd_(::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, 0600)) {}
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  [[nodiscard]] int get() const noexcept { return fd_; }

 private:
  int fd_;
};

}  // namespace

std::string to_text(const RunRecord& run) {
  const auto ended = run.ended ? kReasons[static_cast<std::size_t>(*run.ended)] : kRunning;
  return "boot " + units::hex(run.boot) + "\nrun " + units::hex(run.run) + "\n" + std::string(ended) + "\n";
}

std::optional<RunRecord> parse_run(std::string_view text) {
  const auto boot = take_line(text), run = take_line(text), ended = take_line(text);
  if (!boot.starts_with("boot ") || !run.starts_with("run ")) return std::nullopt;
  const auto boot_id = parse_id(boot.substr(5)), run_id = parse_id(run.substr(4));
  if (!boot_id || !run_id) return std::nullopt;
  if (ended == kRunning) return RunRecord{*boot_id, *run_id, std::nullopt};
  const auto reason = std::ranges::find(kReasons, ended);
  if (reason == kReasons.end()) return std::nullopt;
  return RunRecord{*boot_id, *run_id, static_cast<GoodbyeReason>(reason - kReasons.begin())};
}

std::vector<Happening> at_start(const std::optional<RunRecord>& before, const RunRecord& present, units::Instant booted,
                                units::Instant now) {
  if (!before) return {};
  if (before->boot != present.boot) {
    return {{.at = booted, .kind = "boot", .text = words_of_boot(before->ended), .id = id_of(present.boot, "boot")}};
  }
  if (before->ended) return {};
  return {{.at = now,
           .kind = "agent_died",
           .text = "the agent had ended without being stopped (killed or crashed) and was started again",
           .id = id_of(before->run, "died")}};
}

std::optional<RunRecord> RunFile::read() const {
  const File file(path_, O_RDONLY);
  std::array<char, 256> text{};
  const ssize_t size = file.get() < 0 ? -1 : ::read(file.get(), text.data(), text.size());
  return size < 0 ? std::nullopt : parse_run({text.data(), static_cast<std::size_t>(size)});
}

units::Result<void> RunFile::write(const RunRecord& run) const {
  const std::string text = to_text(run), next = path_ + ".new";
  const auto failed = [&] {
    return units::fail(units::ErrorCode::io, "can't write " + path_ + ": " + std::strerror(errno));
  };
  {
    const File file(next, O_WRONLY | O_CREAT | O_TRUNC);
    if (file.get() < 0 || ::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
        ::fdatasync(file.get()) != 0) {
      return failed();
    }
  }
  if (::rename(next.c_str(), path_.c_str()) != 0) return failed();
  return {};
}

}  // namespace vedette::watch

// Where jobs report to the agent: a Unix datagram socket that every user of the machine may send to. One owner thread.
#pragma once

#include <functional>
#include <string>

#include "agent/jobs/report.h"

namespace vedette::jobs {

/// Sends; `unavailable` if no agent listens there. Waits at most a second.
[[nodiscard]] units::Result<void> send(const std::string& path, const JobReport& report);

class JobSocket {
 public:
  /// Takes the place of what an agent before left there. `io` if it can't.
  [[nodiscard]] static units::Result<JobSocket> open(const std::string& path);
  ~JobSocket();
  JobSocket(JobSocket&& other) noexcept;
  JobSocket(const JobSocket&) = delete;
  JobSocket& operator=(const JobSocket&) = delete;

  [[nodiscard]] int descriptor() const noexcept { return fd_; }  ///< to poll for reading

  /// Hands over what came, at most kMostAtOnce: the report, or why it is none, and the user who sent it. Never blocks.
  using Take = std::function<void(const units::Result<JobReport>&, std::uint32_t user)>;
  void read(const Take& take);

  static constexpr int kMostAtOnce = 20;

 private:
  JobSocket(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}
  std::string path_;
  int fd_;
};

}  // namespace vedette::jobs

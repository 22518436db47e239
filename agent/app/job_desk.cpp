#include "agent/app/job_desk.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>

#include "schema/units/log.h"

namespace vedette::app {
namespace {

constexpr std::size_t kMostRefused = 20;

/// Files of this size are ours: a hundred lines.
std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(64 * 1024, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  return text;
}

class JobSource final : public collect::Source {
 public:
  JobSource(const jobs::Book& book, std::function<units::Instant()> host) : book_(book), host_(std::move(host)) {}
  [[nodiscard]] std::string_view name() const noexcept override { return "jobs"; }

  [[nodiscard]] units::Result<void> read(collect::Draft& draft) override {
    const auto now = host_();
    const auto since = [&](units::Instant at) { return std::max<std::int64_t>((now - at).count(), 0); };
    for (const auto& [name, job] : book_.jobs()) {
      const auto [known, fresh] = numbers_.try_emplace(name);
      if (fresh) known->second = added(draft.roster(), name);
      const auto& [age, duration, status, running] = known->second;
      draft.put(running, job.running ? since(*job.running) : 0);
      if (job.succeeded) draft.put(age, since(*job.succeeded));
      if (!job.ended) continue;
      draft.put(duration, job.took.count());
      draft.put(status, job.status);
    }
    return {};
  }

 private:
  using Numbers = std::array<collect::SeriesNumber, 4>;
  static Numbers added(collect::Roster& roster, const std::string& name) {
    const auto one = [&](std::string_view metric) { return roster.add(metric, {{"job", name}}); };
    return {one("vedette.job.age"), one("vedette.job.duration"), one("vedette.job.exit_status"),
            one("vedette.job.running")};
  }

  const jobs::Book& book_;
  std::function<units::Instant()> host_;
  std::map<std::string, Numbers> numbers_;
};

}  // namespace

JobDesk::JobDesk(const std::string& state, const wire::Id128& run)
    : file_(state + "/jobs"), run_(run), book_(jobs::Book::from_text(read_file(file_))) {}

void JobDesk::open(const std::string& socket) {
  auto opened = jobs::JobSocket::open(socket);
  if (opened) {
    socket_.emplace(std::move(*opened));
  } else {
    units::log_info("jobs can't report to this agent", {{"error", opened.error().message}});
  }
}

void JobDesk::take(units::Instant host, watch::Outbox<wire::Happening>& outbox) {
  if (!socket_) return;
  socket_->read([&](const units::Result<jobs::JobReport>& report, std::uint32_t user) {
    if (report) {
      take(*report, user, host, outbox);
    } else {
      refuse(report.error());
    }
  });
}

void JobDesk::take(const jobs::JobReport& report, std::uint32_t user, units::Instant host,
                   watch::Outbox<wire::Happening>& outbox) {
  const auto told = book_.take(report, user, host);
  if (!told) return refuse(told.error());
  if (!*told) return;
  save();
  outbox.add({.at = host,
              .kind = (*told)->failed ? "job_failed" : "job_done",
              .text = watch::one_line((*told)->words),
              .count = 0,
              .id = watch::id_of(run_, "job " + (*told)->which)});
}

// Written beside and renamed: after a kill it is the old or the new one. What a power cut takes is an age that is a run
// old.
void JobDesk::save() const {
  const std::string next = file_ + ".new";
  {
    std::ofstream out(next, std::ios::binary | std::ios::trunc);
    out << book_.to_text();
    if (!out.flush()) return;
  }
  (void)::rename(next.c_str(), file_.c_str());
}

void JobDesk::refuse(const units::Error& error) {
  if (refused_.size() >= kMostRefused || !refused_.insert(error.message).second) return;
  units::log_warning("a job's report isn't taken", {{"error", error.message}});
}

std::unique_ptr<collect::Source> JobDesk::source(std::function<units::Instant()> host) {
  return std::make_unique<JobSource>(book_, std::move(host));
}

}  // namespace vedette::app

#include "agent/app/first_enrolment.h"

#include <poll.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "agent/app/way.h"
#include "agent/config/identity_writer.h"
#include "agent/link/backoff.h"
#include "agent/link/enroll.h"
#include "schema/units/ascii.h"
#include "schema/units/log.h"

namespace vedette::app {
namespace {

using Clock = std::chrono::steady_clock;
using units::ErrorCode;
using units::fail;
using units::Milliseconds;

constexpr std::size_t kLongestToken = 256;

units::Result<std::string> read_token(const config::EnrolSource& source) {
  if (source.token_file.empty()) return source.token;
  const auto refuse = [&](const std::string& why) {
    return fail(ErrorCode::invalid, source.place + ": token_file " + source.token_file + " " + why);
  };
  struct stat info{};
  if (::stat(source.token_file.c_str(), &info) != 0)
    return refuse(std::string("can't be read: ") + std::strerror(errno));
  if (!S_ISREG(info.st_mode)) return refuse("is no regular file");
  std::ifstream file(source.token_file, std::ios::binary);
  if (!file) return refuse(std::string("can't be read: ") + std::strerror(errno));
  std::string line;
  std::getline(file, line);
  while (line.ends_with('\r') || line.ends_with(' ') || line.ends_with('\t')) line.pop_back();
  if (line.empty() || line.size() > kLongestToken) return refuse("has no token in its first line");
  if ((info.st_mode & 004) != 0) {
    units::log_warning("everyone on this machine may read the enrolment token; chmod 0600 its file",
                       {{"file", source.token_file}});
  }
  return line;
}

/// Waits, telling `alive` meanwhile. False when asked to stop.
bool wait(Milliseconds span, const EnrolPatience& patience) {
  const auto until = Clock::now() + span;
  while (true) {
    patience.alive();
    const auto left = std::chrono::ceil<Milliseconds>(until - Clock::now());
    pollfd stop{patience.stop, POLLIN, 0};  // poll(2) ignores -1
    const auto slice = std::clamp(left, Milliseconds{0}, patience.alive_every);
    if (::poll(&stop, 1, static_cast<int>(slice.count())) > 0) return false;
    if (Clock::now() >= until) return true;
  }
}

void clean_up(const config::EnrolSource& source, const std::string& state) {
  std::vector<std::string> files{state + "/" + config::kEnrolFile};
  if (!source.token_file.empty()) files.push_back(source.token_file);
  for (const std::string& file : files) {
    if (const auto removed = config::remove_file(file); !removed) {
      units::log(units::Level::notice, "the enrolment token isn't needed any more",
                 {{"error", removed.error().message}});
    }
  }
}

}  // namespace

units::Result<std::optional<config::EnrolSource>> enrol_source(const config::Config& config, const std::string& state) {
  auto dropped = config::load_enrol_file(state);
  if (!dropped || *dropped) return dropped;
  return config.enroll;
}

units::Result<std::optional<config::Identity>> enrol_first(const config::Config& config,
                                                           const config::EnrolSource& source, const std::string& state,
                                                           const EnrolPatience& patience) {
  const auto failed = [&](const units::Error& error) {
    return fail(error.code, "can't enrol with " + source.place + ": " + error.message);
  };
  auto way = way_to(source.urls, source.ca_pin, config.proxy);
  if (!way) return failed(way.error());
  way->reach.stop = patience.stop;
  const auto token = read_token(source);
  if (!token) return failed(token.error());
  // Before the token is spent: it may be good once.
  auto writer = config::IdentityWriter::prepare(state);
  if (!writer) return failed(writer.error());
  const std::string name = config.name.empty() ? source.name : config.name;
  const std::string hostname = name.empty() ? own_hostname() : name;
  units::log_info("enrolling", {{"collector", to_text(way->collectors)}, {"with", source.place}});
  link::Backoff backoff;
  std::string told;
  for (std::size_t turn = 0;; ++turn) {
    patience.alive();
    const std::span one(&way->collectors[turn % way->collectors.size()], 1);
    const auto enrolment = link::enroll(one, way->reach, *token, hostname);
    if (enrolment) {
      const config::Identity identity = identity_of(*way, *enrolment, source.name, source.tags);
      if (const auto stored = writer->store(identity); !stored) return failed(stored.error());
      units::log_info("enrolled", {{"host_id", identity.host_id}, {"collector", link::to_url(one.front())}});
      clean_up(source, state);
      return identity;
    }
    const link::EnrolFailure& failure = enrolment.error();
    if (failure.code == ErrorCode::invalid || failure.code == ErrorCode::unauthorized) return failed(failure);
    const Milliseconds least =
        failure.code == ErrorCode::forbidden ? std::max(failure.at_least, patience.refused) : failure.at_least;
    const Milliseconds pause = least + backoff.next(patience.random());
    if (!wait(Milliseconds{0}, patience)) return std::nullopt;
    if (failure.message != told) {
      units::log_warning(
          "not enrolled yet; will be tried again",
          {{"collector", link::to_url(one.front())}, {"reason", failure.message}, {"next_try_ms", pause.count()}});
      told = failure.message;
    }
    if (!wait(pause, patience)) return std::nullopt;
  }
}

}  // namespace vedette::app

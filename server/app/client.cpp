// Commands other than run: beside a running collector, or on the data itself under its lock; check, backup and restore
// need neither.
#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <iostream>
#include <string>
#include <thread>

#include "server/access/certificates.h"
#include "server/app/backup.h"
#include "server/app/backup_command.h"
#include "server/app/commands.h"
#include "server/app/control_socket.h"
#include "server/app/data_check.h"
#include "server/app/data_lock.h"
#include "server/app/host_removal.h"
#include "server/app/input.h"
#include "server/app/proxy_settings.h"
#include "server/app/run.h"
#include "server/app/settings.h"
#include "server/app/version.h"
#include "server/control/store.h"
#include "server/history/store.h"
#include "server/processes/store.h"

namespace vedette::app {

using units::ErrorCode;
using units::Result;

namespace {

constexpr std::chrono::milliseconds kRetry{100};
constexpr int kTries = 50;  // 5 s: a collector that starts or stops holds the lock without answering

/// Root beside a service's data: what is made there must belong to the service, or it couldn't open it.
Result<void> become_owner(const std::filesystem::path& directory) {
  struct stat status{};
  if (::geteuid() != 0 || ::stat(directory.c_str(), &status) != 0 || status.st_uid == 0) return {};
  if (::setgroups(0, nullptr) == 0 && ::setgid(status.st_gid) == 0 && ::setuid(status.st_uid) == 0) return {};
  return units::fail(ErrorCode::io, directory.string() + ": cannot take on its owner's rights");
}

Result<std::string> run_on_data(const Options& options, const std::string& input, const Settings& settings) {
  if (auto owner = become_owner(settings.data); !owner) return std::unexpected(std::move(owner.error()));
  auto lock = DataLock::take(settings.data);
  if (!lock) return std::unexpected(std::move(lock.error()));
  auto store = control::Store::open(settings.data / "control.db");
  if (!store) return std::unexpected(std::move(store.error()));
  const domain::SystemClock clock;
  const auto pin = [&]() -> Result<std::string> {
    if (settings.net.only_proxies) return no_pin();
    auto made = access::prepare_certificates(certificate_config(settings), clock.now());
    if (!made) return std::unexpected(std::move(made.error()));
    return made->pin;
  };
  const auto remove_host = [&](const std::string& name_or_id) -> Result<domain::HostRecord> {
    auto history = history::Store::open(history_options(settings), clock);
    if (!history) return std::unexpected(std::move(history.error()));
    (*history)->start();
    processes::Store processes(processes_options(settings), clock);
    return HostRemoval(**store, **history, processes, nullptr).remove(name_or_id);
  };
  return run_command(
      options, input,
      {**store, clock, nullptr, nullptr, remove_host, pin, settings.notify, settings.limits.agents_per_token});
}

Result<std::string> run_somewhere(const Options& options, const std::string& input, const Settings& settings) {
  for (int left = kTries;; --left) {
    if (auto answered = ask_collector(settings.data, options, input)) return std::move(*answered);
    auto done = run_on_data(options, input, settings);
    const bool held = !done && done.error().code == ErrorCode::conflict && done.error().message.starts_with("another ");
    if (!held || left == 0) return done;
    std::this_thread::sleep_for(kRetry);
  }
}

int complain(const units::Error& error, int code) {
  std::cerr << "vedette-server: " << error.message << '\n';
  return code;
}

void say(const std::string& line) {
  std::cout << line << '\n';
}

int ended(const Result<bool>& whole) {
  if (!whole) return complain(whole.error(), 1);
  return *whole && std::cout << std::flush ? 0 : 1;
}

int run_check(const Settings& settings) {
  const auto checked = check_data(settings.data);
  if (!checked) return complain(checked.error(), 1);
  std::cout << checked->words << std::flush;
  return ended(checked->whole);
}

}  // namespace

int run_client(const Options& options) {
  if (options.command == "help") {
    std::cout << help_text(options.words.empty() ? "" : options.words[0]);
    return 0;
  }
  if (options.command == "version") {
    std::cout << "vedette-server " << kVersion << "\n";
    return 0;
  }
  const auto settings = read_settings(options);
  if (!settings) return complain(settings.error(), kExitConfig);
  if (options.command == "check-config") {
    const auto good = check_files_strictly(*settings, domain::SystemClock().now());
    if (!good) return complain(good.error(), kExitConfig);
    std::cout << (settings->file.empty() ? "no configuration file" : settings->file) << ": good\n";
    return 0;
  }
  if (options.command == "check") return run_check(*settings);
  if (options.command == "backup") return run_backup(options, *settings);
  if (options.command == "restore") return ended(restore(options.words[0], settings->data, say));
  if (const auto text = check_text(options); !text) return complain(text.error(), 1);
  const auto input = options.has("password-stdin") ? read_secret(std::cin) : std::string();
  if (!input) return complain(input.error(), 1);
  const auto result = run_somewhere(options, *input, *settings);
  if (!result) return complain(result.error(), 1);
  std::cout << *result << std::flush;
  return std::cout ? 0 : 1;
}

}  // namespace vedette::app

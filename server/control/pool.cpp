#include "server/control/pool.h"

#include <Poco/Data/SQLite/Connector.h>
#include <Poco/Data/SQLite/SQLiteException.h>

#include <mutex>

namespace vedette::control {
namespace {

// More than the collector has threads, so that get() never finds the pool empty.
constexpr int kMostSessions = 64;
constexpr int kIdleSeconds = 300;

class ConfiguredPool final : public Poco::Data::SessionPool {
 public:
  explicit ConfiguredPool(const std::string& file)
      : SessionPool(Poco::Data::SQLite::Connector::KEY, file, 1, kMostSessions, kIdleSeconds) {}

 private:
  void customizeSession(Session& session) override {
    session << "PRAGMA busy_timeout=5000", now;
    session << "PRAGMA synchronous=FULL", now;
    session << "PRAGMA foreign_keys=ON", now;
  }
};

}  // namespace

std::uint64_t last_row(Session& session) {
  Int made = 0;
  session << "SELECT last_insert_rowid()", into(made), now;
  return static_cast<std::uint64_t>(made);
}

Pool::Pool(const std::filesystem::path& file) : file_(file.string()) {
  static std::once_flag registered;
  std::call_once(registered, [] { Poco::Data::SQLite::Connector::registerConnector(); });
  pool_ = std::make_unique<ConfiguredPool>(file_);
}

Pool::~Pool() {
  pool_->shutdown();
}

Pool::Undo::~Undo() {
  if (!armed) return;
  try {
    session << "ROLLBACK", now;
  } catch (const Poco::Exception&) {  // NOLINT(bugprone-empty-catch)
    // SQLite rolls back by itself on a full disk or an I/O error; then there is nothing left to roll back.
  }
}

units::Error Pool::error_of(const Poco::Exception& fault) const {
  using namespace Poco::Data::SQLite;
  using enum units::ErrorCode;
  const std::string words = file_ + ": " + fault.displayText();
  // These pass once somebody mends the machine. Whoever asked is told what to do, without the path: anyone may ask.
  const std::string name = std::filesystem::path(file_).filename().string();
  if (dynamic_cast<const DatabaseFullException*>(&fault)) {
    return {unavailable, "disk full: free some space on the disk that holds " + name};
  }
  if (dynamic_cast<const ReadOnlyException*>(&fault)) {
    return {unavailable, name + " can't be written: its file or file system is read-only"};
  }
  if (dynamic_cast<const IOErrorException*>(&fault) || dynamic_cast<const CantOpenDBFileException*>(&fault)) {
    return {unavailable, "the disk that holds " + name + " fails (" + fault.message() + "); the system's log says why"};
  }
  if (dynamic_cast<const ConstraintViolationException*>(&fault)) return {conflict, words};
  if (dynamic_cast<const CorruptImageException*>(&fault)) {
    return {corrupt, words + "; move the file away or restore it from a backup"};
  }
  if (dynamic_cast<const DBLockedException*>(&fault) || dynamic_cast<const TableLockedException*>(&fault) ||
      dynamic_cast<const Poco::Data::SessionPoolExhaustedException*>(&fault)) {
    return {unavailable, name + " is busy; try again"};
  }
  return {io, words};
}

}  // namespace vedette::control

#include "server/app/host_removal.h"

#include "schema/units/log.h"

namespace vedette::app {

using domain::HostRecord;
using units::Result;

Result<HostRecord> HostRemoval::remove(const std::string& name_or_id) {
  const std::scoped_lock lock(mutex_);
  // Before its samples go, so that no more come; the record last, so that a crash leaves something to name it by.
  auto host = records_.revoke(name_or_id);
  if (!host) return host;
  if (revocations_ != nullptr) revocations_->on_host_revoked(host->number);
  if (auto forgotten = history_.forget(host->number); !forgotten) return std::unexpected(std::move(forgotten.error()));
  if (auto forgotten = processes_.forget(host->number); !forgotten)
    return std::unexpected(std::move(forgotten.error()));
  if (auto removed = records_.remove(host->number); !removed) return std::unexpected(std::move(removed.error()));
  if (revocations_ != nullptr) revocations_->on_host_revoked(host->number);
  units::log_info("host deleted", {{"host", host->name}});
  return host;
}

}  // namespace vedette::app

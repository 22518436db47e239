// Deletes hosts, for the command and the API.
#pragma once

#include <mutex>

#include "server/domain/control_store.h"
#include "server/domain/history_store.h"
#include "server/domain/observer.h"
#include "server/domain/process_records.h"

namespace vedette::app {

class HostRemoval final : public domain::HostRemover {
 public:
  /// `revocations`: null without a running collector. All must outlive this.
  HostRemoval(domain::HostRecords& records, domain::HistoryStore& history, domain::ProcessRecords& processes,
              domain::RevocationObserver* revocations)
      : records_(records), history_(history), processes_(processes), revocations_(revocations) {}

  units::Result<domain::HostRecord> remove(const std::string& name_or_id) override;

 private:
  domain::HostRecords& records_;
  domain::HistoryStore& history_;
  domain::ProcessRecords& processes_;
  domain::RevocationObserver* revocations_;
  std::mutex mutex_;  ///< one at a time
};

}  // namespace vedette::app

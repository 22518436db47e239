#include "agent/app/spool_source.h"

namespace vedette::app {

units::Result<void> SpoolSource::read(collect::Draft& draft) {
  if (!numbers_) {
    collect::Roster& roster = draft.roster();
    numbers_ = {roster.add("vedette.agent.spool.dropped"), roster.add("vedette.agent.spool.usage")};
  }
  draft.put(numbers_->dropped, static_cast<std::int64_t>(spool_.dropped()));
  draft.put(numbers_->usage, static_cast<std::int64_t>(spool_.kept().value));
  return {};
}

}  // namespace vedette::app

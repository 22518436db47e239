#include "agent/collect/collector.h"

#include "agent/collect/cpu.h"
#include "agent/collect/disk.h"
#include "agent/collect/load.h"
#include "agent/collect/memory.h"
#include "agent/collect/network.h"
#include "schema/units/log.h"

namespace vedette::collect {

Collector::Collector(CollectorOptions options) {
  sources_.push_back(std::make_unique<CpuSource>(options.proc));
  sources_.push_back(std::make_unique<LoadSource>(options.proc));
  sources_.push_back(std::make_unique<MemorySource>(options.proc));
  sources_.push_back(std::make_unique<DiskSource>(options.proc));
  sources_.push_back(std::make_unique<NetworkSource>(options.proc));
  auto filesystems =
      std::make_unique<FilesystemSource>(options.proc, std::move(options.ask_usage), std::move(options.clock));
  filesystems_ = filesystems.get();
  sources_.push_back(std::move(filesystems));
}

std::vector<metrics::Cell> Collector::collect() {
  std::vector<metrics::Cell> cells(roster_.series().size());
  Draft draft(roster_, cells);
  for (const auto& source : sources_) judge(*source, source->read(draft));
  if (const std::uint64_t hung = mounts().times_hung(); hung != times_hung_) {
    times_hung_ = hung;
    units::log_warning("a mounted file system doesn't answer; it is left out until it does",
                       {{"hung_now", mounts().hung()}, {"times", hung}});
  }
  return cells;
}

void Collector::judge(const Source& source, const units::Result<void>& result) {
  if (result) {
    if (failing_.erase(&source) > 0) units::log_info("source is readable again", {{"source", source.name()}});
    return;
  }
  ++failures_;
  if (failing_.insert(&source).second) {
    units::log_warning("source can't be read; its series are left out",
                       {{"source", source.name()}, {"error", result.error().message}});
  }
}

}  // namespace vedette::collect

#include "tests/bench/history/watch.h"

#include <pthread.h>

namespace vedette::bench {

void Watch::attach(history::Options& options) {
  TimedLog::install();
  options.vfs = TimedLog::kName;
  options.on_step = [this](history::Step at) { step(at); };
}

double Watch::sealer_cpu() const {
  if (!known_) give_up("the sealer did nothing yet");
  return seconds_of(sealer_);
}

// Only commits are the writer's.
void Watch::step(history::Step at) {
  if (at == history::Step::row_committed) {
    commit_ = TimedLog::take();
  } else if (!known_) {
    ::pthread_getcpuclockid(::pthread_self(), &sealer_);
    known_ = true;
  }
}

}  // namespace vedette::bench

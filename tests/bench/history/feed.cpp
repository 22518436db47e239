#include "tests/bench/history/feed.h"

#include "tests/bench/history/figures.h"

namespace vedette::bench {

using domain::HostNumber;

history::Options options_in(const std::filesystem::path& directory) {
  history::Options options;
  options.directory = directory;
  options.commit_every = std::chrono::hours(1);
  options.intake.early_cells = options.intake.cells;
  return options;
}

std::unique_ptr<history::Store> opened(history::Options options, const domain::Clock& clock,
                                       domain::HistoryStore::Committed on_commit) {
  auto store = history::Store::open(std::move(options), clock);
  if (!store) give_up(store.error().message);
  (*store)->on_commit(std::move(on_commit));
  (*store)->start();
  return std::move(*store);
}

void announce(history::Store& store, std::size_t hosts, Form form) {
  const auto series = fleet_series(form);
  for (std::size_t n = 1; n <= hosts; ++n) {
    if (auto numbers = store.assign(HostNumber(static_cast<std::uint32_t>(n)), series); !numbers) {
      give_up(numbers.error().message);
    }
  }
}

void submit(history::Store& store, const std::vector<domain::SharedBatch>& batches) {
  for (const auto& batch : batches) {
    if (!store.submit(batch)) give_up("a batch was refused");
  }
}

void flush(history::Store& store) {
  if (!store.flush()) give_up(store.trouble());
}

void finish(history::Store& store) {
  if (!store.seal_all() || !store.build_all()) give_up(store.trouble());
}

std::vector<domain::SharedBatch> made(std::vector<Host>& hosts, const Times& times, std::int64_t second) {
  std::vector<domain::SharedBatch> batches;
  batches.reserve(hosts.size());
  for (std::size_t n = 0; n < hosts.size(); ++n) {
    auto batch = std::make_shared<domain::Batch>();
    batch->host = HostNumber(static_cast<std::uint32_t>(n + 1));
    batch->stream = times.stream;
    batch->live = times.live;
    batch->first = static_cast<std::uint64_t>(second / times.apart + 1);
    for (std::int64_t t = 0; t < times.ticks; ++t) {
      batch->ticks.push_back(hosts[n].tick(times.start + (second + t * times.apart) * 1000));
    }
    batches.push_back(std::move(batch));
  }
  return batches;
}

double feed(history::Store& store, SimulatedClock& clock, std::vector<Host>& hosts, const Times& times) {
  double making = 0;
  const std::int64_t step = times.ticks * times.apart;
  for (std::int64_t second = 0; second < times.length; second += step) {
    clock.set(times.start + (second + step) * 1000);
    const double before = thread_cpu();
    const auto batches = made(hosts, times, second);
    making += thread_cpu() - before;
    submit(store, batches);
    flush(store);
  }
  return making;
}

}  // namespace vedette::bench

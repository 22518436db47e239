// Makes a data directory with all that can lie in one, and a listing of what a reader must find in it, kept beside the
// store in a plain map. Ends as by kill -9, with a slot's ticks in its chunk and still in write-ahead rows.
//
//   storage_directory DIRECTORY > LISTING         a line: host series time cell, the cell as a signed integer
#include <unistd.h>
#include <atomic>
#include <bit>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <limits>
#include <map>
#include <memory>
#include <random>

#include "server/history/store.h"

namespace vedette::history {
namespace {

using domain::HostNumber;
using metrics::Cell;

constexpr std::int64_t kStart = 1'795'472'400'000;  // 2026-11-23 22:20 UTC, the start of a slot: two days get files
constexpr std::int64_t kSlot = kSlotLength.count();

class MovedClock final : public domain::Clock {
 public:
  void set(std::int64_t since_start) { since_ = since_start; }
  [[nodiscard]] units::Instant now() const override { return units::from_unix_ms(kStart + since_); }
  [[nodiscard]] units::Steady steady() const override {
    return units::Steady{} + std::chrono::hours(1) + units::Milliseconds(since_);
  }

 private:
  std::atomic<std::int64_t> since_{0};
};

void require(bool done, const char* what) {
  if (done) return;
  std::cerr << "storage_directory: failed: " << what << '\n';
  std::_Exit(1);
}

std::int64_t bits(double value) {
  return std::bit_cast<std::int64_t>(value);
}

// What every shape of value is drawn from; n counts a host's ticks, at most some thousands.
struct Shape {
  metrics::Kind kind;
  metrics::Quantum quantum;
  Cell (*cell)(std::mt19937_64& random, std::int64_t n);
};

Cell sometimes(std::mt19937_64& random, unsigned of, std::int64_t value) {
  return random() % of == 0 ? Cell{} : metrics::integer(value);
}

constexpr Shape kShapes[] = {
    {metrics::Kind::counter, {1, 100}, [](auto&, auto n) { return metrics::integer(n * 100); }},
    {metrics::Kind::counter,
     {1, 1},
     [](auto& r, auto n) { return metrics::integer(n * 4096 + std::int64_t(r() % 900)); }},
    {metrics::Kind::gauge, {1024, 1}, [](auto& r, auto) { return metrics::integer(std::int64_t(r() % 64)); }},
    {metrics::Kind::gauge, {1, 1}, [](auto&, auto) { return metrics::integer(4'194'304); }},
    // Every pattern of 64 bits, and steps that overflow.
    {metrics::Kind::gauge, {1, 1}, [](auto& r, auto) { return metrics::integer(static_cast<std::int64_t>(r())); }},
    {metrics::Kind::gauge,
     {1, 1},
     [](auto&, auto n) {
       using Limits = std::numeric_limits<std::int64_t>;
       return metrics::integer(n % 2 == 0 ? Limits::min() : Limits::max());
     }},
    // Small as a rule, with leaps: Rice codes with escapes.
    {metrics::Kind::gauge,
     {1, 1},
     [](auto& r, auto) { return metrics::integer(r() % 40 == 0 ? std::int64_t(r() >> 20) : std::int64_t(r() % 3)); }},
    // Gaps: scattered, which is kept as bits, and long, which is kept as runs.
    {metrics::Kind::gauge, {1, 100}, [](auto& r, auto n) { return sometimes(r, 3, n); }},
    {metrics::Kind::gauge, {1, 1}, [](auto&, auto n) { return n / 40 % 2 == 0 ? Cell{} : metrics::integer(-n); }},
    {metrics::Kind::gauge, metrics::kReal, [](auto& r, auto n) { return sometimes(r, 9, bits(0.25 * double(n))); }},
    {metrics::Kind::gauge, metrics::kReal, [](auto&, auto n) { return metrics::integer(bits(n < 90 ? 1.5 : 1e300)); }},
    {metrics::Kind::gauge, metrics::kReal,
     [](auto& r, auto) { return metrics::integer(bits(std::ldexp(double(r()), -64))); }},
    {metrics::Kind::gauge, metrics::kReal,
     [](auto& r, auto) {
       static constexpr std::uint64_t kStrange[] = {
           0x7FF8'0000'0000'0001, 0xFFF8'0000'DEAD'BEEF, 0x7FF0'0000'0000'0001,  // NaNs with payload
           0x7FF0'0000'0000'0000, 0xFFF0'0000'0000'0000, 0x8000'0000'0000'0000,  // infinities, -0.0
           0x0000'0000'0000'0001, 0x7FEF'FFFF'FFFF'FFFF, 0x3FF0'0000'0000'0000};
       return metrics::integer(static_cast<std::int64_t>(kStrange[r() % std::size(kStrange)]));
     }},
};

class Maker {
 public:
  explicit Maker(const std::filesystem::path& directory) {
    Options options;
    options.directory = directory;
    options.commit_every = units::Milliseconds{5};
    options.checkpoint_every = units::Milliseconds{5};
    options.space.reserve = 1U << 20;
    options.on_step = [this](Step at) {
      if (at == Step::chunks_committed && last_) std::_Exit(0);
    };
    auto store = Store::open(options, clock_);
    require(store.has_value(), store ? "" : store.error().message.c_str());
    store_ = std::move(*store);
    store_->start();
  }

  /// `count` series of all shapes.
  void announce(std::uint32_t host, std::size_t count) {
    std::vector<metrics::Series> series;
    for (std::size_t n = 0; n < count; ++n) {
      const Shape& shape = kShapes[n % std::size(kShapes)];
      series.push_back({{"test.shape" + std::to_string(n % std::size(kShapes)),
                         {{"device", "d" + std::to_string(n)}, {"state", "über, \"="}}},
                        "By",
                        shape.kind,
                        shape.quantum});
    }
    require(store_->assign(HostNumber{host}, series).has_value(), "assign");
  }

  /// Ticks of a stream of their own, `step` ms apart; the store keeps those whose time it has not got yet, and so does
  /// the listing. `hidden`: times from there on are of an epoch that ended.
  struct Run {
    std::int64_t from = 0, count = 0, step = 1'000;
    std::size_t width = std::size(kShapes);
    std::uint32_t boot = 1;
    bool live = false;
    std::int64_t hidden = std::numeric_limits<std::int64_t>::max();
  };
  void send(std::uint32_t host, const Run& run) {
    auto batch = std::make_shared<domain::Batch>();
    batch->host = HostNumber{host};
    batch->stream = ++stream_ << 33;
    batch->first = 1;
    batch->live = run.live;
    for (std::int64_t n = 0; n < run.count; ++n) {
      domain::Tick tick{units::from_unix_ms(kStart + run.from + n * run.step), run.boot, {}};
      for (std::size_t at = 0; at < run.width; ++at) {
        tick.cells.push_back(kShapes[at % std::size(kShapes)].cell(random_, n));
      }
      if (run.from + n * run.step < run.hidden) kept_[host].try_emplace(units::unix_ms(tick.at), tick.cells);
      batch->ticks.push_back(std::move(tick));
    }
    require(store_->submit(batch) && store_->flush(), "a commit");
  }

  void seal() { require(store_->seal_all(), "sealing"); }
  void build() { require(store_->build_all(), "building"); }
  void set_clock(std::int64_t since_start) { clock_.set(since_start); }
  void forget(std::uint32_t host) {
    require(store_->forget(HostNumber{host}).has_value(), "forgetting");
    kept_.erase(host);
  }

  /// Everything that a reader must find, then the end once the slots that are due by then are in their files.
  [[noreturn]] void die_when_sealed(std::int64_t since_start) {
    for (const auto& [host, ticks] : kept_) {
      for (const auto& [time, cells] : ticks) {
        for (std::size_t n = 0; n < cells.size(); ++n) {
          if (cells[n].present) std::cout << host << ' ' << n << ' ' << time << ' ' << cells[n].bits << '\n';
        }
      }
    }
    std::cout.flush();
    last_ = true;
    set_clock(since_start);
    for (;;) ::pause();  // the sealer ends it
  }

 private:
  MovedClock clock_;
  std::atomic<bool> last_{false};
  std::unique_ptr<Store> store_;
  std::mt19937_64 random_{20261123};  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same directory each time
  std::uint64_t stream_ = 0;
  std::map<std::uint32_t, std::map<std::int64_t, std::vector<Cell>>> kept_;
};

void make(Maker& maker) {
  // Host 1: two boots, over midnight, gaps, late ticks and times that come a second time.
  maker.announce(1, std::size(kShapes));
  maker.send(1, {.from = 0, .count = 400});
  maker.send(1, {.from = 10 * kSlot - 90'000, .count = 200, .boot = 2});
  maker.seal();
  maker.send(1, {.from = 500, .count = 300, .step = 500});
  maker.seal();
  // Host 2: four groups of series, the last ones only later; ten parts of a slot, so that they are merged once.
  maker.announce(2, 200);
  for (std::int64_t part = 0; part < 10; ++part) {
    maker.send(2, {.from = part * 100, .count = 20, .step = 2'000, .width = part < 3 ? 70U : 200U});
    maker.seal();
  }
  // Host 3: ticks that come backwards, one alone in its slot, and none with a value.
  maker.announce(3, 20);
  maker.send(3, {.from = 300'000, .count = 250, .step = -1'000, .width = 20});
  maker.send(3, {.from = 3 * kSlot, .count = 1, .width = 20});
  maker.send(3, {.from = 4 * kSlot, .count = 5, .width = 0});
  maker.seal();
  maker.build();  // what comes to these hours later makes them stale
  maker.announce(4, 5);
  maker.send(4, {.from = 0, .count = 50, .width = 5});
  maker.seal();
  // Host 5: the clock ran 200 s ahead, its ticks were sealed, then it was set back: they end 2 s before the first of
  // the right time, and come anew.
  maker.announce(5, std::size(kShapes));
  maker.set_clock(100'000);
  maker.send(5, {.from = 200'000, .count = 60, .live = true, .hidden = 228'000});
  maker.seal();
  maker.send(5, {.from = 230'000, .count = 40, .live = true});
  // Host 6: only rows, of a slot that stays open.
  maker.announce(6, 3);
  maker.send(6, {.from = 8 * kSlot, .count = 120, .width = 3});
  maker.send(6, {.from = 8 * kSlot + 30'500, .count = 60, .step = 500, .width = 3});
  // Times that no file is for: before 1970, and in 2200.
  maker.send(6, {.from = -kStart - 5'000, .count = 5, .width = 3, .hidden = -kStart - 5'000});
  maker.send(6, {.from = 7'258'118'400'000 - kStart, .count = 5, .width = 3, .hidden = 0});
  // In the file and still in rows when the end comes: slot 5 of hosts 1 and 2.
  maker.send(1, {.from = 5 * kSlot, .count = 100});
  maker.send(2, {.from = 5 * kSlot, .count = 30, .width = 200});
  // Host 4 is deleted with ticks in a file and in rows; what comes under its number later counts.
  maker.send(4, {.from = 60'000, .count = 50, .width = 5});
  maker.forget(4);
  maker.announce(4, 2);
  maker.send(4, {.from = 65'000, .count = 3, .width = 2});
  // Others at times that a file has already.
  maker.send(1, {.from = 0, .count = 50});
  maker.die_when_sealed(6 * kSlot + 21'000);
}

}  // namespace
}  // namespace vedette::history

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: storage_directory DIRECTORY > LISTING\n";
    return 64;
  }
  vedette::history::Maker maker{argv[1]};
  vedette::history::make(maker);
}

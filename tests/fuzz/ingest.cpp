// One agent's connection as the collector takes it: a run of messages, each after two bytes with its length.
#include <algorithm>
#include <map>

#include "server/ingest/intake.h"
#include "tests/fuzz/require.h"

namespace vedette {
namespace {

const units::Instant kNow = units::from_unix_ms(1'795'425'204'000);

/// Numbers series and boots as the store does; keeps nothing.
class Numbers final : public domain::HistoryStore {
 public:
  units::Result<std::vector<domain::SeriesNumber>> assign(domain::HostNumber,
                                                          std::span<const metrics::Series> series) override {
    std::vector<domain::SeriesNumber> numbers;
    for (const auto& one : series) {
      // With holes, as a host has that announced other series before.
      const auto next = static_cast<std::uint32_t>(known_.size() * 50);
      numbers.push_back(domain::SeriesNumber{known_.try_emplace(metrics::to_string(one.key), next).first->second});
    }
    return numbers;
  }
  std::vector<domain::StoredSeries> series(domain::HostNumber) const override { return {}; }
  std::uint32_t boot_number(domain::HostNumber, const std::array<std::uint8_t, 16>& id) override {
    return boots_.try_emplace(id, static_cast<std::uint32_t>(boots_.size() + 1)).first->second;
  }
  std::uint32_t newest_boot(domain::HostNumber) const override { return static_cast<std::uint32_t>(boots_.size()); }
  bool submit(domain::SharedBatch) override { return true; }
  std::uint64_t resume_point(domain::HostNumber, std::uint64_t stream) const override { return stream % 7; }
  void on_commit(Committed) override {}
  units::Result<domain::HistoryAnswer> query(const domain::HistoryQuery&) const override {
    return domain::HistoryAnswer{};
  }
  units::Result<std::vector<domain::CounterIncreases>> increases(const domain::IncreaseQuery&) const override {
    return std::vector<domain::CounterIncreases>{};
  }
  std::optional<units::Instant> newest(domain::HostNumber) const override { return std::nullopt; }
  bool covered(domain::HostNumber, units::Instant, units::Instant, units::Milliseconds) const override { return false; }
  units::Result<void> forget(domain::HostNumber) override { return {}; }
  std::string trouble() const override { return {}; }
  void stop() override {}

 private:
  std::map<std::string, std::uint32_t> known_;
  std::map<std::array<std::uint8_t, 16>, std::uint32_t> boots_;
};

class Connection {
 public:
  /// False when the connection would be closed.
  bool take(std::span<const std::uint8_t> bytes) {
    const auto message = wire::decode_agent(bytes);
    if (!message) return message.error().code == units::ErrorCode::not_found;
    return std::visit([this](const auto& one) { return take(one); }, *message);
  }

 private:
  bool take(const wire::Hello& hello) { return intake_.hello(hello, kNow).has_value(); }
  bool take(const wire::Announce& announce) { return intake_.announce(announce).has_value(); }
  bool take(const wire::TickMessage& tick) { return take(intake_.tick(tick, kNow)); }
  bool take(const wire::Backfill& backfill) { return take(intake_.backfill(backfill, kNow)); }
  bool take(const auto&) { return true; }
  bool take(ingest::Outcome<domain::SharedBatch> first) {
    if (!first) return false;
    for (auto batch = *first; batch; batch = intake_.more()) check(*batch);
    return true;
  }
  void check(const domain::Batch& batch) {
    fuzz::require(intake_.greeted(), "nothing is taken before Hello");
    fuzz::require(!batch.ticks.empty() && batch.first > 0, "a batch has ticks, and they have numbers");
    fuzz::require(batch.first > newest_[batch.stream], "no tick of a stream is taken twice");
    newest_[batch.stream] = batch.first + batch.ticks.size() - 1;
    std::size_t cells = 0;
    for (const auto& tick : batch.ticks) {
      cells += tick.cells.size();
      fuzz::require(tick.at >= kNow - std::chrono::days{14} && tick.at <= kNow + std::chrono::minutes{1},
                    "times are possible");
    }
    fuzz::require(batch.ticks.size() <= wire::kMaxBatchCells, "ticks at once are bounded");
    fuzz::require(cells <= wire::kMaxBatchCells || batch.ticks.size() == 1, "and so are cells");
  }

  Numbers store_;
  ingest::Intake intake_{domain::HostRecord{}, store_};
  std::map<std::uint64_t, std::uint64_t> newest_;
};

}  // namespace
}  // namespace vedette

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  vedette::Connection connection;
  std::span<const std::uint8_t> rest(data, size);
  while (rest.size() >= 2) {
    const std::size_t length = std::min<std::size_t>(rest[0] | rest[1] << 8, rest.size() - 2);
    if (!connection.take(rest.subspan(2, length))) break;
    rest = rest.subspan(2 + length);
  }
  return 0;
}

// The answer to a history request, made piece by piece: host after host, so that a thousand of them take the memory of
// one. Lines over hosts and the greatest of all are known only when every host was read: these are one piece, as is the
// answer of one host.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "server/api/history_request.h"
#include "server/api/piece_stream.h"
#include "server/domain/clock.h"

namespace vedette::api {

class HistoryPieces final : public Pieces {
 public:
  /// Both references must outlive this.
  HistoryPieces(const domain::HistoryStore& history, const domain::Clock& clock, HistoryRequest request);

  /// Errors are the store's, or `timeout` when all hosts together take over kLongest to read.
  [[nodiscard]] units::Result<std::optional<std::string>> next(const std::stop_token& gone) override;

  static constexpr std::chrono::seconds kLongest{45};    ///< before net gives up on an answer
  static constexpr std::size_t kMostPoints = 1'000'000;  ///< of the lines that are ranked, together

 private:
  /// A host's series and its average over the range.
  struct Ranked {
    double average = 0;
    std::size_t host = 0;
    metrics::SeriesKey series;
    domain::HistoryColumns columns{};
  };
  [[nodiscard]] units::Result<void> add_hosts(std::string& out);
  [[nodiscard]] units::Result<void> add_over(std::string& out);
  [[nodiscard]] units::Result<void> add_top(std::string& out);
  [[nodiscard]] units::Result<std::vector<Ranked>> ranked();
  [[nodiscard]] units::Result<void> fetch(std::vector<Ranked>& lines);
  [[nodiscard]] domain::HistoryQuery ranking_query() const;
  [[nodiscard]] units::Result<domain::HistoryAnswer> ask(domain::HistoryQuery query, std::size_t host);
  void begin(std::string& out, const domain::HistoryAnswer& answer);
  /// Each stretch once: what is open is so of all, and of the greatest the ranking has told some already.
  void note(std::size_t host, const domain::HistoryAnswer& answer);

  const domain::HistoryStore& history_;
  const domain::Clock& clock_;
  const HistoryRequest request_;
  HistoryWriter writer_;
  HistoryWriter::Lacks lacks_;
  std::set<std::tuple<std::optional<units::HostId>, domain::Incomplete::Why, units::Instant>> noted_;
  units::Steady::duration spent_{};  ///< on reading
  std::stop_token gone_;
  std::size_t host_ = 0;  ///< the next one
  bool begun_ = false, done_ = false;
};

}  // namespace vedette::api

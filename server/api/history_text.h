// Answers from history as JSON, columns rather than objects, and as CSV (RFC 4180), a row a point. Pure; times are Unix
// seconds with three decimals; a number that can't be told is null, in CSV nothing between the commas.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/domain/history_store.h"
#include "server/domain/host.h"

namespace vedette::api {

/// One line of an answer: a host's series, or several hosts' made one. What is absent isn't told.
struct HistoryLine {
  const domain::HistoryColumns* columns = nullptr;
  const domain::HostRecord* host = nullptr;
  std::optional<std::string> tag{};            ///< of the hosts that it is made of
  const std::vector<double>* hosts = nullptr;  ///< of how many, at each point
};

enum class HistoryFormat : std::uint8_t { json, csv };

/// Writes an answer from its beginning to its end, in pieces of any size. A line without points is left out.
class HistoryWriter {
 public:
  struct Shape {
    HistoryFormat format = HistoryFormat::json;
    bool raw = false;                               ///< one "value" a point instead of columns
    std::set<domain::Aggregate> aggregates;         ///< the columns, without `raw`
    bool host = false, tag = false, hosts = false;  ///< what lines tell; CSV has to know before the first
  };
  explicit HistoryWriter(Shape shape) : shape_(std::move(shape)) {}

  void begin(std::string& out, std::string_view tier, units::Milliseconds step);
  void add(std::string& out, const HistoryLine& line);
  /// Each with its host, or none if it is so of all.
  struct Lack {
    std::optional<units::HostId> host;
    domain::Incomplete what;
  };
  using Lacks = std::vector<Lack>;
  void end(std::string& out, const Lacks& incomplete) const;

 private:
  void add_json(std::string& out, const HistoryLine& line);
  void add_csv(std::string& out, const HistoryLine& line) const;

  const Shape shape_;
  bool first_ = true;
};

}  // namespace vedette::api

// A segment of the agent's spool. The first byte of an input picks what the rest is, because mutated records hardly
// ever get past their check sums: 0 a segment as it lies on disk; 1 bodies (type, two bytes of length, body) that are
// given their sums here; 2 the same, with every hundredth byte of the result damaged.
#include <map>

#include "agent/spool/record.h"
#include "agent/spool/segment.h"
#include "schema/units/bytes.h"
#include "tests/fuzz/require.h"

namespace vedette::spool {
namespace {

using fuzz::require;
using Bytes = std::span<const std::uint8_t>;

std::string summed(Bytes bytes) {
  std::string out;
  while (bytes.size() >= 3) {
    const std::size_t length = std::min<std::size_t>(bytes[1] | bytes[2] << 8, bytes.size() - 3);
    put_record(out, bytes[0], {reinterpret_cast<const char*>(bytes.data()) + 3, length});
    bytes = bytes.subspan(3 + length);
  }
  return out;
}

void records(Bytes bytes) {
  RecordReader reader(bytes);
  std::size_t whole = 0;
  while (const auto record = reader.next()) {
    std::string again;
    put_record(again, record->type, {reinterpret_cast<const char*>(record->body.data()), record->body.size()});
    require(std::ranges::equal(units::as_bytes(again), bytes.subspan(record->at, again.size())), "a record is there");
    whole += again.size();
  }
  require(whole + reader.damaged() == bytes.size(), "every byte is a record's or damaged");
}

void segment(Bytes bytes) {
  records(bytes);
  const auto contents = read_segment(bytes);
  if (!contents) return;
  require(contents->series.size() <= wire::kMaxSeries, "no more series than there may be");
  for (const Span& span : contents->spans) {
    require(span.first >= 1 && span.first <= span.last && span.last <= wire::kMaxTickNumber, "spans hold something");
    TickNumber from = span.first;
    while (const auto batch = read_ticks(bytes, *contents, span.stream, from, 7)) {
      require(!batch->rows.empty() && batch->rows.size() <= 7, "as many as were asked for");
      require(batch->first >= from, "none before");
      from = batch->first + batch->rows.size();
    }
  }
}

}  // namespace
}  // namespace vedette::spool

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vedette::spool;
  if (size == 0) return 0;
  const std::span<const std::uint8_t> rest(data + 1, size - 1);
  if (data[0] % 3 == 0) {
    segment(rest);
    return 0;
  }
  std::string bytes = summed(rest);
  if (data[0] % 3 == 2) {
    for (std::size_t i = 50; i < bytes.size(); i += 100) bytes[i] = static_cast<char>(~bytes[i]);
  }
  segment(vedette::units::as_bytes(bytes));
  return 0;
}

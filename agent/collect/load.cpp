#include "agent/collect/load.h"

#include <algorithm>

#include "agent/collect/text.h"

namespace vedette::collect {
namespace {

std::optional<std::uint64_t> take_hundredths(std::string_view& rest) {
  const std::string_view word = take_word(rest);
  if (word.size() < 4 || word[word.size() - 3] != '.') return std::nullopt;
  const auto whole = as_number(word.substr(0, word.size() - 3));
  const auto part = as_number(word.substr(word.size() - 2));
  if (!whole || !part || *whole > 1'000'000'000) return std::nullopt;
  return *whole * 100 + *part;
}

}  // namespace

units::Result<Load> parse_loadavg(std::string_view text) {
  const auto line = take_line(text);
  std::string_view rest = line.value_or("");
  const auto one = take_hundredths(rest), five = take_hundredths(rest), fifteen = take_hundredths(rest);
  if (!one || !five || !fifteen) {
    return units::fail(units::ErrorCode::corrupt, "/proc/loadavg doesn't begin with three averages");
  }
  const std::string_view tasks = take_word(rest);
  const std::size_t slash = std::min(tasks.find('/'), tasks.size() - 1);
  return Load{*one, *five, *fifteen, tasks.empty() ? std::nullopt : as_number(tasks.substr(slash + 1))};
}

units::Result<void> LoadSource::read(Draft& draft) {
  const auto text = file_.read();
  if (!text) return std::unexpected(text.error());
  const auto load = parse_loadavg(*text);
  if (!load) return std::unexpected(load.error());
  one_.put(draft, load->one);
  five_.put(draft, load->five);
  fifteen_.put(draft, load->fifteen);
  threads_.put(draft, load->threads);
  return {};
}

}  // namespace vedette::collect

#include "agent/collect/md.h"

#include "agent/collect/text.h"

namespace vedette::collect {
namespace {

/// "md0 : active raid1 sdb1[1] sda1[0]"
std::optional<MdArray> as_array(std::string_view line) {
  if (!line.starts_with("md")) return std::nullopt;
  MdArray array;
  array.name = take_word(line);
  if (take_word(line) != ":") return std::nullopt;
  array.active = take_word(line) == "active";
  return array;
}

/// "[2/1]": so many there should be, so many work.
std::optional<std::uint64_t> missing_of(std::string_view word) {
  const auto slash = word.find('/');
  if (!word.starts_with('[') || !word.ends_with(']') || slash == std::string_view::npos) return std::nullopt;
  const auto all = as_number(word.substr(1, slash - 1));
  const auto working = as_number(word.substr(slash + 1, word.size() - slash - 2));
  if (!all || !working) return std::nullopt;
  return *all > *working ? *all - *working : 0;
}

bool is_container(std::string_view format) {
  return format.starts_with("external:") && !format.starts_with("external:/");
}

}  // namespace

void parse_mdstat(std::string_view text, std::vector<MdArray>& arrays) {
  arrays.clear();
  bool within = false;  // the lines that follow an array's are about it until an empty one
  while (auto line = take_line(text)) {
    if (const auto array = as_array(*line)) {
      arrays.push_back(*array);
      within = true;
      continue;
    }
    if (line->empty()) within = false;
    std::string_view before;
    for (std::string_view word = within ? take_word(*line) : ""; !word.empty(); word = take_word(*line)) {
      if (const auto missing = missing_of(word)) arrays.back().missing = missing;
      if (before == "super" && is_container(word)) {
        arrays.pop_back();
        within = false;
        break;
      }
      before = word;
    }
  }
}

units::Result<void> MdSource::read(Draft& draft) {
  const auto text = file_.read();
  if (!text) return std::unexpected(text.error());
  parse_mdstat(*text, arrays_);
  for (const MdArray& array : arrays_) {
    auto known = numbers_.find(array.name);
    if (known == numbers_.end()) {
      if (draft.roster().full()) continue;
      known = numbers_.try_emplace(std::string(array.name)).first;
      known->second.active = draft.roster().add("system.linux.md.active", {{"device", array.name}});
    }
    Numbers& numbers = known->second;
    draft.put(numbers.active, array.active ? 1 : 0);
    if (!array.missing) continue;
    if (!numbers.missing) {
      numbers.missing = draft.roster().add("system.linux.md.missing_disks", {{"device", array.name}});
    }
    draft.put(*numbers.missing, clamped(*array.missing));
  }
  return {};
}

}  // namespace vedette::collect

#include "agent/collect/sockstat.h"

#include <unistd.h>

#include "agent/collect/text.h"

namespace vedette::collect {
namespace {

/// The number behind `key` in "TCP: inuse 1 orphan 0 tw 0 alloc 1 mem 51".
std::optional<std::uint64_t> behind(std::string_view line, std::string_view key) {
  for (std::string_view word = take_word(line); !word.empty(); word = take_word(line)) {
    if (word == key) return take_number(line);
  }
  return std::nullopt;
}

void add(std::optional<std::uint64_t>& to, std::optional<std::uint64_t> more) {
  if (to && more) *to += *more;
}

}  // namespace

units::Result<Sockstat> parse_sockstat(std::string_view text) {
  Sockstat all;
  while (auto line = take_line(text)) {
    const std::string_view head = take_word(*line);
    if (head == "sockets:") all.used = behind(*line, "used");
    if (head == "TCP:") {
      all.tcp = behind(*line, "inuse");
      all.orphaned = behind(*line, "orphan");
      all.time_wait = behind(*line, "tw");
      all.tcp_pages = behind(*line, "mem");
    }
    if (head == "UDP:") {
      all.udp = behind(*line, "inuse");
      all.udp_pages = behind(*line, "mem");
    }
  }
  if (!all.tcp) return units::fail(units::ErrorCode::corrupt, "/proc/net/sockstat doesn't tell how many TCP sockets");
  return all;
}

void add_sockstat6(std::string_view text, Sockstat& all) {
  while (auto line = take_line(text)) {
    const std::string_view head = take_word(*line);
    if (head == "TCP6:") add(all.tcp, behind(*line, "inuse"));
    if (head == "UDP6:") add(all.udp, behind(*line, "inuse"));
  }
}

SockstatSource::SockstatSource(const std::string& proc)
    : file_(proc + "/net/sockstat"),
      six_(proc + "/net/sockstat6"),
      page_kib_(static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) / 1024) {}

units::Result<void> SockstatSource::read(Draft& draft) {
  const auto text = file_.read();
  if (!text) return std::unexpected(text.error());
  auto all = parse_sockstat(*text);
  if (!all) return std::unexpected(all.error());
  if (!no_six_) {
    const auto six = six_.read();
    if (six) add_sockstat6(*six, *all);
    no_six_ = !six;
  }
  used_.put(draft, all->used);
  tcp_.put(draft, all->tcp);
  udp_.put(draft, all->udp);
  orphaned_.put(draft, all->orphaned);
  if (all->tcp_pages) tcp_memory_.put(draft, *all->tcp_pages * page_kib_);
  if (all->udp_pages) udp_memory_.put(draft, *all->udp_pages * page_kib_);
  return {};
}

}  // namespace vedette::collect

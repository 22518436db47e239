#include "server/notify/outcome.h"

namespace vedette::notify {

namespace {

void list(std::string& out, const std::string& title, const std::vector<Recipient>& recipients) {
  if (recipients.empty()) return;
  out += (out.empty() ? "" : "; ") + title;
  for (const auto& [address, answer] : recipients) {
    out += &address == &recipients.front().address ? " " : ", ";
    out.append(address).append(" (").append(answer).append(")");
  }
}

}  // namespace

std::string words(const Outcome& outcome) {
  std::string out = outcome.answer;
  list(out, "refused:", outcome.refused);
  list(out, "not yet:", outcome.later);
  return out;
}

}  // namespace vedette::notify

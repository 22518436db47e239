// What a receiver made of a delivery that it didn't turn away as a whole. Values; pure.
#pragma once

#include <string>
#include <vector>

namespace vedette::notify {

struct Recipient {
  std::string address;
  std::string answer;  ///< about it: "450 4.2.0 greylisted"
};

struct Outcome {
  std::string answer;                ///< the other side's, "250 2.0.0 OK"; empty if nobody took it this time
  std::vector<std::string> taken{};  ///< addresses that have it now; of a mail only, as the others
  std::vector<Recipient> refused{};  ///< never will (5xx)
  std::vector<Recipient> later{};    ///< not this time (4xx)
};

/// "250 2.0.0 OK; refused: a@example.org (550 no such mailbox); not yet: b@example.org (450 greylisted)"
[[nodiscard]] std::string words(const Outcome& outcome);

}  // namespace vedette::notify

// One receiver's part of the outbox, and the work on it. Tests drive round() without a thread.
#pragma once

#include <stop_token>
#include <unordered_map>

#include "server/domain/clock.h"
#include "server/domain/control_store.h"
#include "server/notify/deliverer.h"
#include "server/notify/schedule.h"

namespace vedette::notify {

/// One owner thread. records and clock must outlive it.
class Lane {
 public:
  /// `withdrawn`: as Deliverer::withdraw() was told last; it is asked on the lane's thread.
  Lane(
      Receiver receiver, domain::AlertRecords& records, const domain::Clock& clock, Send send,
      std::function<Incidents()> withdrawn = [] { return Incidents{}; });

  /// Reads the outbox, tries all that is due, and says how long nothing will be due (at most a minute).
  units::Milliseconds round(const std::stop_token& stop);

  [[nodiscard]] const std::string& name() const { return receiver_.name; }

 private:
  [[nodiscard]] units::Result<std::vector<domain::Delivery>> waiting();
  /// False when the receiver is away and the rest needn't be tried. `held`: recipients that must wait for another one.
  bool attempt(const domain::Delivery& delivery, const std::vector<std::string>& held, const std::stop_token& stop);
  /// The mail's recipients for whom its incident's fired isn't settled.
  [[nodiscard]] std::vector<std::string> held_by(const domain::Delivery& fired) const;
  void settle(const domain::Delivery& delivery, const Outcome& outcome);
  void keep(std::uint64_t delivery, const std::string& answer);
  void put_off(const domain::Delivery& delivery, const std::string& why);

  const Receiver receiver_;
  domain::AlertRecords& records_;
  const domain::Clock& clock_;
  const Send send_;
  const std::function<Incidents()> withdrawn_;
  Schedule schedule_;
  std::unordered_map<std::uint64_t, std::string> unstored_;  ///< delivered, but the disk said no: not to be sent again
  std::unordered_map<std::uint64_t, std::vector<std::string>> settled_;  ///< recipients, should the disk say no to them
};

}  // namespace vedette::notify

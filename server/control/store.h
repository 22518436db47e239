// The default ControlStore: control.db, a SQLite file in write-ahead mode, through Poco::Data's session pool.
//
// Any thread may call any method; each is one transaction (BEGIN IMMEDIATE for those that write) and durable
// (synchronous=FULL) when it returns. Writers wait for each other up to 5 s, then `unavailable`;
// so is a disk that is full, read-only or failing, with words for whoever asked.
#pragma once

#include <filesystem>
#include <memory>

#include "server/domain/control_store.h"

namespace vedette::control {

class Pool;

class Store final : public domain::ControlStore {
 public:
  /// Makes the file (0600) if need be, checks it and brings its schema up to date. Errors: `corrupt` (damaged or not
  /// ours), `version` (written by a newer collector), `io`; each names the file and what to do.
  [[nodiscard]] static units::Result<std::unique_ptr<Store>> open(const std::filesystem::path& file);
  ~Store() override;

  // HostRecords
  [[nodiscard]] units::Result<std::vector<domain::HostRecord>> hosts() override;
  [[nodiscard]] units::Result<std::optional<domain::HostRecord>> host(domain::HostNumber number) override;
  units::Result<domain::HostRecord> enrol(const domain::Digest& token, const units::HostId& id,
                                          const std::string& hostname, const domain::Digest& key,
                                          units::Instant now) override;
  [[nodiscard]] units::Result<std::optional<domain::HostRecord>> host_by_key(const domain::Digest& key) override;
  units::Result<domain::HostRecord> revoke(const std::string& name_or_id) override;
  units::Result<void> remove(domain::HostNumber host) override;
  units::Result<void> save_facts(std::span<const Facts> facts) override;
  [[nodiscard]] units::Result<std::optional<domain::HostFacts>> facts(domain::HostNumber host) override;
  units::Result<void> save_statuses(std::span<const LastStatus> statuses) override;
  [[nodiscard]] units::Result<std::vector<LastStatus>> last_statuses() override;
  units::Result<std::vector<std::uint64_t>> save_outages(std::span<const domain::Outage> outages) override;
  [[nodiscard]] units::Result<std::vector<domain::Outage>> outages(domain::HostNumber host, units::Instant from,
                                                                   units::Instant to) override;
  units::Result<void> save_happenings(std::span<const domain::Happening> happenings) override;
  [[nodiscard]] units::Result<std::vector<domain::Happening>> happenings(domain::HostNumber host, units::Instant from,
                                                                         units::Instant to) override;

  // AccessRecords
  units::Result<domain::User> add_user(const std::string& name, domain::AccessRole role,
                                       const std::string& password_phc) override;
  [[nodiscard]] units::Result<std::optional<domain::User>> user(const std::string& name) override;
  [[nodiscard]] units::Result<std::optional<domain::User>> user(std::uint64_t id) override;
  [[nodiscard]] units::Result<std::size_t> user_count() override;
  [[nodiscard]] units::Result<std::vector<domain::User>> users() override;
  units::Result<domain::UserChange> remove_user(const std::string& name) override;
  units::Result<domain::UserChange> set_role(const std::string& name, domain::AccessRole role) override;
  units::Result<domain::UserChange> set_password(const std::string& name, const std::string& password_phc) override;
  /// Also removes the logins that have expired by its `created`.
  units::Result<void> add_login(const domain::LoginRecord& login) override;
  [[nodiscard]] units::Result<std::optional<domain::LoginRecord>> login(const domain::Digest& sid) override;
  units::Result<void> remove_login(const domain::Digest& sid) override;
  units::Result<void> add_token(const domain::Digest& token, std::uint32_t uses, units::Instant expires) override;

  // AlertRecords
  [[nodiscard]] units::Result<std::vector<State>> alert_states() override;
  /// Of resolved alerts and finished deliveries the newest 10,000 are kept.
  units::Result<void> commit(const Change& change) override;
  /// The highest id any alert or incident ever had.
  [[nodiscard]] units::Result<std::uint64_t> last_alert_id() override;
  [[nodiscard]] units::Result<std::vector<domain::Alert>> alerts(std::size_t resolved_limit) override;
  [[nodiscard]] units::Result<std::vector<domain::Delivery>> undelivered() override;
  units::Result<void> delivered(std::uint64_t delivery, const std::string& answer, units::Instant at) override;
  units::Result<void> failed(std::uint64_t delivery, const std::string& answer, units::Instant not_before,
                             const std::vector<std::string>& settled) override;
  units::Result<void> give_up(std::uint64_t delivery, const std::string& answer, units::Instant at) override;

 private:
  explicit Store(std::unique_ptr<Pool> pool);
  std::unique_ptr<Pool> pool_;
};

}  // namespace vedette::control

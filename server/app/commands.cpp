#include "server/app/commands.h"

#include <charconv>

#include "schema/units/host_id.h"
#include "schema/units/log.h"
#include "schema/units/time.h"
#include "server/access/enrolment.h"
#include "server/notify/deliverer.h"

namespace vedette::app {

using units::ErrorCode;
using units::Result;

namespace {

access::People people_of(const CommandGround& ground) {
  return {ground.store, ground.logins, ground.revocations};
}

Result<domain::AccessRole> role_of(const std::string& what, const std::string& word) {
  if (const auto role = domain::access_role_of(word)) return *role;
  return units::fail(ErrorCode::invalid, what + " is \"" + word + "\"; it must be administrator, operator or viewer");
}

Result<void> need_password(const Options& options) {
  if (options.has("password-stdin")) return {};
  return units::fail(ErrorCode::invalid, "give --password-stdin and the password on standard input");
}

Result<std::string> add_user(const Options& options, const std::string& input, const CommandGround& ground) {
  const auto role = role_of("--role", options.get("role"));
  if (!role) return std::unexpected(role.error());
  if (auto given = need_password(options); !given) return std::unexpected(given.error());
  const auto user = access::add_user(ground.store, options.words[0], *role, input);
  if (!user) return std::unexpected(user.error());
  units::log_info("user added", {{"user", user->name}, {"role", options.get("role")}});
  return "Added " + user->name + " as " + options.get("role") + ".\n";
}

Result<std::string> list_users(const CommandGround& ground) {
  const auto users = ground.store.users();
  if (!users) return std::unexpected(users.error());
  std::string out;
  for (const domain::User& user : *users) out += user.name + "  " + std::string(domain::name(user.role)) + "\n";
  return out.empty()
             ? "No users yet. Add one with: vedette-server user add NAME --role administrator --password-stdin\n"
             : out;
}

Result<std::string> remove_user(const Options& options, const CommandGround& ground) {
  const auto user = access::remove_user(people_of(ground), options.words[0]);
  if (!user) return std::unexpected(user.error());
  units::log_info("user removed", {{"user", user->name}});
  return "Removed " + user->name + ".\n";
}

Result<std::string> set_role(const Options& options, const CommandGround& ground) {
  const auto role = role_of("ROLE", options.words[1]);
  if (!role) return std::unexpected(role.error());
  const auto user = access::set_role(people_of(ground), options.words[0], *role);
  if (!user) return std::unexpected(user.error());
  units::log_info("user's role changed", {{"user", user->name}, {"role", domain::name(user->role)}});
  return user->name + " is " + std::string(domain::name(user->role)) + " now.\n";
}

Result<std::string> set_password(const Options& options, const std::string& input, const CommandGround& ground) {
  if (auto given = need_password(options); !given) return std::unexpected(given.error());
  const auto user = access::set_password(people_of(ground), options.words[0], input);
  if (!user) return std::unexpected(user.error());
  units::log_info("user's password changed", {{"user", user->name}});
  return "Changed the password of " + user->name + "; all sign-ins with the old one ended.\n";
}

Result<std::string> create_token(const Options& options, const CommandGround& ground) {
  const std::string uses_text = options.get("uses", "1");
  std::uint32_t uses = 0;
  const char* const end = uses_text.data() + uses_text.size();
  if (const auto [last, code] = std::from_chars(uses_text.data(), end, uses); code != std::errc{} || last != end) {
    return units::fail(ErrorCode::invalid, "--uses is \"" + uses_text + "\"; it must be a whole number from 1");
  }
  const auto life = units::parse_duration(options.get("expires", "1h"));
  if (!life) return units::fail(ErrorCode::invalid, "--expires: " + life.error().message);
  const auto token = access::create_token(ground.store, uses, *life, ground.clock.now(), ground.agents_per_token);
  if (!token) return std::unexpected(token.error());
  units::log_info("enrolment token made", {{"uses", uses}, {"expires", units::format_duration(*life)}});
  return *token + "\n";
}

Result<std::string> list_hosts(const CommandGround& ground) {
  const auto hosts = ground.store.hosts();
  if (!hosts) return std::unexpected(hosts.error());
  std::string out;
  for (const domain::HostRecord& host : *hosts) {
    out += units::to_string(host.id) + "  " + host.name + (host.revoked ? "  revoked" : "") + "\n";
  }
  return out.empty() ? "No hosts yet. Make a token with: vedette-server token create\n" : out;
}

Result<std::string> revoke_host(const Options& options, const CommandGround& ground) {
  const auto host = ground.store.revoke(options.words[0]);
  if (!host) return std::unexpected(host.error());
  if (ground.revocations != nullptr) ground.revocations->on_host_revoked(host->number);
  units::log_info("host revoked", {{"host", host->name}});
  return "Revoked " + host->name + ".\n";
}

Result<std::string> delete_host(const Options& options, const CommandGround& ground) {
  const auto host = ground.remove_host(options.words[0]);
  if (!host) return std::unexpected(host.error());
  return "Deleted " + host->name + " and its history.\n";
}

Result<std::string> test_receiver(const std::string& name, const CommandGround& ground) {
  const notify::Config& config = ground.notify;
  std::string known;
  for (const notify::Receiver& receiver : config.receivers) {
    if (receiver.name != name) {
      known += (known.empty() ? "" : ", ") + receiver.name;
      continue;
    }
    auto answer = notify::test(receiver, config.public_url, ground.stop);
    if (answer) *answer += "\n";
    return answer;
  }
  return units::fail(ErrorCode::not_found, "there is no receiver \"" + name + "\"; " +
                                               (known.empty() ? "none are configured" : "configured are " + known));
}

}  // namespace

Result<std::string> run_command(const Options& options, const std::string& input, const CommandGround& ground) {
  if (auto right = check_words(options); !right) return std::unexpected(std::move(right.error()));
  if (options.command == "user add") return add_user(options, input, ground);
  if (options.command == "user list") return list_users(ground);
  if (options.command == "user remove") return remove_user(options, ground);
  if (options.command == "user role") return set_role(options, ground);
  if (options.command == "user password") return set_password(options, input, ground);
  if (options.command == "token create") return create_token(options, ground);
  if (options.command == "hosts list") return list_hosts(ground);
  if (options.command == "hosts revoke") return revoke_host(options, ground);
  if (options.command == "hosts delete") return delete_host(options, ground);
  if (options.command == "receivers test") return test_receiver(options.words[0], ground);
  if (options.command == "pin") {
    auto pin = ground.pin();
    if (pin) *pin += "\n";
    return pin;
  }
  return units::fail(ErrorCode::invalid, "there is no command \"" + options.command + "\"");
}

}  // namespace vedette::app

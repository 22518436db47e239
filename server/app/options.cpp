#include "server/app/options.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

namespace vedette::app {
namespace {

struct Command {
  std::string_view name;
  std::string_view words;    ///< positional ones, for help and their count
  std::string_view options;  ///< own options, "uses= expires= password-stdin": with = they take a value
  std::string_view does;
};

constexpr std::string_view kEverywhere = "data= config= ";
constexpr std::array<Command, 18> kCommands{{
    {"run", "", "listen= dashboard=", "Runs the collector in the foreground (the default command)."},
    {"user add", "NAME", "role= password-stdin",
     "Adds a person; the password is one line on standard input.\n"
     "  --role ROLE        administrator, operator or viewer\n"
     "  --password-stdin   required: passwords don't belong on command lines"},
    {"user list", "", "", "Prints the users: name and role."},
    {"user remove", "NAME", "", "Removes a person; all their sign-ins and live connections end at once."},
    {"user role", "NAME ROLE", "", "Makes a person administrator, operator or viewer, at once."},
    {"user password", "NAME", "password-stdin",
     "Sets a person's password and ends all their sign-ins.\n"
     "  --password-stdin   required: the password is one line on standard input"},
    {"token create", "", "uses= expires=",
     "Makes a token with which agents enrol, and prints it last.\n"
     "  --uses N           how many hosts may use it (default 1)\n"
     "  --expires SPAN     how long it is good, like 30m or 1d (default 1h)"},
    {"pin", "", "", "Prints the pin that agents check: SHA-256 of the CA's public key."},
    {"hosts list", "", "", "Prints the hosts: id, name, when enrolled, whether revoked."},
    {"hosts revoke", "NAME|ID", "", "Takes a host's key away; its connection is closed at once."},
    {"hosts delete", "NAME|ID", "", "Deletes a host with its history, for good. Its alerts that are over stay listed."},
    {"receivers test", "NAME", "", "Sends a test through a receiver of the configuration and prints the answer."},
    {"check", "", "", "Reads all stored data through, also beside a running collector, and says what is damaged."},
    {"backup", "DIR", "progress",
     "Copies the data to DIR, also beside a running collector.\n"
     "  DIR                a new or empty directory, or an earlier backup: what hasn't changed since isn't copied\n"
     "                     again, and a run that was broken off is gone on with\n"
     "  --progress         runs with low priority (nice 10) and prints a JSON object a line, as GET /api/v1/backup\n"
     "                     answers: how far it is, at last what it came to"},
    {"restore", "DIR", "",
     "Puts a backup into the data directory, which must be empty or new.\n"
     "  DIR                what backup was given"},
    {"check-config", "", "listen= dashboard=", "Reads the configuration and says what is wrong with it."},
    {"version", "", "", "Prints the version."},
    {"help", "", "", "Prints this."},
}};

const Command* find(std::string_view name) {
  const auto* const found = std::ranges::find(kCommands, name, &Command::name);
  return found == kCommands.end() ? nullptr : found;
}

/// Does `list` hold this option; and does it take a value?
std::optional<bool> takes_value(std::string_view list, std::string_view option) {
  while (!list.empty()) {
    const std::size_t space = list.find(' ');
    std::string_view one = list.substr(0, space);
    list = space == std::string_view::npos ? std::string_view{} : list.substr(space + 1);
    const bool value = one.ends_with('=');
    if (value) one.remove_suffix(1);
    if (one == option) return value;
  }
  return std::nullopt;
}

std::unexpected<units::Error> wrong(const std::string& words, std::string_view command = {}) {
  std::string help = "; see vedette-server ";
  if (!command.empty()) help += std::string(command) + " ";
  return units::fail(units::ErrorCode::invalid, words + help + "--help");
}

/// Takes the command's one or two words off the front of `rest`; options may stand before them.
const Command* take_command(std::vector<std::string>& rest) {
  if (rest.empty() || rest[0].starts_with("--")) return find("run");
  if (rest.size() > 1) {
    if (const Command* two = find(rest[0] + " " + rest[1])) {
      rest.erase(rest.begin(), rest.begin() + 2);
      return two;
    }
  }
  const Command* one = find(rest[0]);
  if (one) rest.erase(rest.begin());
  return one;
}

units::Result<void> take_option(const Command& command, const std::vector<std::string>& rest, std::size_t& at,
                                Options& out) {
  std::string name = rest[at].substr(2);
  std::optional<std::string> value;
  if (const std::size_t equals = name.find('='); equals != std::string::npos) {
    value = name.substr(equals + 1);
    name.resize(equals);
  }
  auto takes = takes_value(kEverywhere, name);
  if (!takes) takes = takes_value(command.options, name);
  if (!takes) return wrong("--" + name + " is not known to " + std::string(command.name), command.name);
  if (*takes && !value) {
    if (at + 1 >= rest.size()) return wrong("--" + name + " needs a value", command.name);
    value = rest[++at];
  }
  if (!*takes && value) return wrong("--" + name + " takes no value", command.name);
  out.options[name] = value.value_or("");
  return {};
}

}  // namespace

std::string Options::get(const std::string& name, const std::string& otherwise) const {
  const auto found = options.find(name);
  return found == options.end() ? otherwise : found->second;
}

units::Result<Options> parse_options(const std::vector<std::string>& arguments) {
  std::vector<std::string> rest = arguments;
  const auto is_help = [](const std::string& word) { return word == "--help" || word == "-h"; };
  const bool help = std::erase_if(rest, is_help) > 0;
  if (!rest.empty() && rest[0] == "--version") rest[0] = "version";
  const std::string first = rest.empty() ? "" : rest[0];
  const bool bare_help = help && rest.empty();
  const Command* command = take_command(rest);
  if (help) return Options{"help", {bare_help || !command ? "" : std::string(command->name)}, {}};
  if (!command) return wrong("there is no command \"" + first + "\"");
  Options out{std::string(command->name), {}, {}};
  for (std::size_t at = 0; at < rest.size(); ++at) {
    if (!rest[at].starts_with("--")) {
      out.words.push_back(rest[at]);
    } else if (auto taken = take_option(*command, rest, at, out); !taken) {
      return std::unexpected(std::move(taken.error()));
    }
  }
  if (auto right = check_words(out); !right) return std::unexpected(std::move(right.error()));
  return out;
}

units::Result<void> check_words(const Options& given) {
  const Command* command = find(given.command);
  if (!command) return wrong("there is no command \"" + given.command + "\"");
  const std::size_t wanted =
      command->words.empty() ? 0 : 1 + static_cast<std::size_t>(std::ranges::count(command->words, ' '));
  if (given.words.size() < wanted) return wrong(given.command + " needs " + std::string(command->words), command->name);
  if (given.words.size() > wanted && given.command != "help") {
    return wrong("\"" + given.words[wanted] + "\" is one word too many for " + given.command, command->name);
  }
  return {};
}

std::string help_text(const std::string& name) {
  const Command* one = find(name);
  if (!one || name == "help" || name.empty()) {
    std::string out = "vedette-server COMMAND [OPTIONS]\n\n";
    for (const Command& command : kCommands) {
      const std::string title =
          std::string(command.name) + (command.words.empty() ? "" : " ") + std::string(command.words);
      out += "  " + title + std::string(title.size() < 22 ? 22 - title.size() : 1, ' ') +
             std::string(command.does.substr(0, command.does.find('\n'))) + "\n";
    }
    return out +
           "\nEvery command takes --data DIR and --config FILE (default /etc/vedette/server.toml if it is there).\n"
           "Beside a running collector a command goes through it; otherwise it opens the data itself. check, backup\n"
           "and restore always open the data themselves.\n";
  }
  std::string out = "vedette-server " + name + (one->words.empty() ? "" : " ") + std::string(one->words) +
                    " [OPTIONS]\n\n" + std::string(one->does) +
                    "\n  --data DIR         the data directory\n  --config FILE      the configuration\n";
  if (name == "run") {
    out += "  --listen HOST:PORT where to listen\n  --dashboard DIR    the dashboard's built files\n";
  }
  return out;
}

}  // namespace vedette::app

// The identity that enrolment left in the state directory: read, and taken away.
#include <toml++/toml.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "agent/config/config.h"
#include "agent/config/take.h"

namespace vedette::config {
namespace {

using units::ErrorCode;
using units::fail;

/// The key that is missing or wrong; empty if none is.
std::string take_identity(const toml::table& table, Identity& identity) {
  const std::array<std::pair<const char*, std::string*>, 4> fields{{{"pin", &identity.pin},
                                                                    {"host_id", &identity.host_id},
                                                                    {"key", &identity.key},
                                                                    {"hostname", &identity.hostname}}};
  for (const auto& [name, field] : fields) {
    const auto value = table[name].value<std::string>();
    const bool may_be_empty = field == &identity.pin || field == &identity.hostname;
    if (!value || (value->empty() && !may_be_empty)) return name;
    *field = *value;
  }
  const toml::node* url = table.get("url");
  if (url == nullptr || !take_texts(*url, kMostUrls, identity.other_urls)) return "url";
  identity.url = identity.other_urls.front();
  identity.other_urls.erase(identity.other_urls.begin());
  const toml::node* tags = table.get("tags");
  return tags == nullptr || take_tags(*tags, identity.tags) ? "" : "tags";
}

}  // namespace

units::Result<Identity> load_identity(const std::string& state) {
  const std::string path = state + "/agent.toml";
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    const int error = errno;
    if (error == ENOENT) {
      return fail(ErrorCode::not_found, "this machine isn't enrolled: " + path +
                                            " doesn't exist; run `vedette-agent enroll https://HOST:PORT --token T "
                                            "--ca-pin PIN --state " +
                                            state + "`");
    }
    return fail(ErrorCode::io, "can't read " + path + ": " + std::strerror(error));
  }
  std::ostringstream text;
  text << file.rdbuf();
  const auto table = parse_toml(text.str(), path);
  if (!table) return std::unexpected(table.error());
  Identity identity;
  if (auto taken = take_identity(*table, identity); !taken.empty()) {
    return fail(ErrorCode::corrupt, path + " lacks \"" + taken + "\": enrol this machine again");
  }
  return identity;
}

units::Result<void> remove_file(const std::string& path) {
  if (::unlink(path.c_str()) == 0 || errno == ENOENT) return {};
  return fail(ErrorCode::io, "can't remove " + path + ": " + std::strerror(errno));
}

units::Result<void> remove_identity(const std::string& state) {
  // The key goes last: while it is there, the collector can still be told.
  std::error_code error;
  std::filesystem::remove_all(state + "/spool", error);
  if (error) return fail(ErrorCode::io, "can't remove " + state + "/spool: " + error.message());
  for (const char* name : {kEnrolFile, "jobs", "run", "agent.toml.new", "agent.toml"}) {
    if (auto removed = remove_file(state + "/" + name); !removed) return removed;
  }
  return {};
}

}  // namespace vedette::config

#include "server/backup/manifest.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "schema/units/ascii.h"

namespace vedette::backup {

using nlohmann::json;
using units::ErrorCode;
using units::Result;

namespace {

constexpr int kFormat = 1;

json json_of(const State& state) {
  return {{"inode", state.inode},
          {"bytes", state.bytes},
          {"modified_ns", state.modified},
          {"log_bytes", state.log_bytes},
          {"log_modified_ns", state.log_modified}};
}

State state_in(const json& from) {
  State state;
  from.at("inode").get_to(state.inode);
  from.at("bytes").get_to(state.bytes);
  from.at("modified_ns").get_to(state.modified);
  from.at("log_bytes").get_to(state.log_bytes);
  from.at("log_modified_ns").get_to(state.log_modified);
  return state;
}

json json_of(const Entry& entry) {
  json out{{"name", entry.name},
           {"stored", entry.stored},
           {"bytes", entry.sum.bytes},
           {"sha256", entry.sum.sha256},
           {"schema", entry.schema}};
  if (entry.source) out["source"] = json_of(*entry.source);
  if (!entry.damage.empty()) out["damage"] = entry.damage;
  return out;
}

Entry entry_in(const json& from) {
  Entry entry;
  from.at("name").get_to(entry.name);
  from.at("stored").get_to(entry.stored);
  from.at("bytes").get_to(entry.sum.bytes);
  from.at("sha256").get_to(entry.sum.sha256);
  from.at("schema").get_to(entry.schema);
  if (from.contains("source")) entry.source = state_in(from.at("source"));
  if (from.contains("damage")) from.at("damage").get_to(entry.damage);
  return entry;
}

std::string text_of(const json& backup) {
  return backup.dump(1, ' ', false, json::error_handler_t::replace);
}

Manifest manifest_in(const json& backup) {
  Manifest manifest;
  backup.at("version").get_to(manifest.version);
  manifest.began = units::from_unix_ms(backup.at("began_ms").get<std::int64_t>());
  manifest.finished = units::from_unix_ms(backup.at("finished_ms").get<std::int64_t>());
  for (const json& file : backup.at("files")) manifest.files.push_back(entry_in(file));
  return manifest;
}

}  // namespace

std::string to_json(const Manifest& manifest) {
  json backup{{"format", kFormat},
              {"version", manifest.version},
              {"began_ms", units::unix_ms(manifest.began)},
              {"finished_ms", units::unix_ms(manifest.finished)},
              {"files", json::array()}};
  for (const Entry& entry : manifest.files) backup["files"].push_back(json_of(entry));
  return text_of({{"backup", backup}, {"sha256", sha256(text_of(backup))}}) + "\n";
}

Result<Manifest> parse_manifest(std::string_view text, const std::string& where) {
  try {
    const json whole = json::parse(text);
    const json& backup = whole.at("backup");
    if (backup.at("format").get<int>() > kFormat) {
      return units::fail(ErrorCode::version, where + ": written by a newer version; install that one again");
    }
    if (whole.at("sha256") != sha256(text_of(backup))) {
      return units::fail(ErrorCode::corrupt, where + ": damaged, it doesn't fit its own check sum");
    }
    Manifest manifest = manifest_in(backup);
    for (const Entry& entry : manifest.files) {
      if (good_name(entry.name) && good_name(entry.stored)) continue;
      return units::fail(ErrorCode::corrupt, where + ": names a file \"" + entry.name + "\", which no backup has");
    }
    return manifest;
  } catch (const json::exception& fault) {
    return units::fail(ErrorCode::corrupt, where + ": damaged: " + fault.what());
  }
}

bool good_name(std::string_view name) noexcept {
  const auto plain = [](char c) {
    return units::is_letter_or_digit(c) || std::string_view(".-_~").find(c) != std::string_view::npos;
  };
  const auto good_part = [&](std::string_view part) {
    return !part.empty() && part.front() != '.' && std::ranges::all_of(part, plain);
  };
  const std::size_t slash = name.find('/');
  if (slash == std::string_view::npos) return good_part(name);
  return good_part(name.substr(0, slash)) && good_part(name.substr(slash + 1));
}

}  // namespace vedette::backup

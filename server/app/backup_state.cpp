#include "server/app/backup_state.h"

#include <nlohmann/json.hpp>

#include "server/backup/target.h"

namespace vedette::app {

using domain::BackupPhase;
using domain::BackupState;
using nlohmann::json;

namespace {

constexpr std::size_t kMostDamage = 100;

std::uint64_t bytes_of(const backup::Manifest& manifest) {
  std::uint64_t bytes = 0;
  for (const auto& file : manifest.files) bytes += file.sum.bytes;
  return bytes;
}

std::string size_of(std::uint64_t bytes) {
  if (bytes < 1'000'000) return std::to_string((bytes + 999) / 1000) + " kB";
  return std::to_string((bytes + 999'999) / 1'000'000) + " MB";
}

std::vector<std::string> damage_of(const backup::Manifest& manifest) {
  std::vector<std::string> damage;
  std::size_t more = 0;
  for (const auto& file : manifest.files) {
    for (const std::string& words : file.damage) {
      if (damage.size() < kMostDamage) {
        damage.push_back(words);
      } else {
        ++more;
      }
    }
  }
  if (more > 0) damage.push_back("and " + std::to_string(more) + " more: vedette-server check names them all");
  return damage;
}

domain::BackupProgress::Count count_of(const json& value) {
  return {value.at("done"), value.at("total")};
}

std::string text_of(const json& value) {
  return value.is_null() ? std::string() : value.get<std::string>();
}

}  // namespace

std::string amount_of(const backup::Manifest& manifest) {
  return std::to_string(manifest.files.size()) + " files, " + size_of(bytes_of(manifest));
}

BackupState state_of(const std::filesystem::path& directory, const backup::Manifest& manifest) {
  BackupState state;
  state.directory = directory.string();
  state.damage = damage_of(manifest);
  state.phase = state.damage.empty() ? BackupPhase::done : BackupPhase::damaged;
  state.began = manifest.began;
  state.ended = manifest.finished;
  const std::uint64_t files = manifest.files.size(), bytes = bytes_of(manifest);
  state.progress = {.files = {files, files}, .bytes = {bytes, bytes}, .file = {}, .doing = {}};
  state.message = directory.string() + ": backed up " + amount_of(manifest);
  return state;
}

BackupState stored_state(const std::filesystem::path& directory) {
  const auto manifest = backup::read_manifest(directory);
  if (manifest) return state_of(directory, *manifest);
  BackupState state;
  state.directory = directory.string();
  state.message = manifest.error().message;
  return state;
}

std::optional<BackupState> parse_state(std::string_view line) {
  try {
    const json value = json::parse(line);
    const auto phase = domain::parse_backup_phase(value.at("state").get<std::string>());
    if (!phase) return std::nullopt;
    BackupState state;
    state.phase = *phase;
    state.progress = {.files = count_of(value.at("files")),
                      .bytes = count_of(value.at("bytes")),
                      .file = text_of(value.at("file")),
                      .doing = text_of(value.at("doing"))};
    state.message = text_of(value.at("message"));
    state.damage = value.at("damage").get<std::vector<std::string>>();
    return state;
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

}  // namespace vedette::app

#include "server/api/backup_json.h"

#include "schema/units/utf8.h"
#include "server/domain/json.h"

namespace vedette::api {
namespace {

void append_text(std::string& out, std::string_view text) {
  domain::append_json_string(out, units::repair_utf8(text));
}

void append_known(std::string& out, std::string_view key, std::string_view text) {
  out += ",\"" + std::string(key) + "\":";
  if (text.empty()) {
    out += "null";
  } else {
    append_text(out, text);
  }
}

void append_time(std::string& out, std::string_view key, const std::optional<units::Instant>& at) {
  out += ",\"" + std::string(key) + "\":";
  if (at) {
    domain::append_json_time(out, *at);
  } else {
    out += "null";
  }
}

void append_count(std::string& out, std::string_view key, const domain::BackupProgress::Count& count) {
  out += ",\"" + std::string(key) + "\":{\"done\":" + std::to_string(count.done) +
         ",\"total\":" + std::to_string(count.total) + '}';
}

}  // namespace

std::string to_json(const domain::BackupState& state) {
  std::string out = "{\"state\":\"" + std::string(domain::name(state.phase)) + '"';
  append_known(out, "directory", state.directory);
  append_time(out, "began", state.began);
  append_time(out, "ended", state.ended);
  append_count(out, "files", state.progress.files);
  append_count(out, "bytes", state.progress.bytes);
  append_known(out, "file", state.progress.file);
  append_known(out, "doing", state.progress.doing);
  append_known(out, "message", state.message);
  out += ",\"damage\":";
  domain::append_json_array(out, state.damage, append_text);
  return out + '}';
}

}  // namespace vedette::api

// How the state of a backup is told in JSON: by the API, and by `vedette-server backup --progress`.
#pragma once

#include <string>

#include "server/domain/backups.h"

namespace vedette::api {

/// {"state","directory","began","ended","files":{"done","total"},"bytes":{"done","total"},"file","doing","message",
/// "damage"}: one line without its end. What isn't known is null; what isn't UTF-8 is replaced.
[[nodiscard]] std::string to_json(const domain::BackupState& state);

}  // namespace vedette::api

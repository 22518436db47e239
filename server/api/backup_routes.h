// /api/v1/backup, for administrators: POST begins one, GET tells how far it is, DELETE stops it.
#pragma once

#include "server/api/router.h"
#include "server/domain/backups.h"

namespace vedette::api {

/// The reference must outlive the router.
void add_backup_routes(Router& router, domain::Backups& backups);

}  // namespace vedette::api

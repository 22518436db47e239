#include "server/api/backup_routes.h"

#include "server/api/backup_json.h"

namespace vedette::api {
namespace {

void start(domain::Backups& backups, Context& context) {
  const auto started = backups.start(context.person->name);
  context.respond(started ? domain::json(202, to_json(*started)) : domain::problem(started.error()));
}

void stop(domain::Backups& backups, Context& context) {
  const auto stopped = backups.stop(context.person->name);
  if (!stopped) return context.respond(domain::problem(stopped.error()));
  domain::Response done;
  done.status = 204;
  context.respond(std::move(done));
}

}  // namespace

void add_backup_routes(Router& router, domain::Backups& backups) {
  const std::string path = "/api/v1/backup";
  router.add(Route{"POST", path, Access::administrator, 0, [&backups](Context& context) { start(backups, context); }});
  router.add(Route{"GET", path, Access::administrator, 0,
                   [&backups](Context& context) { context.respond(domain::json(200, to_json(backups.state()))); }});
  router.add(Route{"DELETE", path, Access::administrator, 0, [&backups](Context& context) { stop(backups, context); }});
}

}  // namespace vedette::api

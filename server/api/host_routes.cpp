#include "server/api/host_routes.h"

#include <algorithm>

#include "server/api/host_json.h"
#include "server/api/parameters.h"

namespace vedette::api {
namespace {

using domain::HostView;
using domain::RequestHead;
using domain::Response;
using units::ErrorCode;
using units::fail;
using units::Result;

/// {"<name>":[…]}
template <class Items, class Append>
Response listing(std::string_view name, const Items& items, Append append) {
  std::string body = "{\"" + std::string(name) + "\":[";
  bool first = true;
  for (const auto& item : items) {
    if (!first) body += ',';
    first = false;
    append(body, item);
  }
  return domain::json(200, body + "]}");
}

Response list_hosts(const HostSources& sources) {
  auto hosts = sources.directory.hosts();
  std::erase_if(hosts, [](const HostView& host) { return host.record.revoked; });
  std::ranges::sort(hosts, {}, [](const HostView& host) -> const std::string& { return host.record.name; });
  return listing("hosts", hosts, [](std::string& out, const HostView& host) { append_host(out, host, false); });
}

Response show_host(const HostView& host) {
  std::string body;
  append_host(body, host, true);
  return domain::json(200, std::move(body));
}

Response list_series(const HostSources& sources, const HostView& host) {
  auto stored = sources.history.series(host.record.number);
  std::ranges::sort(stored, {},
                    [](const domain::StoredSeries& s) -> const metrics::SeriesKey& { return s.series.key; });
  return listing("series", stored, [](std::string& out, const auto& s) { append_series(out, s.series); });
}

Response list_outages(const HostSources& sources, const HostView& host, const RequestHead& head) {
  const auto asked = parse_range(head, sources.clock.now(), std::chrono::days(1));
  if (!asked) return domain::problem(asked.error());
  auto outages = sources.records.outages(host.record.number, asked->first, asked->second);
  if (!outages) return domain::problem(outages.error());
  std::ranges::sort(*outages, {}, &domain::Outage::from);
  return listing("outages", *outages, append_outage);
}

Response list_happenings(const HostSources& sources, const HostView& host, const RequestHead& head) {
  const auto asked = parse_range(head, sources.clock.now(), std::chrono::days(1));
  if (!asked) return domain::problem(asked.error());
  const auto happenings = sources.records.happenings(host.record.number, asked->first, asked->second);
  if (!happenings) return domain::problem(happenings.error());
  return listing("happenings", *happenings, append_happening);
}

}  // namespace

Result<HostView> find_host(const domain::HostDirectory& directory, std::string_view text) {
  const auto id = units::parse_host_id(text);
  if (!id) {
    return fail(ErrorCode::invalid, named("host", text) + " is no host id; that is 32 hex digits.");
  }
  auto host = directory.host(*id);
  if (!host) return fail(ErrorCode::not_found, "There is no host " + std::string(text) + ".");
  return std::move(*host);
}

void add_host_routes(Router& router, HostSources sources) {
  router.add(Route{"GET", "/api/v1/hosts", Access::viewer, 0,
                   [sources](Context& context) { context.respond(list_hosts(sources)); }});
  const auto add = [&](const std::string& rest, auto answer) {
    router.add(Route{"GET", "/api/v1/hosts/{id}" + rest, Access::viewer, 0, [sources, answer](Context& context) {
                       const auto host = find_host(sources.directory, context.params.at("id"));
                       context.respond(host ? answer(*host, context) : domain::problem(host.error()));
                     }});
  };
  add("", [](const HostView& host, const Context&) { return show_host(host); });
  add("/series", [sources](const HostView& host, const Context&) { return list_series(sources, host); });
  add("/outages", [sources](const HostView& host, const Context& context) {
    return list_outages(sources, host, context.request.head);
  });
  add("/happenings", [sources](const HostView& host, const Context& context) {
    return list_happenings(sources, host, context.request.head);
  });
}

void add_host_removal_route(Router& router, const domain::HostDirectory& directory, domain::HostRemover& remover) {
  router.add(Route{"DELETE", "/api/v1/hosts/{id}", Access::administrator, 0, [&directory, &remover](Context& context) {
                     const auto host = find_host(directory, context.params.at("id"));
                     if (!host) return context.respond(domain::problem(host.error()));
                     const auto removed = remover.remove(units::to_string(host->record.id));
                     if (!removed) return context.respond(domain::problem(removed.error()));
                     Response gone;
                     gone.status = 204;
                     context.respond(std::move(gone));
                   }});
}

}  // namespace vedette::api

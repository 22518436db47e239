#include "server/api/processes_route.h"

#include "server/api/host_routes.h"
#include "server/api/parameters.h"
#include "server/domain/json.h"

namespace vedette::api {
namespace {

using domain::Process;
using domain::ProcessList;
using domain::RequestHead;
using domain::Response;
using units::ErrorCode;
using units::Result;

constexpr std::chrono::seconds kWithin{90};  // of `at`: agents tell every minute
constexpr std::chrono::hours kDefaultRange{1};

void append_process(std::string& out, const Process& one) {
  out += "{\"pid\":" + std::to_string(one.pid) + ",\"name\":";
  domain::append_json_string(out, one.name);
  out += ",\"cpu\":";
  domain::append_json_number(out, one.cpu_permille / 1000.0);
  out += ",\"memory\":" + std::to_string(one.memory_kib * 1024);
  if (!one.arguments.empty()) {
    out += ",\"arguments\":";
    domain::append_json_string(out, one.arguments);
  }
  out += ",\"read\":" + std::to_string(one.read_bytes) + ",\"written\":" + std::to_string(one.written_bytes) + '}';
}

void append_list(std::string& out, const ProcessList& list) {
  out += "{\"at\":";
  domain::append_json_time(out, list.at);
  out += ",\"span\":";
  domain::append_json_number(out, std::chrono::duration<double>(list.span).count());
  out += ",\"count\":" + std::to_string(list.count) + ",\"top\":";
  domain::append_json_array(out, list.top, append_process);
  out += '}';
}

Result<std::vector<ProcessList>> near(const domain::ProcessRecords& records, domain::HostNumber host,
                                      std::string_view text) {
  const auto at = parse_time("at", text);
  if (!at) return std::unexpected(at.error());
  auto found = records.nearest(host, *at, kWithin);
  if (!found) return std::unexpected(std::move(found.error()));
  std::vector<ProcessList> lists;
  if (*found) lists.push_back(std::move(**found));
  return lists;
}

Result<std::vector<ProcessList>> asked_for(const domain::ProcessRecords& records, domain::HostNumber host,
                                           const RequestHead& head, units::Instant now) {
  const auto at = head.parameter("at");
  const bool range = !head.parameter("from").empty() || !head.parameter("to").empty();
  if (!at.empty() && range) return units::fail(ErrorCode::invalid, "Give either at, or from and to.");
  if (!at.empty()) return near(records, host, at);
  const auto asked = parse_range(head, now, kDefaultRange);
  if (!asked) return std::unexpected(asked.error());
  return records.lists(host, asked->first, asked->second);
}

}  // namespace

void add_processes_route(Router& router, const domain::HostDirectory& directory, const domain::ProcessRecords& records,
                         const domain::Clock& clock) {
  router.add(
      Route{"GET", "/api/v1/hosts/{id}/processes", Access::viewer, 0, [&directory, &records, &clock](Context& context) {
              const auto host = find_host(directory, context.params.at("id"));
              if (!host) return context.respond(domain::problem(host.error()));
              const auto lists = asked_for(records, host->record.number, context.request.head, clock.now());
              if (!lists) return context.respond(domain::problem(lists.error()));
              std::string body = "{\"processes\":";
              domain::append_json_array(body, *lists, append_list);
              context.respond(domain::json(200, body + '}'));
            }});
}

}  // namespace vedette::api

#include "server/api/mounted.h"

#include <algorithm>

#include "schema/units/ascii.h"

namespace vedette::api {
namespace {

domain::Response moved(const std::string& path) {
  domain::Response response;
  response.status = 308;
  response.headers.emplace_back("Location", path);
  return response;
}

}  // namespace

bool Mounted::below(const std::string& path) const {
  return path.size() > base_path_.size() && path[base_path_.size()] == '/' && path.starts_with(base_path_);
}

domain::RequestHead Mounted::inside(domain::RequestHead head) const {
  if (below(head.path)) head.path.erase(0, base_path_.size());
  return head;
}

std::size_t Mounted::body_limit(const domain::RequestHead& head) {
  return base_path_.empty() ? inner_.body_limit(head) : inner_.body_limit(inside(head));
}

void Mounted::handle(domain::Request request, domain::Responder respond) {
  const bool reads = request.head.method == "GET" || request.head.method == "HEAD";
  if (reads && !base_path_.empty() && request.head.path == base_path_) return respond(moved(base_path_ + "/"));
  request.head = inside(std::move(request.head));
  inner_.handle(std::move(request), std::move(respond));
}

domain::UpgradeDecision Mounted::upgrade(const domain::RequestHead& head, const std::vector<std::string>& offered) {
  return base_path_.empty() ? inner_.upgrade(head, offered) : inner_.upgrade(inside(head), offered);
}

bool is_base_path(std::string_view text) {
  if (text.empty() || !units::is_plain_path(text)) return false;
  const std::string_view first = text.substr(1, std::min(text.find('/', 1), text.size()) - 1);
  return std::ranges::find(own_paths(), first) == own_paths().end();
}

const std::vector<std::string_view>& own_paths() {
  static const std::vector<std::string_view> kPaths{"alerts",  "api",        "assets", "favicon.svg",
                                                    "healthz", "index.html", "hosts",  "metrics"};
  return kPaths;
}

}  // namespace vedette::api

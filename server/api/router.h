// The table of routes: which method and path is answered by which handler, who may ask, how much body is taken.
//
// Route files fill it once at start (add()); afterwards it is read-only and used by all loops and workers. It answers
// by itself what no handler needs to see: OPTIONS, 404, 405 with Allow, 401 and 403, the checks against forged
// requests, 503 when the workers are behind. Of an API's answer it sees to the coding (coding.h) and that no cache
// keeps it unless the handler said how.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/domain/http.h"
#include "server/domain/observer.h"

namespace vedette::api {

/// Who may use a route.
enum class Access : std::uint8_t {
  open,       ///< anyone; what changes something must still come from our own page
  machine,    ///< not a browser: the handler checks a credential of its own, no cookie counts, no Origin is needed
  viewer,     ///< any login
  operator_,  ///< a login with role operator or administrator
  administrator,
};

/// Bytes of a body read from who hasn't shown a login that holds; of a path without a route too, so that a 404 is one.
inline constexpr std::size_t kUnprovenBody = 4'096;

/// What a handler gets. It calls `respond` once, now or later, on any thread.
struct Context {
  domain::Request request;
  std::map<std::string, std::string> params;  ///< what "{id}" of the pattern stood for
  std::optional<domain::Person> person;       ///< always set from Access::viewer up
  domain::Responder respond;
};
using Handler = std::function<void(Context&)>;  ///< on a worker thread (see Route::at_once); may block briefly

struct Route {
  std::string method;   ///< "GET" answers HEAD too
  std::string pattern;  ///< "/api/v1/hosts/{id}": a segment in braces stands for any one segment
  Access access = Access::viewer;
  std::size_t body_limit = 0;  ///< bytes; more is answered 413 unread
  Handler handler;
  bool at_once = false;  ///< answered on the loop's thread, however busy the workers are: open, and must not block
};

/// A WebSocket route. `accept` runs on the loop's thread and must not block.
struct UpgradeRoute {
  std::string pattern;
  Access access = Access::viewer;  ///< open and machine: no login, no Origin check; others: both
  std::function<domain::UpgradeDecision(const domain::RequestHead&, const std::vector<std::string>& offered,
                                        const std::optional<domain::Person>&)>
      accept;
};

class Router final : public domain::HttpService {
 public:
  /// Hands a task to a worker; false when they are behind.
  using Submit = std::function<bool(std::function<void()>)>;

  Router(domain::Gatekeeper& gatekeeper, Submit submit);

  void add(Route route);
  void add(UpgradeRoute route);
  /// Answers GET of any path outside /api that no route has (the dashboard's files).
  void set_fallback(Handler handler) { fallback_ = std::move(handler); }

  /// For handlers whose answer goes on after they returned.
  [[nodiscard]] const Submit& submit() const { return submit_; }

  [[nodiscard]] const std::vector<Route>& routes() const { return routes_; }
  [[nodiscard]] const std::vector<UpgradeRoute>& upgrade_routes() const { return upgrades_; }

  // domain::HttpService
  [[nodiscard]] std::size_t body_limit(const domain::RequestHead& head) override;
  void handle(domain::Request request, domain::Responder respond) override;
  [[nodiscard]] domain::UpgradeDecision upgrade(const domain::RequestHead& head,
                                                const std::vector<std::string>& offered) override;

 private:
  [[nodiscard]] bool is_at_once(const domain::RequestHead& head) const;
  void dispatch(Context context);
  void run(const Handler& handler, Context& context) const;
  [[nodiscard]] const Route* find(const domain::RequestHead& head, std::map<std::string, std::string>& params) const;
  [[nodiscard]] domain::Response no_route(const domain::RequestHead& head) const;
  /// "GET, HEAD, OPTIONS"; empty if there is nothing at this path.
  [[nodiscard]] std::string allowed(const std::string& path) const;
  [[nodiscard]] bool is_upgrade(const std::string& path) const;
  [[nodiscard]] domain::Response options(const domain::RequestHead& head) const;
  /// The person if the access level asks for one, or the answer that says no.
  [[nodiscard]] std::expected<std::optional<domain::Person>, domain::Response> admit(Access access,
                                                                                     const domain::RequestHead& head);

  domain::Gatekeeper& gatekeeper_;
  Submit submit_;
  std::vector<Route> routes_;
  std::vector<UpgradeRoute> upgrades_;
  Handler fallback_;
};

/// Does the path fit the pattern? Fills `params`.
[[nodiscard]] bool matches(std::string_view pattern, std::string_view path, std::map<std::string, std::string>& params);

}  // namespace vedette::api

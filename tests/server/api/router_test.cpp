#include "server/api/router.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <thread>

namespace vedette::api {
namespace {

using domain::AccessRole;
using domain::Response;

/// Lets in whoever's cookie "sid" is a role's name; one Origin passes.
class Gate final : public domain::Gatekeeper {
 public:
  units::Result<domain::Person> person(const domain::RequestHead& head) override {
    domain::Person person{1, "ann", AccessRole::viewer, "digest"};
    const auto sids = head.cookies("sid");
    const std::string_view sid = sids.empty() ? "" : sids.front();
    if (sid == "administrator") person.role = AccessRole::administrator;
    if (sid == "operator") person.role = AccessRole::operator_;
    if (sid.empty()) return units::fail(units::ErrorCode::unauthorized, "Nobody is logged in.");
    return person;
  }
  units::Result<void> origin(const domain::RequestHead& head) override {
    if (head.header("origin") == "https://here") return {};
    return units::fail(units::ErrorCode::forbidden,
                       "Origin " + std::string(head.header("origin")) + " isn't https://here.");
  }
  units::Result<domain::HostRecord> host(const domain::RequestHead&) override {
    return units::fail(units::ErrorCode::unauthorized, "no key");
  }
};

struct Bench {
  Gate gate;
  bool full = false;
  Router router{gate, [this](std::function<void()> task) {
                  if (full) return false;
                  task();
                  return true;
                }};

  Bench() {
    const auto echo = [](Context& c) {
      c.respond(domain::json(200, c.params.contains("id") ? c.params.at("id") : "-"));
    };
    router.add(Route{"GET", "/api/v1/hosts", Access::viewer, 0, echo});
    router.add(Route{"GET", "/api/v1/hosts/{id}", Access::viewer, 0, echo});
    router.add(Route{"DELETE", "/api/v1/hosts/{id}", Access::operator_, 0, echo});
    router.add(Route{"POST", "/api/v1/users", Access::administrator, 100, echo});
    router.add(Route{"POST", "/api/v1/agent/enroll", Access::machine, 50, echo});
    router.add(Route{"GET", "/breaks", Access::open, 0, [](Context&) { throw std::runtime_error("secret words"); }});
    router.add(UpgradeRoute{"/api/v1/live", Access::viewer, [](const auto&, const auto&, const auto&) {
                              return domain::UpgradeAccepted{nullptr, "vedette.live.v1"};
                            }});
    router.set_fallback([](Context& c) { c.respond(domain::json(200, "file")); });
  }

  Response ask(const std::string& method, const std::string& path, std::vector<domain::Header> headers = {}) {
    std::optional<Response> answer;
    router.handle({head(method, path, std::move(headers)), ""}, [&](Response r) { answer = std::move(r); });
    return answer.value_or(
        Response{.status = 0, .headers = {}, .body = "no answer", .shared_body = nullptr, .stream = nullptr});
  }
  static domain::RequestHead head(const std::string& method, const std::string& path,
                                  std::vector<domain::Header> headers) {
    domain::RequestHead head;
    head.method = method;
    head.path = path;
    head.headers = std::move(headers);
    return head;
  }
};

std::string header(const Response& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return {};
}

const domain::Header kViewer{"cookie", "sid=viewer"};
const domain::Header kOurs{"x-requested-with", "vedette"};
const domain::Header kHere{"origin", "https://here"};

TEST(Router, BindsSegmentsInBraces) {
  EXPECT_EQ(Bench().ask("GET", "/api/v1/hosts/ab12", {kViewer}).body, "ab12");
  EXPECT_EQ(Bench().ask("GET", "/api/v1/hosts", {kViewer}).body, "-");
}

TEST(Router, AnswersHeadLikeGet) {
  EXPECT_EQ(Bench().ask("HEAD", "/api/v1/hosts", {kViewer}).status, 200);
}

TEST(Router, SaysNotFoundForUnknownApiPathsAndNeverServesThePageThere) {
  EXPECT_EQ(Bench().ask("GET", "/api/v1/nothing").status, 404);
  EXPECT_EQ(Bench().ask("GET", "/api/v1/hosts/", {kViewer}).status, 404);
  EXPECT_EQ(Bench().ask("GET", "/hosts/ab12").body, "file");
}

TEST(Router, NamesTheMethodsThatAPathTakes) {
  const auto answer = Bench().ask("PUT", "/api/v1/hosts/ab12", {kViewer});
  EXPECT_EQ(answer.status, 405);
  EXPECT_EQ(header(answer, "Allow"), "GET, HEAD, DELETE, OPTIONS");
  EXPECT_EQ(Bench().ask("POST", "/index.html").status, 405);
}

TEST(Router, TellsByOptionsWhatAPathTakes) {
  const auto allow = [](const std::string& path) {
    const auto answer = Bench().ask("OPTIONS", path);
    return std::to_string(answer.status) + " " + header(answer, "Allow");
  };
  EXPECT_EQ(allow("/api/v1/hosts/ab12"), "204 GET, HEAD, DELETE, OPTIONS");
  EXPECT_EQ(allow("/api/v1/users"), "204 POST, OPTIONS");
  EXPECT_EQ(allow("/api/v1/live"), "204 GET, OPTIONS");
  EXPECT_EQ(allow("/hosts/ab12"), "204 GET, HEAD, OPTIONS");
  EXPECT_EQ(allow("*"), "204 GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
  EXPECT_EQ(allow("/api/v1/nothing"), "404 ");
}

TEST(Router, AsksForALogin) {
  const auto answer = Bench().ask("GET", "/api/v1/hosts");
  EXPECT_EQ(answer.status, 401);
  EXPECT_EQ(header(answer, "WWW-Authenticate"), "Cookie realm=\"vedette\"");
}

TEST(Router, LetsNoCacheKeepWhatTheHandlerSaidNothingOf) {
  EXPECT_EQ(header(Bench().ask("GET", "/api/v1/hosts", {kViewer}), "Cache-Control"), "no-store");
  EXPECT_EQ(header(Bench().ask("GET", "/hosts/ab12"), "Cache-Control"), "") << "the page's files say it themselves";
}

TEST(Router, CompressesOnlyOnTheWorkersThread) {
  Bench bench;
  const std::string large = "\"" + std::string(2'000, 'a') + "\"";
  bench.router.add(Route{"GET", "/api/now", Access::open, 0, [&](Context& c) { c.respond(domain::json(200, large)); }});
  bench.router.add(Route{"GET", "/api/later", Access::open, 0,
                         [&](Context& c) { std::thread([&] { c.respond(domain::json(200, large)); }).join(); }});
  const domain::Header gzip{"accept-encoding", "gzip"};
  EXPECT_EQ(header(bench.ask("GET", "/api/now", {gzip}), "Content-Encoding"), "gzip");
  EXPECT_EQ(header(bench.ask("HEAD", "/api/now", {gzip}), "Content-Encoding"), "gzip");
  EXPECT_EQ(header(bench.ask("GET", "/api/later", {gzip}), "Content-Encoding"), "");
}

TEST(Router, HoldsRolesApart) {
  const auto status = [](const std::string& sid) {
    return Bench().ask("DELETE", "/api/v1/hosts/x", {{"cookie", "sid=" + sid}, kOurs, kHere}).status;
  };
  EXPECT_EQ(status("viewer"), 403);
  EXPECT_EQ(status("operator"), 200);
  EXPECT_EQ(status("administrator"), 200);
  EXPECT_EQ(Bench().ask("POST", "/api/v1/users", {{"cookie", "sid=operator"}, kOurs, kHere}).status, 403);
}

TEST(Router, RefusesChangesThatAnotherSiteCouldHaveSent) {
  const domain::Header admin{"cookie", "sid=administrator"};
  EXPECT_EQ(Bench().ask("DELETE", "/api/v1/hosts/x", {admin, kHere}).status, 403);
  EXPECT_EQ(Bench().ask("DELETE", "/api/v1/hosts/x", {admin, kOurs}).status, 403);
  const auto answer = Bench().ask("DELETE", "/api/v1/hosts/x", {admin, kOurs, {"origin", "https://evil"}});
  EXPECT_EQ(answer.status, 403);
  EXPECT_NE(answer.body.find("https://evil"), std::string::npos);
  EXPECT_NE(answer.body.find("https://here"), std::string::npos);
}

TEST(Router, LetsMachinesPostWithoutOrigin) {
  EXPECT_EQ(Bench().ask("POST", "/api/v1/agent/enroll").status, 200);
}

TEST(Router, TakesBodiesOnlyAsLargeAsTheRouteSays) {
  Bench bench;
  EXPECT_EQ(bench.router.body_limit(Bench::head("POST", "/api/v1/agent/enroll", {})), 50u);
  EXPECT_EQ(bench.router.body_limit(Bench::head("GET", "/api/v1/hosts", {})), 0u);
}

TEST(Router, ReadsNoLargeBodyOfWhoHasNotSignedIn) {
  Bench bench;
  bench.router.add(Route{"PUT", "/api/v1/large", Access::operator_, 1'000'000, [](Context&) {}});
  const auto limit = [&](std::vector<domain::Header> headers) {
    return bench.router.body_limit(Bench::head("PUT", "/api/v1/large", std::move(headers)));
  };
  EXPECT_EQ(limit({}), 4'096u);
  EXPECT_EQ(limit({kViewer}), 4'096u);
  EXPECT_EQ(limit({{"cookie", "sid=operator"}}), 1'000'000u);
}

TEST(Router, SaysTryAgainWhenTheWorkersAreBehind) {
  Bench bench;
  bench.full = true;
  const auto answer = bench.ask("GET", "/api/v1/hosts", {kViewer});
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(header(answer, "Retry-After"), "1");
}

TEST(Router, TurnsAnExceptionIntoAnAnswerWithoutItsWords) {
  const auto answer = Bench().ask("GET", "/breaks");
  EXPECT_EQ(answer.status, 500);
  EXPECT_EQ(answer.body.find("secret"), std::string::npos);
}

TEST(Router, SaysThatAPathSpeaksWebSocketOnly) {
  const auto answer = Bench().ask("GET", "/api/v1/live", {kViewer});
  EXPECT_EQ(answer.status, 426);
  EXPECT_EQ(header(answer, "Upgrade"), "websocket");
  EXPECT_EQ(header(answer, "Sec-WebSocket-Version"), "13");
  const auto posted = Bench().ask("POST", "/api/v1/live", {kViewer});
  EXPECT_EQ(posted.status, 405);
  EXPECT_EQ(header(posted, "Allow"), "GET, OPTIONS");
}

TEST(Router, UpgradesOnlyWithLoginAndOrigin) {
  Bench bench;
  const auto status = [&](std::vector<domain::Header> headers) {
    auto decision = bench.router.upgrade(Bench::head("GET", "/api/v1/live", std::move(headers)), {"vedette.live.v1"});
    return std::holds_alternative<Response>(decision) ? std::get<Response>(decision).status : 101;
  };
  EXPECT_EQ(status({}), 401);
  EXPECT_EQ(status({kViewer}), 403);
  EXPECT_EQ(status({kViewer, {"origin", "https://evil"}}), 403);
  EXPECT_EQ(status({kViewer, kHere}), 101);
}

TEST(Router, RefusesUpgradesElsewhere) {
  Bench bench;
  auto decision = bench.router.upgrade(Bench::head("GET", "/api/v1/hosts", {kViewer}), {});
  EXPECT_EQ(std::get<Response>(decision).status, 400);
  decision = bench.router.upgrade(Bench::head("GET", "/api/none", {}), {});
  EXPECT_EQ(std::get<Response>(decision).status, 404);
}

}  // namespace
}  // namespace vedette::api

// The session, enrolment, status and page routes, asked through the router.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "server/api/coding.h"
#include "server/api/enrol_route.h"
#include "server/api/session_routes.h"
#include "server/api/static_files.h"
#include "server/api/status_routes.h"
#include "tests/temporary_directory.h"

namespace vedette::api {
namespace {

using domain::Response;
using nlohmann::json;

/// Lets in cookie "__Host-sid=good" or, over plain HTTP, "sid=good"; any Origin passes.
class Gate final : public domain::Gatekeeper {
 public:
  units::Result<domain::Person> person(const domain::RequestHead& head) override {
    if (head.cookies(head.secure ? "__Host-sid" : "sid") == std::vector<std::string_view>{"good"})
      return domain::Person{1, "ann", domain::AccessRole::operator_, "d"};
    return units::fail(units::ErrorCode::unauthorized, "Nobody is signed in.");
  }
  units::Result<void> origin(const domain::RequestHead&) override { return {}; }
  units::Result<domain::HostRecord> host(const domain::RequestHead&) override {
    return units::fail(units::ErrorCode::unauthorized, "no key");
  }
};

class Logins final : public domain::Logins {
 public:
  domain::LoginAnswer next = std::unexpected(domain::LoginRefusal{});
  std::string setup, asked_user, asked_peer;
  int ended = 0;
  void log_in(const std::string& user, const std::string&, const std::string& peer,
              std::function<void(domain::LoginAnswer)> answer) override {
    asked_user = user;
    asked_peer = peer;
    answer(next);
  }
  units::Result<void> log_out(const domain::Person&) override {
    ++ended;
    return {};
  }
  std::string setup_command() override { return setup; }
};

class Enrolment final : public domain::Enrolment {
 public:
  std::string asked_peer;
  domain::EnrolAnswer enrol(const std::string& token, const std::string&, const std::string& peer) override {
    asked_peer = peer;
    using enum units::ErrorCode;
    const auto refuse = [](units::Error error, int seconds) {
      return std::unexpected(domain::EnrolRefusal{std::move(error), std::chrono::seconds(seconds)});
    };
    if (token == "flood") return refuse({unavailable, "Too many"}, 30);
    if (token == "full") return refuse({unavailable, "disk full"}, 0);
    if (token != "right") return refuse({unauthorized, "This enrolment token is unknown"}, 0);
    return domain::Enrolled{{}, {}, "key"};
  }
};

struct Bench {
  Gate gate;
  Logins logins;
  Enrolment enrolment;
  std::string trouble;
  bool workers_stuck = false;
  Router router{gate, [this](std::function<void()> task) {
                  if (!workers_stuck) task();
                  return true;
                }};
  Bench() {
    add_session_routes(router, logins, gate);
    add_enrol_route(router, enrolment);
    add_status_routes(router, {[this] { return trouble; }, [] { return "up 1\n"; }, "a-token-of-some-length"});
  }
  Response ask(const std::string& method, const std::string& path, std::vector<domain::Header> headers = {},
               const std::string& body = "", bool secure = true, bool loopback = false) {
    domain::Request request;
    request.head.method = method;
    request.head.path = path;
    request.head.headers = std::move(headers);
    request.head.headers.emplace_back("x-requested-with", "vedette");
    request.head.peer = "192.0.2.7:1";
    request.head.secure = secure;
    request.head.loopback = loopback;
    request.body = body;
    Response answer;
    router.handle(std::move(request), [&](Response r) { answer = std::move(r); });
    return answer;
  }
};

std::string header(const Response& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return {};
}

constexpr auto kCredentials = R"({"user":"ann","password":"correct horse"})";
const domain::Header kSignedIn{"cookie", "__Host-sid=good"};

TEST(Session, SigningInSetsACookieThatScriptsAndOtherSitesCannotUse) {
  Bench bench;
  bench.logins.next =
      domain::LoginGrant{{1, "ann", domain::AccessRole::operator_, "d"}, "secret", std::chrono::hours(1)};
  const auto answer = bench.ask("POST", "/api/v1/session", {}, kCredentials);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(header(answer, "Set-Cookie"), "__Host-sid=secret; Path=/; HttpOnly; SameSite=Strict; Max-Age=3600; Secure");
  EXPECT_EQ(json::parse(answer.body), json::parse(R"({"user":"ann","role":"operator"})"));
  EXPECT_EQ(bench.logins.asked_user, "ann");
  EXPECT_EQ(bench.logins.asked_peer, "192.0.2.7:1");
}

TEST(Session, OverPlainHttpTheCookieHasANameThatBrowsersKeep) {
  Bench bench;
  bench.logins.next = domain::LoginGrant{{1, "ann", domain::AccessRole::viewer, "d"}, "secret", std::chrono::hours(1)};
  const auto answer = bench.ask("POST", "/api/v1/session", {}, kCredentials, false);
  EXPECT_EQ(header(answer, "Set-Cookie"), "sid=secret; Path=/; HttpOnly; SameSite=Strict; Max-Age=3600");
}

TEST(Session, RefusalsHaveTheirStatusAndWords) {
  Bench bench;
  using Why = domain::LoginRefusal::Why;
  const auto ask = [&](Why why, int seconds) {
    bench.logins.next = std::unexpected(domain::LoginRefusal{why, "words", std::chrono::seconds(seconds)});
    return bench.ask("POST", "/api/v1/session", {}, kCredentials);
  };
  EXPECT_EQ(ask(Why::wrong, 0).status, 401);
  EXPECT_EQ(ask(Why::failed, 0).status, 500);
  EXPECT_EQ(ask(Why::busy, 2).status, 503);
  EXPECT_EQ(ask(Why::unavailable, 0).status, 503);
  EXPECT_EQ(json::parse(ask(Why::unavailable, 0).body)["detail"], "words");
  const auto paused = ask(Why::paused, 30);
  EXPECT_EQ(paused.status, 429);
  EXPECT_EQ(header(paused, "Retry-After"), "30");
  EXPECT_EQ(json::parse(paused.body)["detail"], "words");
  for (const char* body : {"", "[]", "{}", R"({"user":1,"password":"x"})", R"({"user":"a"})"}) {
    EXPECT_EQ(bench.ask("POST", "/api/v1/session", {}, body).status, 400) << body;
  }
}

TEST(Session, TellsWhoIsSignedInOrHowToMakeTheFirstUser) {
  Bench bench;
  EXPECT_EQ(json::parse(bench.ask("GET", "/api/v1/session", {kSignedIn}).body)["user"], "ann");
  auto nobody = bench.ask("GET", "/api/v1/session");
  EXPECT_EQ(nobody.status, 401);
  EXPECT_FALSE(json::parse(nobody.body).contains("setup"));
  bench.logins.setup = "vedette-server user add";
  nobody = bench.ask("GET", "/api/v1/session");
  EXPECT_EQ(nobody.status, 401);
  EXPECT_EQ(json::parse(nobody.body)["setup"], "vedette-server user add");
}

TEST(Session, SigningOutTakesTheCookieAway) {
  Bench bench;
  EXPECT_EQ(bench.ask("DELETE", "/api/v1/session").status, 401);
  const auto answer = bench.ask("DELETE", "/api/v1/session", {kSignedIn});
  EXPECT_EQ(answer.status, 204);
  EXPECT_EQ(bench.logins.ended, 1);
  EXPECT_NE(header(answer, "Set-Cookie").find("Max-Age=0"), std::string::npos);
}

TEST(Enrol, GivesIdentityAndKeyForATokenOnly) {
  Bench bench;
  const auto good = bench.ask("POST", "/api/v1/agent/enroll", {}, R"({"token":"right","hostname":"web"})");
  EXPECT_EQ(json::parse(good.body), (json{{"host_id", std::string(32, '0')}, {"key", "key"}}));
  EXPECT_EQ(bench.ask("POST", "/api/v1/agent/enroll", {}, R"({"token":"wrong","hostname":"web"})").status, 401);
  EXPECT_EQ(bench.enrolment.asked_peer, "192.0.2.7:1");
  EXPECT_EQ(bench.ask("POST", "/api/v1/agent/enroll", {}, "{}").status, 400);
}

TEST(Enrol, AKeyIsGivenBackByThatKey) {
  Bench bench;
  std::string seen;
  add_unenrol_route(bench.router, [&](const domain::RequestHead& head) -> units::Result<void> {
    seen = head.header("authorization");
    if (seen == "Bearer good") return {};
    return units::fail(seen == "Bearer old" ? units::ErrorCode::forbidden : units::ErrorCode::unauthorized, "no");
  });
  EXPECT_EQ(bench.ask("DELETE", "/api/v1/agent/enroll", {{"authorization", "Bearer good"}}).status, 204);
  EXPECT_EQ(seen, "Bearer good");
  EXPECT_EQ(bench.ask("DELETE", "/api/v1/agent/enroll", {{"authorization", "Bearer old"}}).status, 403);
  EXPECT_EQ(bench.ask("DELETE", "/api/v1/agent/enroll").status, 401);
}

TEST(Enrol, TellsWhoTriedTooOftenHowLongToWaitAndShowsAFullDisk) {
  Bench bench;
  const auto paused = bench.ask("POST", "/api/v1/agent/enroll", {}, R"({"token":"flood","hostname":"web"})");
  EXPECT_EQ(paused.status, 429);
  EXPECT_EQ(header(paused, "Retry-After"), "30");
  const auto full = bench.ask("POST", "/api/v1/agent/enroll", {}, R"({"token":"full","hostname":"web"})");
  EXPECT_EQ(full.status, 503);
  EXPECT_EQ(json::parse(full.body)["detail"], "disk full");
}

TEST(Health, SaysOkOrWhatTheTroubleIs) {
  Bench bench;
  EXPECT_EQ(bench.ask("GET", "/healthz").body, R"({"status":"ok"})");
  bench.trouble = "disk full";
  const auto answer = bench.ask("GET", "/healthz");
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(json::parse(answer.body)["trouble"], "disk full");
}

TEST(Health, AnswersWhileTheWorkersAreStuckInSlowQueries) {
  Bench bench;
  bench.workers_stuck = true;
  EXPECT_EQ(bench.ask("GET", "/healthz").body, R"({"status":"ok"})");
  EXPECT_EQ(bench.ask("GET", "/metrics").body, "") << "others wait for a worker";
}

TEST(Metrics, AreForThisMachineOrWhoKnowsTheToken) {
  Bench bench;
  const auto status = [&](std::vector<domain::Header> headers, bool loopback) {
    return bench.ask("GET", "/metrics", std::move(headers), "", true, loopback).status;
  };
  EXPECT_EQ(status({}, true), 200);
  EXPECT_EQ(status({}, false), 401);
  EXPECT_EQ(status({{"authorization", "Bearer wrong"}}, false), 401);
  EXPECT_EQ(status({{"authorization", "Bearer a-token-of-some-length"}}, false), 200);
  EXPECT_EQ(status({kSignedIn}, false), 401);
}

struct Page {
  tests::TemporaryDirectory directory;
  Page() {
    std::filesystem::create_directories(directory / "assets");
    write("index.html", "<!doctype html>");
    write("assets/app-Ab12.js", "script");
    write("assets/app-Ab12.js.br", "brotli");
    write("assets/app-Ab12.js.gz", "gzip");
    write("icon.svg", "<svg/>");
  }
  void write(const std::string& name, const std::string& text) { std::ofstream(directory / name) << text; }
  static Response ask(const StaticFiles& files, const std::string& path, std::vector<domain::Header> headers = {}) {
    domain::RequestHead head;
    head.method = "GET";
    head.path = path;
    head.headers = std::move(headers);
    return files.answer(head);
  }
};

TEST(StaticFiles, ServeThePageForItsOwnPathsAndNothingForMissingFiles) {
  Page page;
  const StaticFiles files(page.directory.path());
  for (const char* path : {"/", "/index.html", "/hosts/ab12", "/alerts"}) {
    const auto answer = Page::ask(files, path);
    EXPECT_EQ(*answer.shared_body, "<!doctype html>") << path;
    EXPECT_EQ(header(answer, "Cache-Control"), "no-cache") << path;
  }
  EXPECT_EQ(Page::ask(files, "/assets/gone-Ab12.js").status, 404);
  EXPECT_EQ(Page::ask(files, "/../../etc/passwd.txt").status, 404);
}

TEST(StaticFiles, OneBuildServesBelowAnyPath) {
  Page page;
  page.write("index.html", R"(<html data-base="./"><link href="./icon.svg"><a href="https://x/./">./</a>)");
  page.write("index.html.br", "stale");
  page.write("index.html.gz", "stale");
  const auto text = [&](const StaticFiles& files) { return *Page::ask(files, "/hosts/ab12").shared_body; };
  const StaticFiles whole(page.directory.path());
  const StaticFiles below(page.directory.path(), "/vedette");
  EXPECT_EQ(text(whole), R"(<html data-base="/"><link href="/icon.svg"><a href="https://x/./">./</a>)");
  EXPECT_EQ(text(below), R"(<html data-base="/vedette/"><link href="/vedette/icon.svg"><a href="https://x/./">./</a>)");
  EXPECT_NE(header(Page::ask(whole, "/"), "ETag"), header(Page::ask(below, "/"), "ETag"));
  const auto packed = Page::ask(below, "/", {{"accept-encoding", "br, gzip"}});
  EXPECT_EQ(header(packed, "Content-Encoding"), "gzip") << "what was compressed at the build is another text";
  EXPECT_EQ(*packed.shared_body, gzip(text(below)));
}

TEST(StaticFiles, HashedAssetsNeverChange) {
  Page page;
  const auto answer = Page::ask(StaticFiles(page.directory.path()), "/assets/app-Ab12.js");
  EXPECT_EQ(header(answer, "Cache-Control"), "public, max-age=31536000, immutable");
  EXPECT_EQ(header(answer, "Content-Type"), "text/javascript; charset=utf-8");
}

TEST(StaticFiles, ComeCompressedWhereTheBrowserAllows) {
  Page page;
  const StaticFiles files(page.directory.path());
  const auto coding = [&](const std::string& accepted) {
    return header(Page::ask(files, "/assets/app-Ab12.js", {{"accept-encoding", accepted}}), "Content-Encoding");
  };
  EXPECT_EQ(coding("gzip, deflate, br"), "br");
  EXPECT_EQ(coding("gzip"), "gzip");
  EXPECT_EQ(coding("br;q=0, gzip;q=0.5"), "gzip");
  EXPECT_EQ(coding("br;q=0.5, gzip"), "gzip");
  EXPECT_EQ(coding("*"), "br");
  EXPECT_EQ(coding(""), "");
  EXPECT_EQ(coding("brx"), "");
  EXPECT_EQ(Page::ask(files, "/assets/app-Ab12.js.br").status, 404);
}

TEST(StaticFiles, AnswerUnchangedByTheTagOfTheSameCoding) {
  Page page;
  const StaticFiles files(page.directory.path());
  const domain::Header brotli{"accept-encoding", "br"};
  const std::string tag = header(Page::ask(files, "/assets/app-Ab12.js", {brotli}), "ETag");
  EXPECT_EQ(Page::ask(files, "/assets/app-Ab12.js", {brotli, {"if-none-match", tag}}).status, 304);
  EXPECT_EQ(Page::ask(files, "/assets/app-Ab12.js", {{"if-none-match", tag}}).status, 200);
}

TEST(StaticFiles, SayWhatToDoWhenThePageIsNotBuilt) {
  tests::TemporaryDirectory empty;
  const auto answer = Page::ask(StaticFiles(empty.path()), "/");
  EXPECT_EQ(answer.status, 404);
  EXPECT_NE(answer.body.find("./dev build"), std::string::npos);
}

}  // namespace
}  // namespace vedette::api

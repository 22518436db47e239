#include "server/api/mounted.h"

#include <gtest/gtest.h>

#include <optional>

namespace vedette::api {
namespace {

/// Tells which path reached it, by whatever way.
class Inner final : public domain::HttpService {
 public:
  std::string path;
  std::size_t body_limit(const domain::RequestHead& head) override {
    path = head.path;
    return 7;
  }
  void handle(domain::Request request, domain::Responder respond) override {
    path = request.head.path;
    respond(domain::json(200, request.body));
  }
  domain::UpgradeDecision upgrade(const domain::RequestHead& head, const std::vector<std::string>&) override {
    path = head.path;
    return domain::problem(400, "no");
  }
};

domain::RequestHead to(const std::string& path, const std::string& method = "GET") {
  domain::RequestHead head;
  head.method = method;
  head.path = path;
  return head;
}

struct Bench {
  Inner inner;
  Mounted mounted;
  explicit Bench(std::string base_path = "/vedette") : mounted(std::move(base_path), inner) {}

  domain::Response ask(const std::string& path, const std::string& method = "GET") {
    std::optional<domain::Response> answer;
    mounted.handle({to(path, method), "body"}, [&](domain::Response got) { answer = std::move(got); });
    EXPECT_TRUE(answer) << path;
    return answer.value_or(domain::Response());
  }
  /// What the inner service sees of a request, of an upgrade, and when it is asked for the body's limit: the same.
  std::string inside(const std::string& path) {
    std::vector<std::string> seen;
    ask(path);
    seen.push_back(inner.path);
    (void)mounted.upgrade(to(path), {});
    seen.push_back(inner.path);
    EXPECT_EQ(mounted.body_limit(to(path)), 7U);
    seen.push_back(inner.path);
    EXPECT_EQ(seen, std::vector<std::string>(3, seen.front())) << path;
    return seen.front();
  }
};

TEST(Mounted, TakesTheBasePathOffAndLetsBeWhatLacksIt) {
  Bench bench;
  EXPECT_EQ(bench.inside("/vedette/"), "/");
  EXPECT_EQ(bench.inside("/vedette/api/v1/live"), "/api/v1/live");
  EXPECT_EQ(bench.inside("/api/v1/live"), "/api/v1/live");
  EXPECT_EQ(bench.inside("/"), "/");
  EXPECT_EQ(bench.inside("/vedettes/x"), "/vedettes/x");
  EXPECT_EQ(bench.inside("/vedette/vedette/x"), "/vedette/x") << "once";
  EXPECT_EQ(bench.ask("/vedette/x").body, "body");
}

TEST(Mounted, SendsTheBarePathOnToThePage) {
  Bench bench;
  const auto answer = bench.ask("/vedette");
  EXPECT_EQ(answer.status, 308);
  EXPECT_EQ(answer.headers, (std::vector<domain::Header>{{"Location", "/vedette/"}}));
  EXPECT_EQ(bench.ask("/vedette", "HEAD").status, 308);
  EXPECT_EQ(bench.inner.path, "");
  bench.ask("/vedette", "POST");
  EXPECT_EQ(bench.inner.path, "/vedette") << "what isn't the page's is answered by who knows the routes";
}

TEST(Mounted, WithoutABasePathIsNotThere) {
  Bench bench("");
  for (const char* path : {"/", "//", "/vedette/x", "*"}) EXPECT_EQ(bench.inside(path), path);
}

TEST(BasePath, IsOfPlainSegmentsAndNoneOfTheCollectorsOwn) {
  for (const char* good : {"/vedette", "/tools/vedette", "/A-z_0.9~", "/v/api", "/apis", "/.x"}) {
    EXPECT_TRUE(is_base_path(good)) << good;
  }
  for (const char* bad : {"", "/", "vedette", "/vedette/", "//vedette", "/a//b", "/a b", "/a%20b", "/\xc3\xa4", "/.",
                          "/a/..", "/a?b", "/a\"", "/a;b", "/api", "/api/v2", "/assets", "/hosts", "/metrics/x"}) {
    EXPECT_FALSE(is_base_path(bad)) << bad;
  }
}

}  // namespace
}  // namespace vedette::api

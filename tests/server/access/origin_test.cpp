#include "server/access/origin.h"

#include <gtest/gtest.h>

namespace vedette::access {
namespace {

TEST(Path, IsWhatStandsBehindTheAuthority) {
  EXPECT_EQ(path_of("https://x"), "");
  EXPECT_EQ(path_of("https://x/"), "");
  EXPECT_EQ(path_of("https://x:1/a/b/?q=/#/f"), "/a/b");
  EXPECT_EQ(path_of("https://x?a=/b"), "");
  EXPECT_EQ(path_of("x/y"), "");
}

TEST(Origin, IsSchemeHostAndPortInOneForm) {
  EXPECT_EQ(*origin_of("HTTPS://Example.org:443/path?x"), "https://example.org");
  EXPECT_EQ(*origin_of("http://example.org:80"), "http://example.org");
  EXPECT_EQ(*origin_of("https://[2001:DB8::1]:8443"), "https://[2001:db8::1]:8443");
  EXPECT_FALSE(origin_of("example.org"));
  EXPECT_FALSE(origin_of("null"));
  EXPECT_FALSE(origin_of("https://"));
  EXPECT_FALSE(origin_of("https://user@host"));
  EXPECT_EQ(host_of("https://[2001:db8::1]:8443/x"), "2001:db8::1");
  EXPECT_EQ(host_of("https://example.org:8443"), "example.org");
}

TEST(Origin, MustEqualTheHostItsPortAndScheme) {
  EXPECT_TRUE(check_origin("https://here:8443", "here:8443", true, {}));
  EXPECT_TRUE(check_origin("http://here:8080", "here:8080", false, {}));
  EXPECT_TRUE(check_origin("https://here", "here:443", true, {}));
  EXPECT_FALSE(check_origin("https://here:8444", "here:8443", true, {}));
  EXPECT_FALSE(check_origin("http://here:8443", "here:8443", true, {}));
  EXPECT_FALSE(check_origin("https://here.evil.org:8443", "here:8443", true, {}));
  EXPECT_FALSE(check_origin("null", "here:8443", true, {}));
  EXPECT_FALSE(check_origin("", "here:8443", true, {}));
  EXPECT_FALSE(check_origin("", "", true, {}));
}

TEST(Origin, CountsAsItStandsNotAsItCouldBeRead) {
  for (const char* odd :
       {"https://here:8443/", "https://here:8443/evil", "https://here:8443?x", "https://here:8443#x",
        "HTTPS://here:8443", "https://HERE:8443", " https://here:8443", "https://here:8443 https://x"}) {
    EXPECT_FALSE(check_origin(odd, "here:8443", true, {})) << odd;
  }
  EXPECT_FALSE(check_origin("https://mon.example.org/x", "here", true, {"https://mon.example.org"}));
  EXPECT_TRUE(check_origin("https://here:8443", "HERE:8443", true, {}));
}

TEST(Origin, MayBeOneOfTheConfigured) {
  EXPECT_TRUE(check_origin("https://mon.example.org", "10.0.0.1:8443", true, {"https://mon.example.org"}));
}

TEST(Origin, RefusalNamesBothSidesAndWhatToSet) {
  const auto refusal = check_origin("https://evil", "here:8443", true, {"https://mon"});
  ASSERT_FALSE(refusal);
  for (const std::string words : {"https://evil", "https://here:8443", "https://mon", "server.public_url"}) {
    EXPECT_NE(refusal.error().message.find(words), std::string::npos) << words;
  }
}

}  // namespace
}  // namespace vedette::access

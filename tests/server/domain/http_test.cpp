#include "server/domain/http.h"

#include <gtest/gtest.h>

#include "schema/units/utf8.h"

namespace vedette::domain {
namespace {

std::string detail_of(std::string_view detail) {
  const std::string body = problem(403, detail).body;
  EXPECT_TRUE(units::is_utf8(body)) << body;
  const std::string before = R"("detail":")";
  const std::size_t from = body.find(before) + before.size();
  return body.substr(from, body.size() - from - 2);
}

TEST(Problem, IsValidJsonWhateverAClientSent) {
  EXPECT_EQ(detail_of("Origin \xff\xfe!"), "Origin \xef\xbf\xbd\xef\xbf\xbd!");
  EXPECT_EQ(detail_of("\xe2\x82"), "\xef\xbf\xbd\xef\xbf\xbd");  // cut short
  EXPECT_EQ(detail_of("5 € \xc0\xaf 𝄞"), "5 € \xef\xbf\xbd\xef\xbf\xbd 𝄞");
  EXPECT_EQ(detail_of("plain"), "plain");
}

TEST(RequestHead, TellsEveryCookieOfANameInOrder) {
  RequestHead head;
  EXPECT_TRUE(head.cookies("sid").empty());
  head.headers.emplace_back("cookie", "sid=1; xsid=2;sid=;  sid=a=b; sid; sidx=3");
  EXPECT_EQ(head.cookies("sid"), (std::vector<std::string_view>{"1", "", "a=b"}));
}

}  // namespace
}  // namespace vedette::domain

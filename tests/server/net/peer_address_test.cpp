#include "server/net/peer_address.h"

#include <gtest/gtest.h>

namespace vedette::net {
namespace {

std::string read(std::string_view text) {
  const auto address = parse_address(text);
  return address ? address->host + " " + address->text : "no address";
}

domain::RequestHead with(std::vector<domain::Header> headers) {
  domain::RequestHead head;
  head.headers = std::move(headers);
  return head;
}

TEST(PeerAddress, IsReadWithAndWithoutPortAndBrackets) {
  EXPECT_EQ(read("192.0.2.7"), "192.0.2.7 192.0.2.7");
  EXPECT_EQ(read("192.0.2.7:80"), "192.0.2.7 192.0.2.7:80");
  EXPECT_EQ(read("2001:DB8:0::1"), "2001:db8::1 [2001:db8::1]");
  EXPECT_EQ(read("[2001:db8::1]"), "2001:db8::1 [2001:db8::1]");
  EXPECT_EQ(read("[2001:db8::1]:443"), "2001:db8::1 [2001:db8::1]:443");
  EXPECT_EQ(read("::ffff:192.0.2.7"), "192.0.2.7 192.0.2.7");
  EXPECT_EQ(read("[::ffff:192.0.2.7]:80"), "192.0.2.7 192.0.2.7:80");
  EXPECT_TRUE(parse_address("::1")->loopback);
  EXPECT_TRUE(parse_address("127.3.2.1")->loopback);
}

TEST(PeerAddress, CountsInIpv6ByNetwork) {
  EXPECT_EQ(parse_address("192.0.2.7:80")->network, "192.0.2.7");
  EXPECT_EQ(parse_address("::ffff:192.0.2.7")->network, "192.0.2.7");
  EXPECT_EQ(parse_address("[2001:db8:1:2:3:4:5:6]:443")->network, "2001:db8:1:2::/64");
  EXPECT_EQ(parse_address("2001:db8:1:2:ffff::1")->network, "2001:db8:1:2::/64");
  EXPECT_EQ(parse_address("2001:db8:1:3::1")->network, "2001:db8:1:3::/64");
}

TEST(PeerAddress, HasNeighboursAndAPathOnlyBeyondThisMachine) {
  EXPECT_EQ(parse_address("192.0.2.7:80")->subnet, "192.0.2.0/24");
  EXPECT_EQ(parse_address("::ffff:192.0.2.7")->subnet, "192.0.2.0/24");
  EXPECT_EQ(parse_address("2001:db8:1:2:ffff::1")->subnet, "2001:db8:1:2::/64");
  EXPECT_EQ(parse_address("127.0.0.1")->subnet, "");
  EXPECT_EQ(parse_address("::1")->subnet, "");
  EXPECT_EQ(parse_address("::ffff:127.0.0.1")->subnet, "");
  EXPECT_EQ(path_of(*parse_address("192.0.2.7:80"), false), (domain::NetworkPath{"", "192.0.2.0/24"}));
  EXPECT_EQ(path_of(*parse_address("192.0.2.7:80"), true), (domain::NetworkPath{"192.0.2.7", ""}));
  EXPECT_EQ(path_of(*parse_address("127.0.0.1"), false), domain::NetworkPath{});
  EXPECT_EQ(path_of(*parse_address("127.0.0.1"), true).proxy, "127.0.0.1");
}

TEST(PeerAddress, IsNothingElse) {
  for (const char* text : {"", "unknown", "_hidden", "host:80", "192.0.2.7:", "192.0.2.7:x", "192.0.2.7:70000",
                           "192.0.2", "[192.0.2.7]:80", "[2001:db8::1", "2001:db8::1]", "[2001:db8::1]x", "[]", "[",
                           ":", "fe80::1%eth0", "192.0.2.7 "}) {
    EXPECT_EQ(read(text), "no address") << text;
  }
}

TEST(LastItem, IsTheLastOfTheLastLine) {
  EXPECT_EQ(last_item(with({{"x-forwarded-for", "1.1.1.1"}, {"a", "b"}, {"x-forwarded-for", "2.2.2.2 ,\t3.3.3.3 "}}),
                      "x-forwarded-for"),
            "3.3.3.3");
  EXPECT_EQ(last_item(with({{"x-forwarded-for", "1.1.1.1,"}}), "x-forwarded-for"), "");
  EXPECT_EQ(last_item(with({}), "x-forwarded-for"), "");
}

std::string client_of(std::vector<domain::Header> headers) {
  const auto client = forwarded_client(with(std::move(headers)), {"10.0.0.1", "10.0.0.2/31"});
  return client ? client->text : "nobody";
}

TEST(ForwardedClient, IsTheNewestThatIsNoTrustedProxy) {
  EXPECT_EQ(client_of({{"x-forwarded-for", "1.1.1.1, 2.2.2.2"}}), "2.2.2.2") << "1.1.1.1 are the client's own words";
  EXPECT_EQ(client_of({{"x-forwarded-for", "1.1.1.1, 2.2.2.2:99 , 10.0.0.2,10.0.0.1"}}), "2.2.2.2:99");
  EXPECT_EQ(client_of({{"x-forwarded-for", "1.1.1.1, 2.2.2.2"}, {"a", "b"}, {"x-forwarded-for", "10.0.0.2"}}),
            "2.2.2.2");
  EXPECT_EQ(client_of({{"x-forwarded-for", "1.1.1.1"}, {"x-forwarded-for", "[2001:db8::1]:5"}}), "[2001:db8::1]:5");
  EXPECT_EQ(client_of({{"x-forwarded-for", "10.0.0.1, 10.0.0.2"}}), "10.0.0.1") << "a proxy may be a client too";
}

TEST(ForwardedClient, IsNotSoughtPastWhatIsNoAddress) {
  EXPECT_EQ(client_of({}), "nobody");
  EXPECT_EQ(client_of({{"x-forwarded-for", ""}}), "nobody");
  EXPECT_EQ(client_of({{"x-forwarded-for", "1.1.1.1, unknown"}}), "nobody");
  EXPECT_EQ(client_of({{"x-forwarded-for", "1.1.1.1, "}}), "nobody");
  EXPECT_EQ(client_of({{"x-forwarded-for", "1.1.1.1, unknown, 10.0.0.2"}}), "10.0.0.2");
}

TEST(WasForwarded, IsSaidByAnyHeaderOfAProxy) {
  for (const char* name : {"x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "forwarded", "via"}) {
    EXPECT_TRUE(was_forwarded(with({{"host", "x"}, {name, ""}}))) << name;
  }
  EXPECT_FALSE(was_forwarded(with({{"host", "x"}, {"accept", "*/*"}})));
}

}  // namespace
}  // namespace vedette::net

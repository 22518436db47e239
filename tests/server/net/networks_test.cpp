#include "server/net/networks.h"

#include <gtest/gtest.h>

namespace vedette::net {
namespace {

std::string refusal(const std::string& text) {
  Networks networks;
  const auto added = networks.add(text);
  return added ? "" : added.error().message;
}

TEST(Networks, HoldAddressesHoweverTheyAreWritten) {
  const Networks networks{"10.0.0.2", "2001:DB8:0:0::1"};
  EXPECT_TRUE(networks.hold("10.0.0.2"));
  EXPECT_TRUE(networks.hold("::ffff:10.0.0.2"));
  EXPECT_TRUE(networks.hold("2001:db8::1"));
  EXPECT_FALSE(networks.hold("10.0.0.3"));
  EXPECT_FALSE(networks.hold("2001:db8::2"));
  EXPECT_FALSE(networks.hold("::10.0.0.2"));
  EXPECT_FALSE(networks.hold("mon.example.org"));
  EXPECT_FALSE(Networks().hold("10.0.0.2"));
}

TEST(Networks, HoldWhatIsInsideToTheBit) {
  const Networks v4{"172.16.0.0/12"}, v6{"2001:db8:0:80::/57"};
  for (const char* inside : {"172.16.0.0", "172.31.255.255", "::ffff:172.20.1.1"})
    EXPECT_TRUE(v4.hold(inside)) << inside;
  for (const char* outside : {"172.15.255.255", "172.32.0.0", "ac10::"}) EXPECT_FALSE(v4.hold(outside)) << outside;
  EXPECT_TRUE(v6.hold("2001:db8:0:ff:ffff:ffff:ffff:ffff"));
  EXPECT_FALSE(v6.hold("2001:db8:0:7f::1"));
  EXPECT_FALSE(v6.hold("2001:db8:0:100::"));
  EXPECT_TRUE(Networks{"10.0.0.2/32"}.hold("10.0.0.2"));
  EXPECT_FALSE(Networks{"10.0.0.2/32"}.hold("10.0.0.3"));
  EXPECT_FALSE(Networks{"8000::/1"}.hold("10.0.0.2"));
}

TEST(Networks, RefuseWhatIsNone) {
  const std::string rule = "it must be an IP address without a port, or a network like 172.18.0.0/16";
  for (const char* text : {"", "proxy", "10.0.0.2:80", "[::1]", "10.0.0.0/", "10.0.0.0/33", "::/129", "10.0.0.0/8/8",
                           "/8", "10.0.0.0/-1", "10.0.0.0/8 ", "10.0.0.0/255.0.0.0"}) {
    EXPECT_EQ(refusal(text), rule) << text;
  }
}

TEST(Networks, RefuseBitsBehindThePrefixAndAllOfIpv4) {
  EXPECT_EQ(refusal("10.0.0.2/8"), "its network is \"10.0.0.0/8\": write that, or the address alone");
  EXPECT_EQ(refusal("2001:db8::1/32"), "its network is \"2001:db8::/32\": write that, or the address alone");
  for (const char* text : {"0.0.0.0/0", "::/0", "::ffff:0:0/96", "::/1", "::/64", "::1/64", "::8000:0:0/81",
                           "::ffff:10.0.0.0/8", "10.0.0.2/0"}) {
    EXPECT_EQ(refusal(text),
              "that holds every IPv4 address: name the proxies' own addresses, or a network of proxies alone")
        << text;
  }
  EXPECT_EQ(refusal("::1/128"), "");
  EXPECT_EQ(refusal("::/97"), "") << "::0.0.0.0 to ::127.255.255.255, of which nobody comes";
}

TEST(Networks, NameTheFirstThatBothHave) {
  const Networks own{"192.0.2.1", "10.1.0.0/16", "2001:db8::/32"};
  EXPECT_EQ(own.shared_with(Networks{"10.0.0.0/8"}), "10.1.0.0/16");
  EXPECT_EQ(own.shared_with(Networks{"10.1.2.3"}), "10.1.0.0/16");
  EXPECT_EQ(own.shared_with(Networks{"::1", "2001:db8::7"}), "2001:db8::/32");
  EXPECT_EQ(own.shared_with(Networks{"10.2.0.0/16", "192.0.2.2"}), std::nullopt);
}

TEST(Networks, TellThemselvesInTheirShortestForm) {
  const Networks networks{"::ffff:10.0.0.2", "2001:DB8:0:0::/32", "::ffff:10.0.0.0/104"};
  EXPECT_EQ(networks.texts(), (std::vector<std::string>{"10.0.0.2", "2001:db8::/32", "10.0.0.0/8"}));
}

}  // namespace
}  // namespace vedette::net

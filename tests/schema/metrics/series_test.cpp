#include "schema/metrics/series.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

namespace vedette::metrics {
namespace {

using ::testing::HasSubstr;

SeriesKey key(std::string name, std::vector<Attribute> attributes = {}) {
  return {std::move(name), std::move(attributes)};
}
const SeriesKey kDiskRead = key("system.disk.io", {{"device", "sda"}, {"direction", "read"}});

TEST(Value, IsTheIntegerTimesItsQuantum) {
  EXPECT_DOUBLE_EQ(value(integer(12'345), {1, 100}), 123.45);
  EXPECT_DOUBLE_EQ(value(integer(3), {1024, 1}), 3072);
  EXPECT_DOUBLE_EQ(value(integer(-5), {1, 1}), -5);
  EXPECT_DOUBLE_EQ(value(integer(std::bit_cast<std::int64_t>(0.1)), kReal), 0.1);
}

TEST(Cell, IsTheNearestStep) {
  EXPECT_EQ(cell(123.454, {1, 100}), integer(12'345));
  EXPECT_EQ(cell(1535, {1024, 1}), integer(1));
  EXPECT_EQ(cell(-2.5, {1, 1}), integer(-3));
}

TEST(Cell, RoundsAsStdRoundAtEveryEdge) {
  for (const double edge : {0.0, 0.5, 1.0, 2.5, 1e15, 0x1p51, 0x1p52, 0x1p53, 0x1p62}) {
    for (double d : {std::nextafter(edge, -1e300), edge, std::nextafter(edge, 1e300), edge + 1}) {
      EXPECT_EQ(cell(d, {1, 1}), integer(std::llround(d))) << d;
      EXPECT_EQ(cell(-d, {1, 1}), integer(std::llround(-d))) << -d;
    }
  }
}

TEST(Cell, ClampsWhatDoesNotFitAndDropsNaN) {
  EXPECT_EQ(cell(1e30, {1, 1}), integer(std::numeric_limits<std::int64_t>::max()));
  EXPECT_EQ(cell(-1e30, {1, 1}), integer(std::numeric_limits<std::int64_t>::min()));
  EXPECT_EQ(cell(std::numeric_limits<double>::infinity(), {1, 1}), integer(std::numeric_limits<std::int64_t>::max()));
  EXPECT_FALSE(cell(std::nan(""), {1, 1}).present);
}

TEST(Cell, OfADoubleKeepsEveryBit) {
  for (const double d : {-0.0, std::nan("7"), -std::numeric_limits<double>::infinity()}) {
    EXPECT_EQ(cell(d, kReal), integer(std::bit_cast<std::int64_t>(d)));
  }
}

TEST(ToString, HasBracesOnlyWithAttributes) {
  EXPECT_EQ(to_string(key("system.memory.limit")), "system.memory.limit");
  EXPECT_EQ(to_string(kDiskRead), "system.disk.io{device=sda,direction=read}");
}

TEST(ToString, QuotesValuesThatWouldBeMisread) {
  EXPECT_EQ(to_string(key("m", {{"a", "x,y"}, {"b", "}"}, {"c", "="}, {"d", "\""}, {"e", "\\"}, {"f", ""}})),
            R"(m{a="x,y",b="}",c="=",d="\"",e="\\",f=})");
}

TEST(Selector, ReadsBackWhatToStringWrites) {
  for (const std::string value : {"sda", "", "a b", "x,y}=\"\\", "/mnt/Größe", "\\\"", "{"}) {
    const SeriesKey one = key("m.n", {{"k", value}, {"l", "2"}});
    const auto selector = parse_selector(to_string(one));
    ASSERT_TRUE(selector.has_value()) << selector.error().message;
    EXPECT_TRUE(selector->matches(one)) << value;
    EXPECT_FALSE(selector->matches(key("m.n", {{"k", value + "x"}, {"l", "2"}})));
  }
}

TEST(Selector, OfANameAloneTakesAllItsSeries) {
  const Selector selector = parse_selector("system.disk.io").value();
  EXPECT_TRUE(selector.matches(kDiskRead));
  EXPECT_TRUE(selector.matches(key("system.disk.io")));
  EXPECT_FALSE(selector.matches(key("system.disk.io_time")));
}

TEST(Selector, WithBracesTakesExactlyThatAttributeSet) {
  const Selector total = parse_selector("system.cpu.time{mode=idle}").value();
  EXPECT_TRUE(total.matches(key("system.cpu.time", {{"mode", "idle"}})));
  EXPECT_FALSE(total.matches(key("system.cpu.time", {{"cpu", "0"}, {"mode", "idle"}})));
  EXPECT_FALSE(total.matches(key("system.cpu.time")));
  const Selector none = parse_selector("system.cpu.time{}").value();
  EXPECT_TRUE(none.matches(key("system.cpu.time")));
  EXPECT_FALSE(none.matches(key("system.cpu.time", {{"mode", "idle"}})));
}

TEST(Selector, StarTakesAnyValueOfItsKeyAndOrderIsFree) {
  const Selector selector = parse_selector("system.disk.io{direction=read, device=*}").value();
  EXPECT_TRUE(selector.matches(kDiskRead));
  EXPECT_TRUE(selector.matches(key("system.disk.io", {{"device", "nvme0n1"}, {"direction", "read"}})));
  EXPECT_FALSE(selector.matches(key("system.disk.io", {{"device", "sda"}, {"direction", "write"}})));
  EXPECT_FALSE(selector.matches(key("system.disk.io", {{"direction", "read"}})));
}

TEST(Selector, NamesWhatItCannotRead) {
  for (const char* text : {"", "{a=b}", "1m", "m{", "m{a}", "m{a=b", "m{a=b}x", "m{a=b,}", "m{=b}", "m{a=\"b}",
                           "m{a=\"b\\", "m{a=b,a=c}", "m{a=b=c}", "m n", "m{a=\"b\"c}", "m}", "\xff"}) {
    const auto selector = parse_selector(text);
    ASSERT_FALSE(selector.has_value()) << text;
    EXPECT_THAT(selector.error().message, HasSubstr("name{key=value}"));
  }
  EXPECT_THAT(parse_selector("m{a=b,a=c}").error().message, HasSubstr("the key a twice"));
}

Series series(SeriesKey k, Quantum quantum = {}) {
  return {std::move(k), "By", Kind::gauge, quantum};
}

TEST(Check, AcceptsTheLimitsThemselves) {
  std::vector<Attribute> attributes;
  for (char c = 'a'; c < 'i'; ++c) attributes.push_back({std::string(64, c), std::string(256, 'v')});
  const auto ok = check(series(key(std::string(128, 'n'), attributes)));
  EXPECT_TRUE(ok.has_value()) << ok.error().message;
}

TEST(Check, NamesTheFieldThatBreaksALimit) {
  const std::vector<std::pair<Series, const char*>> cases = {
      {series(key("")), "name"},
      {series(key(std::string(129, 'n'))), "name"},
      {series(key("a{b")), "name"},
      {series(key("ä")), "name"},
      {series(key("m", {{"", "v"}})), "key"},
      {series(key("m", {{std::string(65, 'k'), "v"}})), "key"},
      {series(key("m", {{"k", std::string(257, 'v')}})), "attribute k"},
      {series(key("m", {{"k", "\xff"}})), "attribute k"},
      {series(key("m", {{"b", "1"}, {"a", "2"}})), "ascend"},
      {series(key("m", {{"a", "1"}, {"a", "2"}})), "ascend"},
      {series(key("m", std::vector<Attribute>(9, {"a", "1"}))), "9 attributes"},
      {series(key("m"), {0, 1}), "quantum"},
      {series(key("m"), {1, 0}), "quantum"},
      {series(key("m"), {-1, 1}), "quantum"},
      {series(key("m"), {std::numeric_limits<std::int64_t>::max(), 1}), "quantum"},
      {Series{key("m"), std::string(65, 'u'), Kind::gauge, {}}, "unit"},
      {Series{key("m"), "1", static_cast<Kind>(2), {}}, "kind"},
  };
  for (const auto& [bad, words] : cases) {
    const auto ok = check(bad);
    ASSERT_FALSE(ok.has_value()) << words;
    EXPECT_EQ(ok.error().code, units::ErrorCode::invalid);
    EXPECT_THAT(ok.error().message, HasSubstr(words));
  }
}

}  // namespace
}  // namespace vedette::metrics

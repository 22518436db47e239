#include "server/api/history_route.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/server/api/api_bench.h"

namespace vedette::api {
namespace {

using testing::HasSubstr;

const std::string kPath = "/api/v1/history";

Query good() {
  return {{"host", std::string(kWebId)},
          {"series", "system.cpu.time"},
          {"from", "1795425000"},
          {"to", "1795425204.083"},
          {"step", "60"}};
}
Query with(const std::string& name, const std::string& value) {
  Query query = good();
  std::erase_if(query, [&](const auto& pair) { return pair.first == name; });
  query.emplace_back(name, value);
  return query;
}
Query without(const std::string& name) {
  Query query = good();
  std::erase_if(query, [&](const auto& pair) { return pair.first == name; });
  return query;
}

domain::HistoryColumns columns(std::vector<double> average) {
  domain::HistoryColumns some;
  some.series = {{"system.disk.io", {{"device", "sda"}, {"direction", "read"}}}, "By/s", metrics::Kind::gauge, {}};
  for (std::size_t i = 0; i < average.size(); ++i) {
    some.t.push_back(units::from_unix_ms(1'795'425'000'000 + 60'000 * static_cast<std::int64_t>(i)));
  }
  some.average = std::move(average);
  return some;
}

TEST(HistoryRoute, AnswersStepsWithAverageMinimumAndMaximum) {
  ApiBench bench;
  auto some = columns({0.1, 2e300});
  some.minimum = {0, -1.5};
  some.maximum = {1, 3};
  bench.history.answer = domain::HistoryAnswer{"1m", units::Milliseconds{60'000}, {some}};
  EXPECT_EQ(bench.ask(kPath, good()).body,
            R"({"tier":"1m","step":60,"series":[{"name":"system.disk.io",)"
            R"("attributes":{"device":"sda","direction":"read"},"unit":"By/s","t":[1795425000.000,1795425060.000],)"
            R"("avg":[0.1,2e+300],"min":[0,-1.5],"max":[1,3]}],"incomplete":[]})");
}

TEST(HistoryRoute, HandsItsBodyOverWithoutACopy) {
  ApiBench bench;
  bench.history.answer = domain::HistoryAnswer{"raw", units::Milliseconds{0}, {columns({0.1})}};
  const auto answer = bench.ask(kPath, with("step", "0"));
  ASSERT_TRUE(answer.shared_body);
  EXPECT_EQ(answer.headers,
            (std::vector<domain::Header>{
                {"Content-Type", "application/json"}, {"Vary", "Accept-Encoding"}, {"Cache-Control", "no-store"}}));
}

std::string header(const domain::Response& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return {};
}

TEST(HistoryRoute, AnswersUnchangedForARangeThatIsOverUntilALateBackfillComes) {
  ApiBench bench;
  bench.history.answer = domain::HistoryAnswer{"raw", units::Milliseconds{0}, {columns({0.1, 0.2})}};
  const Query closed = with("to", "1795425204.082");  // a millisecond ago
  const auto first = bench.ask(kPath, closed);
  const std::string tag = header(first, "ETag");
  EXPECT_TRUE(tag.starts_with("W/\"")) << tag;
  EXPECT_EQ(header(first, "Cache-Control"), "private, no-cache");
  const auto again = bench.ask(kPath, closed, true, {{"if-none-match", "\"other\", " + tag}});
  EXPECT_EQ(again.status, 304);
  EXPECT_EQ(again.body, "");
  EXPECT_EQ(header(again, "ETag"), tag);
  EXPECT_EQ(header(again, "Content-Type"), "");

  bench.history.answer = domain::HistoryAnswer{"raw", units::Milliseconds{0}, {columns({0.1, 0.2, 0.3})}};
  const auto filled = bench.ask(kPath, closed, true, {{"if-none-match", tag}});
  EXPECT_EQ(filled.status, 200);
  EXPECT_NE(header(filled, "ETag"), tag);
}

TEST(HistoryRoute, GivesARangeThatStillGrowsNoTag) {
  ApiBench bench;
  bench.history.answer = domain::HistoryAnswer{"raw", units::Milliseconds{0}, {columns({0.1})}};
  const auto answer = bench.ask(kPath, with("to", "1795425204.083"));
  EXPECT_EQ(header(answer, "ETag"), "");
  EXPECT_EQ(header(answer, "Cache-Control"), "no-store");
}

TEST(HistoryRoute, IsTheSameForItsTagWhateverTheCoding) {
  ApiBench bench;
  bench.history.answer = domain::HistoryAnswer{"raw", units::Milliseconds{0}, {columns(std::vector<double>(200, 0.1))}};
  const Query closed = with("to", "1795425204");
  const auto plain = bench.ask(kPath, closed), packed = bench.ask(kPath, closed, true, {{"accept-encoding", "gzip"}});
  EXPECT_EQ(header(packed, "Content-Encoding"), "gzip");
  EXPECT_LT(packed.body.size(), plain.body.size() / 2);
  EXPECT_EQ(header(packed, "ETag"), header(plain, "ETag"));
  EXPECT_EQ(header(packed, "Vary"), "Accept-Encoding, Cookie");
}

TEST(HistoryRoute, AnswersRawSamplesAsValues) {
  ApiBench bench;
  bench.history.answer = domain::HistoryAnswer{"raw", units::Milliseconds{0}, {columns({0.1})}};
  const auto body = bench.ask(kPath, with("step", "0")).body;
  EXPECT_THAT(body, HasSubstr(R"("tier":"raw","step":0,)"));
  EXPECT_THAT(body, HasSubstr(R"("t":[1795425000.000],"value":[0.1]})"));
  EXPECT_THAT(body, testing::Not(HasSubstr("avg")));
}

TEST(HistoryRoute, WritesNumbersThatJsonCantSayAsNullAndAllOthersExactly) {
  ApiBench bench;
  const double third = 1.0 / 3;
  bench.history.answer = domain::HistoryAnswer{
      "raw",
      units::Milliseconds{0},
      {columns({std::nan(""), std::numeric_limits<double>::infinity(), third, 9007199254740993.0, 5e-324})}};
  const auto values = nlohmann::json::parse(bench.ask(kPath, with("step", "0")).body)["series"][0]["value"];
  EXPECT_TRUE(values[0].is_null());
  EXPECT_TRUE(values[1].is_null());
  EXPECT_EQ(values[2].get<double>(), third);
  EXPECT_EQ(values[3].get<double>(), 9007199254740993.0);
  EXPECT_EQ(values[4].get<double>(), 5e-324);
}

TEST(HistoryRoute, LeavesOutSeriesWithoutSamples) {
  ApiBench bench;
  bench.history.answer = domain::HistoryAnswer{"raw", units::Milliseconds{0}, {columns({}), columns({1})}};
  EXPECT_EQ(nlohmann::json::parse(bench.ask(kPath, with("step", "0")).body)["series"].size(), 1u);
}

TEST(HistoryRoute, PassesOnWhatWasAsked) {
  ApiBench bench;
  bench.history.answer = domain::HistoryAnswer{};
  Query query = with("step", "0.5");
  query.emplace_back("series", "system.disk.io{device=sda,direction=*}");
  query.emplace_back("as", "total");
  ASSERT_EQ(bench.ask(kPath, query).status, 200);
  const auto& asked = bench.history.asked;
  EXPECT_EQ(asked.host, domain::HostNumber{7});
  EXPECT_EQ(asked.from, units::from_unix_ms(1'795'425'000'000));
  EXPECT_EQ(asked.to, units::from_unix_ms(1'795'425'204'083));
  EXPECT_EQ(asked.step, units::Milliseconds{500});
  EXPECT_TRUE(asked.totals);
  ASSERT_EQ(asked.series.size(), 2u);
  EXPECT_EQ(asked.series[0].name, "system.cpu.time");
  EXPECT_FALSE(asked.series[0].attributes);
  EXPECT_EQ(asked.series[1].attributes->at(0).value, "sda");
  EXPECT_EQ(asked.series[1].attributes->at(1).value, "*");
}

TEST(HistoryRoute, AnswersTheColumnsThatAreAskedFor) {
  ApiBench bench;
  auto some = columns({});
  some.t = {units::from_unix_ms(1'795'425'000'000), units::from_unix_ms(1'795'425'060'000)};
  some.last = {5, 7};
  some.count = {60, 59};
  some.increase = {std::nan(""), 25'769'803'776};
  bench.history.answer = domain::HistoryAnswer{"1m", units::Milliseconds{60'000}, {some}};
  Query query = good();
  for (const char* name : {"increase", "count", "last", "count"}) query.emplace_back("agg", name);
  EXPECT_THAT(bench.ask(kPath, query).body,
              HasSubstr(R"("t":[1795425000.000,1795425060.000],"last":[5,7],"count":[60,59],)"
                        R"("increase":[null,25769803776]}])"));
  using enum domain::Aggregate;
  EXPECT_EQ(bench.history.asked.aggregates, (std::set{last, count, increase}));
  ASSERT_EQ(bench.ask(kPath, good()).status, 200);
  EXPECT_EQ(bench.history.asked.aggregates, (std::set{average, minimum, maximum}));
}

TEST(HistoryRoute, AggregatesNothingRaw) {
  ApiBench bench;
  Query query = with("step", "0");
  query.emplace_back("agg", "count");
  EXPECT_THAT(bench.detail(kPath, query, 400), HasSubstr("agg needs a step above 0"));
}

TEST(HistoryRoute, TellsWhatHistoryTakesAndWhatItWillHold) {
  ApiBench bench;
  bench.history.disk = {.bytes = 10'000'000'000,
                        .used = 300,
                        .tiers = {{.name = "raw",
                                   .bytes = 200,
                                   .oldest = units::from_unix_ms(1'795'425'000'500),
                                   .bytes_per_day = 99.6,
                                   .keep = std::chrono::days(14),
                                   .holds = std::chrono::hours(36)},
                                  {.name = "1h", .keep = std::chrono::days(1830), .holds = std::chrono::days(1830)}}};
  EXPECT_EQ(bench.ask(kPath + "/budget", {}).body,
            R"({"budget":10000000000,"used":300,"tiers":[)"
            R"({"tier":"raw","bytes":200,"oldest":1795425000.5,"bytes_per_day":100,"keep":1209600.0,"holds":129600.0},)"
            R"({"tier":"1h","bytes":0,"oldest":null,"bytes_per_day":0,"keep":158112000.0,"holds":158112000.0}]})");
  bench.history.disk.bytes.reset();
  EXPECT_THAT(bench.ask(kPath + "/budget", {}).body, HasSubstr(R"("budget":null)"));
}

TEST(HistoryRoute, NamesTheParameterThatIsMissing) {
  ApiBench bench;
  for (const std::string name : {"host", "series", "from", "to", "step"}) {
    EXPECT_THAT(bench.detail(kPath, without(name), 400), testing::StartsWith("The parameter " + name + " is missing"));
  }
}

TEST(HistoryRoute, NamesTheParameterThatIsWrongAndItsValue) {
  ApiBench bench;
  const std::vector<std::pair<std::string, std::string>> wrong{
      {"from", "abc"},    {"from", ""},   {"from", "nan"},  {"to", "inf"},     {"to", "1e300"},
      {"from", "-1"},     {"step", "-1"}, {"step", "1e-9"}, {"step", "1 "},    {"as", "half"},
      {"host", "web-07"}, {"agg", "p99"}, {"agg", ""},      {"format", "xml"}, {"over", "p95"},
      {"by", "host"},     {"top", "0"},   {"top", "1001"},  {"top", "x"}};
  for (const auto& [name, value] : wrong) {
    EXPECT_THAT(bench.detail(kPath, with(name, value), 400), HasSubstr(name + "=" + value));
  }
  EXPECT_THAT(bench.detail(kPath, with("series", "cpu{"), 400), HasSubstr("cpu{"));
  EXPECT_THAT(bench.detail(kPath, with("from", "1795425205"), 400), HasSubstr("before"));
  EXPECT_THAT(bench.detail(kPath, with("to", "\xff"), 400), HasSubstr("to=(bytes"));
}

TEST(HistoryRoute, AnswersAnUnknownHostWithNotFound) {
  ApiBench bench;
  EXPECT_THAT(bench.detail(kPath, with("host", std::string(kNobodysId)), 404), HasSubstr(kNobodysId));
}

TEST(HistoryRoute, PassesOnTheStoresRefusal) {
  ApiBench bench;
  bench.history.answer = units::fail(units::ErrorCode::invalid, "too many points: 2000000, at most 1000000");
  EXPECT_THAT(bench.detail(kPath, good(), 400), HasSubstr("too many points"));
  bench.history.answer = units::fail(units::ErrorCode::timeout, "took longer than 10 s");
  EXPECT_THAT(bench.detail(kPath, good(), 503), HasSubstr("10 s"));
}

}  // namespace
}  // namespace vedette::api

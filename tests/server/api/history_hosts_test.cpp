// GET /api/v1/history of many hosts: which, made one line or the greatest of them, as JSON and as CSV.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/api/coding.h"
#include "server/api/history_request.h"
#include "tests/server/api/api_bench.h"

namespace vedette::api {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::string kPath = "/api/v1/history";
constexpr std::int64_t kFrom = 1'795'425'000;  // seconds

std::string id_of(unsigned n) {
  return std::string(31, 'a') + static_cast<char>('0' + n);
}

// Hosts 1 to 4: "db-1" (db, eu), "db-2" (db), "web-3" (eu) and a revoked one.
struct Fleet : ApiBench {
  Fleet() {
    directory.all.clear();
    add(1, "db-1", {"db", "eu"});
    add(2, "db-2", {"db"});
    add(3, "web-3", {"eu"});
    add(4, "old", {"db"});
    directory.all.back().record.revoked = true;
    for (unsigned n = 1; n <= 4; ++n)
      history.answers.emplace(domain::HostNumber{n}, answer(n, {10.0 * n, 10.0 * n + 1}));
  }
  void add(unsigned n, const std::string& name, std::vector<std::string> tags) {
    domain::HostView view;
    view.record.number = domain::HostNumber{n};
    view.record.id = units::parse_host_id(id_of(n)).value();
    view.record.name = name;
    view.record.tags = std::move(tags);
    directory.all.push_back(view);
  }
  static domain::HistoryAnswer answer(unsigned, const std::vector<double>& averages) {
    domain::HistoryColumns columns;
    columns.series = {{"load", {}}, "1", metrics::Kind::gauge, {}};
    for (std::size_t n = 0; n < averages.size(); ++n) {
      columns.t.push_back(units::from_unix_ms((kFrom + 60 * static_cast<std::int64_t>(n)) * 1000));
      columns.average.push_back(averages[n]);
      columns.count.push_back(60);
    }
    return {"1m", units::Milliseconds{60'000}, {columns}};
  }
  std::vector<std::string> names(const std::string& body) const {
    std::vector<std::string> found;
    const auto parsed = nlohmann::json::parse(body);
    for (const auto& line : parsed["series"]) found.push_back(line["host_name"]);
    return found;
  }
};

Query query(std::initializer_list<std::pair<std::string, std::string>> more) {
  Query all{{"series", "load"}, {"from", "1795425000"}, {"to", "1795425119"}, {"step", "60"}};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

TEST(HistoryHosts, AreThoseThatAreNamedOrHaveAllTheTags) {
  Fleet fleet;
  const auto named = [&](std::initializer_list<std::pair<std::string, std::string>> which) {
    const auto answer = fleet.ask(kPath, query(which));
    EXPECT_EQ(answer.status, 200) << answer.body;
    return fleet.names(answer.body);
  };
  EXPECT_THAT(named({{"host", "*"}}), ElementsAre("db-1", "db-2", "web-3")) << "not the revoked one";
  EXPECT_THAT(named({{"host", id_of(3)}, {"host", id_of(1)}, {"host", id_of(3)}}), ElementsAre("web-3", "db-1"));
  EXPECT_THAT(named({{"tag", "db"}}), ElementsAre("db-1", "db-2"));
  EXPECT_THAT(named({{"tag", "db"}, {"tag", "eu"}}), ElementsAre("db-1"));
  EXPECT_THAT(named({{"host", id_of(4)}, {"host", id_of(1)}}), ElementsAre("old", "db-1")) << "its history stays";
}

TEST(HistoryHosts, NobodyIsNotFound) {
  Fleet fleet;
  EXPECT_THAT(fleet.detail(kPath, query({{"tag", "db"}, {"tag", "asia"}}), 404), HasSubstr("tag=db tag=asia"));
  EXPECT_THAT(fleet.detail(kPath, query({{"host", id_of(1)}, {"host", id_of(9)}}), 404), HasSubstr(id_of(9)));
  fleet.directory.all.clear();
  EXPECT_THAT(fleet.detail(kPath, query({{"host", "*"}}), 404), HasSubstr("no host yet"));
}

TEST(HistoryHosts, EachLineSaysWhoseItIs) {
  Fleet fleet;
  fleet.history.answers.at(domain::HostNumber{2})
      ->incomplete.push_back({domain::Incomplete::Why::damaged, units::from_unix_ms(kFrom * 1000),
                              units::from_unix_ms(kFrom * 1000 + 600'000), "raw"});
  for (unsigned n = 1; n <= 3; ++n) {
    fleet.history.answers.at(domain::HostNumber{n})
        ->incomplete.push_back({domain::Incomplete::Why::open, units::from_unix_ms(kFrom * 1000 + 60'000),
                                units::from_unix_ms(kFrom * 1000 + 120'000), "1m"});
  }
  const auto answer = fleet.ask(kPath, query({{"tag", "db"}}));
  EXPECT_TRUE(answer.stream);
  EXPECT_EQ(answer.body,
            R"({"tier":"1m","step":60,"series":[)"
            R"({"host":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1","host_name":"db-1","name":"load","attributes":{},"unit":"1",)"
            R"("t":[1795425000.000,1795425060.000],"avg":[10,11],"count":[60,60]},)"
            R"({"host":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa2","host_name":"db-2","name":"load","attributes":{},"unit":"1",)"
            R"("t":[1795425000.000,1795425060.000],"avg":[20,21],"count":[60,60]}],)"
            R"("incomplete":[{"from":1795425060.000,"to":1795425120.000,"reason":"open","tier":"1m"},)"
            R"({"host":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa2","from":1795425000.000,"to":1795425600.000,)"
            R"("reason":"damaged","tier":"raw"}]})");
}

TEST(HistoryHosts, AreMadeOneLine) {
  Fleet fleet;
  const auto sum = nlohmann::json::parse(fleet.ask(kPath, query({{"host", "*"}, {"over", "sum"}})).body)["series"];
  ASSERT_EQ(sum.size(), 1U);
  EXPECT_EQ(sum[0]["avg"].dump(), "[60,63]");
  EXPECT_EQ(sum[0]["hosts"].dump(), "[3,3]");
  EXPECT_FALSE(sum[0].contains("host"));
}

TEST(HistoryHosts, AreMadeALineATag) {
  Fleet fleet;
  fleet.add(5, "bare", {});
  fleet.history.answers.emplace(domain::HostNumber{5}, Fleet::answer(5, {1}));
  const auto lines =
      nlohmann::json::parse(fleet.ask(kPath, query({{"host", "*"}, {"over", "max"}, {"by", "tag"}})).body)["series"];
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0]["tag"].dump() + lines[0]["avg"].dump(), R"(""[1])") << "those without a tag";
  EXPECT_EQ(lines[1]["tag"].dump() + lines[1]["avg"].dump(), R"("db"[20,21])");
  EXPECT_EQ(lines[2]["tag"].dump() + lines[2]["avg"].dump(), R"("eu"[30,31])");
}

TEST(HistoryHosts, TheGreatestAreFoundByTheirAveragesAndRankedSo) {
  Fleet fleet;
  // Few samples of a step weigh less than many.
  auto& second = *fleet.history.answers.at(domain::HostNumber{2});
  second.series[0].average = {1'000, 5};
  second.series[0].count = {1, 600};
  const auto answer = fleet.ask(kPath, query({{"host", "*"}, {"top", "2"}, {"agg", "max"}}));
  EXPECT_THAT(fleet.names(answer.body), ElementsAre("web-3", "db-1"));
  const auto& last = fleet.history.asked_all.back();
  EXPECT_EQ(last.aggregates, (std::set{domain::Aggregate::maximum})) << "what was asked for";
  ASSERT_EQ(last.series.size(), 1U);
  ASSERT_TRUE(last.series[0].attributes) << "exactly that series";
}

TEST(HistoryHosts, AreRankedByHoursOverALongRange) {
  Fleet fleet;
  Query day = query({{"host", "*"}, {"top", "1"}});
  day[2].second = "1795511400";
  ASSERT_EQ(fleet.ask(kPath, day).status, 200);
  EXPECT_EQ(fleet.history.asked_all[1].step, std::chrono::hours(1));
  EXPECT_EQ(fleet.history.asked_all.back().step, std::chrono::minutes(1));
}

TEST(HistoryHosts, ComeAsCsv) {
  Fleet fleet;
  auto& line = fleet.history.answers.at(domain::HostNumber{1})->series[0];
  line.series.key = {"fs,x", {{"mountpoint", "/a \"b\""}}};
  line.average[1] = std::nan("");
  const auto answer = fleet.ask(kPath, query({{"tag", "db"}, {"format", "csv"}, {"agg", "avg"}, {"agg", "count"}}));
  EXPECT_EQ(
      answer.body,
      "host,host_name,series,unit,t,avg,count\r\n"
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1,db-1,\"fs,x{mountpoint=\"\"/a \\\"\"b\\\"\"\"\"}\",1,1795425000.000,10,60\r\n"
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1,db-1,\"fs,x{mountpoint=\"\"/a \\\"\"b\\\"\"\"\"}\",1,1795425060.000,,60\r\n"
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa2,db-2,load,1,1795425000.000,20,60\r\n"
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa2,db-2,load,1,1795425060.000,21,60\r\n");
  EXPECT_THAT(answer.headers, testing::Contains(domain::Header{"Content-Type", std::string(kCsvType)}));
}

TEST(HistoryHosts, ACsvOfOneHostHasNoColumnForIt) {
  Fleet fleet;
  const auto raw = fleet.ask(kPath, {{"host", id_of(1)},
                                     {"series", "load"},
                                     {"from", "1795425000"},
                                     {"to", "1795425119"},
                                     {"step", "0"},
                                     {"format", "csv"}});
  EXPECT_EQ(raw.body, "series,unit,t,value\r\nload,1,1795425000.000,10\r\nload,1,1795425060.000,11\r\n");
  const auto over = fleet.ask(kPath, query({{"host", "*"}, {"over", "sum"}, {"agg", "avg"}, {"format", "csv"}}));
  EXPECT_EQ(over.body, "series,unit,t,hosts,avg\r\nload,1,1795425000.000,3,60\r\nload,1,1795425060.000,3,63\r\n");
}

TEST(HistoryHosts, AnErrorOfTheFirstIsTheAnswerALaterOneCutsItOff) {
  Fleet fleet;
  fleet.history.answers.at(domain::HostNumber{1}) = units::fail(units::ErrorCode::timeout, "took over 10 s");
  EXPECT_EQ(fleet.ask(kPath, query({{"host", "*"}})).status, 503);
  std::swap(fleet.history.answers.at(domain::HostNumber{1}), fleet.history.answers.at(domain::HostNumber{2}));
  // Larger than what hosts are put together to: the first has left when the second is read.
  fleet.history.answers.at(domain::HostNumber{1}) = Fleet::answer(1, std::vector<double>(20'000, 0.123456789));
  const auto answer = fleet.ask(kPath, query({{"host", "*"}}));
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.body, testing::EndsWith("(cut off)"));
}

TEST(HistoryHosts, MayAllTogetherTake45Seconds) {
  Fleet fleet;
  fleet.history.during = [&] { fleet.clock.at += std::chrono::seconds(15); };
  EXPECT_EQ(fleet.ask(kPath, query({{"host", "*"}, {"over", "sum"}})).status, 200) << "three hosts, 45 s";
  fleet.history.during = [&] { fleet.clock.at += std::chrono::seconds(23); };
  EXPECT_THAT(fleet.detail(kPath, query({{"host", "*"}, {"over", "sum"}}), 503), HasSubstr("took over 45 s"));
}

TEST(HistoryHosts, OfQuestionsThatNeedAllOfThemTwoAreAnsweredAtATime) {
  Fleet fleet;
  std::vector<int> statuses;
  const Query all = query({{"host", "*"}, {"over", "sum"}});
  // Each is asked while the one before is being answered.
  fleet.history.during = [&] {
    if (statuses.size() < 3) statuses.push_back(0), statuses.push_back(fleet.ask(kPath, all).status);
  };
  EXPECT_EQ(fleet.ask(kPath, all).status, 200);
  EXPECT_THAT(statuses, ElementsAre(0, 0, 503, 200));
  fleet.history.during = {};
  EXPECT_EQ(fleet.ask(kPath, all).status, 200) << "places are given back";
  EXPECT_EQ(fleet.ask(kPath, all).status, 200);
  EXPECT_EQ(fleet.ask(kPath, all).status, 200);
}

TEST(HistoryHosts, TheGreatestMustFitMemoryTogether) {
  Fleet fleet;
  for (unsigned n = 1; n <= 3; ++n) {
    fleet.history.answers.at(domain::HostNumber{n}) = Fleet::answer(n, std::vector<double>(600'000, 1));
  }
  EXPECT_THAT(fleet.detail(kPath, query({{"host", "*"}, {"top", "3"}}), 400), HasSubstr("more than 1000000 points"));
}

TEST(HistoryHosts, AreRankedByTheirOwnStepWhereItIsLongerThanAnHour) {
  Fleet fleet;
  Query year = query({{"host", "*"}, {"top", "1"}});
  year[2].second = "1826961000";
  year[3].second = "86400";
  ASSERT_EQ(fleet.ask(kPath, year).status, 200);
  EXPECT_EQ(fleet.history.asked_all[1].step, std::chrono::hours(24));
}

TEST(HistoryHosts, OfTheGreatestIsToldWhatMadeTheOthersLess) {
  Fleet fleet;
  for (const auto why : {domain::Incomplete::Why::damaged, domain::Incomplete::Why::coarser}) {
    fleet.history.answers.at(domain::HostNumber{1})
        ->incomplete.push_back(
            {why, units::from_unix_ms(kFrom * 1000), units::from_unix_ms(kFrom * 1000 + 600'000), "raw"});
  }
  const auto answer = nlohmann::json::parse(fleet.ask(kPath, query({{"host", "*"}, {"top", "1"}})).body);
  ASSERT_EQ(answer["incomplete"].size(), 1U);
  EXPECT_EQ(answer["incomplete"][0]["host"], id_of(1));
  EXPECT_EQ(answer["incomplete"][0]["reason"], "damaged");
}

TEST(HistoryHosts, ANameIsNoFormulaToASpreadsheet) {
  Fleet fleet;
  fleet.directory.all[0].record.name = "=1+1";
  const auto answer = fleet.ask(kPath, query({{"tag", "db"}, {"format", "csv"}}));
  EXPECT_THAT(answer.body, HasSubstr(",'=1+1,load,"));
}

TEST(HistoryRequest, RefusesWhatDoesNotGoTogether) {
  Fleet fleet;
  EXPECT_THAT(fleet.detail(kPath, query({{"host", "*"}, {"over", "sum"}, {"top", "3"}}), 400),
              HasSubstr("over and top"));
  EXPECT_THAT(fleet.detail(kPath, query({{"host", "*"}, {"by", "tag"}}), 400), HasSubstr("needs over"));
  EXPECT_THAT(fleet.detail(kPath, query({{"host", "*"}, {"points", "9"}}), 400), HasSubstr("step and points"));
  Query raw = query({{"host", "*"}, {"over", "sum"}});
  raw[3].second = "0";
  EXPECT_THAT(fleet.detail(kPath, raw, 400), HasSubstr("over needs a step above 0"));
}

TEST(HistoryRequest, PointsChooseAStepThatPeopleCountIn) {
  const auto from = units::from_unix_ms(kFrom * 1000);
  const auto step = [&](units::Milliseconds range, std::size_t points) {
    return step_for(from, from + range, points).count() / 1000;
  };
  EXPECT_EQ(step(std::chrono::minutes(15), 1'000), 1);
  EXPECT_EQ(step(std::chrono::minutes(15), 900), 2) << "the step that both ends lie in counts twice";
  EXPECT_EQ(step(std::chrono::hours(24), 1'500), 60);
  EXPECT_EQ(step(std::chrono::hours(24), 500), 300);
  EXPECT_EQ(step(std::chrono::days(30), 500), 7'200);
  EXPECT_EQ(step(std::chrono::days(365), 400), 86'400);
  EXPECT_EQ(step(std::chrono::days(36'500), 1), 31'622'400) << "the longest there is";
  EXPECT_EQ(step(units::Milliseconds{0}, 1), 1);
  Fleet fleet;
  ASSERT_EQ(
      fleet
          .ask(kPath,
               {{"host", "*"}, {"series", "load"}, {"from", "1795425000"}, {"to", "1795511400"}, {"points", "500"}})
          .status,
      200);
  EXPECT_EQ(fleet.history.asked.step, std::chrono::minutes(5));
}

}  // namespace
}  // namespace vedette::api

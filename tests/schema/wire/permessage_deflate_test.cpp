#include "schema/wire/permessage_deflate.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace vedette::wire {
namespace {

constexpr std::string_view kBoth = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

/// The field that a server answers with; "none" if it declines, "malformed" if it refuses the handshake.
std::string answer_to(std::string_view offers) {
  const auto parsed = parse_extensions(offers);
  if (!parsed) return "malformed";
  const auto answer = answer_offers(*parsed);
  return answer ? answer->field : "none";
}

TEST(Extensions, AreReadAsRfc6455Says) {
  const auto list = parse_extensions(R"(foo, bar;  baz=2 ;x , deflate;bits="10"; q="a\b",)");
  ASSERT_TRUE(list);
  const std::vector<Extension> expected = {
      {"foo", {}}, {"bar", {{"baz", "2"}, {"x", {}}}}, {"deflate", {{"bits", "10"}, {"q", "ab"}}}};
  EXPECT_EQ(*list, expected);
  EXPECT_TRUE(parse_extensions("")->empty());
}

TEST(Extensions, WhatBreaksTheGrammarIsRefused) {
  for (const char* field :
       {";", "=", "a;", "a;;b", "a b", "a=1", "a; b=", "a; b=\"\"", "a; b=\"x y\"", "a; b=\"x", "a; b=\"x\\",
        "a; b=x=y", "a; b=\"x\"y", "a;\"b\"", "\"a\"", "a, b c", "a; b=(1)", "a\x01", "\xff"}) {
    EXPECT_EQ(answer_to(field), "malformed") << field;
  }
}

TEST(Extensions, AnythingIsReadOrRefused) {
  std::mt19937 random(7);
  constexpr std::string_view kPieces = "ab;=,\" \t\\1(";
  for (int round = 0; round < 20'000; ++round) {
    std::string field;
    for (auto left = random() % 24; left > 0; --left) field += kPieces[random() % kPieces.size()];
    const auto parsed = parse_extensions(field);
    if (!parsed) continue;
    std::string again;  // what was read, written again, reads the same
    for (const Extension& extension : *parsed) {
      again += extension.name;
      for (const auto& [name, value] : extension.parameters) again += "; " + name + (value ? "=" + *value : "");
      again += ", ";
    }
    ASSERT_EQ(parse_extensions(again).value(), *parsed) << field;
  }
}

TEST(DeflateAnswer, IsAlwaysWithoutContextTakeover) {
  for (const char* offer :
       {"permessage-deflate", "permessage-deflate; client_max_window_bits",
        "permessage-deflate; client_max_window_bits=8", "permessage-deflate; client_max_window_bits=\"12\"",
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover"}) {
    EXPECT_EQ(answer_to(offer), kBoth) << offer;
  }
}

TEST(DeflateAnswer, KeepsTheServersWindowWithinWhatWasAsked) {
  for (int bits = 9; bits <= 15; ++bits) {
    const std::string asked = "; server_max_window_bits=" + std::to_string(bits);
    const auto answer = answer_offers(parse_extensions("permessage-deflate" + asked).value());
    ASSERT_TRUE(answer) << bits;
    EXPECT_EQ(answer->field, std::string(kBoth) + asked);
    EXPECT_EQ(answer->window_bits, bits);
  }
  EXPECT_EQ(answer_offers(parse_extensions("permessage-deflate").value())->window_bits, 15);
}

TEST(DeflateAnswer, DeclinesWhatItCantKeepAndWhatRfc7692DoesntKnow) {
  for (const char* parameters :
       {"server_max_window_bits=8", "server_max_window_bits", "server_max_window_bits=16", "server_max_window_bits=7",
        "server_max_window_bits=09", "server_max_window_bits=1x", "client_max_window_bits=16",
        "client_max_window_bits=010", "client_max_window_bits=7", "client_max_window_bits; client_max_window_bits=10",
        "server_no_context_takeover=1", "client_no_context_takeover=true",
        "server_no_context_takeover; server_no_context_takeover",
        "server_max_window_bits=10; server_max_window_bits=10", "brotli", "client_max_window_bits=-9"}) {
    EXPECT_EQ(answer_to("permessage-deflate; " + std::string(parameters)), "none") << parameters;
  }
  EXPECT_EQ(answer_to(""), "none");
  EXPECT_EQ(answer_to("x-webkit-deflate-frame"), "none");
}

TEST(DeflateAnswer, TakesTheFirstOfferThatCanBeKept) {
  EXPECT_EQ(
      answer_to("bzip2, permessage-deflate; server_max_window_bits=8, permessage-deflate; server_max_window_bits=11, "
                "permessage-deflate"),
      std::string(kBoth) + "; server_max_window_bits=11");
  EXPECT_EQ(answer_to("permessage-deflate; server_max_window_bits=8, permessage-deflate"), kBoth);
}

TEST(DeflateOffer, OurServerKeepsIt) {
  const auto bits = check_answer(answer_to(kDeflateOffer));
  ASSERT_TRUE(bits);
  EXPECT_EQ(*bits, 15);
}

TEST(DeflateOffer, TheAnswersWindowIsOurs) {
  for (int bits = 8; bits <= 15; ++bits) {
    const auto told =
        check_answer("permessage-deflate; server_no_context_takeover; client_max_window_bits=" + std::to_string(bits));
    ASSERT_TRUE(told);
    EXPECT_EQ(*told, bits);
  }
  EXPECT_EQ(check_answer("permessage-deflate; server_no_context_takeover; server_max_window_bits=9").value(), 15);
  EXPECT_EQ(check_answer("").value(), std::nullopt);
}

TEST(DeflateOffer, AnswersThatWerentOfferedAreRefused) {
  for (const char* answer :
       {"permessage-deflate", "permessage-deflate; client_no_context_takeover", "permessage-bzip2",
        "permessage-deflate; server_no_context_takeover; client_max_window_bits",
        "permessage-deflate; server_no_context_takeover; client_max_window_bits=16",
        "permessage-deflate; server_no_context_takeover; server_max_window_bits",
        "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
        "permessage-deflate; server_no_context_takeover; secret=1",
        "permessage-deflate; server_no_context_takeover, permessage-deflate; server_no_context_takeover", "a b"}) {
    EXPECT_FALSE(check_answer(answer)) << answer;
  }
}

}  // namespace
}  // namespace vedette::wire

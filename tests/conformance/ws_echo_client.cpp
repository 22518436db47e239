// ws-echo-client URL: runs every case of an Autobahn fuzzingserver as a client that sends each message back, then asks
// for the reports. Exits with 1 if the suite can't be reached or didn't write them; what the cases came to stands in
// its report only: many of them ask for a connection that fails.
#include <charconv>
#include <csignal>
#include <cstdio>
#include <string>

#include "tests/conformance/echo_client.h"

namespace {

using vedette::conformance::EchoClient;

constexpr const char* kAgent = "ws-echo-client";

int give_up(const std::string& words) {
  std::fprintf(stderr, "ws-echo-client: %s\n", words.c_str());
  return 1;
}

int run(EchoClient& client) {
  const auto told = client.read_text("/getCaseCount");
  if (!told) return give_up("/getCaseCount: " + told.error().message);
  int count = 0;
  const auto [end, error] = std::from_chars(told->data(), told->data() + told->size(), count);
  if (error != std::errc{} || end != told->data() + told->size())
    return give_up("no number of cases: \"" + *told + "\"");
  const std::string agent = std::string("agent=") + kAgent;
  for (int number = 1; number <= count; ++number) {
    const auto done = client.echo("/runCase?case=" + std::to_string(number) + "&" + agent);
    if (!done) std::fprintf(stderr, "case %d of %d: %s\n", number, count, done.error().message.c_str());
  }
  if (const auto written = client.echo("/updateReports?" + agent); !written) {
    return give_up("/updateReports: " + written.error().message);
  }
  std::printf("%d cases\n", count);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: ws-echo-client ws://HOST:PORT | wss://HOST:PORT\n");
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  auto client = EchoClient::create(argv[1]);
  return client ? run(*client) : give_up(std::string(argv[1]) + ": " + client.error().message);
}

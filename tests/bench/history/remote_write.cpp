// bench_history_remote_write HOSTS SECONDS counters|rates: the samples that bench_history stores, as Prometheus'
// clients send them: one request a second of all hosts, protobuf in snappy, values in base units. Writes each request
// to stdout behind its length (4 bytes, little-endian); peers.py posts them.
#include <snappy.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "remote_write.pb.h"
#include "tests/bench/history/fleet.h"
#include "tests/bench/history/times.h"

namespace vedette::bench {
namespace {

void label(prometheus::TimeSeries& series, const char* name, std::string value) {
  auto& made = *series.add_labels();
  made.set_name(name);
  made.set_value(std::move(value));
}

// Names as OpenTelemetry's are written for Prometheus; labels sorted, as remote write wants them.
std::string metric_name(const metrics::Series& series) {
  std::string name = series.key.name;
  for (char& letter : name) {
    if (letter == '.') letter = '_';
  }
  if (series.unit == "s") name += "_seconds";
  if (series.unit == "By") name += "_bytes";
  if (series.kind == metrics::Kind::counter) name += "_total";
  return name;
}

void name_all(prometheus::WriteRequest& request, std::size_t hosts, Form form) {
  for (std::size_t host = 1; host <= hosts; ++host) {
    for (const auto& series : fleet_series(form)) {
      auto& one = *request.add_timeseries();
      label(one, "__name__", metric_name(series));
      label(one, "column", series.key.attributes.front().value);
      label(one, "instance", "host-" + std::to_string(host));
      label(one, "job", "bench");
      one.add_samples();
    }
  }
}

bool write(const prometheus::WriteRequest& request) {
  std::string plain, packed;
  if (!request.SerializeToString(&plain)) return false;
  snappy::Compress(plain.data(), plain.size(), &packed);
  const auto size = static_cast<std::uint32_t>(packed.size());
  const unsigned char head[4] = {static_cast<unsigned char>(size), static_cast<unsigned char>(size >> 8U),
                                 static_cast<unsigned char>(size >> 16U), static_cast<unsigned char>(size >> 24U)};
  return std::fwrite(head, 1, sizeof head, stdout) == sizeof head &&
         std::fwrite(packed.data(), 1, packed.size(), stdout) == packed.size();
}

bool send(std::size_t count, std::int64_t seconds, Form form) {
  const Recording recording;
  auto hosts = hosts_of(recording, count, form);
  const auto all = fleet_series(form);
  prometheus::WriteRequest request;
  name_all(request, count, form);
  for (std::int64_t second = 0; second < seconds; ++second) {
    int at = 0;
    for (auto& host : hosts) {
      const auto tick = host.tick(kDay + second * 1000);
      for (std::size_t n = 0; n < all.size(); ++n) {
        auto& sample = *request.mutable_timeseries(at++)->mutable_samples(0);
        sample.set_timestamp(units::unix_ms(tick.at));
        sample.set_value(metrics::value(tick.cells[n], all[n].quantum));
      }
    }
    if (!write(request)) return false;
  }
  return std::fflush(stdout) == 0;
}

}  // namespace
}  // namespace vedette::bench

int main(int argc, char** argv) {
  using namespace vedette::bench;
  const std::string form = argc == 4 ? argv[3] : "";
  if ((form != "counters" && form != "rates") || std::atoll(argv[1]) <= 0 || std::atoll(argv[2]) <= 0) {
    std::fprintf(stderr, "usage: bench_history_remote_write HOSTS SECONDS counters|rates\n");
    return 2;
  }
  const bool sent = send(static_cast<std::size_t>(std::atoll(argv[1])), std::atoll(argv[2]),
                         form == "rates" ? Form::rates : Form::counters);
  return sent ? 0 : 1;
}

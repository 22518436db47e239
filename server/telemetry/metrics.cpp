#include "server/telemetry/metrics.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <vector>

namespace vedette::telemetry {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

struct Source {
  std::string name, help;
  MetricType type;
  std::string label;  ///< empty: one value without any
  std::vector<std::pair<std::string, Metrics::Read>> values;
};

MetricFamily family_of(const Source& source) {
  MetricFamily family;
  family.name = source.name;
  family.help = source.help;
  family.type = source.type;
  for (const auto& [label, read] : source.values) {
    ClientMetric metric;
    if (!source.label.empty()) metric.label = {{source.label, label}};
    (source.type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = read();
    family.metric.push_back(std::move(metric));
  }
  return family;
}

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// Field 2 of /proc/self/statm, proc(5).
double resident_bytes() {
  std::ifstream in("/proc/self/statm");
  double total = 0, resident = 0;
  in >> total >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

double open_files() {
  std::error_code code;
  double count = 0;
  for (std::filesystem::directory_iterator at("/proc/self/fd", code), end; !code && at != end; at.increment(code))
    ++count;
  return count;
}

double file_limit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return static_cast<double>(limit.rlim_cur);
}

double unix_now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

struct Metrics::Impl {
  std::string version;
  std::vector<Source> sources;
};

Metrics::Metrics(const std::string& version) : impl_(std::make_unique<Impl>()) {
  impl_->version = version;
  const double started = unix_now();
  const auto add = [this](std::string name, std::string help, MetricType type, Read read) {
    impl_->sources.push_back({std::move(name), std::move(help), type, "", {{"", std::move(read)}}});
  };
  add("process_cpu_seconds_total", "CPU time used, user and system, in seconds.", MetricType::Counter, cpu_seconds);
  add("process_resident_memory_bytes", "Resident memory in bytes.", MetricType::Gauge, resident_bytes);
  add("process_open_fds", "Open file descriptors.", MetricType::Gauge, open_files);
  add("process_max_fds", "Limit of open file descriptors.", MetricType::Gauge, file_limit);
  add("process_start_time_seconds", "Start of the process, Unix seconds.", MetricType::Gauge,
      [started] { return started; });
}

Metrics::~Metrics() = default;

void Metrics::add_gauge(const std::string& name, const std::string& help, Read read) {
  impl_->sources.push_back({"vedette_" + name, help, MetricType::Gauge, "", {{"", std::move(read)}}});
}

void Metrics::add_counter(const std::string& name, const std::string& help, Read read) {
  impl_->sources.push_back({"vedette_" + name, help, MetricType::Counter, "", {{"", std::move(read)}}});
}

void Metrics::add_counters(const std::string& name, const std::string& help, const std::string& label,
                           std::vector<std::pair<std::string, Read>> values) {
  impl_->sources.push_back({"vedette_" + name, help, MetricType::Counter, label, std::move(values)});
}

std::string Metrics::text() const {
  std::vector<MetricFamily> families;
  MetricFamily build;
  build.name = "vedette_build_info";
  build.help = "1, labelled with the version.";
  build.type = MetricType::Gauge;
  ClientMetric one;
  one.label = {{"version", impl_->version}};
  one.gauge.value = 1;
  build.metric.push_back(std::move(one));
  families.push_back(std::move(build));
  for (const Source& source : impl_->sources) families.push_back(family_of(source));
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace vedette::telemetry

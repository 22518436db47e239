#include "tests/load/swarm/run.h"

#include <algorithm>
#include <csignal>
#include <utility>

namespace vedette::swarm {
namespace {

using units::Milliseconds;
using units::Steady;
using Clock = std::chrono::steady_clock;

constexpr Milliseconds kWatch{50};
constexpr std::chrono::seconds kProgress{5};
constexpr const char* kVerified = "system.cpu.load_average.1m";  // one that every tick holds

volatile std::sig_atomic_t asked_to_end = 0;

double seconds(Steady::duration span) {
  return std::chrono::duration<double>(span).count();
}

Steady::duration spread(const Options& options, std::size_t number, std::size_t all) {
  const double ramp = options.ramp > 0 ? options.ramp : static_cast<double>(all) / 1'000;
  return std::chrono::duration_cast<Steady::duration>(
      std::chrono::duration<double>(ramp * static_cast<double>(number) / static_cast<double>(all)));
}

}  // namespace

void ask_to_end() noexcept {
  asked_to_end = 1;
}

Run::Run(const Options& options, const Target& target, Api& api, std::vector<Api::Host> hosts, std::string cookie)
    : options_(options),
      api_(api),
      random_(std::random_device{}()),
      field_{.loop = loop_,
             .target = target,
             .recording = recording_,
             .report = report_,
             .random = random_,
             .wall = std::chrono::floor<Milliseconds>(std::chrono::system_clock::now()),
             .steady = Clock::now()} {
  make_all(hosts, cookie);
}

void Run::make_all(const std::vector<Api::Host>& hosts, const std::string& cookie) {
  const std::size_t all = options_.agents + options_.viewers;
  const Steady begin = Clock::now();
  const Milliseconds interval{options_.rate > 0 ? static_cast<std::int64_t>(1'000 / options_.rate) : 0};
  std::unordered_map<std::string, std::size_t> numbers;
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    numbers.emplace(hosts[i].id, i);
    agents_.push_back(std::make_unique<Agent>(
        field_, AgentPlan{i, hosts[i].id, hosts[i].key, interval, begin + spread(options_, i, all)}));
  }
  reader_ = std::make_unique<LiveReader>(std::move(numbers));
  gallery_ = std::make_unique<Gallery>(Gallery{.loop = loop_,
                                               .target = field_.target,
                                               .report = report_,
                                               .reader = *reader_,
                                               .agents = agents_,
                                               .random = random_,
                                               .kind = options_.transport,
                                               .cookie = cookie});
  for (std::size_t i = 0; i < options_.viewers; ++i) {
    std::vector<std::string> topics;
    for (const std::string& topic : options_.topics) {
      if (topic != "host") topics.push_back(topic);
      if (topic == "host" && !hosts.empty()) topics.push_back("host/" + hosts[i % hosts.size()].id);
    }
    const std::size_t number = options_.agents + i;
    viewers_.push_back(
        std::make_unique<Viewer>(*gallery_, number, std::move(topics), begin + spread(options_, number, all)));
  }
  progress_due_ = begin + kProgress;
  loop_.arm(*this, begin + kWatch);
}

bool Run::all_connected() const {
  return field_.connected == agents_.size() && gallery_->connected == viewers_.size();
}

template <class Done>
bool Run::until(Done done, Milliseconds limit) {
  const Steady end = Clock::now() + limit;
  while (!done() && asked_to_end == 0 && Clock::now() < end) loop_.run(std::min(end, Clock::now() + kWatch));
  return done();
}

void Run::on_time(Steady now) {
  loop_.arm(*this, now + kWatch);
  const Milliseconds late = loop_.take_lateness();
  if (watching_) {
    lateness_ = std::max(lateness_, late);
    note_outages(now);
  }
  if (now < progress_due_) return;
  progress_due_ = now + kProgress;
  Line("progress")
      .number("seconds", seconds(now - field_.steady))
      .count("agents_connected", field_.connected)
      .count("viewers_connected", gallery_->connected)
      .count("ticks_sent", report_.ticks_sent)
      .count("ticks_acked", report_.ticks_acked);
}

void Run::note_outages(Steady now) {
  const std::size_t connected = field_.connected;
  if (connected == agents_.size()) {
    if (!lost_at_) return;
    const double back = seconds(now - first_back_at_.value_or(now));
    slowest_return_ = std::max(slowest_return_, back);
    Line("all_back")
        .number("seconds", seconds(now - field_.steady))
        .count("agents_lost", agents_.size() - fewest_)
        .number("seconds_since_loss", seconds(now - *lost_at_))
        .number("seconds_since_first_back", back);
    lost_at_.reset();
    first_back_at_.reset();
    return;
  }
  if (!lost_at_) {
    lost_at_ = now;
    fewest_ = connected;
    Line("outage").number("seconds", seconds(now - field_.steady)).count("agents_connected", connected);
  }
  if (connected < fewest_) first_back_at_.reset();
  if (connected > fewest_ && !first_back_at_) first_back_at_ = now;
  fewest_ = std::min(fewest_, connected);
}

bool Run::go() {
  const Steady begin = Clock::now();
  report_.counted_from = Steady::max();
  const bool ready = until([this] { return all_connected(); }, std::chrono::seconds(120));
  if (!ready && asked_to_end == 0) {
    Line("failed").text("why", "not all connected in 120 s").count("agents_connected", field_.connected);
    summarize();
    return false;
  }
  report_.counted_from = Clock::now();
  Line("all_connected").number("seconds", seconds(report_.counted_from - begin));
  watching_ = true;
  until([] { return false; }, Milliseconds(static_cast<std::int64_t>(options_.seconds * 1'000)));
  asked_to_end = 0;
  if (lost_at_) until([this] { return field_.connected == agents_.size(); }, std::chrono::seconds(60));
  for (const auto& agent : agents_) agent->rest();
  const auto drained = [this] {
    return std::ranges::all_of(agents_, [](const auto& agent) { return agent->unacked().size() == 0; });
  };
  const bool all_acked = until(drained, std::chrono::seconds(30));
  watching_ = false;
  Line("drained").count("all_acked", all_acked ? 1 : 0);
  if (!options_.user.empty()) verify();
  for (const auto& agent : agents_) agent->leave();
  until([this] { return field_.connected == 0; }, std::chrono::seconds(2));
  summarize();
  return true;
}

void Run::verify() {
  for (std::size_t i = 0; i < std::min(options_.verify, agents_.size()); ++i) {
    // Evenly over all agents.
    const Agent& agent = *agents_[i * agents_.size() / std::min(options_.verify, agents_.size())];
    std::vector<std::int64_t> acked = agent.unacked().acked();
    if (acked.empty()) continue;
    std::ranges::sort(acked);
    auto stored = api_.sample_times(agent.host_id(), kVerified, units::from_unix_ms(acked.front() - 1),
                                    units::from_unix_ms(acked.back() + 1));
    if (!stored) {
      Line("failed").text("why", stored.error().message);
      continue;
    }
    ++verified_;
    std::ranges::sort(*stored);
    duplicated_ += stored->size() - static_cast<std::size_t>(std::ranges::unique(*stored).begin() - stored->begin());
    for (const std::int64_t at : acked) lost_ += std::ranges::binary_search(*stored, at) ? 0 : 1;
    loop_.run(Clock::now() + Milliseconds(1));  // pings want their pongs
  }
}

void Run::summarize() {
  std::uint64_t waiting = 0, dropped = 0;
  for (const auto& agent : agents_) {
    waiting += agent->unacked().size();
    dropped += agent->ticks_dropped();
  }
  for (const auto& [why, count] : report_.ends) Line("ended").text("why", why).count("count", count);
  Line line("summary");
  line.count("agents", agents_.size()).count("viewers", viewers_.size());
  line.percentiles("sample_to_viewer", report_.to_viewer).percentiles("sample_to_ack", report_.to_ack);
  line.count("ticks_sent", report_.ticks_sent).count("ticks_acked", report_.ticks_acked);
  line.count("ticks_waiting", waiting).count("ticks_dropped", dropped);
  line.count("hosts_verified", verified_).count("ticks_lost", lost_).count("ticks_duplicated", duplicated_);
  line.count("connections", report_.connections).count("reconnects", report_.reconnects);
  line.number("all_back_seconds", slowest_return_);
  line.count("viewer_reconnects", report_.viewer_reconnects).count("viewer_events", report_.viewer_events);
  line.count("viewer_ticks", report_.to_viewer.count()).count("viewer_bytes", report_.viewer_bytes);
  line.count("viewer_unreadable", reader_->unreadable());
  line.number("own_lateness_ms", static_cast<double>(lateness_.count()));
}

}  // namespace vedette::swarm

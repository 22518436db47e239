#include "agent/collect/probe.h"

#include <deque>
#include <mutex>
#include <set>
#include <system_error>
#include <thread>

#include "agent/collect/usage.h"
#include "schema/units/log.h"

namespace vedette::collect {

/// One thread's life. `asking` is what it waits for now.
template <class Answer>
struct Probe<Answer>::Run {
  std::string asking;
  std::uint64_t question = 0;  ///< counts what it asked, so that progress shows
  bool left = false;           ///< given up: it only reports that its place answered
  bool done = false;
};

template <class Answer>
struct Probe<Answer>::Shared {
  Ask ask;
  mutable std::mutex mutex;
  std::deque<std::string> waiting;
  std::set<std::string> wanted;
  std::set<std::string> hung;
  std::map<std::string, Answer> answers;
  std::uint64_t times_hung = 0;
  std::shared_ptr<Run> run;
  std::uint64_t question_seen = 0;
  units::Steady seen_at{};

  /// The next place to ask, or false when the thread shall end.
  bool next(Run& own) {
    const std::scoped_lock lock(mutex);
    if (own.left || waiting.empty()) {
      own.done = true;
      return false;
    }
    own.asking = std::move(waiting.front());
    waiting.pop_front();
    ++own.question;
    return true;
  }

  void answer(const Run& own, const std::optional<Answer>& told) {
    const std::scoped_lock lock(mutex);
    hung.erase(own.asking);
    if (!wanted.contains(own.asking)) return;
    if (told) {
      answers[own.asking] = *told;
    } else {
      answers.erase(own.asking);
    }
  }
};

template <class Answer>
Probe<Answer>::Probe(std::string_view what, Ask ask, units::Milliseconds limit)
    : what_(what), shared_(std::make_shared<Shared>()), limit_(limit) {
  shared_->ask = std::move(ask);
}

template <class Answer>
Probe<Answer>::~Probe() {
  const std::scoped_lock lock(shared_->mutex);
  shared_->waiting.clear();
  if (shared_->run) shared_->run->left = true;
}

template <class Answer>
void Probe<Answer>::start(std::vector<std::string> places, units::Steady now) {
  {
    const std::scoped_lock lock(shared_->mutex);
    shared_->wanted = {places.begin(), places.end()};
    std::erase_if(shared_->answers, [&](const auto& entry) { return !shared_->wanted.contains(entry.first); });
    shared_->waiting.clear();
    for (std::string& place : places) {
      if (!shared_->hung.contains(place)) shared_->waiting.push_back(std::move(place));
    }
  }
  launch(now);
}

template <class Answer>
void Probe<Answer>::launch(units::Steady now) {
  std::shared_ptr<Run> run;
  {
    const std::scoped_lock lock(shared_->mutex);
    const bool running = shared_->run && !shared_->run->done;
    if (running || shared_->waiting.empty()) return;
    run = shared_->run = std::make_shared<Run>();
    shared_->question_seen = 0;
    shared_->seen_at = now;
  }
  // Detached: a call that hangs in the kernel can't be ended. The thread holds its part of the state itself.
  try {
    std::thread([shared = shared_, run] {
      while (shared->next(*run)) shared->answer(*run, shared->ask(run->asking));
    }).detach();
    starved_ = false;
  } catch (const std::system_error& error) {
    if (!std::exchange(starved_, true)) {
      units::log_warning(std::string(what_) + " can't be asked while there is no thread for it",
                         {{"error", error.what()}});
    }
    const std::scoped_lock lock(shared_->mutex);
    shared_->waiting.clear();
    run->done = true;
  }
}

template <class Answer>
void Probe<Answer>::poll(units::Steady now) {
  std::size_t hung_now = 0;
  {
    const std::scoped_lock lock(shared_->mutex);
    const std::shared_ptr<Run>& run = shared_->run;
    if (!run || run->done) return;
    // A thread that has asked nothing yet only waits for a CPU.
    if (run->question == 0 || run->question != shared_->question_seen) {
      shared_->question_seen = run->question;
      shared_->seen_at = now;
      return;
    }
    if (now - shared_->seen_at < limit_) return;
    run->left = true;
    ++shared_->times_hung;
    shared_->hung.insert(run->asking);
    shared_->answers.erase(run->asking);
    shared_->run = nullptr;
    hung_now = shared_->hung.size();
  }
  units::log_warning(std::string(what_) + " doesn't answer; it is left out until it does",
                     {{"hung_now", hung_now}, {"times", times_hung()}});
  launch(now);
}

template <class Answer>
std::map<std::string, Answer> Probe<Answer>::answers() const {
  const std::scoped_lock lock(shared_->mutex);
  return shared_->answers;
}

template <class Answer>
std::size_t Probe<Answer>::hung() const {
  const std::scoped_lock lock(shared_->mutex);
  return shared_->hung.size();
}

template <class Answer>
std::uint64_t Probe<Answer>::times_hung() const {
  const std::scoped_lock lock(shared_->mutex);
  return shared_->times_hung;
}

template <class Answer>
bool Probe<Answer>::idle() const {
  const std::scoped_lock lock(shared_->mutex);
  return !shared_->run || shared_->run->done;
}

template class Probe<Usage>;
template class Probe<std::int64_t>;
template class Probe<std::vector<std::string>>;

}  // namespace vedette::collect

/*
 * libhpo from C++11: one header over hpo.h. Handles own themselves, errors are exceptions, callbacks are std::function.
 *
 *   hpo::Space space;
 *   space.add_float("lr", 1e-5, 1e-1, HPO_LOG).add_int("depth", 2, 12);
 *   hpo::Study study(space);
 *   study.set("strategy", "sobol");
 *   study.optimize([&](hpo::Trial &trial) { return loss(trial.as_float("lr"), trial.as_int("depth")); }, 100);
 *   std::cout << study.best().value() << "\n";
 *
 * No exception passes through C code: what a callback throws is caught at the boundary. An objective that throws has a failed trial with what() as its
 * message, and the search goes on within the settings "failures.max" and "failures.consecutive"; when it ends for that reason, the hpo::Error carries the
 * last exception as a nested one. Every class has handle() for the rest of the C API.
 */
#ifndef HPO_HPP
#define HPO_HPP

#include <hpo.h>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace hpo {

/** An error of libhpo; what() names the parameter and the value. */
class Error : public std::runtime_error {
  public:
    Error(hpo_status status, const std::string &message) : std::runtime_error(message), status_(status) {}
    hpo_status status() const {
        return status_;
    }

  private:
    hpo_status status_;
};

/** Thrown by an objective that ended its trial early; `value` is the last one seen, if any. */
struct Pruned {
    double value;
    explicit Pruned(double last = std::numeric_limits<double>::quiet_NaN()) : value(last) {}
};

/** Thrown by an objective that wants the search to end. */
struct Stop {};

namespace detail {

/** Throws for a status below 0, returns a benign one. */
inline hpo_status check(hpo_status status, const hpo_error &error) {
    if (status == HPO_E_NOMEM)
        throw std::bad_alloc();
    if (status < 0)
        throw Error(status, error.message);
    return status;
}

/** Calls function(buf, cap, &need, &error) with as much room as it turns out to need. */
template <class Function> std::string text(Function function) {
    std::string buffer(1024, '\0');
    for (;;) {
        hpo_error        error  = {};
        size_t           need   = 0;
        const hpo_status status = function(&buffer[0], buffer.size(), &need, &error);
        if (status != HPO_E_BUFFER) {
            check(status, error);
            buffer.resize(need - 1);
            return buffer;
        }
        buffer.resize(need);
    }
}

inline std::vector<const char *> pointers(const std::vector<std::string> &strings) {
    std::vector<const char *> found;
    for (const std::string &string : strings)
        found.push_back(string.c_str());
    return found;
}

template <class T, void (*end)(T *)> struct Deleter {
    void operator()(T *handle) const {
        end(handle);
    }
};

} // namespace detail

/** Search space; the building calls return *this. */
class Space {
  public:
    Space() : handle_(hpo_space_new(nullptr)) {
        if (!handle_)
            throw std::bad_alloc();
    }
    static Space from_json(const std::string &json) {
        hpo_space *handle = nullptr;
        hpo_error  error  = {};
        detail::check(hpo_space_from_json(json.data(), json.size(), nullptr, &handle, &error), error);
        return Space(handle);
    }

    Space &add_float(const std::string &name, double low, double high, int32_t scale = HPO_LINEAR) {
        hpo_error error = {};
        detail::check(hpo_space_add_float(handle(), name.c_str(), low, high, scale, &error), error);
        return *this;
    }
    Space &add_int(const std::string &name, int64_t low, int64_t high, int32_t scale = HPO_LINEAR) {
        hpo_error error = {};
        detail::check(hpo_space_add_int(handle(), name.c_str(), low, high, scale, &error), error);
        return *this;
    }
    Space &add_categorical(const std::string &name, const std::vector<std::string> &choices) {
        hpo_error error = {};
        detail::check(hpo_space_add_categorical(handle(), name.c_str(), detail::pointers(choices).data(), choices.size(), &error), error);
        return *this;
    }
    Space &add_ordinal(const std::string &name, const std::vector<double> &levels) {
        hpo_error error = {};
        detail::check(hpo_space_add_ordinal(handle(), name.c_str(), levels.data(), levels.size(), &error), error);
        return *this;
    }
    Space &add_bool(const std::string &name) {
        hpo_error error = {};
        detail::check(hpo_space_add_bool(handle(), name.c_str(), &error), error);
        return *this;
    }
    Space &set_step(const std::string &name, double step) {
        hpo_error error = {};
        detail::check(hpo_space_set_step(handle(), name.c_str(), step, &error), error);
        return *this;
    }
    Space &set_default(const std::string &name, const std::string &value) {
        hpo_error error = {};
        detail::check(hpo_space_set_default(handle(), name.c_str(), value.c_str(), &error), error);
        return *this;
    }
    /** `child` exists only where `parent` has one of `values`. */
    Space &when(const std::string &child, const std::string &parent, const std::vector<std::string> &values) {
        hpo_error error = {};
        detail::check(hpo_space_when(handle(), child.c_str(), parent.c_str(), detail::pointers(values).data(), values.size(), &error), error);
        return *this;
    }
    std::string to_json() const {
        return detail::text(
            [this](char *buf, size_t cap, size_t *need, hpo_error *error) { return hpo_space_to_json(handle(), buf, cap, need, error); });
    }
    hpo_space *handle() const {
        return handle_.get();
    }

  private:
    explicit Space(hpo_space *handle) : handle_(handle) {}
    std::unique_ptr<hpo_space, detail::Deleter<hpo_space, hpo_space_free>> handle_;
};

/** One evaluation. A callback gets it by reference and must not keep it; from ask(), best() or trial() it is the caller's. One thread at a time. */
class Trial {
  public:
    /** Takes over a handle; one lent by a callback is left alone by hpo_trial_free(). */
    explicit Trial(hpo_trial *handle) : handle_(handle) {}

    uint64_t number() const {
        return hpo_trial_number(handle());
    }
    uint64_t seed() const {
        return hpo_trial_seed(handle());
    }
    uint64_t repeat() const {
        return hpo_trial_repeat(handle());
    }
    int32_t state() const {
        return hpo_trial_state(handle());
    }
    double value() const {
        return hpo_trial_value(handle());
    }
    int32_t worker() const {
        return hpo_trial_worker(handle());
    }
    std::string message() const {
        return hpo_trial_message(handle());
    }

    /** NaN when inactive. A wrong name is an error of the whole trial, thrown by tell() or optimize(). */
    double as_float(const std::string &name) const {
        return hpo_trial_float(handle(), name.c_str());
    }
    /** INT64_MIN when inactive. */
    int64_t as_int(const std::string &name) const {
        return hpo_trial_int(handle(), name.c_str());
    }
    bool as_bool(const std::string &name) const {
        return hpo_trial_int(handle(), name.c_str()) == 1;
    }
    /** Choice of a categorical parameter, "" when inactive. */
    std::string as_text(const std::string &name) const {
        const char *choice = hpo_trial_categorical(handle(), name.c_str());
        return choice ? choice : "";
    }
    bool is_active(const std::string &name) const {
        return hpo_trial_is_active(handle(), name.c_str()) == 1;
    }

    void report(int64_t step, double value) {
        hpo_error error = {};
        detail::check(hpo_trial_report(handle(), step, value, &error), error);
    }
    void set_attribute(const std::string &key, const std::string &json) {
        hpo_error error = {};
        detail::check(hpo_trial_set_attribute(handle(), key.c_str(), json.c_str(), &error), error);
    }
    void set_message(const std::string &message) {
        hpo_error error = {};
        detail::check(hpo_trial_set_message(handle(), message.c_str(), &error), error);
    }
    hpo_trial *handle() const {
        return handle_.get();
    }

  private:
    std::unique_ptr<hpo_trial, detail::Deleter<hpo_trial, hpo_trial_free>> handle_;
};

using Objective     = std::function<double(Trial &)>;
using TrialCallback = std::function<hpo_status(const Trial &)>;
using LogCallback   = std::function<void(int32_t level, const char *message)>;

namespace detail {

/** The last exception that a callback threw, on any worker. */
class Thrown {
  public:
    void keep(std::exception_ptr exception) {
        std::lock_guard<std::mutex> lock(mutex_);
        last_ = exception;
    }
    std::exception_ptr take() {
        std::lock_guard<std::mutex> lock(mutex_);
        std::exception_ptr          last = last_;
        last_                            = nullptr;
        return last;
    }

  private:
    std::mutex         mutex_;
    std::exception_ptr last_;
};

struct ObjectiveJob {
    const Objective *function;
    Thrown          *thrown;
};

struct TrialJob {
    TrialCallback function;
    Thrown       *thrown;
};

inline void fail(Trial &trial, const char *message, Thrown *thrown) {
    thrown->keep(std::current_exception());
    hpo_trial_set_message(trial.handle(), message, nullptr); // out of memory here leaves a failed trial without a message
}

extern "C" {

/** The C callback around an objective. */
inline hpo_status hpo_cpp_evaluate(hpo_trial *handle, double *values, void *user) {
    const ObjectiveJob *job = static_cast<const ObjectiveJob *>(user);
    Trial               trial(handle);
    try {
        values[0] = (*job->function)(trial);
        return HPO_OK;
    } catch (const Pruned &pruned) {
        values[0] = pruned.value;
        return HPO_PRUNED;
    } catch (const Stop &) {
        return HPO_STOPPED;
    } catch (const std::exception &exception) {
        fail(trial, exception.what(), job->thrown);
    } catch (...) {
        fail(trial, "an exception that is no std::exception", job->thrown);
    }
    return HPO_E_CALLBACK;
}

/** The C callback around a progress callback. */
inline hpo_status hpo_cpp_announce(const hpo_trial *handle, void *user) {
    const TrialJob *job = static_cast<const TrialJob *>(user);
    const Trial     trial(const_cast<hpo_trial *>(handle));
    try {
        return job->function(trial);
    } catch (...) {
        job->thrown->keep(std::current_exception());
        return HPO_E_CALLBACK;
    }
}

/** The C callback around a log callback; its exceptions have nowhere to go. */
inline void hpo_cpp_log(int32_t level, const char *message, void *user) {
    try {
        (*static_cast<LogCallback *>(user))(level, message);
    } catch (...) {
    }
}

} // extern "C"

} // namespace detail

/** A configuration for Study::enqueue() and Study::add(); the study must outlive it. */
class Point {
  public:
    explicit Point(const hpo_space *space) {
        hpo_point *handle = nullptr;
        hpo_error  error  = {};
        detail::check(hpo_point_new(space, &handle, &error), error);
        handle_.reset(handle);
    }
    Point &set(const std::string &name, const std::string &value) {
        hpo_error error = {};
        detail::check(hpo_point_set(handle(), name.c_str(), value.c_str(), &error), error);
        return *this;
    }
    Point &set_number(const std::string &name, double value) {
        hpo_error error = {};
        detail::check(hpo_point_set_number(handle(), name.c_str(), value, &error), error);
        return *this;
    }
    hpo_point *handle() const {
        return handle_.get();
    }

  private:
    std::unique_ptr<hpo_point, detail::Deleter<hpo_point, hpo_point_free>> handle_;
};

/** One search. It must not be destroyed while another thread is in optimize(). */
class Study {
  public:
    explicit Study(const Space &space) : thrown_(new detail::Thrown) {
        hpo_study *handle = nullptr;
        hpo_error  error  = {};
        detail::check(hpo_study_new(space.handle(), &handle, &error), error);
        handle_.reset(handle);
    }

    Study &set(const std::string &key, const std::string &value) {
        hpo_error error = {};
        detail::check(hpo_study_set(handle(), key.c_str(), value.c_str(), &error), error);
        return *this;
    }
    std::string get(const std::string &key) const {
        return detail::text(
            [&](char *buf, size_t cap, size_t *need, hpo_error *error) { return hpo_study_get(handle(), key.c_str(), buf, cap, need, error); });
    }

    /** Calls `done` after each finished trial; it returns HPO_OK or HPO_STOPPED, and what it throws ends the search. An empty function ends that. */
    void on_trial(TrialCallback done) {
        const bool                        any = static_cast<bool>(done);
        std::unique_ptr<detail::TrialJob> job(new detail::TrialJob{std::move(done), thrown_.get()});
        hpo_error                         error = {};
        detail::check(hpo_study_on_trial(handle(), any ? detail::hpo_cpp_announce : nullptr, job.get(), &error), error);
        done_ = std::move(job);
    }
    /** Sends messages of `level` and more urgent ones to `log`; an empty function is silence. */
    void on_log(int32_t level, LogCallback log) {
        const bool                   any = static_cast<bool>(log);
        std::unique_ptr<LogCallback> job(new LogCallback(std::move(log)));
        hpo_error                    error = {};
        detail::check(hpo_study_on_log(handle(), level, any ? detail::hpo_cpp_log : nullptr, job.get(), &error), error);
        log_ = std::move(job);
    }

    /** Runs up to `trials` more trials; returns HPO_OK, HPO_EXHAUSTED or HPO_STOPPED. With several workers `objective` is called concurrently. */
    hpo_status optimize(const Objective &objective, uint64_t trials = UINT64_MAX) {
        return run(objective,
                   [&](hpo_objective function, void *user, hpo_error *error) { return hpo_study_optimize(handle(), function, user, trials, error); });
    }

    /** The next trial; without a handle when the strategy has nothing left. */
    Trial ask() {
        hpo_trial *trial = nullptr;
        hpo_error  error = {};
        detail::check(hpo_study_ask(handle(), &trial, &error), error);
        return Trial(trial);
    }
    void tell(const Trial &trial, double value) {
        hpo_error error = {};
        detail::check(hpo_study_tell(handle(), trial.handle(), HPO_COMPLETE, &value, 1, &error), error);
    }
    void tell_failed(const Trial &trial) {
        hpo_error error = {};
        detail::check(hpo_study_tell(handle(), trial.handle(), HPO_FAILED, nullptr, 0, &error), error);
    }

    Point point() const {
        return Point(hpo_study_space(handle()));
    }
    /** Tries `point` before the strategy's own. */
    void enqueue(const Point &point) {
        hpo_error error = {};
        detail::check(hpo_study_enqueue(handle(), point.handle(), &error), error);
    }
    /** Adds a finished trial with a known value. */
    void add(const Point &point, double value) {
        hpo_error error = {};
        detail::check(hpo_study_add(handle(), point.handle(), HPO_COMPLETE, &value, 1, &error), error);
    }
    /** Asks a running optimize, or the next one, to stop. From any thread or signal handler. */
    void stop() {
        hpo_study_stop(handle());
    }

    /** Trials in `state`, or all with -1. */
    uint64_t trial_count(int32_t state = -1) const {
        return hpo_study_trial_count(handle(), state);
    }
    Trial trial(uint64_t number) const {
        hpo_trial *trial = nullptr;
        hpo_error  error = {};
        detail::check(hpo_study_trial(handle(), number, &trial, &error), error);
        return Trial(trial);
    }
    Trial best() const {
        hpo_trial *trial = nullptr;
        hpo_error  error = {};
        detail::check(hpo_study_best(handle(), &trial, &error), error);
        return Trial(trial);
    }
    Trial default_trial() const {
        hpo_trial *trial = nullptr;
        hpo_error  error = {};
        detail::check(hpo_study_default(handle(), &trial, &error), error);
        return Trial(trial);
    }
    /** Means and deviations of the model at points given as rows of natural values, NaN where inactive. */
    std::pair<std::vector<double>, std::vector<double>> predict(const std::vector<double> &values) const {
        const size_t size = hpo_space_size(hpo_study_space(handle()));
        if (values.size() % size != 0)
            throw std::invalid_argument("hpo::Study::predict: a row has a value per parameter");
        std::vector<double> mean(values.size() / size), deviation(mean.size());
        hpo_error           error = {};
        detail::check(hpo_study_predict(handle(), values.data(), mean.size(), mean.data(), deviation.data(), &error), error);
        return std::make_pair(mean, deviation);
    }
    /** Mean and standard error of what a finished trial would give if it were repeated. */
    std::pair<double, double> estimate(uint64_t number) const {
        std::pair<double, double> estimate(0, 0);
        hpo_error                 error = {};
        detail::check(hpo_study_estimate(handle(), number, &estimate.first, &estimate.second, &error), error);
        return estimate;
    }
    /** How fast the objective changes along each parameter, for the model: shares that sum to 1. */
    std::vector<double> relevance() const {
        std::vector<double> relevance(hpo_space_size(hpo_study_space(handle())));
        hpo_error           error = {};
        detail::check(hpo_study_relevance(handle(), relevance.data(), &error), error);
        return relevance;
    }
    std::vector<double> column(const std::string &name) const {
        std::vector<double> values(trial_count());
        for (;;) {
            hpo_error        error  = {};
            size_t           n      = 0;
            const hpo_status status = hpo_study_column(handle(), name.c_str(), values.data(), values.size(), &n, &error);
            if (status != HPO_E_BUFFER)
                detail::check(status, error);
            values.resize(n);
            if (status != HPO_E_BUFFER)
                return values;
        }
    }

    /** Evaluates the `finalists` best configurations again, `repeats` times each, see Trial::repeat(); returns the winner. */
    Trial confirm(const Objective &fresh, size_t finalists, size_t repeats) {
        hpo_trial *winner = nullptr;
        run(fresh, [&](hpo_objective function, void *user, hpo_error *error) {
            return hpo_study_confirm(handle(), function, user, finalists, repeats, &winner, error);
        });
        return Trial(winner);
    }
    /** Evaluates the winner on the test set, once. */
    double test(const Trial &winner, const Objective &on_test_set) {
        double score = std::numeric_limits<double>::quiet_NaN();
        run(on_test_set, [&](hpo_objective function, void *user, hpo_error *error) {
            return hpo_study_test(handle(), winner.handle(), function, user, &score, error);
        });
        return score;
    }
    uint64_t test_count() const {
        return hpo_study_test_count(handle());
    }
    std::string advice(const std::string &format = "text") const {
        return detail::text(
            [&](char *buf, size_t cap, size_t *need, hpo_error *error) { return hpo_study_advice(handle(), format.c_str(), buf, cap, need, error); });
    }
    void export_to(const std::string &format, const std::string &path) const {
        hpo_error error = {};
        detail::check(hpo_study_export(handle(), format.c_str(), path.c_str(), &error), error);
    }
    hpo_study *handle() const {
        return handle_.get();
    }

  private:
    template <class Start> hpo_status run(const Objective &objective, Start start) {
        detail::ObjectiveJob job = {&objective, thrown_.get()};
        thrown_->take();
        hpo_error                error  = {};
        const hpo_status         status = start(detail::hpo_cpp_evaluate, &job, &error);
        const std::exception_ptr cause  = thrown_->take();
        if (cause && (status == HPO_E_CALLBACK || status <= HPO_E_HOST)) {
            try {
                std::rethrow_exception(cause);
            } catch (...) {
                std::throw_with_nested(Error(status, error.message));
            }
        }
        return detail::check(status, error);
    }

    // In this order: the study goes first and what its callbacks point to goes last.
    std::unique_ptr<detail::Thrown>                                        thrown_;
    std::unique_ptr<detail::TrialJob>                                      done_;
    std::unique_ptr<LogCallback>                                           log_;
    std::unique_ptr<hpo_study, detail::Deleter<hpo_study, hpo_study_free>> handle_;
};

/** Assigns `n` samples to HPO_TRAIN, HPO_VALIDATION and HPO_TEST; strata and groups may be empty. */
inline std::vector<uint8_t> split_holdout(size_t n, double validation, double test, uint64_t seed, const std::vector<int64_t> &strata = {},
                                          const std::vector<int64_t> &groups = {}) {
    if ((!strata.empty() && strata.size() != n) || (!groups.empty() && groups.size() != n))
        throw std::invalid_argument("hpo::split_holdout: one stratum and one group per sample");
    std::vector<uint8_t> part(n);
    hpo_error            error = {};
    detail::check(hpo_split_holdout(n, validation, test, strata.empty() ? nullptr : strata.data(), groups.empty() ? nullptr : groups.data(), seed,
                                    part.data(), &error),
                  error);
    return part;
}

/** Assigns `n` samples to `k` folds; strata and groups may be empty. */
inline std::vector<uint32_t> split_kfold(size_t n, size_t k, uint64_t seed, const std::vector<int64_t> &strata = {},
                                         const std::vector<int64_t> &groups = {}) {
    if ((!strata.empty() && strata.size() != n) || (!groups.empty() && groups.size() != n))
        throw std::invalid_argument("hpo::split_kfold: one stratum and one group per sample");
    std::vector<uint32_t> fold(n);
    hpo_error             error = {};
    detail::check(
        hpo_split_kfold(n, k, strata.empty() ? nullptr : strata.data(), groups.empty() ? nullptr : groups.data(), seed, fold.data(), &error), error);
    return fold;
}

} // namespace hpo

#endif /* HPO_HPP */

/*
 * Tunes ridge regression trained by gradient descent, with libhpo called from C++.
 *
 *   g++ -std=c++11 -O2 tune_ridge.cpp $(pkg-config --cflags --libs libhpo) -o tune_ridge
 *
 * The model, the data and the search are the same in bindings/python, fortran and rust. Ends with status 1 when anything is not as it must be.
 */
#include "hpo.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <limits>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

namespace {

const size_t SAMPLES = 120, FEATURES = 6;
const size_t TRIALS = 60;
using Row           = std::array<double, FEATURES>;
const Row    TRUE_WEIGHTS{{2.0, -1.0, 0.5, 0.0, 0.0, 0.3}};
const Row    SCALES{{1.0, 1.0, 1.0, 1.0, 1.0, 10.0}};
const double NOISE = 0.5;
const double BOUND = 1.5 * NOISE * NOISE; // no model can be much below the variance of the noise; the default configuration is far above

std::atomic<int> failures(0);

void check(bool condition, const char *what) {
    if (!condition) {
        ++failures;
        std::printf("FAILED: %s\n", what);
    }
}

bool contains(const std::string &text, const char *part) {
    return text.find(part) != std::string::npos;
}

/** Minimal standard generator of Park and Miller (1988), and normal numbers by Box and Muller; the same data in every language. */
class Generator {
  public:
    double uniform() {
        state_ = state_ * 16807 % 2147483647;
        return static_cast<double>(state_) / 2147483647.0;
    }
    double normal() {
        const double radius = std::sqrt(-2.0 * std::log(uniform()));
        return radius * std::cos(2.0 * std::acos(-1.0) * uniform());
    }

  private:
    int64_t state_ = 20240229;
};

double dot(const Row &a, const Row &b) {
    double sum = 0.0;
    for (size_t j = 0; j < FEATURES; j++)
        sum += a[j] * b[j];
    return sum;
}

/** y = 4 + x w + noise, split into training, validation and test samples by libhpo. */
struct Data {
    std::vector<Row>     x;
    std::vector<double>  y;
    std::vector<uint8_t> part;

    Data() : part(hpo::split_holdout(SAMPLES, 0.25, 0.25, 1)) {
        Generator generator;
        for (size_t i = 0; i < SAMPLES; i++) {
            Row row;
            for (size_t j = 0; j < FEATURES; j++)
                row[j] = SCALES[j] * generator.normal();
            x.push_back(row);
            y.push_back(4.0 + dot(TRUE_WEIGHTS, row) + NOISE * generator.normal());
        }
    }
    std::vector<size_t> rows(int32_t which) const {
        std::vector<size_t> found;
        for (size_t i = 0; i < SAMPLES; i++)
            if (part[i] == which)
                found.push_back(i);
        return found;
    }
};

/** Centre and scale of the features and the target, from the training samples alone. */
struct Scaler {
    Row    mean, spread;
    double offset;

    Scaler(const Data &data, const std::vector<size_t> &train, bool standardize) : offset(0.0) {
        const double n = static_cast<double>(train.size());
        for (size_t j = 0; j < FEATURES; j++) {
            double sum = 0.0, squares = 0.0;
            for (size_t i : train)
                sum += data.x[i][j];
            mean[j] = sum / n;
            for (size_t i : train)
                squares += (data.x[i][j] - mean[j]) * (data.x[i][j] - mean[j]);
            spread[j] = standardize ? std::sqrt(squares / n) : 1.0;
        }
        for (size_t i : train)
            offset += data.y[i] / n;
    }
    Row operator()(Row row) const {
        for (size_t j = 0; j < FEATURES; j++)
            row[j] = (row[j] - mean[j]) / spread[j];
        return row;
    }
};

/** Trains on the training samples; returns the mean squared error on the samples of `part`, throws when it diverges. */
double fit_and_score(const Data &data, const hpo::Trial &trial, int32_t part) {
    const double              l2 = trial.as_float("l2"), rate = trial.as_float("learning_rate");
    const double              momentum = trial.as_text("optimizer") == "momentum" ? trial.as_float("momentum") : 0.0;
    const int64_t             epochs   = trial.as_int("epochs");
    const std::vector<size_t> train    = data.rows(HPO_TRAIN);
    const Scaler              scaled(data, train, trial.as_bool("standardize"));

    Row w = {}, velocity = {};
    for (int64_t epoch = 0; epoch < epochs; epoch++) {
        Row gradient;
        for (size_t j = 0; j < FEATURES; j++)
            gradient[j] = l2 * w[j];
        for (size_t i : train) {
            const Row    row      = scaled(data.x[i]);
            const double residual = dot(row, w) - (data.y[i] - scaled.offset);
            for (size_t j = 0; j < FEATURES; j++)
                gradient[j] += residual * row[j] / static_cast<double>(train.size());
        }
        for (size_t j = 0; j < FEATURES; j++) {
            velocity[j] = momentum * velocity[j] - rate * gradient[j];
            w[j] += velocity[j];
        }
        if (!(dot(w, w) < 1e12))
            throw std::runtime_error("diverged in epoch " + std::to_string(epoch));
    }

    double                    error  = 0.0;
    const std::vector<size_t> chosen = data.rows(part);
    for (size_t i : chosen) {
        const double residual = scaled.offset + dot(scaled(data.x[i]), w) - data.y[i];
        error += residual * residual;
    }
    return error / static_cast<double>(chosen.size());
}

/** What a mistake looks like: an exception with libhpo's message. */
void wrong_spaces() {
    hpo::Space space;
    try {
        space.add_float("learning_rate", 1.0, 1e-4, HPO_LOG);
        check(false, "low >= high was accepted");
    } catch (const hpo::Error &error) {
        std::printf("error as expected: %s (%s)\n", error.what(), hpo_status_name(error.status()));
        check(error.status() == HPO_E_INVALID && contains(error.what(), "learning_rate"), "the message names the parameter");
    }
    try {
        hpo::Study study(space);
        check(false, "a study of a broken space was made");
    } catch (const hpo::Error &error) {
        check(contains(error.what(), "learning_rate"), "the space keeps its first error");
    }
}

hpo::Space search_space() {
    hpo::Space space;
    space.add_float("l2", 1e-6, 10.0, HPO_LOG)
        .add_float("learning_rate", 1e-4, 1.0, HPO_LOG)
        .set_default("learning_rate", "0.001")
        .add_int("epochs", 10, 200)
        .add_categorical("optimizer", {"plain", "momentum"})
        .add_float("momentum", 0.0, 0.95)
        .when("momentum", "optimizer", {"momentum"})
        .add_bool("standardize");
    return space;
}

void settings(hpo::Study &study) {
    study.set("strategy", "sobol").set("seed", "7");
    try {
        study.set("stratgy", "sobol");
        check(false, "an unknown setting was accepted");
    } catch (const hpo::Error &error) {
        check(error.status() == HPO_E_NOT_FOUND && contains(error.what(), "strategy"), "the nearest setting is named");
    }
    check(study.get("strategy") == "sobol", "the setting is read back");
}

void search(hpo::Study &study, const Data &data) {
    std::vector<double> losses; // of the trials that did not fail
    size_t              evaluated = 0, announced = 0;
    double              first_rate = 0.0, best = std::numeric_limits<double>::infinity();
    const auto          caller = std::this_thread::get_id();

    study.on_trial([&](const hpo::Trial &trial) -> hpo_status {
        check(trial.number() == announced++, "trials are announced in order");
        if (trial.state() == HPO_COMPLETE && trial.value() < best) {
            best = trial.value();
            std::printf("trial %2d: validation error %.6f\n", static_cast<int>(trial.number()), best);
        }
        return HPO_OK;
    });
    // Cannot converge: shows a failing objective.
    study.enqueue(study.point().set_number("learning_rate", 1.0).set("standardize", "false").set("optimizer", "plain"));
    const hpo_status status = study.optimize(
        [&](hpo::Trial &trial) {
            const bool active = trial.as_text("optimizer") == "momentum";
            check(trial.is_active("momentum") == active && std::isnan(trial.as_float("momentum")) != active,
                  "momentum is active only with its optimizer");
            check(std::this_thread::get_id() == caller, "one worker runs on the calling thread");
            if (evaluated++ == 0)
                first_rate = trial.as_float("learning_rate");
            losses.push_back(fit_and_score(data, trial, HPO_VALIDATION));
            return losses.back();
        },
        TRIALS);

    check(status == HPO_OK, "the search ends with its budget");
    check(evaluated == TRIALS && announced == TRIALS, "every trial is evaluated and announced once");
    check(!(first_rate < 0.001) && !(first_rate > 0.001), "the default configuration comes first");
    check(study.trial_count() == TRIALS && study.trial_count(HPO_COMPLETE) == losses.size(), "trials are counted");
    check(study.trial_count(HPO_FAILED) == TRIALS - losses.size(), "failures are counted");
    const hpo::Trial failed = study.trial(1);
    check(failed.state() == HPO_FAILED && failed.message().find("diverged in epoch ") == 0, "the enqueued configuration failed, and says why");
    const double smallest = *std::min_element(losses.begin(), losses.end());
    check(!(study.best().value() > smallest) && !(study.best().value() < smallest) && smallest < BOUND, "the best is the smallest value, and good");
    std::vector<double> column = study.column("value");
    check(column.size() == TRIALS, "the column of values has a row per trial");
    column.erase(std::remove_if(column.begin(), column.end(), [](double v) { return std::isnan(v); }), column.end());
    check(column == losses, "the column of values holds what the objective returned");
    const std::vector<double> relevance = study.relevance();
    check(std::fabs(std::accumulate(relevance.begin(), relevance.end(), 0.0) - 1) < 1e-9, "relevance");
    const std::pair<double, double> estimate = study.estimate(study.best().number());
    check(std::isfinite(estimate.first) && estimate.second > 0, "the estimate of a trial");
    try {
        study.predict(std::vector<double>(relevance.size(), std::nan("")));
        check(false, "a prediction without values");
    } catch (const hpo::Error &error) {
        check(error.status() == HPO_E_INVALID, "a prediction without values says so");
    }
    study.on_trial(hpo::TrialCallback());
}

/** The host's own loop. */
void ask_and_tell(hpo::Study &study, const Data &data) {
    for (int i = 0; i < 5; i++) {
        hpo::Trial trial = study.ask();
        try {
            study.tell(trial, fit_and_score(data, trial, HPO_VALIDATION));
        } catch (const std::runtime_error &error) {
            check(contains(error.what(), "diverged"), error.what());
            study.tell_failed(trial);
        }
        try {
            study.tell(trial, 0.0);
            check(false, "a trial was told twice");
        } catch (const hpo::Error &error) {
            check(error.status() == HPO_E_STATE, "telling twice is a wrong state");
        }
    }
    check(study.trial_count() == TRIALS + 5, "asked trials are counted");
}

void two_workers(hpo::Study &study, const Data &data) {
    std::atomic<int> calls(0);
    study.set("workers", "2");
    const hpo_status status = study.optimize(
        [&](hpo::Trial &trial) {
            ++calls;
            return fit_and_score(data, trial, HPO_VALIDATION);
        },
        20);
    check(status == HPO_OK && calls == 20, "two workers share the trials");
    study.set("workers", "1");
}

/** Exceptions that end the search arrive in the caller, with their cause. */
void exceptions(hpo::Study &study) {
    study.set("failures.max", "1");
    try {
        study.optimize([](hpo::Trial &) -> double { throw std::range_error("the host's own"); }, 10);
        check(false, "the limit of failures was not kept");
    } catch (const hpo::Error &error) {
        check(error.status() == HPO_E_CALLBACK, "the search ends with the first failure");
        try {
            std::rethrow_if_nested(error);
            check(false, "the cause is nested");
        } catch (const std::range_error &cause) {
            check(contains(cause.what(), "the host's own"), "the cause is the host's exception");
        }
    }
    study.set("failures.max", "0");
    check(study.optimize([](hpo::Trial &) -> double { throw hpo::Stop(); }, 10) == HPO_STOPPED, "an objective can stop the search");
}

/** What the search above does not use: JSON, known results, reports, confirmation, advice, log, export. */
void the_rest() {
    hpo::Space built;
    built.add_ordinal("batch", {16, 32, 64}).add_float("x", -4.0, 4.0).set_step("x", 0.5);
    const hpo::Space space = hpo::Space::from_json(built.to_json());
    check(space.to_json() == built.to_json(), "a space survives JSON");
    hpo::Space wide;
    for (int i = 0; i < 300; i++)
        wide.add_bool("a long name, number " + std::to_string(i));
    check(wide.to_json().size() > 300 * 20, "a text longer than the first buffer");

    hpo::Study study(space);
    size_t     messages = 0;
    study.on_log(HPO_LOG_DEBUG, [&](int32_t, const char *) {
        messages++;
        throw std::runtime_error("nowhere to go");
    });
    study.add(study.point().set_number("batch", 64).set("x", "-1.5"), 9.0);
    check(study.best().as_int("batch") == 64 && study.best().as_float("x") < -1.4, "a known result");
    auto objective = [](hpo::Trial &trial) {
        const double x = trial.as_float("x");
        trial.report(0, 2.0 * x * x);
        trial.set_attribute("kind", "\"square\"");
        if (trial.as_int("batch") == 16)
            throw hpo::Pruned(x * x);
        return x * x + static_cast<double>(trial.as_int("batch")) + 0.5 * static_cast<double>(trial.repeat());
    };
    check(study.optimize(objective, 40) == HPO_OK && messages > 0, "the log speaks");
    const uint64_t pruned = study.trial_count(HPO_TRIAL_PRUNED);
    check(pruned > 0 && pruned + study.trial_count(HPO_COMPLETE) == 41, "pruned trials");
    const hpo::Trial one = study.trial(1);
    check(hpo_trial_report_count(one.handle()) == 1 && std::string(hpo_trial_attribute(one.handle(), "kind")) == "\"square\"", "a report");

    auto all = [](hpo::Trial &trial) { return trial.as_float("x") * trial.as_float("x") + static_cast<double>(trial.repeat()); };
    check(study.confirm(all, 2, 3).state() == HPO_COMPLETE, "a confirmed winner");
    check(!study.advice().empty() && study.advice("json").front() == '[', "advice");
    try {
        study.export_to("csv", "/nonexistent/file");
        check(false, "a file was written nowhere");
    } catch (const hpo::Error &error) {
        check(error.status() == HPO_E_IO, error.what());
    }
    study.on_trial([](const hpo::Trial &) -> hpo_status { throw std::range_error("progress"); });
    try {
        study.optimize(all, 5);
        check(false, "an exception of the progress callback was lost");
    } catch (const hpo::Error &error) {
        check(error.status() == HPO_E_CALLBACK && study.trial_count() == 42, "the progress callback ends the search");
    }
    const std::vector<uint32_t> fold = hpo::split_kfold(30, 3, 1);
    check(std::count(fold.begin(), fold.end(), 2U) == 10, "folds");
}

} // namespace

int main() {
    try {
        std::printf("libhpo %s\n", hpo_version_string());
        wrong_spaces();
        const Data data;
        hpo::Study study(search_space());
        settings(study);
        search(study, data);
        ask_and_tell(study, data);
        two_workers(study, data);
        exceptions(study);
        the_rest();

        const hpo::Trial best = study.best(), standard = study.default_trial();
        const double     score = study.test(best, [&](hpo::Trial &trial) { return fit_and_score(data, trial, HPO_TEST); });
        std::printf("default %.6f, best %.6f (trial %d)\n", standard.value(), best.value(), static_cast<int>(best.number()));
        std::printf("  l2 %.3e, learning_rate %.3e, epochs %d, optimizer %s\n", best.as_float("l2"), best.as_float("learning_rate"),
                    static_cast<int>(best.as_int("epochs")), best.as_text("optimizer").c_str());
        std::printf("test error of the best %.6f\n", score);
        check(best.value() < standard.value() && score < 2.0 * BOUND && study.test_count() == 1, "the best configuration is good on the test set");
    } catch (const std::exception &exception) {
        check(false, exception.what());
    }
    if (failures)
        std::printf("%d checks failed\n", failures.load());
    else
        std::printf("ok\n");
    return failures ? 1 : 0;
}

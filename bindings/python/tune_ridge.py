"""Tunes ridge regression trained by gradient descent, with libhpo called from Python.

    HPO_LIBRARY=build/lib/libhpo.so python3 bindings/python/tune_ridge.py        (or the path as first argument)

The model, the data and the search are the same in bindings/fortran, rust and cpp. Ends with status 1 when anything is not as it must be.
"""

import math
import sys
import threading

import hpo

SAMPLES, FEATURES, TRIALS = 120, 6, 60
TRUE_WEIGHTS = [2.0, -1.0, 0.5, 0.0, 0.0, 0.3]
SCALES = [1.0, 1.0, 1.0, 1.0, 1.0, 10.0]
NOISE = 0.5
BOUND = 1.5 * NOISE * NOISE  # no model can be much below the variance of the noise; the default configuration is far above

failures = 0


def check(condition, what):
    global failures
    if not condition:
        failures += 1
        print("FAILED: " + what)


class Generator:
    """Minimal standard generator of Park and Miller (1988), and normal numbers by Box and Muller; the same data in every language."""

    def __init__(self, seed):
        self.state = seed

    def uniform(self):
        self.state = self.state * 16807 % 2147483647
        return self.state / 2147483647.0

    def normal(self):
        radius = math.sqrt(-2.0 * math.log(self.uniform()))
        return radius * math.cos(2.0 * math.pi * self.uniform())


class Data:
    """y = 4 + x w + noise, split into training, validation and test samples by libhpo."""

    def __init__(self):
        generator = Generator(20240229)
        self.x, self.y = [], []
        for _ in range(SAMPLES):
            row = [scale * generator.normal() for scale in SCALES]
            self.x.append(row)
            self.y.append(4.0 + sum(w * v for w, v in zip(TRUE_WEIGHTS, row)) + NOISE * generator.normal())
        self.part = hpo.split_holdout(SAMPLES, 0.25, 0.25, seed=1)

    def rows(self, part):
        return [i for i in range(SAMPLES) if self.part[i] == part]


class Diverged(Exception):
    pass


def fit_and_score(data, trial, part):
    """Trains on the training samples; returns the mean squared error on the samples of `part`."""
    l2, rate, epochs = trial["l2"], trial["learning_rate"], trial["epochs"]
    momentum = trial["momentum"] if trial["optimizer"] == "momentum" else 0.0
    train = data.rows(hpo.TRAIN)
    n = len(train)

    # Centre and scale come from the training samples alone.
    mean = [sum(data.x[i][j] for i in train) / n for j in range(FEATURES)]
    spread = [1.0] * FEATURES
    if trial["standardize"]:
        spread = [math.sqrt(sum((data.x[i][j] - mean[j]) ** 2 for i in train) / n) for j in range(FEATURES)]
    offset = sum(data.y[i] for i in train) / n
    rows = [[(data.x[i][j] - mean[j]) / spread[j] for j in range(FEATURES)] for i in train]
    targets = [data.y[i] - offset for i in train]

    w, velocity = [0.0] * FEATURES, [0.0] * FEATURES
    for epoch in range(epochs):
        gradient = [l2 * v for v in w]
        for row, target in zip(rows, targets):
            residual = sum(a * b for a, b in zip(row, w)) - target
            for j in range(FEATURES):
                gradient[j] += residual * row[j] / n
        for j in range(FEATURES):
            velocity[j] = momentum * velocity[j] - rate * gradient[j]
            w[j] += velocity[j]
        if not sum(v * v for v in w) < 1e12:
            raise Diverged("diverged in epoch %d" % epoch)

    chosen = data.rows(part)
    error = 0.0
    for i in chosen:
        error += (offset + sum((data.x[i][j] - mean[j]) / spread[j] * w[j] for j in range(FEATURES)) - data.y[i]) ** 2
    return error / len(chosen)


def wrong_spaces():
    """What a mistake looks like: an exception with libhpo's message."""
    space = hpo.Space()
    try:
        space.add_float("learning_rate", 1.0, 1e-4, hpo.LOG)
        check(False, "low >= high was accepted")
    except hpo.Error as error:
        print("error as expected: %s (%s)" % (error, hpo.status_name(error.status)))
        check(error.status == hpo.E_INVALID and "learning_rate" in str(error), "the message names the parameter")
    try:
        hpo.Study(space)
        check(False, "a study of a broken space was made")
    except hpo.Error as error:
        check("learning_rate" in str(error), "the space keeps its first error")


def search_space():
    space = hpo.Space()
    space.add_float("l2", 1e-6, 10.0, hpo.LOG)
    space.add_float("learning_rate", 1e-4, 1.0, hpo.LOG, default=0.001)
    space.add_int("epochs", 10, 200)
    space.add_categorical("optimizer", ["plain", "momentum"])
    space.add_float("momentum", 0.0, 0.95)
    space.when("momentum", "optimizer", ["momentum"])
    space.add_bool("standardize")
    return space


def main():
    if len(sys.argv) > 1:
        hpo.load(sys.argv[1])
    print("libhpo " + hpo.version())
    wrong_spaces()

    study = hpo.Study(search_space(), {"strategy": "sobol", "seed": 7})
    try:
        study.set("stratgy", "sobol")
        check(False, "an unknown setting was accepted")
    except hpo.Error as error:
        check(error.status == hpo.E_NOT_FOUND and "strategy" in str(error), "the nearest setting is named")
    check(study.get("strategy") == "sobol", "the setting is read back")

    data = Data()
    seen, caller = [], threading.get_ident()

    def objective(trial):
        active = trial["optimizer"] == "momentum"
        check(trial.is_active("momentum") == active and (trial["momentum"] is not None) == active, "momentum is active only with its optimizer")
        check(threading.get_ident() == caller, "one worker runs on the calling thread")
        seen.append((trial.parameters(), math.nan))
        loss = fit_and_score(data, trial, hpo.VALIDATION)
        seen[-1] = (seen[-1][0], loss)
        return loss

    finished = []

    def progress(trial):
        finished.append(trial.number)
        if trial.state == hpo.COMPLETE and trial.value <= min(loss for _, loss in seen if loss == loss):
            print("trial %2d: validation error %.6f" % (trial.number, trial.value))

    study.on_trial(progress)
    study.enqueue({"learning_rate": 1.0, "standardize": False, "optimizer": "plain"})  # cannot converge: shows a failing objective
    check(study.optimize(objective, TRIALS) == hpo.OK, "the search ends with its budget")

    diverged = [number for number, (_, loss) in enumerate(seen) if loss != loss]
    losses = [loss for _, loss in seen if loss == loss]
    check(len(seen) == TRIALS and finished == list(range(TRIALS)), "every trial is evaluated and announced once, in order")
    first = seen[0][0]
    check(first["learning_rate"] == 0.001 and first["optimizer"] == "plain" and "momentum" not in first, "the default configuration comes first")
    check(study.trial_count() == TRIALS and study.trial_count(hpo.COMPLETE) == len(losses), "trials are counted")
    check(1 in diverged and study.trial_count(hpo.FAILED) == len(diverged), "the enqueued configuration failed")
    check(study.trial(1).message.startswith("Diverged: diverged in epoch "), "the text of the exception is kept")
    check(study.best().value == min(losses) and min(losses) < BOUND, "the best is the smallest value, and good")
    column = study.column("value")
    check(len(column) == TRIALS and min(v for v in column if v == v) == min(losses), "the column of values")

    # The host's own loop.
    for _ in range(5):
        trial = study.ask()
        try:
            study.tell(trial, fit_and_score(data, trial, hpo.VALIDATION))
        except Diverged as error:
            trial.set_message(str(error))
            study.tell(trial, state=hpo.FAILED)
        try:
            study.tell(trial, 0.0)
            check(False, "a trial was told twice")
        except hpo.Error as error:
            check(error.status == hpo.E_STATE, "telling twice is a wrong state")
    check(study.trial_count() == TRIALS + 5, "asked trials are counted")

    # Two workers: callbacks come from two threads, and the GIL makes them take turns.
    study.set("workers", 2)
    lock, threads = threading.Lock(), []

    def objective_of_a_worker(trial):
        with lock:
            threads.append(threading.get_ident())
        return fit_and_score(data, trial, hpo.VALIDATION)

    study.on_trial(None)
    check(study.optimize(objective_of_a_worker, 20) == hpo.OK and len(threads) == 20, "two workers share the trials")
    study.set("workers", 1)

    # An interrupt in an objective ends the search and arrives here.
    def interrupted(trial):
        raise KeyboardInterrupt

    try:
        study.optimize(interrupted, 10)
        check(False, "an interrupt was lost")
    except KeyboardInterrupt:
        check(study.trial_count() == TRIALS + 26, "an interrupt ends the search after its trial")

    best = study.best()
    default = study.default()
    score = study.test(best, lambda trial: fit_and_score(data, trial, hpo.TEST))
    print("default %.6f, best %.6f (trial %d): %s" % (default.value, best.value, best.number, best.parameters()))
    print("test error of the best %.6f" % score)
    check(best.value < default.value and score < 2.0 * BOUND and study.test_count() == 1, "the best configuration is good on the test set")
    print("%d checks failed" % failures if failures else "ok")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

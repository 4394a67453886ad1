"""The part of hpo.py that tune_ridge.py does not use: JSON, lists of settings, known results, confirmation, advice, export, log, splits, misuse.

    HPO_LIBRARY=build/lib/libhpo.so python3 bindings/python/check_module.py        (or the path as first argument)

Ends with status 1 when anything is not as it must be.
"""

import csv
import gc
import json
import math
import os
import sys
import tempfile
import threading

import hpo

failures = 0


def check(condition, what):
    global failures
    if not condition:
        failures += 1
        print("FAILED: " + what)


def refuses(status, function, *arguments):
    """The text of the Error that function(*arguments) raises; it must have this status."""
    try:
        function(*arguments)
    except hpo.Error as error:
        check(error.status == status, "%s instead of %s: %s" % (hpo.status_name(error.status), hpo.status_name(status), error))
        return str(error)
    check(False, "no %s from %s%r" % (hpo.status_name(status), function.__name__, arguments))
    return ""


def new_space():
    space = hpo.Space()
    space.add_float("x", -4.0, 4.0, step=0.5, default=3)
    space.add_int("n", 1, 1024, hpo.LOG, default=8)
    space.add_ordinal("batch", [16, 32, 64, 128], default=32)
    space.add_categorical("name", ["plain", "größer", "日本"], default="größer")
    space.add_bool("flag", default=True)
    space.add_float("z", 0.0, 1.0)
    space.when("z", "flag", [True])
    return space


def loss(trial):
    z = trial["z"]
    return trial["x"] ** 2 + abs(math.log2(trial["n"]) - 5) + trial["batch"] / 128 + {"plain": 1, "größer": 0, "日本": 2}[trial["name"]] + (z or 0.5)


def spaces():
    text = new_space().to_json()
    parameters = json.loads(text)["parameters"]
    check(list(parameters) == ["x", "n", "batch", "name", "flag", "z"], "the names in JSON, in order")
    check(hpo.Space.from_json(text).to_json() == text, "a space survives JSON")
    check("line" in refuses(hpo.E_INVALID, hpo.Space.from_json, '{"parameters": {"x": '), "malformed JSON has a position")
    check("größer" in refuses(hpo.E_INVALID, hpo.Space().add_categorical, "c", ["größer", "größer"]), "UTF-8 in messages")
    refuses(hpo.E_EXISTS, lambda space: (space.add_bool("a"), space.add_bool("a")), hpo.Space())
    refuses(hpo.E_INVALID, hpo.Study, hpo.Space())
    wide = hpo.Space()
    for i in range(300):
        wide.add_float("parameter with a long name, number %d" % i, 0, 1)
    check(len(json.loads(wide.to_json())["parameters"]) == 300, "a text longer than the first buffer")


def lists():
    found = hpo.settings()
    check(found["workers"]["type"] == "int" and found["workers"]["default"] == "1" and found["workers"]["help"] != "", "settings are listed")
    check(set(found["strategy"]["range"].split("|")) == set(hpo.strategies()), "the strategies are those that the setting takes")
    check(hpo.version() in hpo.build_info() and hpo.load().hpo_version() > 0, "version and build")
    check(hpo.status_name(hpo.E_INVALID) == "HPO_E_INVALID", "names of statuses")


def known_results():
    study = hpo.Study(new_space(), {"strategy": "random", "seed": 2**62, "start.default": False})
    check(study.get("seed") == str(2**62) and study.get("start.default") == "false", "settings as Python values")
    study.add({"x": 1.5, "n": 32, "batch": 64, "name": "日本", "flag": False}, 0.25)
    study.add({"x": -1, "n": 1}, None, state=hpo.FAILED)
    check(refuses(hpo.E_INVALID, study.add, {"x": 9.0}, 1.0) != "" and "batsh" in refuses(hpo.E_NOT_FOUND, study.enqueue, {"batsh": 16}), "wrong points")
    refuses(hpo.E_INVALID, study.enqueue, {"flag": False, "z": 0.5})
    best = study.best()
    check(best.value == 0.25 and best.parameters() == {"x": 1.5, "n": 32, "batch": 64.0, "name": "日本", "flag": False}, "a known result: %r" % best.parameters())
    check([type(v) for v in best.parameters().values()] == [float, int, float, str, bool], "parameters as Python values")
    check(best["z"] is None and not best.is_active("z") and study.trial_count(hpo.FAILED) == 1, "an inactive parameter")
    refuses(hpo.E_NOT_FOUND, study.default)
    refuses(hpo.E_NOT_FOUND, study.trial, 5)
    refuses(hpo.E_NOT_FOUND, study.column, "lr")
    refuses(hpo.E_UNSUPPORTED, study.total)
    study.set("direction", "minimize")
    refuses(hpo.E_STATE, study.set, "direction", "maximize")

    study.enqueue({"x": -2.5, "name": "plain"})
    trial = study.ask()
    check(trial["x"] == -2.5 and trial["name"] == "plain" and trial["n"] == 8 and trial.state == hpo.RUNNING, "an enqueued point, defaults for the rest")
    for step, value in ((3, 0.5), (1, 2.0), (3, 0.25)):
        trial.report(step, value)
    trial.set_attribute("notes", '{"größe": [1, 2]}')
    refuses(hpo.E_INVALID, trial.set_attribute, "notes", "{")
    study.tell(trial, 7.0, hpo.TRIAL_PRUNED)
    check(trial.reports() == [(1, 2.0), (3, 0.25)] and json.loads(trial.attributes()["notes"]) == {"größe": [1, 2]}, "reports and attributes")
    check(trial.start_time <= trial.end_time and trial.state == hpo.TRIAL_PRUNED and 0 <= trial.seed < 2**64, "times, state, seed")
    number = trial.number
    study.close()
    check(trial.value == 7.0 and trial.number == number, "a trial outlives its study")
    study.close()
    try:
        study.best()
        check(False, "a closed study was used")
    except ValueError:
        pass


def total():
    space = hpo.Space()
    space.add_int("a", 1, 3)
    space.add_bool("b")
    study = hpo.Study(space, {"strategy": "grid", "start.default": False})
    check(study.total() == 6 and study.optimize(lambda trial: trial["a"]) == hpo.EXHAUSTED and study.trial_count() == 6, "a grid ends")
    check(study.ask() is None, "ask at the end")


def pruned_and_wrong_names():
    study = hpo.Study(new_space())

    def pruned(trial):
        raise hpo.Pruned(3.0)

    check(study.optimize(pruned, 2) == hpo.OK and study.trial_count(hpo.TRIAL_PRUNED) == 2 and study.trial(0).value == 3.0, "pruned trials")
    message = refuses(hpo.E_NOT_FOUND, study.optimize, lambda trial: hpo.load().hpo_trial_float(trial.handle, b"nn"), 2)
    check("nn" in message and study.trial_count(hpo.FAILED) == 1, "a wrong name in an objective: " + message)
    study.set("failures.consecutive", 3)
    try:
        study.optimize(lambda trial: 1 / 0, 10)
        check(False, "the limit of failures was not kept")
    except hpo.Error as error:
        check(error.status == hpo.E_CALLBACK and isinstance(error.__cause__, ZeroDivisionError), "the cause is the exception of the objective")
    study.set("failures.consecutive", 0)

    def bad_progress(trial):
        raise RuntimeError("progress")

    study.on_trial(bad_progress)
    try:
        study.optimize(loss, 10)
        check(False, "an exception of the progress callback was lost")
    except hpo.Error as error:
        check(isinstance(error.__cause__, RuntimeError), "the cause is the exception of the progress callback")
    study.on_trial(lambda trial: hpo.STOPPED)
    check(study.optimize(loss, 10) == hpo.STOPPED, "the progress callback can stop")
    study.on_trial(None)

    kept = []
    study.optimize(lambda trial: kept.append(trial) or loss(trial), 1)
    try:
        kept[0].number
        check(False, "a lent trial was used after its callback")
    except ValueError:
        pass


def choose():
    messages = []
    study = hpo.Study(new_space(), {"strategy": "halton", "seed": 5, "workers": 2})
    study.on_log(lambda level, text: messages.append((level, text)), hpo.LOG_DEBUG)
    gc.collect()  # the study must have kept the callback
    check(study.optimize(loss, 80) == hpo.OK and study.trial_count(hpo.COMPLETE) == 80, "a search with two workers")
    check(len(messages) > 0 and all(hpo.LOG_ERROR <= level <= hpo.LOG_DEBUG and text for level, text in messages), "log messages")
    study.set("workers", 1)

    repeats = []

    def fresh(trial):
        repeats.append(trial.repeat)
        return loss(trial) + 0.1 + 0.01 * trial.repeat

    winner = study.confirm(fresh, 3, 4)
    check(sorted(set(repeats)) == [0, 1, 2, 3] and len(repeats) in (12, 16), "finalists and the default, four times each")
    mean, error, n = study.confirmed(winner.number)
    check(n == 4 and abs(mean - winner.value - 0.115) < 1e-9 and error > 0, "mean of the repeats")
    optimism, low, high = study.optimism()
    check(abs(optimism - 0.115) < 1e-9 and low < optimism < high, "optimism of the raw best")
    check(study.test(winner, lambda trial: 42.0) == 42.0 and study.test_count() == 1, "the test set")
    points = [[trial[name] for name in ("x", "n", "batch")] + [1, float(trial["flag"]), trial["z"]] for trial in map(study.trial, range(5))]
    points = [[math.nan if value is None else value for value in point] for point in points]
    means, deviations = study.predict(points)
    check(len(means) == len(deviations) == 5 and all(map(math.isfinite, means)) and all(d > 0 for d in deviations), "predictions")
    check("point 1: parameter 'n': 7000" in refuses(hpo.E_INVALID, study.predict, [points[0], [0, 7000, 16, 0, 0, 0]]), "a prediction out of range")
    mean, error = study.estimate(winner.number)
    check(math.isfinite(mean) and 0 < error < 5, "the estimate of a trial")
    relevance = study.relevance()
    check(list(relevance) == ["x", "n", "batch", "name", "flag", "z"] and abs(sum(relevance.values()) - 1) < 1e-9, "relevance")
    check(study.column("value")[winner.number] == winner.value and len(study.column("z")) == 80, "columns")
    check(isinstance(json.loads(study.advice("json")), list) and len(study.advice().splitlines()) >= 1, "advice")
    refuses(hpo.E_INVALID, study.advice, "html")

    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "größe.csv")
        study.export("csv", path)
        with open(path, encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        check(len(rows) == 80 and float(rows[3]["value"]) == study.trial(3).value, "the CSV file")
        study.export("json", path)
        with open(path, encoding="utf-8") as file:
            check(len(json.load(file)["trials"]) == 80, "the JSON file")
        refuses(hpo.E_IO, study.export, "csv", os.path.join(directory, "none", "file"))


def stop_from_another_thread():
    study = hpo.Study(new_space())
    begun = threading.Event()

    def slow(trial):
        begun.set()
        return loss(trial)

    stopper = threading.Thread(target=lambda: (begun.wait(), study.stop()))
    stopper.start()
    check(study.optimize(slow) == hpo.STOPPED and study.trial_count() >= 1, "a stop from another thread")
    stopper.join()


def splits():
    labels = [i % 3 for i in range(90)]
    groups = [i // 6 for i in range(90)]
    folds = hpo.split_kfold(90, 5, strata=labels, seed=2**64 - 1)
    check(all(sum(f == k and y == c for f, y in zip(folds, labels)) == 6 for k in range(5) for c in range(3)), "stratified folds")
    parts = hpo.split_holdout(90, 0.2, 0.2, groups=groups, seed=1)
    check(all(len({p for p, g in zip(parts, groups) if g == group}) == 1 for group in range(15)) and set(parts) == {0, 1, 2}, "grouped holdout")
    time = [float(i) for i in range(50)]
    parts = hpo.split_time(time, 0.2, 0.2, gap=2.5)
    check(parts == [hpo.TRAIN] * 28 + [255] * 2 + [hpo.VALIDATION] * 8 + [255] * 2 + [hpo.TEST] * 10, "split by time, with a gap")
    check(hpo.split_time_folds(time, 4) == sorted(hpo.split_time_folds(time, 4)), "folds by time")
    refuses(hpo.E_INVALID, hpo.split_kfold, 3, 5)


def main():
    if len(sys.argv) > 1:
        hpo.load(sys.argv[1])
    for part in (spaces, lists, known_results, total, pruned_and_wrong_names, choose, stop_from_another_thread, splits):
        part()
    print("%d checks failed" % failures if failures else "ok")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

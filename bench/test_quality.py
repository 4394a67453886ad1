#!/usr/bin/env python3
"""hpo-bench tasks, check and refs, the ctypes wrapper for other optimisers and score.py, on tiny tasks made here.

    python3 bench/test_quality.py HPO_BENCH LIBBENCHTASKS
"""
import contextlib
import csv
import gzip
import io
import itertools
import math
import os
import struct
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "peers"))

import ranktests  # noqa: E402
import score  # noqa: E402
import tasks  # noqa: E402

BENCH, LIBRARY = sys.argv[1:3]


def bench(*arguments, code=0):
    done = subprocess.run([BENCH, *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == code, f"{arguments}: exit status {done.returncode} instead of {code}\n{done.stdout}{done.stderr}"
    return done


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


def without_times(text):
    return [line.rsplit(",", 1)[0] for line in text.splitlines()]


def write_table(data, name, levels, values, reps=1, metric="loss"):
    """A table over ordered parameters; values has all cells with their replicates."""
    os.makedirs(os.path.join(data, "grid"), exist_ok=True)
    means = [sum(c) / reps for c in zip(*[iter(values)] * reps) if all(map(math.isfinite, c))]
    with open(os.path.join(data, "grid", name + ".task"), "w") as file:
        file.write(f"gridtask 1\nid {name}\ndata {name}.f32\ndirection min\nmetric {metric}\nreps {reps}\n")
        for i, n in enumerate(levels):
            file.write(f"param p{i} ord {n} {' '.join(map(str, range(n)))}\n")
        file.write(f"opt_mean {min(means):.9g}\n")
    with open(os.path.join(data, "grid", name + ".f32"), "wb") as file:
        file.write(struct.pack(f"<{len(values)}f", *values))


def write_network(data):
    """loss = logistic(x), time = 100 logistic(-2 x): the better, the slower."""
    os.makedirs(os.path.join(data, "ynet"), exist_ok=True)
    u32 = lambda *v: struct.pack(f"<{len(v)}I", *v)  # noqa: E731
    f32 = lambda *v: struct.pack(f"<{len(v)}f", *v)  # noqa: E731
    body = b"YNET" + u32(1, 1, 0, 1, 2) + u32(0) + u32(0) + u32(1, 3) + struct.pack("<d", 100.0)
    body += u32(1, 1, 2, 1) + f32(1.0, -2.0) + f32(0.0, 0.0)
    with open(os.path.join(data, "ynet", "line.ynet"), "wb") as file:
        file.write(body)
    with open(os.path.join(data, "ynet", "line.space"), "w") as file:
        file.write("yspace 1\ny 0 loss min\ny 1 time min\ncont 0 x float lin -3 3 param\nruntime time\n")
    with open(os.path.join(data, "ynet", "line.check.csv"), "w") as file:
        for x in (-1.0, 0.5):
            file.write(f"{x},{1 / (1 + math.exp(-x)):.8g},{100 / (1 + math.exp(2 * x)):.8g}\n")


class WithData(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory()
        cls.data = cls.directory.name
        write_table(cls.data, "bowl", [7, 9], [float(1 + (a - 2) ** 2 + (b - 5) ** 2) for a in range(7) for b in range(9)])
        # Another value in each cell.
        write_table(cls.data, "bowl2", [8, 9], [float(a + 10 * b) for a in range(8) for b in range(9)])
        # Half of the cells fail.
        write_table(cls.data, "holes", [8, 8], [math.nan if a % 2 else math.inf if a == 4 else 1.0 + a + b for a in range(8) for b in range(8)])
        # Replicates at mean +- 2, except for the best cell.
        means = [float(10 + a) for a in range(20)]
        write_table(cls.data, "noisy", [20], [v for i, m in enumerate(means) for v in ((m - 2, m + 2) if i else (m, m))], reps=2)
        write_network(cls.data)

    @classmethod
    def tearDownClass(cls):
        cls.directory.cleanup()


class TestTasks(WithData):
    def run_tasks(self, *arguments, **more):
        return bench("tasks", "--data", self.data, "--strategy", "random", *arguments, **more)

    def test_rows(self):
        found = rows(self.run_tasks("--tasks", "bowl,holes", "--trials", 30, "--seeds", "3..4").stdout)
        self.assertEqual([(r["task"], int(r["seed"]), int(r["trial"])) for r in found],
                         [(t, s, k) for t in ("bowl", "holes") for s in (3, 4) for k in range(1, 31)])
        for _, group in itertools.groupby(found, key=lambda r: (r["task"], r["seed"])):
            best = math.inf
            for r in group:
                best = min(best, float(r["value"]))
                self.assertEqual(float(r["best"]), best)
                self.assertGreaterEqual(float(r["seconds"]), 0.0)
        self.assertTrue(any(r["value"] == "inf" for r in found if r["task"] == "holes"))
        self.assertFalse(any(r["value"] == "inf" for r in found if r["task"] == "bowl"))
        self.assertEqual({r["peer"] for r in found}, {"libhpo-random"})
        self.assertRegex(found[0]["version"], r"^\d+\.\d+\.\d+$")

    def test_repeats_and_jobs(self):
        arguments = ("--tasks", "bowl,noisy", "--functions", "ackley:5:mixed", "--trials", 25, "--seeds", "0..5")
        once = without_times(self.run_tasks(*arguments).stdout)
        self.assertEqual(once, without_times(self.run_tasks(*arguments, "--jobs", 5).stdout))
        self.assertEqual(len(once), 1 + 3 * 6 * 25)
        by_seed = {}
        for r in rows("\n".join(["peer,version,task,seed,trial,value,best"] + once[1:])):
            by_seed.setdefault((r["task"], r["seed"]), []).append(r["value"])
        self.assertEqual(len({tuple(v) for v in by_seed.values()}), len(by_seed), "two seeds gave the same run")

    def test_failures_are_told(self):
        """The strategy hears of failures as failures: an optimiser that stops at the first one stops here."""
        done = self.run_tasks("--tasks", "holes", "--trials", 40, "--seeds", "0")
        self.assertEqual(len(rows(done.stdout)), 40)

    def test_default_comes_first(self):
        first = rows(self.run_tasks("--tasks", "bowl", "--trials", 1, "--seeds", "0..4").stdout)
        self.assertEqual({float(r["value"]) for r in first}, {1 + (3 - 2) ** 2 + (4 - 5) ** 2})
        other = rows(self.run_tasks("--tasks", "bowl", "--trials", 1, "--seeds", "0..4", "--set", "start.default=false").stdout)
        self.assertGreater(len({r["value"] for r in other}), 1)
        self.assertEqual({r["peer"] for r in other}, {"libhpo-random start.default=false"})

    def test_workers_finish_by_time(self):
        """The order of finishing is that of a queue with the times that the task states."""
        workers, trials = 3, 40
        alone = rows(self.run_tasks("--tasks", "line::loss", "--trials", trials, "--seeds", "7").stdout)
        found = rows(self.run_tasks("--tasks", "line::loss", "--trials", trials, "--seeds", "7", "--workers", workers).stdout)
        values = [float(r["value"]) for r in alone]  # random suggestions do not depend on results: trial k is the same

        def seconds(loss):
            x = math.log(loss / (1 - loss))
            return 100 / (1 + math.exp(2 * x))

        running = [(seconds(values[k]), k) for k in range(workers)]
        order, asked = [], workers
        while running:
            running.sort()
            now, k = running.pop(0)
            order.append(values[k])
            if asked < trials:
                running.append((now + seconds(values[asked]), asked))
                asked += 1
        self.assertEqual([float(r["value"]) for r in found], order)
        self.assertNotEqual(order, values)
        self.assertEqual({r["peer"] for r in found}, {f"libhpo-random workers={workers}"})

    def test_workers_finish_by_seed(self):
        arguments = ("--tasks", "bowl", "--trials", 40)
        alone = rows(self.run_tasks(*arguments, "--seeds", "0").stdout)
        found = rows(self.run_tasks(*arguments, "--seeds", "0", "--workers", 4).stdout)
        again = rows(self.run_tasks(*arguments, "--seeds", "0", "--workers", 4).stdout)
        self.assertEqual([r["value"] for r in found], [r["value"] for r in again])
        self.assertEqual(sorted(r["value"] for r in found), sorted(r["value"] for r in alone))
        self.assertNotEqual([r["value"] for r in found], [r["value"] for r in alone])

    def test_noise(self):
        found = rows(self.run_tasks("--tasks", "noisy,bowl", "--noisy", "--trials", 40, "--seeds", "0..9").stdout)
        self.assertEqual({r["peer"] for r in found}, {"libhpo-random noisy"})
        lucky = 0
        for (task, _), group in itertools.groupby(found, key=lambda r: (r["task"], r["seed"])):
            group = list(group)
            observed = [float(r["value"]) for r in group]
            best = [float(r["best"]) for r in group]
            if task == "bowl":  # no replicates
                self.assertEqual(best, [min(observed[:k + 1]) for k in range(40)])
                continue
            for k in range(40):
                # The true value of the observed best: 2 above it (or the cell without noise); the other replicate would have been 4 above.
                least = min(observed[:k + 1])
                self.assertIn(best[k] - least, (-2.0, 0.0, 2.0))
                lucky += best[k] > least
        self.assertGreater(lucky, 100)

    def finite(self, strategy, *arguments):
        """The values that did not fail, per task and seed; bowl2 has another value in each cell."""
        done = bench("tasks", "--data", self.data, "--strategy", strategy, "--tasks", "bowl2", *arguments)
        found = {}
        for r in rows(done.stdout):
            found.setdefault(r["seed"], set())
            if r["value"] != "inf":
                found[r["seed"]].add(float(r["value"]))
        return found

    def test_failing_region(self):
        cells = {float(a + 10 * b) for a in range(8) for b in range(9)}
        for share in (0.05, 0.5, 0.9):
            whole = self.finite("grid", "--set", "grid.levels=50", "--seeds", "0..7", "--failures", share)
            for left in whole.values():  # never the best; a tie of cells may make the region a little smaller
                self.assertIn(0.0, left)
                self.assertLess(left, cells)
                self.assertAlmostEqual(len(left) / 72, 1 - share, delta=0.06)
            self.assertGreater(len({tuple(sorted(left)) for left in whole.values()}), 1, "all seeds have one region")
            other = self.finite("random", "--trials", 1500, "--seeds", "0..7", "--failures", share)
            self.assertEqual(whole, other)
        self.assertEqual(self.finite("grid", "--set", "grid.levels=50", "--seeds", "0"), {"0": cells})

    def test_failing_region_in_a_run(self):
        found = rows(self.run_tasks("--functions", "levy:6:mixed", "--trials", 1000, "--seeds", "0", "--failures", "0.25").stdout)
        self.assertEqual({r["peer"] for r in found}, {"libhpo-random failures=0.25"})
        failed = [r["value"] == "inf" for r in found]
        self.assertAlmostEqual(sum(failed) / 1000, 0.25, delta=0.07)
        plain = rows(self.run_tasks("--functions", "levy:6:mixed", "--trials", 1000, "--seeds", "0").stdout)
        self.assertEqual([r["value"] for r in plain if r["value"] != "inf"], [r["value"] for r in plain])
        self.assertEqual([r["value"] for r, f in zip(found, failed) if not f], [r["value"] for r, f in zip(plain, failed) if not f])

    def test_failing_share_is_checked(self):
        for wrong in ("0", "1", "-0.5", "x", "0.5x", "nan", "20"):
            self.assertIn("no number above 0 and below 1", self.run_tasks("--tasks", "bowl", "--failures", wrong, code=2).stderr)
        self.assertIn("no region", self.run_tasks("--tasks", "bowl", "--failures", "1e-9", code=1).stderr)

    def test_grid_ends(self):
        done = bench("tasks", "--data", self.data, "--tasks", "bowl", "--strategy", "grid", "--set", "grid.levels=50", "--trials", 100, "--seeds", "0")
        found = rows(done.stdout)
        self.assertEqual(float(found[-1]["best"]), 1.0)
        # Every cell once; the default configuration, which comes first, is one of them.
        self.assertEqual(sorted(float(r["value"]) for r in found), sorted(float(1 + (a - 2) ** 2 + (b - 5) ** 2) for a in range(7) for b in range(9)))
        self.assertIn("nothing left to try after 63 trials", done.stderr)

    def test_selection(self):
        names = os.path.join(self.data, "names.txt")
        with open(names, "w") as file:
            file.write("# tasks\nbowl  # the first\n\nholes\nbowl\n")
        found = rows(self.run_tasks("--tasks", names, "--trials", 1, "--seeds", "0").stdout)
        self.assertEqual([r["task"] for r in found], ["bowl", "holes"])
        found = rows(bench("tasks", "--strategy", "sobol", "--functions", "branin,fn:levy:3", "--trials", 1, "--seeds", "0").stdout)
        self.assertEqual([r["task"] for r in found], ["fn:branin", "fn:levy:3"])
        every = rows(bench("tasks", "--strategy", "sobol", "--functions", "all", "--trials", 1, "--seeds", "0").stdout)
        self.assertGreaterEqual(len(every), 20)

    def test_wrong_command_lines(self):
        self.assertIn("A..B", self.run_tasks("--tasks", "bowl", "--seeds", "4..3", code=2).stderr)
        self.assertIn("no tasks", self.run_tasks(code=2).stderr)
        self.assertIn("no strategy 'best'", bench("tasks", "--strategy", "best", "--functions", "branin", code=2).stderr)
        self.assertIn("break the CSV", self.run_tasks("--tasks", "bowl", "--peer", "a,b", code=2).stderr)
        self.assertIn("no such task", self.run_tasks("--tasks", "bowl,none", code=1).stderr)
        done = self.run_tasks("--tasks", "bowl", "--set", "no.such=1", "--trials", 2, "--seeds", "0..1", code=1)
        self.assertIn("no.such", done.stderr)
        self.assertEqual(done.stdout.count("\n"), 1)  # the header only

    def test_out(self):
        path = os.path.join(self.data, "out.csv")
        self.assertEqual(self.run_tasks("--tasks", "bowl", "--trials", 2, "--seeds", "0", "--peer", "me", "--out", path).stdout, "")
        with open(path) as file:
            self.assertEqual([r["peer"] for r in rows(file.read())], ["me", "me"])


class TestLatency(unittest.TestCase):
    def run_latency(self, *arguments, **more):
        return bench("latency", "--dims", 3, *arguments, **more)

    def test_windows(self):
        found = rows(self.run_latency("--strategy", "gp,random", "--at", "12,20", "--window", 6, "--studies", 3, "--objective", "ackley").stdout)
        self.assertEqual([(r["strategy"], r["trials"], r["samples"]) for r in found],
                         [(s, n, "18") for s in ("gp", "random") for n in ("12", "20")])
        for r in found:
            self.assertLessEqual(0, float(r["ask_p50_ns"]))
            self.assertLessEqual(float(r["ask_p50_ns"]), float(r["ask_p99_ns"]))
            self.assertGreater(float(r["peak_rss_mb"]), 0.5)
        for early, late in (found[:2], found[2:]):  # peaks of one study
            self.assertLessEqual(float(early["peak_bytes"]), float(late["peak_bytes"]))
        self.assertGreater(float(found[1]["peak_bytes"]), float(found[3]["peak_bytes"]))

    def test_samples_of_the_end(self):
        found = rows(self.run_latency("--strategy", "random", "--trials", "5,200", "--clock", "processor").stdout)
        self.assertEqual([(r["trials"], r["samples"]) for r in found], [("5", "1"), ("200", "20")])
        self.assertGreater(float(found[1]["peak_bytes"]), 198 * float(found[1]["bytes_per_trial"]))

    def test_wrong_command_lines(self):
        for wrong in ((), ("--trials", 9, "--at", 5), ("--at", ",".join(map(str, range(1, 40)))), ("--trials", 9, "--clock", "sun"),
                      ("--trials", 9, "--objective", "sphere")):
            self.assertIn("hpo-bench latency:", self.run_latency("--strategy", "random", *wrong, code=2).stderr)


class TestCheckAndRefs(WithData):
    def test_check(self):
        done = bench("check", "--data", self.data)
        self.assertTrue(done.stdout.endswith("5 passed, 0 failed\n"), done.stdout)
        with tempfile.TemporaryDirectory() as other:
            write_table(other, "bad", [2], [1.0, 2.0])
            with open(os.path.join(other, "grid", "bad.task"), "a") as file:
                file.write("opt_mean 0.5\n")
            self.assertIn("0 passed, 1 failed", bench("check", "--data", other, code=1).stdout)
        with tempfile.TemporaryDirectory() as empty:
            self.assertIn("holds no tasks", bench("check", "--data", empty, code=1).stderr)

    def test_check_of_reference_values(self):
        path = os.path.join(self.data, "refs.csv")
        head = "task,suite,kind,dims,direction,metric,scale,best_min,median_min\n"
        for best, code in (("1", 0), ("1.01", 1)):
            with open(path, "w") as file:
                file.write(head + f"bowl,x,grid,2,min,loss,lin,{best},9\n")
            bench("check", "--data", self.data, code=code)
        os.remove(path)

    def test_refs_are_expectations(self):
        """On 20 equally likely values the least of k has a known expectation."""
        row = rows(bench("refs", "--data", self.data, "--tasks", "noisy", "--draws", 200000).stdout)[0]
        self.assertEqual(float(row["best_min"]), 10.0)
        for k in (1, 5, 10, 100):
            exact = sum((10 + i) * ((1 - i / 20) ** k - (1 - (i + 1) / 20) ** k) for i in range(20))
            self.assertAlmostEqual(float(row[f"rs_best_{k}"]), exact, delta=0.06)


class TestWrapper(WithData):
    def setUp(self):
        self.library = tasks.Library(LIBRARY)

    def test_same_code(self):
        task = self.library.open("bowl", self.data)
        self.assertEqual([(p["name"], p["kind"], p["low"], p["high"]) for p in task.parameters], [("p0", "int", 0, 6), ("p1", "int", 0, 8)])
        self.assertEqual(task.optimum, 1.0)
        self.assertEqual(task.evaluate({"p0": 2, "p1": 5})[0], 1.0)
        self.assertEqual(task.evaluate({"p0": 0, "p1": 8})[0], 14.0)
        self.assertTrue(math.isnan(task.evaluate({"p0": 0, "p1": 8})[1]))

    def test_failures_noise_and_time(self):
        holes = self.library.open("holes", self.data)
        self.assertEqual(holes.evaluate({"p0": 1, "p1": 0})[0], math.inf)
        self.assertEqual(holes.evaluate({"p0": 4, "p1": 0})[0], math.inf)
        noisy = self.library.open("noisy", self.data)
        self.assertTrue(noisy.has_noise)
        self.assertEqual({noisy.evaluate({"p0": 3}, seed=s)[0] for s in range(50)}, {11.0, 15.0})
        self.assertEqual(noisy.evaluate({"p0": 3})[0], 13.0)
        value, seconds = self.library.open("line::loss", self.data).evaluate({"x": 0.0})
        self.assertAlmostEqual(value, 0.5)
        self.assertAlmostEqual(seconds, 50.0)

    def test_mistakes(self):
        task = self.library.open("fn:levy:4:mixed")
        good = {"x0": 0.0, "x1": 3, "x2": 1.0, "x3": "b"}
        self.assertGreater(task.evaluate(good)[0], 0.0)
        for wrong in ({"x0": 11.0}, {"x1": 2.5}, {"x3": "z"}, {"x2": None}):
            with self.assertRaises(ValueError):
                task.evaluate({**good, **wrong})
        with self.assertRaisesRegex(ValueError, "no such task"):
            self.library.open("none", self.data)

    def test_conditions(self):
        about = {"conditions": [{"parent": "a", "values": ["x", "y"]}]}
        self.assertTrue(tasks.Task.is_active(about, {"a": "y"}))
        self.assertFalse(tasks.Task.is_active(about, {"a": "z"}))
        self.assertFalse(tasks.Task.is_active(about, {}))


class TestRanks(unittest.TestCase):
    def test_ranks(self):
        self.assertEqual(ranktests.ranks([3.0, 1.0, 3.0, 2.0]), [3.5, 1.0, 3.5, 2.0])

    def test_wilcoxon_by_enumeration(self):
        for differences in ([1, 2, 3, 4, 5], [1, -2, 3, 4, -5, 6], [1, 1, -1, 2, 2, 3, -3], [0, 0, 4, -1, 2, 2, 5]):
            kept = [d for d in differences if d]
            sizes = ranktests.ranks([abs(d) for d in kept])
            seen = sum(r for r, d in zip(sizes, kept) if d > 0)
            least = min(seen, sum(sizes) - seen)
            sums = [sum(r for r, s in zip(sizes, signs) if s) for signs in itertools.product((0, 1), repeat=len(kept))]
            p = min(1.0, 2 * sum(s <= least for s in sums) / len(sums))
            self.assertAlmostEqual(ranktests.wilcoxon(differences, [0] * len(differences)), p)

    def test_wilcoxon_table(self):
        """Critical values of the usual tables: n = 10, sum 8, p = .0488; n = 24, sum 81, just below .05."""
        self.assertAlmostEqual(ranktests.wilcoxon([1, 2, 3, 4, 5, 6, 7, -8, 9, 10], [0] * 10), 0.048828125)
        signed = [-k if k in (24, 23, 22, 12) else k for k in range(1, 25)]
        self.assertLess(ranktests.wilcoxon(signed, [0] * 24), 0.05)
        signed = [-k if k in (24, 23, 22, 13) else k for k in range(1, 25)]
        self.assertGreater(ranktests.wilcoxon(signed, [0] * 24), 0.05)

    def test_wilcoxon_many(self):
        few = [(-1) ** (k % 3) * (k + 1) for k in range(150)]
        many = [(-1) ** (k % 3) * (k + 1) for k in range(151)]
        self.assertAlmostEqual(math.log(ranktests.wilcoxon(few, [0] * 150)), math.log(ranktests.wilcoxon(many, [0] * 151)), delta=0.5)
        self.assertEqual(ranktests.wilcoxon([1, 2], [1, 2]), 1.0)

    def test_holm(self):
        for a, b in zip(ranktests.holm([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02]):
            self.assertAlmostEqual(a, b)


class TestScore(unittest.TestCase):
    REFS = ("task,scale,best_min,median_min,rs_best_1,rs_best_5,rs_best_10,rs_best_2\n"
            "one_a,lin,0,9,20,12,10,16\none_b,lin,0,9,20,12,10,16\nktune_x_y,log10,-2,1,3,1,0,2\n")

    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.refs = self.write("refs.csv", self.REFS)

    def write(self, name, text):
        path = os.path.join(self.directory.name, name)
        with (gzip.open if name.endswith(".gz") else open)(path, "wt") as file:
            file.write(text)
        return path

    def runs(self, name, peer, best, version="1"):
        """best: {task: {seed: [best after 1, 2 ...]}}"""
        text = "peer,version,task,seed,trial,value,best,seconds\n"
        for task, seeds in best.items():
            for seed, values in seeds.items():
                for k, v in enumerate(values, 1):
                    text += f"{peer},{version},{task},{seed},{k},{v},{v},0.25\n"
        return self.write(name, text)

    def score(self, *arguments, code=0):
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            self.assertEqual(score.main(["--refs", self.refs, "--at", "1,2", "--rounds", "50", *arguments]), code, err.getvalue())
        return out.getvalue() if code == 0 else err.getvalue()

    GOOD = {"one_a": {0: [10, 0], 1: [5, 0]}, "one_b": {0: [5, 5], 1: [5, 5]}, "ktune_x_y": {0: ["inf", 0.1], 1: [100, 0.01]}}
    BAD = {"one_a": {0: [30, 10], 1: [20, 10]}, "one_b": {0: [10, 10], 1: [10, 5]}, "ktune_x_y": {0: [1, 1], 1: [1, 1]}}

    def table(self, text, title):
        lines = text[text.index(title):].split("\n\n")[1].splitlines()
        cells = [[c.strip() for c in line.strip("|").split("|")] for line in lines]
        return {row[0]: dict(zip(cells[0], row)) for row in cells[2:]}

    def test_families(self):
        names = {"fcnet_naval_propulsion": "fcnet", "hpobench_mlp_credit_g": "hpobench_mlp", "nb201_cifar10": "nb201",
                 "ktune_convolution_a100": "ktune_convolution", "rbv2_xgboost:42:acc:booster=gbtree": "rbv2_xgboost", "fn:levy:5:mixed": "fn:levy"}
        for task, family in names.items():
            self.assertEqual(score.family_of(task), family)

    def test_scores(self):
        text = self.score(self.runs("good.csv.gz", "good", self.GOOD), self.runs("bad.csv", "bad", self.BAD))
        # good at 1: one_a (0 + .5)/2, one_b .5, ktune (-1 + -1)/2; at 2: 1, .5, (.5 + 1)/2; families weigh the same.
        first, second = self.table(text, "After 1 trials"), self.table(text, "After 2 trials")
        self.assertEqual(first["good"]["score"], f"{((0.25 + 0.5) / 2 - 1) / 2:.3f}".replace("0.", "."))
        self.assertEqual(first["good"]["no ktune"], ".375")
        self.assertEqual(second["good"]["score"], ".750")
        self.assertEqual(second["good"]["no ktune"], ".750")
        self.assertEqual(second["bad"]["score"], ".062")  # (.0 + .25)/2 and 0
        self.assertEqual(second["good"]["mean rank"], "1.00")
        self.assertEqual(second["good"][">= 0.9"], "33 %")
        self.assertEqual(second["good"]["worst task"], ".50 one_b")
        self.assertEqual(first["random*"]["score"], "-1.000")
        self.assertEqual(second["random*"]["score"], "-.800")
        difference = self.table(text, "Difference to good")
        self.assertEqual(difference["bad"]["at 2"], "-.688")
        self.assertEqual(difference["bad"]["p"], ".2500")  # three tasks, all in one direction
        reached = self.table(text, "Trials to what good has after 2")
        self.assertEqual(reached["good"]["headline"], "2")
        self.assertEqual(reached["bad"]["headline"], "> 2")
        self.assertIn("good (1, 2 seeds)", text)

    def test_reach(self):
        text = self.score(self.runs("good.csv", "good", self.GOOD), self.runs("bad.csv", "bad", self.BAD), "--reach", "bad", "--against", "bad")
        reached = self.table(text, "Trials to what bad has after 2")
        # bad's means at 2: 0, .25, 0; good gets there at 1, 1 | 1, 1 | 2, 2.
        self.assertEqual(reached["good"]["median of tasks x seeds"], "1")
        self.assertEqual(reached["good"]["of them reached"], "100 %")
        self.assertEqual(reached["good"]["headline"], "2")

    def test_what_does_not_fit(self):
        good = self.runs("good.csv", "good", self.GOOD)
        self.assertIn("there twice", self.score(good, good, code=1))
        self.assertIn("no column", self.score(self.write("x.csv", "peer,task,trial\n"), code=1))
        self.assertIn("no peer 'x'", self.score(good, "--against", "x", code=1))
        self.assertIn("no task has", self.score(self.runs("y.csv", "y", {"unknown": {0: [1, 2]}}), code=1))
        hole = self.write("hole.csv", "peer,version,task,seed,trial,value,best,seconds\na,1,one_a,0,1,1,1,0\na,1,one_a,0,3,1,1,0\n")
        self.assertIn("not whole", self.score(hole, code=1))

    def test_what_is_left_out_is_said(self):
        good = self.runs("good.csv", "good", {**self.GOOD, "unknown": {0: [1, 2]}})
        short = self.runs("short.csv", "short", {"one_a": {0: [5]}, "one_b": {0: [5, 5]}})
        text = self.score(good, short)
        self.assertIn("ktune_x_y is left out: short did not run it", text)
        self.assertIn("unknown is left out: no reference values", text)
        self.assertIn("short, one_a, seed 0 ended after 1 trials", text)
        self.assertEqual(self.table(text, "After 2 trials")["short"]["score"], ".500")

    def test_options(self):
        good, bad = self.runs("good.csv", "good", self.GOOD), self.runs("bad.csv", "bad", self.BAD)
        text = self.score(good, bad, "--rename", "good=best of all", "--times", "--tasks", self.write("t.txt", "one_a # x\n"))
        self.assertEqual(self.table(text, "After 2 trials")["best of all"]["score"], "1.000")
        self.assertEqual(self.table(text, "Milliseconds")["bad"]["median"], "250.000")
        self.assertNotIn("bad", self.score(good, bad, "--only", "good"))

    def test_intervals_hold_the_estimate(self):
        many = {t: {s: [v, v] for s, v in enumerate((1, 3, 5, 7, 9))} for t in ("one_a", "one_b")}
        text = self.score(self.runs("m.csv", "m", many))
        low, high = self.table(text, "After 2 trials")["m"]["95 %"].split(" to ")
        self.assertLess(float(low), 0.5)
        self.assertGreater(float(high), 0.5)
        self.assertGreater(float(low), 0.2)

    def test_plots(self):
        try:
            import matplotlib  # noqa: F401
        except ImportError:
            self.skipTest("matplotlib is not there")
        plots = os.path.join(self.directory.name, "plots")
        arguments = (self.runs("good.csv", "good", self.GOOD), self.runs("bad.csv", "bad", self.BAD), "--plots", plots)
        self.score(*arguments)
        self.assertEqual(sorted(os.listdir(plots)), [f"{n}.{k}" for n in ("convergence", "families", "ranks") for k in ("png", "svg")])

        def contents():
            found = {}
            for name in os.listdir(plots):
                with open(os.path.join(plots, name), "rb") as file:
                    found[name] = file.read()
            return found

        before = contents()
        self.score(*arguments)
        self.assertEqual(before, contents())
        self.assertIn(b">good  0.75<", before["convergence.svg"])  # names stand at the curves, as text

    def test_labels_do_not_overlap(self):
        try:
            import score_plots
        except ImportError:
            self.skipTest("matplotlib is not there")
        self.assertEqual(score_plots.spread([0.9, 0.2], 0.1, 0, 1), [0.9, 0.2])
        for wanted in ([0.5, 0.5, 0.5], [0.99, 0.98, 0.1, 0.97], [0.0, 0.01, 0.02, 0.5, 0.5], [-3.0, 7.0]):
            places = score_plots.spread(wanted, 0.1, 0, 1)
            by_place = sorted(places)
            self.assertTrue(all(b - a > 0.0999 for a, b in zip(by_place, by_place[1:])), places)
            self.assertTrue(-1e-9 < by_place[0] and by_place[-1] < 1 + 1e-9, places)
            self.assertEqual(sorted(range(len(wanted)), key=lambda i: wanted[i]), sorted(range(len(wanted)), key=lambda i: places[i]))
        self.assertAlmostEqual(score_plots.spread([0.5, 0.5, 0.5], 0.1, 0, 1)[1], 0.5)

    def test_name_with_a_setting(self):
        text = self.score(self.runs("g.csv", "gp a=b", self.GOOD), self.runs("b.csv", "gp", self.BAD), "--rename", "gp a=b=new=name")
        self.assertEqual(self.table(text, "After 2 trials")["new=name"]["score"], ".750")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])

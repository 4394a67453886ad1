#!/usr/bin/env python3
"""The driver of bench/peers that needs no other optimiser: its file, its runs, the declarations of spaces; with fakes and tiny tasks made here.

    python3 bench/test_peers.py LIBBENCHTASKS
"""
import collections
import contextlib
import csv
import io
import math
import os
import random
import struct
import subprocess
import sys
import tempfile
import types
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "peers"))

import optimisers  # noqa: E402
import run_tasks  # noqa: E402
import runs  # noqa: E402
import tasks  # noqa: E402

LIBRARY = sys.argv[1]


def write_table(data, name, levels, values):
    """A table over ordered parameters."""
    os.makedirs(os.path.join(data, "grid"), exist_ok=True)
    with open(os.path.join(data, "grid", name + ".task"), "w") as file:
        file.write(f"gridtask 1\nid {name}\ndata {name}.f32\ndirection min\nmetric loss\nreps 1\n")
        for i, n in enumerate(levels):
            file.write(f"param p{i} ord {n} {' '.join(map(str, range(n)))}\n")
        file.write(f"opt_mean {min(v for v in values if math.isfinite(v)):.9g}\n")
    with open(os.path.join(data, "grid", name + ".f32"), "wb") as file:
        file.write(struct.pack(f"<{len(values)}f", *values))


def parameter(name, kind, *more, conditions=()):
    p = {"name": name, "kind": kind, "conditions": [{"parent": q, "values": v} for q, v in conditions]}
    p.update({"choices": list(more)} if kind == "categorical" else dict(zip(("low", "high", "log"), more)))
    return p


TREE = [
    parameter("model", "categorical", "svm", "tree", "forest"),
    parameter("kernel", "categorical", "linear", "radial", conditions=[("model", ["svm"])]),
    parameter("gamma", "float", 1e-4, 1e4, True, conditions=[("kernel", ["radial"]), ("model", ["svm"])]),
    parameter("depth", "int", 1, 30, True, conditions=[("model", ["tree", "forest"])]),
    parameter("impute", "float", 0.0, 1.0, False),
]


class FakeTask:
    """Values from a list, whatever the configuration; is_active as in tasks.Task."""

    is_active = staticmethod(tasks.Task.is_active)

    def __init__(self, parameters=(), values=()):
        self.name = "fake"
        self.parameters = list(parameters)
        self.values = list(values)
        self.seen = []

    def evaluate(self, configuration):
        self.seen.append(configuration)
        return self.values[len(self.seen) - 1] if self.values else 1.0, math.nan


class TestSeeds(unittest.TestCase):
    def test_seeds(self):
        self.assertEqual(list(runs.seeds("3..5")), [3, 4, 5])
        self.assertEqual(list(runs.seeds("7")), [7])
        for wrong in ("", "a", "1..", "..2", "2..1", "1..2..3", "-1", "1.5", "1...2"):
            with self.assertRaises(ValueError, msg=wrong):
                runs.seeds(wrong)


class TestObjective(unittest.TestCase):
    def test_rows(self):
        objective = runs.Objective(FakeTask(values=[3.0, math.inf, math.nan, 2.0, 5.0]), 5)
        self.assertEqual(objective({}), 3.0)
        for _ in range(2):
            with self.assertRaises(runs.Failed):
                objective({})
        self.assertEqual([objective({}), objective({})], [2.0, 5.0])
        self.assertEqual([r[:3] for r in objective.rows], [(1, 3.0, 3.0), (2, math.inf, 3.0), (3, math.inf, 3.0), (4, 2.0, 2.0), (5, 5.0, 2.0)])
        self.assertTrue(all(r[3] >= 0.0 for r in objective.rows))
        with self.assertRaisesRegex(RuntimeError, "more than 5 trials"):
            objective({})

    def test_penalty(self):
        """Failures wait for the first value; then they count as the worst so far."""
        told = []
        values = [math.inf, math.inf, 4.0, math.inf, 9.0, math.inf]
        penalty = runs.Penalty(runs.Objective(FakeTask(values=values), 6), lambda c, v: told.append((c, v)))
        for c in "abcdef":
            penalty.evaluate(c, {})
        self.assertEqual(told, [(["a", "b", "c"], [4.0, 4.0, 4.0]), (["d"], [4.0]), (["e"], [9.0]), (["f"], [9.0])])


class TestTable(unittest.TestCase):
    ROWS = [(1, 3.0, 3.0, 0.5), (2, math.inf, 3.0, 0.25)]

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.path = os.path.join(directory.name, "out.csv")

    def table(self, peer="me", version="1.2", trials=2):
        return runs.Table(self.path, peer, version, trials)

    def text(self):
        with open(self.path) as file:
            return file.read()

    def test_lines(self):
        self.table().add("a:b", 4, self.ROWS)
        self.assertEqual(self.text(), "peer,version,task,seed,trial,value,best,seconds\n"
                                      "me,1.2,a:b,4,1,3,3,0.5\nme,1.2,a:b,4,2,inf,3,0.25\n")

    def test_taken_up(self):
        table = self.table()
        table.add("b", 1, self.ROWS)
        table.add("a", 0, self.ROWS)
        whole = self.text()
        for torn in ("me,1.2,c,0,1,3,3,0.5\nme,1.2,c,0,2,3,3,0.", "me,1.2,c,0,1,3,3,0.5\n", "me,1"):
            with open(self.path, "w") as file:
                file.write(whole + torn)
            table = self.table()
            self.assertEqual([table.has("b", 1), table.has("a", 0), table.has("c", 0), table.has("a", 1)], [True, True, False, False])
            self.assertEqual(self.text(), whole)
        table.sort(["a", "b"])
        self.assertEqual([line.split(",")[2] for line in self.text().splitlines()[1:]], ["a", "a", "b", "b"])
        self.assertEqual(sorted(self.text()), sorted(whole))

    def test_other_runs_are_not_mixed(self):
        self.table().add("a", 0, self.ROWS)
        for other, message in (({"peer": "you"}, "me 1.2, not of you"), ({"version": "1.3"}, "not of me 1.3"), ({"trials": 1}, "more than 1 trials")):
            with self.assertRaisesRegex(ValueError, message):
                self.table(**other)
        with open(self.path, "w") as file:
            file.write("x,y\n1,2\n")
        with self.assertRaisesRegex(ValueError, "not a file of this driver"):
            self.table()
        self.assertEqual(self.text(), "x,y\n1,2\n")


class TestSpaces(unittest.TestCase):
    def test_define_by_run(self):
        asked = []

        class Trial:
            def __init__(self, model):
                self.model = model

            def suggest_categorical(self, name, choices):
                asked.append((name, choices))
                return self.model if name == "model" else choices[-1]

            def suggest_int(self, name, low, high, log):
                asked.append((name, low, high, log))
                return high

            def suggest_float(self, name, low, high, log):
                asked.append((name, low, high, log))
                return low

        self.assertEqual(optimisers.suggest(Trial("svm"), FakeTask(TREE)), {"model": "svm", "kernel": "radial", "gamma": 1e-4, "impute": 0.0})
        self.assertEqual(asked, [("model", ["svm", "tree", "forest"]), ("kernel", ["linear", "radial"]), ("gamma", 1e-4, 1e4, True),
                                 ("impute", 0.0, 1.0, False)])
        self.assertEqual(optimisers.suggest(Trial("tree"), FakeTask(TREE)), {"model": "tree", "depth": 30, "impute": 0.0})

    def test_random(self):
        """Active parameters only, all levels, logarithms where they are stated."""
        task = FakeTask(TREE + [parameter("levels", "int", 0, 2, False)])
        objective = runs.Objective(task, 3000)
        optimisers.Random().minimise(objective, 1)
        self.assertEqual(len(objective.rows), 3000)
        models = collections.Counter(c["model"] for c in task.seen)
        levels = collections.Counter(c["levels"] for c in task.seen)
        self.assertTrue(all(800 < n < 1200 for n in [*models.values(), *levels.values()]), (models, levels))
        self.assertEqual(sorted(levels), [0, 1, 2])
        for c in task.seen:
            self.assertEqual(["kernel" in c, "depth" in c, "gamma" in c], [c["model"] == "svm", c["model"] != "svm", c.get("kernel") == "radial"])
        gammas = sorted(c["gamma"] for c in task.seen if "gamma" in c)
        self.assertTrue(0.1 < gammas[len(gammas) // 2] < 10.0)
        depths = [c["depth"] for c in task.seen if "depth" in c]
        self.assertEqual([min(depths), max(depths)], [1, 30])
        self.assertTrue(3 <= sorted(depths)[len(depths) // 2] <= 6)

    def test_tree_of_conditions(self):
        def names(trees):
            return {p["name"]: {choice: names(children) for choice, children in below.items() if children} for p, below in trees}

        self.assertEqual(names(optimisers.nested(FakeTask(TREE))), {
            "model": {"svm": {"kernel": {"radial": {"gamma": {}}}}, "tree": {"depth": {}}, "forest": {"depth": {}}},
            "impute": {}})
        two = [parameter("a", "categorical", "x", "y"), parameter("b", "categorical", "x", "y"),
               parameter("c", "float", 0.0, 1.0, False, conditions=[("a", ["x"]), ("b", ["x"])])]
        with self.assertRaisesRegex(ValueError, "do not stand below each other"):
            optimisers.nested(FakeTask(two))

    def test_hyperopt(self):
        """Nested choices, and back to a flat configuration; a parameter of two branches is one node."""
        made = []

        class Space:
            def __getattr__(self, kind):
                def make(name, *more):
                    made.append((name, kind))
                    return (kind, name, more)
                return make

        peer = optimisers.Hyperopt.__new__(optimisers.Hyperopt)
        peer._hyperopt = types.SimpleNamespace(hp=Space())
        space = peer.space(FakeTask(TREE))
        self.assertEqual(sorted(made), [("depth", "qloguniform"), ("gamma", "loguniform"), ("impute", "uniform"), ("kernel", "choice"), ("model", "choice")])
        options = dict(space["model"][2][0])
        self.assertIs(options["tree"]["depth"], options["forest"]["depth"])
        self.assertEqual([round(math.exp(v), 6) for v in options["tree"]["depth"][2][:2]], [0.5, 30.5])
        by_name = {p["name"]: p for p in TREE}
        self.assertEqual(peer.flat({"impute": 0.5, "model": ("svm", {"kernel": ("radial", {"gamma": 2e4})})}, by_name),
                         {"impute": 0.5, "model": "svm", "kernel": "radial", "gamma": 1e4})
        self.assertEqual(peer.flat({"model": ("tree", {"depth": 31.0})}, by_name), {"model": "tree", "depth": 30})


class TestDriver(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.data = directory.name
        self.out = os.path.join(self.data, "out.csv")
        write_table(self.data, "bowl", [7, 9], [float(1 + (a - 2) ** 2 + (b - 5) ** 2) for a in range(7) for b in range(9)])
        write_table(self.data, "holes", [8, 8], [math.nan if a % 2 else 1.0 + a + b for a in range(8) for b in range(8)])

    def arguments(self, *more):
        return ["--library", LIBRARY, "--data", self.data, "--tasks", "bowl,holes", "--out", self.out, *map(str, more)]

    def main(self, *more, code=0):
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            self.assertEqual(run_tasks.main(self.arguments(*more)), code, err.getvalue())
        return out.getvalue() + err.getvalue()

    def rows(self):
        with open(self.out, newline="") as file:
            return list(csv.DictReader(file))

    def peer(self, minimise):
        """A peer that is there for one test; runs are forked, so it may be a closure."""
        optimisers.PEERS["fake"] = lambda: types.SimpleNamespace(version="9", minimise=minimise)
        self.addCleanup(optimisers.PEERS.pop, "fake")

    def test_runs(self):
        self.main("--peer", "random", "--trials", 12, "--seeds", "2..4", "--jobs", 3)
        found = self.rows()
        self.assertEqual([(r["task"], int(r["seed"]), int(r["trial"])) for r in found],
                         [(t, s, k) for t in ("bowl", "holes") for s in (2, 3, 4) for k in range(1, 13)])
        self.assertEqual({(r["peer"], r["version"]) for r in found}, {("random", "1")})
        best = math.inf
        for r in found:
            best = min(math.inf if r["trial"] == "1" else best, float(r["value"]))
            self.assertEqual(float(r["best"]), best)
        self.assertTrue(any(r["value"] == "inf" for r in found if r["task"] == "holes"))
        self.assertTrue({float(r["value"]) for r in found if r["task"] == "bowl"} <= {1.0 + a * a + b * b for a in range(5) for b in range(6)})
        runs_of = collections.defaultdict(list)
        for r in found:
            runs_of[r["task"], r["seed"]].append(r["value"])
        self.assertEqual(len(set(map(tuple, runs_of.values()))), 6)

    def test_ended_and_taken_up(self):
        """Only what is missing is run, seeds first; the result is that of one go."""
        self.main("--peer", "random", "--trials", 5, "--seeds", "0..2")
        whole = [r["value"] for r in self.rows()]
        with open(self.out) as file:
            lines = file.read().splitlines(keepends=True)
        with open(self.out, "w") as file:
            file.write("".join(lines[:1 + 10 + 3]))  # two runs and a part of the third
        text = self.main("--peer", "random", "--trials", 5, "--seeds", "0..2")
        self.assertEqual([line.split("; ")[1].split(": ")[0] for line in text.splitlines()], ["holes, seed 0", "holes, seed 1", "bowl, seed 2", "holes, seed 2"])
        self.assertEqual([r["value"] for r in self.rows()], whole)
        self.assertEqual(self.main("--peer", "random", "--trials", 5, "--seeds", "0..2"), "")

    def test_a_run_that_fails(self):
        """A crash or an error costs its own run only."""
        def minimise(objective, seed):
            for k in range(objective.trials):
                if seed == 1 and k == 2:
                    os._exit(3)
                if seed == 2 and k == 2:
                    raise KeyError("a mistake of the optimiser")
                objective({"p0": 0, "p1": 0})

        self.peer(minimise)
        errors = os.dup(2)
        with open(os.path.join(self.data, "errors"), "w+") as caught:  # the traceback of a child
            os.dup2(caught.fileno(), 2)
            try:
                text = self.main("--peer", "fake", "--trials", 4, "--seeds", "0..3", "--tasks", "bowl", code=1)
            finally:
                os.dup2(errors, 2)
                os.close(errors)
        self.assertIn("bowl, seed 1: failed", text)
        self.assertIn("bowl, seed 2: failed", text)
        self.assertEqual({r["seed"] for r in self.rows()}, {"0", "3"})
        self.assertEqual(len(self.rows()), 8)

    def test_nothing_left(self):
        def minimise(objective, _):
            for k in range(3):
                objective({"p0": k, "p1": 0})

        self.peer(minimise)
        self.assertIn("nothing left to try after 3 trials", self.main("--peer", "fake", "--trials", 5, "--seeds", "0", "--tasks", "bowl"))
        self.assertEqual(len(self.rows()), 3)

    def test_seed_of_random(self):
        """What an optimiser draws from Python's own generator is seeded."""
        self.peer(lambda objective, _: [objective({"p0": random.randrange(7), "p1": random.randrange(9)}) for _ in range(objective.trials)])
        values = []
        for _ in range(2):
            self.main("--peer", "fake", "--trials", 8, "--seeds", "0..1", "--tasks", "bowl")
            values.append([r["value"] for r in self.rows()])
            os.remove(self.out)
        self.assertEqual(values[0], values[1])
        self.assertNotEqual(values[0][:8], values[0][8:])

    def test_mistakes(self):
        self.assertIn("no such task", self.main("--peer", "random", "--tasks", "none", code=1))
        for wrong in (["--peer", "none"], ["--peer", "random", "--trials", "0"], ["--peer", "random", "--seeds", "3..1"]):
            done = subprocess.run([sys.executable, run_tasks.__file__, *self.arguments(*wrong)], capture_output=True, text=True)
            self.assertEqual(done.returncode, 2, done.stderr)
        names = os.path.join(self.data, "names.txt")
        with open(names, "w") as file:
            file.write("# tasks\nbowl  # the first\n\nholes\nbowl\n")
        self.assertEqual(run_tasks.names_of(names), ["bowl", "holes"])

    def test_peers_that_are_not_installed(self):
        optimisers.PEERS["fake"] = lambda: __import__("no_such_package_at_all")
        self.addCleanup(optimisers.PEERS.pop, "fake")
        self.assertIn("fake is not installed here", self.main("--peer", "fake", code=1))
        self.assertFalse(os.path.exists(self.out))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])

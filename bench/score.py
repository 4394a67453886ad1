#!/usr/bin/env python3
"""Scores runs of optimisers on benchmark tasks, from any set of CSV files (plain or .gz) with the columns of `hpo-bench tasks`.

    python3 bench/score.py --data DIR [--tasks FILE] [--against PEER] [--reach PEER] [--plots DIR] RUNS.csv[.gz] ...

Only the columns peer, task, seed, trial and best are needed. Reference values come from refs.csv in DIR (or DIR/public) and from every --refs FILE, as
`hpo-bench refs` writes them; with --refs alone no data directory is needed.

score = (R - best) / (R - optimum), R the expected best of 10 random draws, on the scale of the reference values, cut to [-1, 1]: 0 is ten random
draws, 1 the optimum; a run without any value has -1. A peer's score on a task is the mean over its seeds. The headline is the mean over families of
the mean over their tasks; "no ktune" leaves the kernel-tuning families out, whose tables are mostly failures.

  95 %        bootstrap over the seeds of each task: what another run on the same tasks could give
  mean rank   over tasks, by the score on the task; equal scores share a rank
  >= 0.9      share of tasks with such a score
  difference  against one peer, family-balanced; its interval: bootstrap over tasks within families and over seeds
  p           Wilcoxon's signed rank test over tasks, two-sided, exact; Holm's correction over all pairs of peers
  reach       first trial with the score that another peer has at the last point: of the headline curve, and the median over tasks and seeds

random* is what the reference values say of uniform random search; it takes part in neither ranks nor tests. Standard library only; --plots needs
matplotlib (pinned in bench/peers/requirements.txt) and writes SVG and PNG. Exit status: 0 done, 1 the files do not fit, 2 wrong command line.
"""
import argparse
import csv
import gzip
import math
import os
import random
import sys

import ranktests

RANDOM = "random*"


class Misfit(Exception):
    """The files do not fit together; the text says why."""


# ---- reading ----


def family_of(task):
    """Tables: the suite, with the kernel or the kind of network; networks: the model; functions: the function."""
    parts = task.split(":")
    if parts[0] == "fn":
        return ":".join(parts[:2])
    if len(parts) > 1:
        return parts[0]
    words = task.split("_")
    return "_".join(words[:2]) if words[0] in ("ktune", "hpobench") else words[0]


def is_kernel_tuning(family):
    return family.startswith("ktune")


def read_refs(paths):
    refs = {}
    for path in paths:
        with open(path, newline="") as file:
            for row in csv.DictReader(file):
                refs[row["task"]] = row
    return refs


class Runs:
    """best[peer][task][seed] is the list of the best values after 1, 2, ... trials."""

    def __init__(self):
        self.best = {}
        self.seconds = {}
        self.versions = {}

    def read(self, path):
        opener = gzip.open if path.endswith(".gz") else open
        with opener(path, "rt", newline="") as file:
            reader = csv.DictReader(file)
            missing = {"peer", "task", "seed", "trial", "best"} - set(reader.fieldnames or [])
            if missing:
                raise Misfit(f"{path}: no column {', '.join(sorted(missing))}")
            for row in reader:
                self._row(path, row)

    def _row(self, path, row):
        run = self.best.setdefault(row["peer"], {}).setdefault(row["task"], {}).setdefault(int(row["seed"]), [])
        if int(row["trial"]) != len(run) + 1:
            raise Misfit(f"{path}: {row['peer']}, {row['task']}, seed {row['seed']}: trial {row['trial']} follows {len(run)}; "
                         "a run is there twice or not whole")
        run.append(float(row["best"]))
        self.versions.setdefault(row["peer"], set()).add(row.get("version") or "?")
        self.seconds.setdefault(row["peer"], []).append(float(row.get("seconds") or "nan"))


# ---- scores ----


class Scale:
    """From a value to its score on one task."""

    def __init__(self, ref):
        self.log = ref["scale"] == "log10"
        self.optimum = float(ref["best_min"])
        self.zero = float(ref["rs_best_10"])
        self.random = {int(k[8:]): float(v) for k, v in ref.items() if k.startswith("rs_best_") and v}

    def score(self, value):
        if not math.isfinite(value):
            return -1.0
        return self._cut(math.log10(max(value, 1e-300)) if self.log else value)

    def score_random(self, trials):
        return self._cut(self.random[trials]) if trials in self.random else None

    def _cut(self, on_scale):
        if self.zero <= self.optimum:
            return 1.0 if on_scale <= self.optimum else 0.0
        return max(-1.0, min(1.0, (self.zero - on_scale) / (self.zero - self.optimum)))


class Table:
    """Scores of all peers on the tasks that all of them have run: scores[peer][task] is a list over seeds of lists over trials."""

    def __init__(self, runs, refs, wanted, horizon):
        self.notes = []
        self.peers = sorted(runs.best)
        if not self.peers:
            raise Misfit("there are no runs")
        self.tasks = self._common_tasks(runs, refs, wanted)
        self.horizon = horizon
        self.scales = {t: Scale(refs[t]) for t in self.tasks}
        self.families = {}
        for t in self.tasks:
            self.families.setdefault(family_of(t), []).append(t)
        self.scores = {p: {t: self._curves(runs, p, t) for t in self.tasks} for p in self.peers}
        self.means = {p: {t: [sum(c) / len(c) for c in zip(*self.scores[p][t])] for t in self.tasks} for p in self.peers}

    def _common_tasks(self, runs, refs, wanted):
        every = [t for t in dict.fromkeys(t for p in self.peers for t in runs.best[p]) if wanted is None or t in wanted]
        if wanted is not None:
            for task in wanted:
                if task not in every:
                    self.notes.append(f"nobody ran {task}")
        common = []
        for task in every:
            lacking = [p for p in self.peers if task not in runs.best[p]]
            if task not in refs:
                self.notes.append(f"{task} is left out: no reference values")
            elif lacking:
                self.notes.append(f"{task} is left out: {', '.join(lacking)} did not run it")
            else:
                common.append(task)
        if not common:
            raise Misfit("no task has reference values and runs of every peer" + "".join("\n  " + n for n in self.notes))
        return common

    def _curves(self, runs, peer, task):
        curves = []
        for seed, best in sorted(runs.best[peer][task].items()):
            if len(best) < self.horizon:
                self.notes.append(f"{peer}, {task}, seed {seed} ended after {len(best)} trials; its last best counts on")
            best = (best + [best[-1]] * self.horizon)[:self.horizon]
            curves.append([self.scales[task].score(v) for v in best])
        return curves

    def balanced(self, of_task, families=None):
        """Mean over families of the mean over tasks of a function of the task."""
        families = list(self.families) if families is None else families
        return sum(sum(map(of_task, self.families[f])) / len(self.families[f]) for f in families) / len(families)

    def score(self, peer, trials, families=None):
        return self.balanced(lambda t: self.means[peer][t][trials - 1], families)

    def curve(self, peer):
        return [self.score(peer, k + 1) for k in range(self.horizon)]

    def score_random(self, trials, families=None):
        parts = {t: self.scales[t].score_random(trials) for t in self.tasks}
        return None if None in parts.values() else self.balanced(parts.get, families)

    def plain_families(self):
        return [f for f in self.families if not is_kernel_tuning(f)]

    def per_task(self, peer, trials):
        return [self.means[peer][t][trials - 1] for t in self.tasks]

    def ranks(self, trials):
        """Mean rank per peer, 1 the best."""
        columns = [ranktests.ranks([-self.means[p][t][trials - 1] for p in self.peers]) for t in self.tasks]
        return {p: sum(c[i] for c in columns) / len(columns) for i, p in enumerate(self.peers)}

    def p_values(self, trials):
        """{(peer, peer): p}, Holm-corrected over all pairs."""
        pairs = [(a, b) for i, a in enumerate(self.peers) for b in self.peers[i + 1:]]
        raw = [ranktests.wilcoxon(self.per_task(a, trials), self.per_task(b, trials)) for a, b in pairs]
        corrected = ranktests.holm(raw)
        return {**dict(zip(pairs, corrected)), **{(b, a): p for (a, b), p in zip(pairs, corrected)}}


# ---- bootstrap ----


def interval(samples):
    """Percentile interval, 95 %."""
    samples = sorted(samples)
    n = len(samples)
    return samples[int(0.025 * (n - 1))], samples[math.ceil(0.975 * (n - 1))]


def bootstrap_seeds(table, peer, points, rounds, rng):
    """{point: (low, high)} of the headline when the seeds of each task are drawn again."""
    drawn = {k: [] for k in points}
    for _ in range(rounds):
        means = {}
        for t in table.tasks:
            curves = table.scores[peer][t]
            picked = rng.choices(curves, k=len(curves))
            means[t] = {k: sum(c[k - 1] for c in picked) / len(picked) for k in points}
        for k in points:
            drawn[k].append(table.balanced(lambda t: means[t][k]))
    return {k: interval(v) for k, v in drawn.items()}


def bootstrap_difference(table, a, b, point, rounds, rng):
    """Interval of score(a) - score(b) when tasks within families, and seeds within tasks, are drawn again."""
    at = {p: {t: [c[point - 1] for c in table.scores[p][t]] for t in table.tasks} for p in (a, b)}
    drawn = []
    for _ in range(rounds):
        total = 0.0
        for tasks in table.families.values():
            part = 0.0
            for t in rng.choices(tasks, k=len(tasks)):
                part += sum(rng.choices(at[a][t], k=len(at[a][t]))) / len(at[a][t])
                part -= sum(rng.choices(at[b][t], k=len(at[b][t]))) / len(at[b][t])
            total += part / len(tasks)
        drawn.append(total / len(table.families))
    return interval(drawn)


# ---- tables ----


def number(value, digits=3):
    """.719 for 0.719, as the figures are usually quoted."""
    if value is None or math.isnan(value):
        return "-"
    return f"{value:.{digits}f}".replace("0.", ".", 1) if abs(value) < 1 else f"{value:.{digits}f}"


def p_text(p):
    return "<.0001" if p < 1e-4 else number(p, 4)


def print_table(head, rows):
    cells = [head] + [[str(c) for c in r] for r in rows]
    widths = [max(len(r[i]) for r in cells) for i in range(len(head))]

    def line(row):
        return "| " + " | ".join(c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(row, widths))) + " |"

    print(line(cells[0]))
    print("|" + "|".join("-" * (w + 1) + ("-" if i == 0 else ":") for i, w in enumerate(widths)) + "|")
    for row in cells[1:]:
        print(line(row))
    print()


def print_scores(table, points, rounds):
    plain = table.plain_families()
    split = 0 < len(plain) < len(table.families)
    bands = {p: bootstrap_seeds(table, p, points, rounds, random.Random(f"seeds {p}")) for p in table.peers}
    for k in points:
        ranks = table.ranks(k)
        rows = []
        for p in sorted(table.peers, key=lambda p: -table.score(p, k)):
            scores = table.per_task(p, k)
            worst = min(range(len(scores)), key=scores.__getitem__)
            low, high = bands[p][k]
            rows.append([p, number(table.score(p, k)), f"{number(low)} to {number(high)}", number(table.score(p, k, plain)) if split else "-",
                         number(ranks[p], 2), f"{100 * sum(s >= 0.9 for s in scores) / len(scores):.0f} %",
                         f"{number(scores[worst], 2)} {table.tasks[worst]}"])
        expected = table.score_random(k)
        if expected is not None:
            rows.append([RANDOM, number(expected), "-", number(table.score_random(k, plain)) if split else "-", "-", "-", "-"])
        print(f"### After {k} trials\n")
        print_table(["peer", "score", "95 %", "no ktune", "mean rank", ">= 0.9", "worst task"], rows)


def print_pairs(table, points, against, rounds):
    others = [p for p in table.peers if p != against]
    if not others:
        return
    p_values = {k: table.p_values(k) for k in points}
    rows = []
    for p in sorted(others, key=lambda p: -table.score(p, points[-1])):
        row = [p]
        for k in points:
            low, high = bootstrap_difference(table, p, against, k, rounds, random.Random(f"pair {p} {against} {k}"))
            row += [number(table.score(p, k) - table.score(against, k)), f"{number(low)} to {number(high)}", p_text(p_values[k][p, against])]
        rows.append(row)
    print(f"### Difference to {against}\n")
    print_table(["peer"] + [c for k in points for c in (f"at {k}", "95 %", "p")], rows)


def print_families(table, k):
    rows = []
    for family, tasks in sorted(table.families.items()):
        means = [sum(table.means[p][t][k - 1] for t in tasks) / len(tasks) for p in table.peers]
        rows.append([family, len(tasks)] + [number(m) + (" *" if m == max(means) else "  ") for m in means])
    print(f"### Families after {k} trials\n")
    print_table(["family", "tasks"] + table.peers, rows)


def first_at_least(curve, target):
    """Number of the first trial with that score; infinite when there is none."""
    return next((i + 1 for i, s in enumerate(curve) if s >= target), math.inf)


def median(values):
    values = sorted(values)
    n = len(values)
    return values[n // 2] if n % 2 else (values[n // 2 - 1] + values[n // 2]) / 2


def reach(table, peer, goal, k):
    """(trial of the headline curve, median trial over tasks and seeds, share that gets there)."""
    whole = first_at_least(table.curve(peer), table.score(goal, k))
    each = [first_at_least(c, table.means[goal][t][k - 1]) for t in table.tasks for c in table.scores[peer][t]]
    return whole, median(each), sum(map(math.isfinite, each)) / len(each)


def print_reach(table, goal, k):
    def trials(n):
        return f"> {table.horizon}" if math.isinf(n) else f"{n:g}"

    rows = []
    for p in sorted(table.peers, key=lambda p: -table.score(p, k)):
        whole, middle, share = reach(table, p, goal, k)
        rows.append([p, trials(whole), trials(middle), f"{100 * share:.0f} %"])
    print(f"### Trials to what {goal} has after {k}\n")
    print_table(["peer", "headline", "median of tasks x seeds", "of them reached"], rows)


def print_times(runs, peers):
    rows = []
    for p in peers:
        seconds = sorted(s for s in runs.seconds[p] if not math.isnan(s))
        if seconds:
            rows.append([p] + [f"{1e3 * s:.3f}" for s in (sum(seconds) / len(seconds), median(seconds), seconds[int(0.99 * (len(seconds) - 1))])])
    print("### Milliseconds per suggestion (the column seconds)\n")
    print_table(["peer", "mean", "median", "99 %"], rows)


# ---- command line ----


def arguments(argv):
    parser = argparse.ArgumentParser(prog="score.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", metavar="RUNS.csv", help="runs, plain or .gz")
    parser.add_argument("--data", help="directory with refs.csv")
    parser.add_argument("--refs", action="append", default=[], metavar="FILE", help="more reference values; may be repeated")
    parser.add_argument("--tasks", metavar="FILE", help="only these tasks, a name per line")
    parser.add_argument("--at", default="25,50,100", help="numbers of trials (default 25,50,100)")
    parser.add_argument("--against", metavar="PEER", help="compare with this peer (default: the best at the last point)")
    parser.add_argument("--reach", metavar="PEER", help="whose level is to be reached (default: that of --against)")
    parser.add_argument("--rename", action="append", default=[], metavar="OLD=NEW", help="another name for a peer; may be repeated")
    parser.add_argument("--only", action="append", default=[], metavar="PEER", help="only these peers; may be repeated")
    parser.add_argument("--rounds", type=int, default=2000, help="rounds of each bootstrap (default 2000)")
    parser.add_argument("--times", action="store_true", help="also the column seconds, where it is the time of one suggestion")
    parser.add_argument("--plots", metavar="DIR", help="write plots there as SVG and PNG")
    options = parser.parse_args(argv)
    try:
        options.points = sorted({int(k) for k in options.at.split(",")})
    except ValueError:
        parser.error("--at: not numbers with commas between")
    if options.points[0] < 1 or options.rounds < 1:
        parser.error("--at and --rounds must be at least 1")
    if not options.data and not options.refs:
        parser.error("--data or --refs is needed")
    return options


def refs_paths(options):
    paths = list(options.refs)
    if options.data:
        places = [os.path.join(options.data, "refs.csv"), os.path.join(options.data, "public", "refs.csv")]
        found = [p for p in places if os.path.exists(p)]
        if not found:
            raise Misfit(f"{options.data} has no refs.csv")
        paths.append(found[0])
    return paths


def read_tasks(path):
    with open(path) as file:
        names = [line.split("#")[0].strip() for line in file]
    return [n for n in names if n]


def read_runs(options):
    runs = Runs()
    for path in options.runs:
        runs.read(path)
    for pair in options.rename:
        # A peer's own name may hold '=' (a setting), so the longest name that is there counts.
        old = max((p for p in runs.best if pair.startswith(p + "=")), key=len, default=None)
        new = pair[len(old) + 1:] if old is not None else ""
        if new in runs.best or not new:
            raise Misfit(f"--rename {pair}: no such peer, or the new name is taken")
        for column in (runs.best, runs.seconds, runs.versions):
            column[new] = column.pop(old)
    for peer in options.only:
        if peer not in runs.best:
            raise Misfit(f"--only: there is no peer '{peer}'; there are {', '.join(sorted(runs.best))}")
    if options.only:
        runs.best = {p: runs.best[p] for p in options.only}
    return runs


def chosen(table, name, option, default):
    if name is not None and name not in table.peers:
        raise Misfit(f"{option}: there is no peer '{name}'; there are {', '.join(table.peers)}")
    return name if name is not None else default


def print_head(table, runs):
    print(f"{len(table.tasks)} tasks in {len(table.families)} families.", end=" ")
    parts = []
    for p in table.peers:
        seeds = sorted({len(table.scores[p][t]) for t in table.tasks})
        parts.append(f"{p} ({'/'.join(sorted(runs.versions[p]))}, {'-'.join(map(str, seeds))} seeds)")
    print("; ".join(parts) + ".\n")
    for note in table.notes[:20]:
        print(f"- {note}")
    if len(table.notes) > 20:
        print(f"- and {len(table.notes) - 20} more notes like these")
    if table.notes:
        print()


def score(options):
    refs = read_refs(refs_paths(options))
    wanted = read_tasks(options.tasks) if options.tasks else None
    runs = read_runs(options)
    points = options.points
    table = Table(runs, refs, wanted, points[-1])
    best = max(table.peers, key=lambda p: table.score(p, points[-1]))
    against = chosen(table, options.against, "--against", best)
    goal = chosen(table, options.reach, "--reach", against)
    print_head(table, runs)
    print_scores(table, points, options.rounds)
    print_pairs(table, points, against, options.rounds)
    print_families(table, points[-1])
    print_reach(table, goal, points[-1])
    if options.times:
        print_times(runs, table.peers)
    if options.plots:
        try:
            import score_plots
        except ImportError as problem:
            raise Misfit(f"--plots needs matplotlib: {problem}") from problem
        for path in score_plots.write_all(table, runs, points, options.plots):
            print(path)


def main(argv):
    options = arguments(argv)
    try:
        score(options)
    except (Misfit, OSError, ValueError, KeyError) as problem:
        print(f"score.py: {type(problem).__name__ + ': ' if isinstance(problem, KeyError) else ''}{problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

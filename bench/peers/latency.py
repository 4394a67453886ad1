#!/usr/bin/env python3
"""The measurement of `hpo-bench latency` for other optimisers: same space, same columns.

Columns: strategy,dims,trials,ask_p50_ns,ask_p99_ns,tell_p50_ns,tell_p99_ns,bytes_per_trial,samples,peak_rss_mb

What is measured. A study in memory makes N trials by ask and tell in one thread. With --trials N the last
tenth of them is timed; with --at N the --window trials around the N-th, in each of --studies studies with
seeds in a row, whose samples make one row; one study passes every N. ask gives the values of all parameters: study.ask(distributions) in Optuna, study.ask()
and one suggest call per parameter in Rustuna, which has no other way. tell is study.tell. The
objective is not timed. The cost of reading the clock is taken off each sample. Percentiles are by
nearest rank.

--threads T limits the threads of numerical libraries (PyTorch, BLAS, OpenMP); 0 leaves them alone.

bytes_per_trial (nan with --at): growth of the process's resident memory (/proc/self/statm) from the end of the first
tenth of the trials to the end, over the number of trials between, after a garbage collection at both
ends. hpo-bench counts requested bytes instead; resident memory is the only measure that sees Python
objects and Rust's memory alike. peak_rss_mb: the most resident memory of the process until then.

Each row, and each repeat of a row, runs in a process of its own; of the repeats the one with the least
ask_p50 + tell_p50 is shown. Exit status: 0 done, 1 a row failed, 2 wrong command line.
"""

import argparse
import functools
import gc
import math
import multiprocessing
import os
import resource
import statistics
import sys
import time

HEADER = "strategy,dims,trials,ask_p50_ns,ask_p99_ns,tell_p50_ns,tell_p99_ns,bytes_per_trial,samples,peak_rss_mb"
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
CHOICES = ["a", "b", "c", "d"]


def space(dims, mixed):
    """The space of bench/problem.c: (name, kind, low, high, log) per parameter."""
    kinds = [("float", -5.0, 5.0, False), ("float", 1e-5, 1.0, True)]
    if mixed:
        kinds += [("int", 1, 64, False), ("categorical", 0, len(CHOICES) - 1, False)]
    return [(f"x{i}", *kinds[i % len(kinds)]) for i in range(dims)]


def value_of(parameters, values, rugged):
    """The objective of bench/problem.c."""
    squares = waves = 0.0
    for name, kind, low, high, _ in parameters:
        x = CHOICES.index(values[name]) if kind == "categorical" else values[name]
        t = (x - low) / (high - low) - 0.3
        squares += t * t
        waves += math.cos(20 * math.pi * t)
    n = len(parameters)
    return 20 + math.e - 20 * math.exp(-0.2 * math.sqrt(100 * squares / n)) - math.exp(waves / n) if rugged else squares


class Optuna:
    """A sampler of Optuna, with all its defaults, and the in-memory storage."""

    def __init__(self, sampler, parameters, seed):
        import warnings

        import optuna

        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        make = {
            "float": lambda low, high, log: optuna.distributions.FloatDistribution(low, high, log=log),
            "int": lambda low, high, log: optuna.distributions.IntDistribution(low, high, log=log),
            "categorical": lambda low, high, log: optuna.distributions.CategoricalDistribution(CHOICES),
        }
        self.distributions = {name: make[kind](low, high, log) for name, kind, low, high, log in parameters}
        self.study = optuna.create_study(sampler=getattr(optuna.samplers, sampler)(seed=seed))

    def ask(self):
        return self.study.ask(self.distributions)

    def values(self, trial):
        return trial.params

    def tell(self, trial, value):
        self.study.tell(trial, value)


class RustunaRandom:
    """Rustuna's RandomSampler with its in-memory storage."""

    def __init__(self, parameters, seed):
        import rustuna

        self.study = rustuna.create_study(sampler=rustuna.samplers.RandomSampler(seed=seed))
        self.parameters = parameters
        self.last = {}

    def ask(self):
        trial = self.study.ask()
        values = self.last
        for name, kind, low, high, log in self.parameters:
            if kind == "float":
                values[name] = trial.suggest_float(name, low, high, log=log)
            elif kind == "int":
                values[name] = trial.suggest_int(name, low, high, log=log)
            else:
                values[name] = trial.suggest_categorical(name, CHOICES)
        return trial

    def values(self, trial):
        return self.last

    def tell(self, trial, value):
        self.study.tell(trial.number, value)


PEERS = {
    "optuna.random": functools.partial(Optuna, "RandomSampler"),
    "optuna.tpe": functools.partial(Optuna, "TPESampler"),
    "optuna.gp": functools.partial(Optuna, "GPSampler"),
    "rustuna.random": RustunaRandom,
}


def clock_cost(clock):
    samples = []
    for _ in range(20001):
        start = clock()
        samples.append(clock() - start)
    return int(statistics.median(samples))


def percentile(samples, p):
    ordered = sorted(samples)
    return ordered[max(0, math.ceil(p / 100 * len(ordered)) - 1)]


def resident():
    gc.collect()
    with open("/proc/self/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Window:
    """Trials first .. first + n - 1, counted from 0, of every study are timed."""

    def __init__(self, shown, first, n):
        self.shown, self.first, self.end = shown, first, first + n
        self.asks, self.tells = [], []
        self.grown = self.peak = math.nan

    def cells(self):
        times = [percentile(samples, p) for samples in (self.asks, self.tells) for p in (50, 99)]
        return [self.shown, *times, f"{self.grown:.1f}", len(self.asks), f"{self.peak:.1f}"]


def run_study(optimiser, parameters, options, windows, last, clock, cost):
    for i in range(last):
        start = clock()
        trial = optimiser.ask()
        asked = clock()
        value = value_of(parameters, optimiser.values(trial), options.objective == "ackley")
        done = clock()
        optimiser.tell(trial, value)
        told = clock()
        for w in windows:
            if w.first <= i < w.end:
                w.asks.append(max(0, asked - start - cost))
                w.tells.append(max(0, told - done - cost))
            if i == w.end - 1 and math.isnan(w.peak):
                w.peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024e-6
        if not options.at and i + 1 in (max(1, last // 10), last):
            yield resident()


def measure(peer, dims, trials, options):
    """Cells of the rows: of one row for `trials`, or of one per --at."""
    clock = time.process_time_ns if options.clock == "processor" else time.perf_counter_ns
    cost = clock_cost(clock)
    parameters = space(dims, options.mixed)
    if options.at:
        windows = [Window(n, max(0, n - 1 - options.window // 2), options.window) for n in options.at]
    else:
        windows = [Window(trials, trials - max(1, trials // 10), max(1, trials // 10))]
    last = max(w.end for w in windows)
    for seed in range(options.seed, options.seed + (options.studies if options.at else 1)):
        memory = list(run_study(PEERS[peer](parameters, seed), parameters, options, windows, last, clock, cost))
        if len(memory) == 2:
            windows[0].grown = (memory[1] - memory[0]) / (last - max(1, last // 10))
    return [w.cells() for w in windows]


def child(connection, arguments):
    connection.send(measure(*arguments))
    connection.close()


def isolated(*arguments):
    """One measurement in a fresh interpreter; None when it failed (its traceback is on stderr)."""
    context = multiprocessing.get_context("spawn")
    receive, send = context.Pipe(duplex=False)
    process = context.Process(target=child, args=(send, arguments))
    process.start()
    send.close()
    try:
        result = receive.recv()
    except EOFError:
        result = None
    process.join()
    return result


def number(text):
    value = int(float(text)) if "e" in text else int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number of at least 1")
    return value


def numbers(text):
    return [number(item) for item in text.split(",")]


def peers(text):
    names = [name for name in PEERS if name.endswith(".random")] if text == "all" else text.split(",")
    for name in names:
        if name not in PEERS:
            raise argparse.ArgumentTypeError(f"'{name}' is none of {', '.join(PEERS)}")
    return names


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--strategy", type=peers, required=True, metavar="S[,S...]", help=f"all (the random ones), or of {', '.join(PEERS)}")
    parser.add_argument("--dims", type=numbers, required=True, metavar="D[,D...]", help="number of parameters")
    parser.add_argument("--trials", type=numbers, default=[], metavar="N[,N...]", help="number of trials")
    parser.add_argument("--at", type=numbers, default=[], metavar="N[,N...]", help="instead: trials around which is measured")
    parser.add_argument("--window", type=number, default=40, metavar="W", help="trials measured around each (default 40)")
    parser.add_argument("--studies", type=number, default=5, metavar="K", help="studies whose samples are put together (default 5)")
    parser.add_argument("--objective", choices=["bowl", "ackley"], default="bowl", help="default bowl")
    parser.add_argument("--clock", choices=["wall", "processor"], default="wall", help="default wall")
    parser.add_argument("--threads", type=int, default=0, metavar="T", help="threads of numerical libraries (default: theirs)")
    parser.add_argument("--mixed", action="store_true", help="also int and categorical parameters")
    parser.add_argument("--repeat", type=number, default=1, metavar="R", help="runs per row; the quickest is shown")
    parser.add_argument("--seed", type=int, default=1, metavar="K", help="seed of the (first) study")
    parser.add_argument("--out", metavar="FILE", help="write the table to FILE instead of stdout")
    options = parser.parse_args()
    if bool(options.trials) == bool(options.at):
        parser.error("either --trials or --at is needed")
    for name in THREADS if options.threads else ():  # read by the libraries when the measuring process starts
        os.environ[name] = str(options.threads)

    table = open(options.out, "w", encoding="utf-8") if options.out else sys.stdout
    print(HEADER, file=table, flush=True)
    failed = False
    for peer in options.strategy:
        for dims in options.dims:
            for trials in options.trials or [None]:
                runs = [isolated(peer, dims, trials, options) for _ in range(options.repeat)]
                runs = [run for run in runs if run is not None]
                failed = failed or len(runs) < options.repeat
                for cells in min(runs, key=lambda run: sum(cells[1] + cells[3] for cells in run)) if runs else ():
                    print(peer, dims, *cells, sep=",", file=table, flush=True)
    if table is not sys.stdout:
        table.close()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

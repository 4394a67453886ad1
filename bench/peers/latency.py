#!/usr/bin/env python3
"""The measurement of `hpo-bench latency` for other optimisers: same space, same columns.

Columns: strategy,dims,trials,ask_p50_ns,ask_p99_ns,tell_p50_ns,tell_p99_ns,bytes_per_trial

What is measured. A study in memory makes N trials by ask and tell in one thread; the last tenth of
them is timed. ask gives the values of all parameters: study.ask(distributions) in Optuna, study.ask()
and one suggest call per parameter in Rustuna, which has no other way. tell is study.tell. The
objective is not timed. The cost of reading the clock is taken off each sample. Percentiles are by
nearest rank.

bytes_per_trial: growth of the process's resident memory (/proc/self/statm) from the end of the first
tenth of the trials to the end, over the number of trials between, after a garbage collection at both
ends. hpo-bench counts requested bytes instead; resident memory is the only measure that sees Python
objects and Rust's memory alike.

Each row, and each repeat of a row, runs in a process of its own; of the repeats the one with the least
ask_p50 + tell_p50 is shown. Exit status: 0 done, 1 a row failed, 2 wrong command line.
"""

import argparse
import gc
import math
import multiprocessing
import os
import statistics
import sys
import time

HEADER = "strategy,dims,trials,ask_p50_ns,ask_p99_ns,tell_p50_ns,tell_p99_ns,bytes_per_trial"
CHOICES = ["a", "b", "c", "d"]


def space(dims, mixed):
    """The space of bench/problem.c: (name, kind, low, high, log) per parameter."""
    kinds = [("float", -5.0, 5.0, False), ("float", 1e-5, 1.0, True)]
    if mixed:
        kinds += [("int", 1, 64, False), ("categorical", 0, len(CHOICES) - 1, False)]
    return [(f"x{i}", *kinds[i % len(kinds)]) for i in range(dims)]


def value_of(parameters, values):
    """The objective of bench/problem.c."""
    total = 0.0
    for name, kind, low, high, _ in parameters:
        x = CHOICES.index(values[name]) if kind == "categorical" else values[name]
        total += ((x - low) / (high - low) - 0.3) ** 2
    return total


class OptunaRandom:
    """Optuna's RandomSampler with its in-memory storage."""

    def __init__(self, parameters, seed):
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        make = {
            "float": lambda low, high, log: optuna.distributions.FloatDistribution(low, high, log=log),
            "int": lambda low, high, log: optuna.distributions.IntDistribution(low, high, log=log),
            "categorical": lambda low, high, log: optuna.distributions.CategoricalDistribution(CHOICES),
        }
        self.distributions = {name: make[kind](low, high, log) for name, kind, low, high, log in parameters}
        self.study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))

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


PEERS = {"optuna.random": OptunaRandom, "rustuna.random": RustunaRandom}


def clock_cost():
    clock = time.perf_counter_ns
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


def measure(peer, dims, trials, mixed, seed):
    clock = time.perf_counter_ns
    parameters = space(dims, mixed)
    optimiser = PEERS[peer](parameters, seed)
    cost = clock_cost()
    first = max(1, trials // 10)
    timed = trials - max(1, trials // 10)
    asks, tells = [], []
    before = 0
    for i in range(trials):
        if i == first:
            before = resident()
        start = clock()
        trial = optimiser.ask()
        asked = clock()
        value = value_of(parameters, optimiser.values(trial))
        done = clock()
        optimiser.tell(trial, value)
        told = clock()
        if i >= timed:
            asks.append(max(0, asked - start - cost))
            tells.append(max(0, told - done - cost))
    grown = (resident() - before) / (trials - first) if trials > first else math.nan
    return [percentile(asks, 50), percentile(asks, 99), percentile(tells, 50), percentile(tells, 99), grown]


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
    names = list(PEERS) if text == "all" else text.split(",")
    for name in names:
        if name not in PEERS:
            raise argparse.ArgumentTypeError(f"'{name}' is none of {', '.join(PEERS)}")
    return names


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--strategy", type=peers, required=True, metavar="S[,S...]", help=f"all, or of {', '.join(PEERS)}")
    parser.add_argument("--dims", type=numbers, required=True, metavar="D[,D...]", help="number of parameters")
    parser.add_argument("--trials", type=numbers, required=True, metavar="N[,N...]", help="number of trials")
    parser.add_argument("--mixed", action="store_true", help="also int and categorical parameters")
    parser.add_argument("--repeat", type=number, default=1, metavar="R", help="runs per row; the quickest is shown")
    parser.add_argument("--seed", type=int, default=1, metavar="K", help="seed of the study")
    parser.add_argument("--out", metavar="FILE", help="write the table to FILE instead of stdout")
    arguments = parser.parse_args()

    table = open(arguments.out, "w", encoding="utf-8") if arguments.out else sys.stdout
    print(HEADER, file=table, flush=True)
    failed = False
    for peer in arguments.strategy:
        for dims in arguments.dims:
            for trials in arguments.trials:
                runs = [isolated(peer, dims, trials, arguments.mixed, arguments.seed) for _ in range(arguments.repeat)]
                runs = [run for run in runs if run is not None]
                failed = failed or len(runs) < arguments.repeat
                if runs:
                    best = min(runs, key=lambda run: run[0] + run[2])
                    print(f"{peer},{dims},{trials},{best[0]},{best[1]},{best[2]},{best[3]},{best[4]:.1f}", file=table, flush=True)
    if table is not sys.stdout:
        table.close()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

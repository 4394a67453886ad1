#!/usr/bin/env python3
"""The runs of `hpo-bench tasks` for other optimisers: same tasks, same evaluator, same columns.

    PYTHON bench/peers/run_tasks.py --library build/bench/libbenchtasks.so --data DIR --tasks FILE|NAME[,NAME...] --peer PEER --out FILE.csv
                                    [--trials N] [--seeds A..B] [--jobs J]

Columns: peer,version,task,seed,trial,value,best,seconds. value: minimised, on the task's own scale, inf for a configuration that fails. best: the
least value so far. seconds: processor time of the optimiser since the previous evaluation (learning from it and suggesting the next). optimisers.py
says what each peer is given, and how it hears of failures.

Each task and seed is a process of its own with one thread; all tasks of a seed come before the next seed. The file grows by whole runs. Called again
with the same --out, the driver makes only the runs that are missing, so it may be ended at any time. PYTHON is that of the peer's environment; see
setup.sh. Exit status: 0 every run is there, 1 one failed (the others are kept), 2 wrong command line.
"""
import os

# Before numpy, torch or a BLAS is loaded.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"):
    os.environ[_name] = "1"

import argparse  # noqa: E402
import multiprocessing  # noqa: E402
import multiprocessing.connection  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
import traceback  # noqa: E402

import optimisers  # noqa: E402
import runs  # noqa: E402
import tasks  # noqa: E402


def names_of(text):
    """Names separated by commas, or a file with one on each line."""
    if not os.path.isfile(text):
        return list(dict.fromkeys(text.split(",")))
    with open(text, encoding="utf-8") as file:
        return list(dict.fromkeys(name for name in (line.partition("#")[0].strip() for line in file) if name))


def child(connection, optimiser, task, seed, trials):
    try:
        connection.send(runs.run(optimiser, task, seed, trials))
    except BaseException:  # pylint: disable=broad-except
        traceback.print_exc()
    connection.close()


class Pool:
    """Up to `jobs` runs at a time, each in a forked process: the peer is imported once, and a crash ends one run."""

    def __init__(self, jobs):
        self._context = multiprocessing.get_context("fork")
        self._jobs = jobs
        self._running = {}  # receiving end: (process, job)

    def start(self, job, *arguments):
        receive, send = self._context.Pipe(duplex=False)
        process = self._context.Process(target=child, args=(send, *arguments))
        process.start()
        send.close()
        self._running[receive] = (process, job)

    def is_full(self):
        return len(self._running) >= self._jobs

    def is_idle(self):
        return not self._running

    def ended(self):
        """Waits until runs have ended; (job, rows) of each, rows None when it failed."""
        for receive in multiprocessing.connection.wait(list(self._running)):
            process, job = self._running.pop(receive)
            try:
                rows = receive.recv()
            except EOFError:
                rows = None
            receive.close()
            process.join()
            yield job, rows


def make_runs(arguments, opened, optimiser, table):
    """Whether all of them were made."""
    wanted = [(name, seed) for seed in arguments.seeds for name in opened if not table.has(name, seed)]
    pool, good, made, start = Pool(arguments.jobs), True, 0, time.monotonic()
    while wanted or not pool.is_idle():
        while wanted and not pool.is_full():
            name, seed = wanted.pop(0)
            pool.start((name, seed), optimiser, opened[name], seed, arguments.trials)
        for (name, seed), rows in pool.ended():
            if rows is None:
                print(f"run_tasks.py: {arguments.peer}, {name}, seed {seed}: failed", file=sys.stderr)
                good = False
                continue
            if len(rows) < arguments.trials:
                print(f"run_tasks.py: {arguments.peer}, {name}, seed {seed}: nothing left to try after {len(rows)} trials", file=sys.stderr)
            table.add(name, seed, rows)
            made += 1
            print(f"{arguments.peer}: {made} runs, {len(wanted)} to start, {time.monotonic() - start:.0f} s; {name}, seed {seed}: "
                  f"{sum(r[3] for r in rows):.2f} s", flush=True)
    return good


def parse(argv):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", required=True, metavar="FILE", help="libbenchtasks")
    parser.add_argument("--data", metavar="DIR", help="the benchmark data; closed-form functions (fn:...) need none")
    parser.add_argument("--tasks", required=True, type=names_of, metavar="FILE|NAME[,NAME...]")
    parser.add_argument("--peer", required=True, choices=sorted(optimisers.PEERS), metavar="PEER", help=", ".join(sorted(optimisers.PEERS)))
    parser.add_argument("--trials", type=int, default=100, metavar="N", help="trials of a run (default 100)")
    parser.add_argument("--seeds", type=runs.seeds, default=range(10), metavar="A..B", help="default 0..9")
    parser.add_argument("--jobs", type=int, default=1, metavar="J", help="runs at a time (default 1)")
    parser.add_argument("--out", required=True, metavar="FILE.csv")
    arguments = parser.parse_args(argv)
    if arguments.trials < 1 or arguments.jobs < 1:
        parser.error("--trials and --jobs are at least 1")
    return arguments


def main(argv=None):
    arguments = parse(argv)
    try:
        optimiser = optimisers.PEERS[arguments.peer]()
    except ImportError as e:
        print(f"run_tasks.py: {arguments.peer} is not installed here: {e}", file=sys.stderr)
        return 1
    try:
        library = tasks.Library(arguments.library)
        opened = {name: library.open(name, arguments.data) for name in arguments.tasks}
        table = runs.Table(arguments.out, arguments.peer, optimiser.version, arguments.trials)
    except (OSError, ValueError) as e:
        print(f"run_tasks.py: {e}", file=sys.stderr)
        return 1
    good = make_runs(arguments, opened, optimiser, table)
    table.sort(arguments.tasks)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Measures libhpo and the peers in the same run and prints the ratios as a Markdown table.

For each number of parameters, libhpo's strategy `random` and the peers' random samplers take turns, as
often as --repeat says, so that a busy moment of the machine does not hit one side alone; the quickest
repeat of each counts. ask + tell is the sum of the two medians. libhpo's ask includes reading every
parameter by name (--time-reads), because that of the peers also hands out the values.

With --strategy gp, the suggestions around given trials (--at) of libhpo's gp and of Optuna's GPSampler are
compared instead, in one number of parameters and on Ackley's function; GPSampler once with one thread and
once with as many as PyTorch takes. Every study makes its own trials from the first on. The ratio is that of
the medians of ask.

Memory: libhpo's figure is requested bytes per trial, that of the peers growth of resident memory; see
`hpo-bench latency --help` and latency.py --help.

  python3 bench/peers/compare_latency.py --bench build/bench/hpo-bench --venv build/peers-venv
  python3 bench/peers/compare_latency.py --strategy gp --dims 10 --at 100,200 --repeat 1

Exit status: 0 done, 1 a measurement failed, 2 wrong command line.
"""

import argparse
import csv
import io
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))


def run(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"compare_latency: failed with exit status {done.returncode}: {' '.join(command)}")
    return list(csv.DictReader(io.StringIO(done.stdout)))


def total(row):
    return float(row["ask_p50_ns"]) + float(row["tell_p50_ns"])


def installed(python):
    code = "import importlib.util as u; print(*[p for p in ('optuna', 'rustuna') if u.find_spec(p)])"
    return subprocess.run([python, "-c", code], stdout=subprocess.PIPE, text=True, check=True).stdout.split()


def version(python, package):
    code = f"import importlib.metadata as m; print(m.version('{package}'))"
    return subprocess.run([python, "-c", code], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


def compare(arguments, python, peers):
    """Rows of the quickest repeats: {(strategy, dims): row}."""
    best = {}
    common = ["--trials", arguments.trials] + (["--mixed"] if arguments.mixed else [])
    for dims in arguments.dims.split(","):
        for _ in range(arguments.repeat):
            rows = run([arguments.bench, "latency", "--strategy", "random", "--dims", dims, "--time-reads"] + common)
            rows += run([python, os.path.join(HERE, "latency.py"), "--strategy", peers, "--dims", dims] + common)
            for row in rows:
                key = (row["strategy"], int(row["dims"]))
                if key not in best or total(row) < total(best[key]):
                    best[key] = row
    return best


def compare_gp(arguments, python):
    """Rows of the quickest repeats: {(name, n): row}, libhpo first."""
    best = {}
    common = ["--dims", arguments.dims, "--at", arguments.at, "--window", str(arguments.window), "--objective", "ackley"]
    common += ["--clock", arguments.clock] + (["--mixed"] if arguments.mixed else [])
    theirs = [python, os.path.join(HERE, "latency.py"), "--strategy", "optuna.gp", "--studies", str(arguments.studies)] + common
    turns = {
        "libhpo gp": [arguments.bench, "latency", "--strategy", "gp", "--time-reads", "--studies", str(max(5, arguments.studies))] + common,
        "Optuna GPSampler, 1 thread": theirs + ["--threads", "1"],
        "Optuna GPSampler, its own threads": theirs,
    }
    for _ in range(arguments.repeat):
        for name, command in turns.items():
            for row in run(command):
                key = (name, int(row["trials"]))
                if key not in best or total(row) < total(best[key]):
                    best[key] = row
    return best


def print_gp_table(best, out):
    print("| trials | optimiser | ask p50, ms | ask p99, ms | tell p50, ms | samples | peak resident, MB | ratio of ask p50 |", file=out)
    print("|---:|---|---:|---:|---:|---:|---:|---:|", file=out)
    for name, n in sorted(best, key=lambda key: key[1]):
        row = best[name, n]
        own = best["libhpo gp", n]
        times = [f"{float(row[c]) / 1e6:.3f}" for c in ("ask_p50_ns", "ask_p99_ns", "tell_p50_ns")]
        ratio = float(row["ask_p50_ns"]) / float(own["ask_p50_ns"])
        print("| " + " | ".join([str(n), name, *times, row["samples"], row["peak_rss_mb"], f"{ratio:.1f}"]) + " |", file=out)


def print_table(best, out):
    print("| parameters | optimiser | ask p50, us | tell p50, us | ask + tell, us | ratio | bytes per trial | ratio |", file=out)
    print("|---:|---|---:|---:|---:|---:|---:|---:|", file=out)
    for (strategy, dims), row in best.items():
        own = best[("random", dims)]
        cells = [
            str(dims),
            "libhpo random" if strategy == "random" else strategy,
            f"{float(row['ask_p50_ns']) / 1e3:.2f}",
            f"{float(row['tell_p50_ns']) / 1e3:.2f}",
            f"{total(row) / 1e3:.2f}",
            f"{total(row) / max(total(own), 1.0):.0f}",
            f"{float(row['bytes_per_trial']):.0f}",
            f"{float(row['bytes_per_trial']) / float(own['bytes_per_trial']):.1f}",
        ]
        print("| " + " | ".join(cells) + " |", file=out)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", default=os.path.join(ROOT, "build", "bench", "hpo-bench"), metavar="FILE", help="the hpo-bench to run")
    parser.add_argument("--venv", default=os.path.join(ROOT, "build", "peers-venv"), metavar="DIR", help="what setup.sh made")
    parser.add_argument("--strategy", choices=["random", "gp"], default="random", help="what is compared (default random)")
    parser.add_argument("--dims", metavar="D[,D...]", help="numbers of parameters (default 2,10,50; gp: 10)")
    parser.add_argument("--at", default="100,200", metavar="N[,N...]", help="gp: trials around which is measured (default 100,200)")
    parser.add_argument("--window", type=int, default=20, metavar="W", help="gp: trials measured around each (default 20)")
    parser.add_argument("--studies", type=int, default=1, metavar="K", help="gp: studies of the peer, of libhpo at least 5 (default 1)")
    parser.add_argument("--clock", choices=["wall", "processor"], default="wall", help="gp: time of day or processor time (default wall)")
    parser.add_argument("--trials", default="10000", metavar="N", help="number of trials (default 10000)")
    parser.add_argument("--repeat", type=int, default=3, metavar="R", help="turns; the quickest counts (default 3)")
    parser.add_argument("--mixed", action="store_true", help="also int and categorical parameters")
    parser.add_argument("--out", metavar="FILE", help="write the table to FILE instead of stdout")
    arguments = parser.parse_args()

    if arguments.repeat < 1:
        parser.error(f"--repeat: {arguments.repeat} is not at least 1")
    python = os.path.join(arguments.venv, "bin", "python")
    for needed, hint in ((arguments.bench, "build it first"), (python, "sh bench/peers/setup.sh makes it")):
        if not os.access(needed, os.X_OK):
            parser.error(f"there is no {needed}; {hint}")
    packages = installed(python)
    if "optuna" not in packages:
        parser.error(f"{arguments.venv} has no optuna; run sh bench/peers/setup.sh again")
    gp = arguments.strategy == "gp"
    arguments.dims = arguments.dims or ("10" if gp else "2,10,50")
    if gp and "," in arguments.dims:
        parser.error("--strategy gp takes one number of parameters")
    packages = ["optuna", "torch"] if gp else packages
    best = compare_gp(arguments, python) if gp else compare(arguments, python, ",".join(f"{p}.random" for p in packages))
    out = open(arguments.out, "w", encoding="utf-8") if arguments.out else sys.stdout
    names = [subprocess.run([arguments.bench, "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()]
    names += [f"{package} {version(python, package)}" for package in packages]
    what = f"{arguments.dims} parameters, Ackley" if gp else f"{arguments.trials} trials"
    print(f"{'; '.join(names)}. {what}, best of {arguments.repeat}.\n", file=out)
    (print_gp_table if gp else print_table)(best, out)
    return 0


if __name__ == "__main__":
    sys.exit(main())

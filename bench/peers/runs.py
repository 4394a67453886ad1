"""Runs of an optimiser on tasks: the objective it is given, and the CSV file, which an ended driver can take up again. Standard library only."""
import csv
import math
import os
import random
import time

HEADER = ["peer", "version", "task", "seed", "trial", "value", "best", "seconds"]


class Failed(Exception):
    """The configuration fails: it cannot be built, trained or run."""


class Objective:
    """What an optimiser minimises: objective(configuration) gives the value or raises Failed. Every call is one trial.

    seconds of a trial is the processor time since the end of the previous one: all that the optimiser did to learn from it and to make the next
    suggestion, and not what other programs did.
    """

    def __init__(self, task, trials):
        self.task = task
        self.trials = trials
        self.rows = []
        self.best = math.inf
        self._ended = time.process_time()

    def __call__(self, configuration):
        seconds = time.process_time() - self._ended
        if len(self.rows) >= self.trials:
            raise RuntimeError(f"{self.task.name}: more than {self.trials} trials")
        value, _ = self.task.evaluate(configuration)
        if not math.isfinite(value):
            value = math.inf
        self.best = min(self.best, value)
        self.rows.append((len(self.rows) + 1, value, self.best, seconds))
        self._ended = time.process_time()
        if value == math.inf:
            raise Failed
        return value


class Penalty:
    """A finite value for failures, for an optimiser that has no other way to be told: the worst value so far.

    Until there is any value, failures are held back, and the optimiser goes on with its initial points. tell(configurations, values) takes lists.
    """

    def __init__(self, objective, tell):
        self._objective = objective
        self._tell = tell
        self._worst = -math.inf
        self._held = []

    def evaluate(self, told, configuration):
        """told: the same configuration in the form that tell takes."""
        try:
            value = self._objective(configuration)
        except Failed:
            value = None
        self._held.append((told, value))
        if value is not None:
            self._worst = max(self._worst, value)
        if self._worst > -math.inf:
            self._tell([c for c, _ in self._held], [self._worst if v is None else v for _, v in self._held])
            self._held.clear()


def run(optimiser, task, seed, trials):
    """The rows of one run. An optimiser may end it early, when it has nothing left to try."""
    random.seed(seed)
    objective = Objective(task, trials)
    optimiser.minimise(objective, seed)
    return objective.rows


def seeds(text):
    """'A..B' or 'A'."""
    first, dots, last = text.partition("..")
    if not first.isascii() or not first.isdigit() or (dots and not (last.isascii() and last.isdigit())):
        raise ValueError(f"'{text}' is not A..B")
    first, last = int(first), int(last or first)
    if first > last:
        raise ValueError(f"'{text}' is not A..B with A at most B")
    return range(first, last + 1)


class Table:
    """The CSV file of one peer. Whole runs only: what an ended driver left half written is dropped when the file is opened again."""

    def __init__(self, path, peer, version, trials):
        self.path = path
        self._peer = peer
        self._version = version
        self._trials = trials
        self._runs = {}  # (task, seed): list of lines
        if os.path.exists(path):
            self._read()
        self._write()

    def _read(self):
        with open(self.path, newline="", encoding="utf-8") as file:
            lines = file.read().split("\n")
        if lines[0].split(",") != HEADER:
            raise ValueError(f"{self.path} is not a file of this driver")
        found = {}
        for line, cells in zip(lines[1:-1], csv.reader(lines[1:-1])):  # what follows the last newline is no whole line
            if len(cells) != len(HEADER):
                raise ValueError(f"{self.path} is not a file of this driver: {line}")
            if cells[:2] != [self._peer, self._version]:
                raise ValueError(f"{self.path} holds runs of {cells[0]} {cells[1]}, not of {self._peer} {self._version}")
            found.setdefault((cells[2], int(cells[3])), []).append(line)
        longer = [k for k, v in found.items() if len(v) > self._trials]
        if longer:
            raise ValueError(f"{self.path} holds runs of more than {self._trials} trials")
        self._runs = {k: v for k, v in found.items() if len(v) == self._trials}

    def _write(self):
        new = self.path + ".new"
        with open(new, "w", newline="", encoding="utf-8") as file:
            file.write(",".join(HEADER) + "\n")
            for lines in self._runs.values():
                file.write("\n".join(lines) + "\n")
        os.replace(new, self.path)

    def has(self, task, seed):
        return (task, seed) in self._runs

    def add(self, task, seed, rows):
        lines = [f"{self._peer},{self._version},{task},{seed},{k},{value:.10g},{best:.10g},{seconds:.3g}" for k, value, best, seconds in rows]
        self._runs[task, seed] = lines
        with open(self.path, "a", newline="", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")

    def sort(self, order):
        """Runs by task, then seed, whatever the order in which they ended. order: the names of the tasks."""
        place = {name: i for i, name in enumerate(order)}
        self._runs = dict(sorted(self._runs.items(), key=lambda item: (place.get(item[0][0], len(place)), item[0])))
        self._write()

"""The tables of function pointers that a host may lay out itself, filled in from Python: an allocator and a strategy.

    HPO_LIBRARY=build/lib/libhpo.so python3 bindings/python/check_tables.py        (or the path as first argument)

Uses the C API as it is, through hpo.load(). Ends with status 1 when anything is not as it must be.
"""

import ctypes
import math
import sys
import threading
from ctypes import byref, c_double, c_size_t, c_void_p

import hpo

failures = 0


def check(condition, what):
    global failures
    if not condition:
        failures += 1
        print("FAILED: " + what)


class Allocator:
    """malloc with a count of what is in use, and a limit."""

    def __init__(self):
        libc = ctypes.CDLL(None)
        libc.realloc.restype, libc.realloc.argtypes = c_void_p, [c_void_p, c_size_t]
        libc.free.restype, libc.free.argtypes = None, [c_void_p]
        self.in_use, self.most, self.blocks, self.calls, self.limit = 0, 0, {}, 0, math.inf
        self.wrong_sizes = 0
        lock = threading.Lock()

        def resize(user, block, old_size, new_size):
            with lock:
                self.calls += 1
                if self.blocks.get(block, 0) != old_size:
                    self.wrong_sizes += 1
                if new_size == 0:
                    self.in_use -= self.blocks.pop(block, 0)
                    libc.free(block)
                    return None
                if self.in_use - old_size + new_size > self.limit:
                    return None
                found = libc.realloc(block, new_size)
                self.blocks.pop(block, None)
                self.blocks[found] = new_size
                self.in_use += new_size - old_size
                self.most = max(self.most, self.in_use)
                return found

        kind = dict(hpo.hpo_allocator._fields_)["resize"]
        self.table = hpo.hpo_allocator(ctypes.sizeof(hpo.hpo_allocator), 0, None, kind(resize))


class HillClimb:
    """Strategy: one step from the best point so far, with a coordinate drawn afresh now and then. Pure function of its arguments: it keeps nothing."""

    def __init__(self):
        self.asked, self.destroyed = 0, 0
        lib = hpo.load()

        def ask(state, history, number, out, err):
            try:
                self.asked += 1
                n, d = lib.hpo_history_size(history), lib.hpo_history_dimensions(history)
                values = lib.hpo_history_values(history)[:n]
                states = lib.hpo_history_states(history)[:n]
                done = [i for i in range(n) if states[i] == hpo.COMPLETE]
                u = [lib.hpo_history_uniform(history, number, 1, j) for j in range(d)]
                if len(done) >= 4:
                    best = min(done, key=lambda i: values[i])
                    for j, c in enumerate(lib.hpo_history_unit(history)[best * d : best * d + d]):
                        if not math.isnan(c) and lib.hpo_history_uniform(history, number, 2, j) > 0.15:
                            u[j] = min(1.0, max(0.0, c + 0.3 * (u[j] - 0.5)))
                return lib.hpo_point_set_unit(out, (c_double * d)(*u), d, err)
            except Exception as exception:  # nothing may be raised into C; the text goes through the error struct
                err.contents.code = hpo.E_HOST
                err.contents.message = ("%s: %s" % (type(exception).__name__, exception)).encode("utf-8", "replace")[:503]
                return hpo.E_HOST

        def destroy(user):
            self.destroyed += 1

        # A field that is not set is a NULL pointer: `create`, `observe` and `total` are optional.
        fields = dict(hpo.hpo_strategy_ops._fields_)
        self.table = hpo.hpo_strategy_ops(ctypes.sizeof(hpo.hpo_strategy_ops), hpo.STRATEGY_ABI, b"hill-climb", b"steps around the best")
        self.table.ask = fields["ask"](ask)
        self.destroy = hpo.hpo_destroy(destroy)


def run(allocator, strategy, seed, workers, trials=60):
    space = hpo.Space(allocator.table)
    space.add_float("x", -5.0, 5.0)
    space.add_float("y", 1e-3, 1e3, hpo.LOG)
    space.add_categorical("kind", ["a", "b"])
    space.add_float("z", -1.0, 1.0)
    space.when("z", "kind", ["b"])

    def objective(trial):
        z = trial["z"]
        return (trial["x"] - 1.0) ** 2 + math.log10(trial["y"]) ** 2 + (1.0 if z is None else z * z)

    with hpo.Study(space, {"seed": seed, "workers": workers}) as study:
        space.close()
        hpo.call("hpo_study_use_strategy", study.handle, byref(strategy.table), None, strategy.destroy)
        check(study.optimize(objective, trials) == hpo.OK, "the search ends with its budget")
        return study.column("value"), study.column("x")


def main():
    if len(sys.argv) > 1:
        hpo.load(sys.argv[1])

    allocator, strategy = Allocator(), HillClimb()
    first, x = run(allocator, strategy, 3, workers=1)
    check(allocator.calls > 0 and allocator.in_use == 0 and not allocator.blocks, "everything was allocated and given back")
    check(allocator.wrong_sizes == 0, "libhpo names the size of each block")
    check(strategy.asked == 59 and strategy.destroyed == 1, "the strategy makes every trial but the default, and is ended once")
    check(min(first) < 1.2 < first[0], "the strategy gets better than the default")
    near = [abs(x[k] - x[first.index(min(first[:k]))]) <= 1.5 for k in range(5, 60)]
    check(sum(near) >= 0.75 * len(near), "most steps start from the best so far: the history arrives as it is")
    check(run(allocator, HillClimb(), 3, workers=1) == (first, x), "the same seed gives the same search")
    check(run(allocator, HillClimb(), 4, workers=1) != (first, x), "another seed gives another one")

    # The strategy and the allocator are called under libhpo's locks, the objective is not. The GIL is never held while such a lock is waited for.
    check(len(run(allocator, HillClimb(), 3, workers=2)[0]) == 60, "two workers")

    # Memory that ends: an error, no leak, and no strategy left behind.
    strategy, most = HillClimb(), allocator.most
    allocator.limit = most // 2
    try:
        run(allocator, strategy, 3, workers=1, trials=5000)
        check(False, "there was enough memory")
    except hpo.Error as error:
        check(error.status == hpo.E_NOMEM, "out of memory is reported as such: %s" % error)
    except MemoryError:
        pass
    allocator.limit = math.inf
    check(allocator.in_use == 0, "nothing leaks when memory ends")

    # A failing strategy: its own status and text.
    strategy = HillClimb()
    strategy.table.ask = type(strategy.table.ask)(lambda state, history, number, out, err: hpo.E_HOST - 5)
    try:
        run(allocator, strategy, 3, workers=1)
        check(False, "a failing strategy was not noticed")
    except hpo.Error as error:
        check(error.status == hpo.E_HOST - 5, "the status of the strategy passes through: %d %s" % (error.status, error))
    strategy.table.abi_version += 1
    try:
        run(allocator, strategy, 3, workers=1)
        check(False, "a table of another version was taken")
    except hpo.Error as error:
        check(error.status == hpo.E_ABI and strategy.destroyed == 2, "a table of another version is refused, and its user pointer ended: %s" % error)

    print("%d checks failed" % failures if failures else "ok")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

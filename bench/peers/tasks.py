"""The benchmark's tasks for Python optimisers: libbenchtasks by ctypes, so that every optimiser is judged by the same code as libhpo.

    library = Library("build/bench/libbenchtasks.so")
    task = library.open("rbv2_xgboost:42:acc:booster=gbtree", data="DIR")
    for p in task.parameters: ...      # dictionaries, see bench/evaluator.h; parents stand before children
    task.is_active(p, configuration)   # configuration: {name: number or choice} of the parameters before p
    value, seconds = task.evaluate(configuration)          # to be minimised; math.inf when the configuration fails
    value, seconds = task.evaluate(configuration, seed=7)  # one random replicate

Standard library only. Levels of an ordered parameter of a table are an int from 0.
"""
import ctypes
import json
import math

_MESSAGE = 400


class Library:
    def __init__(self, path):
        self._lib = ctypes.CDLL(str(path))
        c_double_p = ctypes.POINTER(ctypes.c_double)
        self._lib.bench_task_open.restype = ctypes.c_void_p
        self._lib.bench_task_open.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_size_t]
        self._lib.bench_task_close.restype = None
        self._lib.bench_task_close.argtypes = [ctypes.c_void_p]
        self._lib.bench_task_json.restype = ctypes.c_char_p
        self._lib.bench_task_json.argtypes = [ctypes.c_void_p]
        self._lib.bench_task_evaluate.restype = ctypes.c_int
        self._lib.bench_task_evaluate.argtypes = [
            ctypes.c_void_p, c_double_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_uint64, c_double_p, c_double_p,
            ctypes.c_char_p, ctypes.c_size_t]

    def open(self, name, data=None):
        return Task(self._lib, name, data)


class Task:
    """One open task. May be used from several threads. Closed with the object."""

    def __init__(self, lib, name, data):
        self._lib = lib
        self._task = None
        message = ctypes.create_string_buffer(_MESSAGE)
        directory = str(data).encode() if data is not None else None
        self._task = lib.bench_task_open(directory, name.encode(), message, _MESSAGE)
        if not self._task:
            raise ValueError(message.value.decode())
        about = json.loads(lib.bench_task_json(self._task))
        self.name = about["name"]
        self.optimum = about["optimum"]  # None when it is not known
        self.has_noise = about["noise"]
        self.has_time = about["time"]
        self.parameters = about["parameters"]
        for p in self.parameters:
            if p["kind"] == "int":
                p["low"], p["high"] = int(p["low"]), int(p["high"])
        self._places = {p["name"]: {c: i for i, c in enumerate(p.get("choices", []))} for p in self.parameters}

    def __del__(self):
        if self._task:
            self._lib.bench_task_close(self._task)
            self._task = None

    @staticmethod
    def is_active(parameter, configuration):
        return all(configuration.get(c["parent"]) in c["values"] for c in parameter["conditions"])

    def evaluate(self, configuration, seed=None):
        """Parameters that are inactive may be missing, or there with any value. A missing active one is an error."""
        n = len(self.parameters)
        values = (ctypes.c_double * n)()
        for i, p in enumerate(self.parameters):
            v = configuration.get(p["name"])
            if v is None:
                values[i] = math.nan
            elif p["kind"] == "categorical":
                if v not in self._places[p["name"]]:
                    raise ValueError(f"{self.name}: {p['name']} cannot be {v!r}")
                values[i] = self._places[p["name"]][v]
            else:
                values[i] = v
        value, seconds = ctypes.c_double(), ctypes.c_double()
        message = ctypes.create_string_buffer(_MESSAGE)
        if self._lib.bench_task_evaluate(self._task, values, n, seed is not None, seed or 0, ctypes.byref(value),
                                         ctypes.byref(seconds), message, _MESSAGE):
            raise ValueError(f"{self.name}: {message.value.decode()}")
        return value.value, seconds.value

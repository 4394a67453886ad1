"""libhpo from Python, by ctypes: every function of the C API, and thin classes that own handles and keep exceptions on their side.

    import hpo

    space = hpo.Space()
    space.add_float("lr", 1e-5, 1e-1, scale=hpo.LOG)
    space.add_int("depth", 2, 12)
    study = hpo.Study(space, {"strategy": "sobol", "seed": 7})
    study.optimize(lambda trial: loss(trial["lr"], trial["depth"]), 100)
    print(study.best().value, study.best().parameters())

The library is found by load(path), by the environment variable HPO_LIBRARY, or by its usual name. This one file is the whole binding: copy it.
See docs/ffi.md for what may cross the C boundary and how.
"""

import ctypes
import ctypes.util
import math
import os
import sys
from ctypes import CFUNCTYPE, POINTER, Structure, byref, c_char, c_char_p, c_double, c_int32, c_int64, c_size_t, c_uint8, c_uint32, c_uint64, c_void_p

# Statuses, kinds and states: the enumerators of the headers without their prefix HPO_.
OK, PRUNED, STOPPED, EXHAUSTED = 0, 1, 2, 3
E_INVALID, E_NOMEM, E_STATE, E_NOT_FOUND, E_EXISTS, E_UNSUPPORTED, E_BUSY = -1, -2, -3, -4, -5, -6, -7
E_IO, E_CORRUPT, E_ABI, E_NUMERIC, E_BUFFER, E_STALE, E_CALLBACK = -8, -9, -10, -11, -12, -13, -14
E_INTERNAL, E_HOST = -99, -1000
LINEAR, LOG = 0, 1
FLOAT, INT, CATEGORICAL, ORDINAL, BOOL = 0, 1, 2, 3, 4
RUNNING, COMPLETE, TRIAL_PRUNED, FAILED, WAITING = 0, 1, 2, 3, 4
LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG = 1, 2, 3, 4
TRAIN, VALIDATION, TEST, UNUSED = 0, 1, 2, 255
STRATEGY_ABI = 1


# The C types, under their C names. The handles are opaque: a pointer to one of them is never looked into.
class hpo_space(Structure):
    pass


class hpo_study(Structure):
    pass


class hpo_trial(Structure):
    pass


class hpo_point(Structure):
    pass


class hpo_settings(Structure):
    pass


class hpo_history(Structure):
    pass


class hpo_error(Structure):
    _fields_ = [("code", c_int32), ("sys_errno", c_int32), ("message", c_char * 504)]


space_p, study_p, trial_p, point_p = POINTER(hpo_space), POINTER(hpo_study), POINTER(hpo_trial), POINTER(hpo_point)
settings_p, history_p, error_p = POINTER(hpo_settings), POINTER(hpo_history), POINTER(hpo_error)
double_p, size_p, text_p = POINTER(c_double), POINTER(c_size_t), POINTER(c_char_p)

# CDLL and CFUNCTYPE (not PyDLL and PYFUNCTYPE): the GIL is released while libhpo runs and taken again for each callback, on whichever thread it comes.
hpo_objective = CFUNCTYPE(c_int32, trial_p, double_p, c_void_p)
hpo_trial_callback = CFUNCTYPE(c_int32, trial_p, c_void_p)
hpo_log_callback = CFUNCTYPE(None, c_int32, c_char_p, c_void_p)
hpo_destroy = CFUNCTYPE(None, c_void_p)


class hpo_allocator(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("reserved", c_uint32),
        ("user", c_void_p),
        ("resize", CFUNCTYPE(c_void_p, c_void_p, c_void_p, c_size_t, c_size_t)),
    ]


class hpo_setting(Structure):
    _fields_ = [("name", c_char_p), ("type", c_char_p), ("initial", c_char_p), ("range", c_char_p), ("help", c_char_p)]


class hpo_strategy_ops(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("abi_version", c_uint32),
        ("name", c_char_p),
        ("help", c_char_p),
        ("create", CFUNCTYPE(c_int32, space_p, settings_p, c_void_p, POINTER(c_void_p), error_p)),
        ("destroy", CFUNCTYPE(None, c_void_p)),
        ("ask", CFUNCTYPE(c_int32, c_void_p, history_p, c_uint64, point_p, error_p)),
        ("observe", CFUNCTYPE(c_int32, c_void_p, history_p, c_uint64, error_p)),
        ("total", CFUNCTYPE(c_int32, c_void_p, POINTER(c_uint64), error_p)),
        ("settings", POINTER(hpo_setting)),
    ]


# name: (type of the result, types of the arguments)
FUNCTIONS = {
    # hpo/version.h
    "hpo_version": (c_uint32, []),
    "hpo_version_string": (c_char_p, []),
    "hpo_build_info": (c_char_p, []),
    # hpo/status.h
    "hpo_status_name": (c_char_p, [c_int32]),
    # hpo/space.h
    "hpo_space_new": (space_p, [POINTER(hpo_allocator)]),
    "hpo_space_free": (None, [space_p]),
    "hpo_space_status": (c_int32, [space_p, error_p]),
    "hpo_space_add_float": (c_int32, [space_p, c_char_p, c_double, c_double, c_int32, error_p]),
    "hpo_space_add_int": (c_int32, [space_p, c_char_p, c_int64, c_int64, c_int32, error_p]),
    "hpo_space_add_categorical": (c_int32, [space_p, c_char_p, text_p, c_size_t, error_p]),
    "hpo_space_add_ordinal": (c_int32, [space_p, c_char_p, double_p, c_size_t, error_p]),
    "hpo_space_add_bool": (c_int32, [space_p, c_char_p, error_p]),
    "hpo_space_set_step": (c_int32, [space_p, c_char_p, c_double, error_p]),
    "hpo_space_set_default": (c_int32, [space_p, c_char_p, c_char_p, error_p]),
    "hpo_space_when": (c_int32, [space_p, c_char_p, c_char_p, text_p, c_size_t, error_p]),
    "hpo_space_size": (c_size_t, [space_p]),
    "hpo_space_name": (c_char_p, [space_p, c_size_t]),
    "hpo_space_index": (c_size_t, [space_p, c_char_p]),
    "hpo_space_kind": (c_int32, [space_p, c_size_t]),
    "hpo_space_cardinality": (c_uint64, [space_p, c_size_t]),
    "hpo_space_choice": (c_char_p, [space_p, c_size_t, c_size_t]),
    "hpo_space_decode": (c_int32, [space_p, double_p, c_size_t, double_p, error_p]),
    "hpo_space_encode": (c_int32, [space_p, double_p, c_size_t, double_p, error_p]),
    "hpo_space_to_json": (c_int32, [space_p, c_char_p, c_size_t, size_p, error_p]),
    "hpo_space_from_json": (c_int32, [c_char_p, c_size_t, POINTER(hpo_allocator), POINTER(space_p), error_p]),
    # hpo/point.h
    "hpo_point_new": (c_int32, [space_p, POINTER(point_p), error_p]),
    "hpo_point_free": (None, [point_p]),
    "hpo_point_set": (c_int32, [point_p, c_char_p, c_char_p, error_p]),
    "hpo_point_set_number": (c_int32, [point_p, c_char_p, c_double, error_p]),
    "hpo_point_set_values": (c_int32, [point_p, double_p, c_size_t, error_p]),
    "hpo_point_set_unit": (c_int32, [point_p, double_p, c_size_t, error_p]),
    # hpo/settings.h
    "hpo_setting_count": (c_size_t, []),
    "hpo_setting_name": (c_char_p, [c_size_t]),
    "hpo_setting_type": (c_char_p, [c_size_t]),
    "hpo_setting_default": (c_char_p, [c_size_t]),
    "hpo_setting_range": (c_char_p, [c_size_t]),
    "hpo_setting_help": (c_char_p, [c_size_t]),
    "hpo_settings_number": (c_double, [settings_p, c_char_p]),
    "hpo_settings_text": (c_char_p, [settings_p, c_char_p]),
    # hpo/study.h
    "hpo_study_new": (c_int32, [space_p, POINTER(study_p), error_p]),
    "hpo_study_free": (None, [study_p]),
    "hpo_study_space": (space_p, [study_p]),
    "hpo_study_set": (c_int32, [study_p, c_char_p, c_char_p, error_p]),
    "hpo_study_get": (c_int32, [study_p, c_char_p, c_char_p, c_size_t, size_p, error_p]),
    "hpo_study_use_strategy": (c_int32, [study_p, POINTER(hpo_strategy_ops), c_void_p, hpo_destroy, error_p]),
    "hpo_study_on_log": (c_int32, [study_p, c_int32, hpo_log_callback, c_void_p, error_p]),
    "hpo_study_on_trial": (c_int32, [study_p, hpo_trial_callback, c_void_p, error_p]),
    "hpo_study_optimize": (c_int32, [study_p, hpo_objective, c_void_p, c_uint64, error_p]),
    "hpo_study_ask": (c_int32, [study_p, POINTER(trial_p), error_p]),
    "hpo_study_tell": (c_int32, [study_p, trial_p, c_int32, double_p, c_size_t, error_p]),
    "hpo_study_enqueue": (c_int32, [study_p, point_p, error_p]),
    "hpo_study_add": (c_int32, [study_p, point_p, c_int32, double_p, c_size_t, error_p]),
    "hpo_study_stop": (None, [study_p]),
    "hpo_study_total": (c_int32, [study_p, POINTER(c_uint64), error_p]),
    # hpo/trial.h
    "hpo_trial_free": (None, [trial_p]),
    "hpo_trial_number": (c_uint64, [trial_p]),
    "hpo_trial_seed": (c_uint64, [trial_p]),
    "hpo_trial_repeat": (c_uint64, [trial_p]),
    "hpo_trial_state": (c_int32, [trial_p]),
    "hpo_trial_value": (c_double, [trial_p]),
    "hpo_trial_start_time": (c_double, [trial_p]),
    "hpo_trial_end_time": (c_double, [trial_p]),
    "hpo_trial_worker": (c_int32, [trial_p]),
    "hpo_trial_float": (c_double, [trial_p, c_char_p]),
    "hpo_trial_int": (c_int64, [trial_p, c_char_p]),
    "hpo_trial_categorical": (c_char_p, [trial_p, c_char_p]),
    "hpo_trial_is_active": (c_int32, [trial_p, c_char_p]),
    "hpo_trial_values_by_index": (c_size_t, [trial_p, double_p, c_size_t]),
    "hpo_trial_report": (c_int32, [trial_p, c_int64, c_double, error_p]),
    "hpo_trial_report_count": (c_size_t, [trial_p]),
    "hpo_trial_report_at": (c_int32, [trial_p, c_size_t, POINTER(c_int64), double_p, error_p]),
    "hpo_trial_set_attribute": (c_int32, [trial_p, c_char_p, c_char_p, error_p]),
    "hpo_trial_attribute": (c_char_p, [trial_p, c_char_p]),
    "hpo_trial_attribute_count": (c_size_t, [trial_p]),
    "hpo_trial_attribute_key": (c_char_p, [trial_p, c_size_t]),
    "hpo_trial_set_message": (c_int32, [trial_p, c_char_p, error_p]),
    "hpo_trial_message": (c_char_p, [trial_p]),
    # hpo/result.h
    "hpo_study_trial_count": (c_uint64, [study_p, c_int32]),
    "hpo_study_trial": (c_int32, [study_p, c_uint64, POINTER(trial_p), error_p]),
    "hpo_study_best": (c_int32, [study_p, POINTER(trial_p), error_p]),
    "hpo_study_default": (c_int32, [study_p, POINTER(trial_p), error_p]),
    "hpo_study_predict": (c_int32, [study_p, double_p, c_size_t, double_p, double_p, error_p]),
    "hpo_study_estimate": (c_int32, [study_p, c_uint64, double_p, double_p, error_p]),
    "hpo_study_relevance": (c_int32, [study_p, double_p, error_p]),
    "hpo_study_column": (c_int32, [study_p, c_char_p, double_p, c_size_t, size_p, error_p]),
    "hpo_study_confirm": (c_int32, [study_p, hpo_objective, c_void_p, c_size_t, c_size_t, POINTER(trial_p), error_p]),
    "hpo_study_optimism": (c_int32, [study_p, double_p, double_p, double_p, error_p]),
    "hpo_study_confirmed": (c_int32, [study_p, c_uint64, double_p, double_p, size_p, error_p]),
    "hpo_study_test": (c_int32, [study_p, trial_p, hpo_objective, c_void_p, double_p, error_p]),
    "hpo_study_test_count": (c_uint64, [study_p]),
    "hpo_study_advice": (c_int32, [study_p, c_char_p, c_char_p, c_size_t, size_p, error_p]),
    "hpo_study_export": (c_int32, [study_p, c_char_p, c_char_p, error_p]),
    # hpo/history.h
    "hpo_history_size": (c_size_t, [history_p]),
    "hpo_history_dimensions": (c_size_t, [history_p]),
    "hpo_history_unit": (double_p, [history_p]),
    "hpo_history_values": (double_p, [history_p]),
    "hpo_history_states": (POINTER(c_int32), [history_p]),
    "hpo_history_numbers": (POINTER(c_uint64), [history_p]),
    "hpo_history_pending": (c_size_t, [history_p, POINTER(double_p)]),
    "hpo_history_suggested": (c_uint64, [history_p]),
    "hpo_history_seed": (c_uint64, [history_p]),
    "hpo_history_uniform": (c_double, [history_p, c_uint64, c_uint32, c_uint32]),
    # hpo/strategy.h
    "hpo_strategy_count": (c_size_t, []),
    "hpo_strategy_name": (c_char_p, [c_size_t]),
    "hpo_strategy_help": (c_char_p, [c_size_t]),
    # hpo/split.h
    "hpo_split_kfold": (c_int32, [c_size_t, c_size_t, POINTER(c_int64), POINTER(c_int64), c_uint64, POINTER(c_uint32), error_p]),
    "hpo_split_holdout": (c_int32, [c_size_t, c_double, c_double, POINTER(c_int64), POINTER(c_int64), c_uint64, POINTER(c_uint8), error_p]),
    "hpo_split_time": (c_int32, [c_size_t, c_double, c_double, double_p, c_double, POINTER(c_uint8), error_p]),
    "hpo_split_time_folds": (c_int32, [c_size_t, c_size_t, double_p, POINTER(c_uint32), error_p]),
}

_library = None


def load(path=None):
    """Loads libhpo and declares its functions; needed only to name a path. Returns the ctypes library, for calls of the C API as it is."""
    global _library
    if _library is None or path is not None:
        usual = {"win32": "hpo.dll", "darwin": "libhpo.dylib"}.get(sys.platform, "libhpo.so")
        library = ctypes.CDLL(path or os.environ.get("HPO_LIBRARY") or ctypes.util.find_library("hpo") or usual)
        for name, (result, arguments) in FUNCTIONS.items():
            function = getattr(library, name)
            function.restype, function.argtypes = result, arguments
        _library = library
    return _library


class Error(Exception):
    """An error of libhpo; `status` is the code (E_INVALID ...), the text names the parameter and the value."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


class Pruned(Exception):
    """Raised by an objective that ended a trial early; `value` is the last one seen, if any."""

    def __init__(self, value=math.nan):
        super().__init__("the trial was pruned")
        self.value = value


def call(name, *arguments):
    """Calls the function `name` with an error struct after `arguments`; raises Error, returns a benign status."""
    error = hpo_error()
    status = getattr(load(), name)(*arguments, byref(error))
    if status < 0:
        raise Error(status, error.message.decode("utf-8", "replace") or status_name(status))
    return status


def _call_text(name, *arguments):
    """Calls a function that fills (buf, cap, *need), with as much room as it turns out to need."""
    need, cap = c_size_t(0), 1024
    while True:
        buffer = ctypes.create_string_buffer(cap)
        try:
            call(name, *arguments, buffer, cap, byref(need))
            return buffer.value.decode("utf-8")
        except Error as error:
            if error.status != E_BUFFER:
                raise
            cap = need.value


def _text(value):
    """A setting, default or condition value as libhpo reads it."""
    if isinstance(value, bool):
        return b"true" if value else b"false"
    return str(value).encode("utf-8")


def _array(kind, values):
    return None if values is None else (kind * len(values))(*values)


def _texts(values):
    return _array(c_char_p, [_text(value) for value in values])


def _decode(text):
    return None if text is None else text.decode("utf-8")


def version():
    return _decode(load().hpo_version_string())


def build_info():
    return _decode(load().hpo_build_info())


def status_name(status):
    return _decode(load().hpo_status_name(status))


def strategies():
    """Names and one-line helps of the built-in strategies."""
    return {_decode(load().hpo_strategy_name(i)): _decode(load().hpo_strategy_help(i)) for i in range(load().hpo_strategy_count())}


def settings():
    """All built-in settings: name -> {"type", "default", "range", "help"}."""
    lib = load()
    return {
        _decode(lib.hpo_setting_name(i)): {
            "type": _decode(lib.hpo_setting_type(i)),
            "default": _decode(lib.hpo_setting_default(i)),
            "range": _decode(lib.hpo_setting_range(i)),
            "help": _decode(lib.hpo_setting_help(i)),
        }
        for i in range(lib.hpo_setting_count())
    }


def split_kfold(n, k, strata=None, groups=None, seed=0):
    fold = (c_uint32 * n)()
    call("hpo_split_kfold", n, k, _array(c_int64, strata), _array(c_int64, groups), seed, fold)
    return list(fold)


def split_holdout(n, validation, test=0.0, strata=None, groups=None, seed=0):
    part = (c_uint8 * n)()
    call("hpo_split_holdout", n, validation, test, _array(c_int64, strata), _array(c_int64, groups), seed, part)
    return list(part)


def split_time(time, validation, test=0.0, gap=0.0):
    part = (c_uint8 * len(time))()
    call("hpo_split_time", len(time), validation, test, _array(c_double, time), gap, part)
    return list(part)


def split_time_folds(time, k):
    fold = (c_uint32 * len(time))()
    call("hpo_split_time_folds", len(time), k, _array(c_double, time), fold)
    return list(fold)


class _Owner:
    """Holds one C handle and ends it once, by close(), `with` or garbage collection."""

    _free = None
    _handle = None

    @property
    def handle(self):
        """The C pointer, for calls of the C API as it is."""
        if not self._handle:
            raise ValueError(type(self).__name__ + " is closed, or was lent for a callback that has ended")
        return self._handle

    def close(self):
        handle, self._handle = self._handle, None
        if handle and self._free:
            getattr(load(), self._free)(handle)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def __del__(self):
        # At interpreter exit this module's names may be gone already; then the process takes the memory back.
        if load is not None:
            self.close()


class Space(_Owner):
    """Search space. Errors of the building calls are raised at once; after the first one the C object reports it for ever."""

    _free = "hpo_space_free"
    _allocator = None

    def __init__(self, allocator=None):
        self._allocator = allocator  # its callbacks must live as long as anything made from this space
        self._handle = load().hpo_space_new(byref(allocator) if allocator is not None else None)
        if not self._handle:
            raise MemoryError("hpo_space_new")

    @classmethod
    def from_json(cls, text):
        space, text = cls.__new__(cls), text.encode("utf-8")
        space._handle = space_p()
        call("hpo_space_from_json", text, len(text), None, byref(space._handle))
        return space

    def to_json(self):
        return _call_text("hpo_space_to_json", self.handle)

    def _added(self, name, default):
        if default is not None:
            self.set_default(name, default)

    def add_float(self, name, low, high, scale=LINEAR, step=None, default=None):
        call("hpo_space_add_float", self.handle, _text(name), low, high, scale)
        if step is not None:
            self.set_step(name, step)
        self._added(name, default)

    def add_int(self, name, low, high, scale=LINEAR, step=None, default=None):
        call("hpo_space_add_int", self.handle, _text(name), low, high, scale)
        if step is not None:
            self.set_step(name, step)
        self._added(name, default)

    def add_categorical(self, name, choices, default=None):
        call("hpo_space_add_categorical", self.handle, _text(name), _texts(choices), len(choices))
        self._added(name, default)

    def add_ordinal(self, name, levels, default=None):
        call("hpo_space_add_ordinal", self.handle, _text(name), _array(c_double, levels), len(levels))
        self._added(name, default)

    def add_bool(self, name, default=None):
        call("hpo_space_add_bool", self.handle, _text(name))
        self._added(name, default)

    def set_step(self, name, step):
        call("hpo_space_set_step", self.handle, _text(name), step)

    def set_default(self, name, value):
        call("hpo_space_set_default", self.handle, _text(name), _text(value))

    def when(self, child, parent, values):
        """`child` exists only where `parent` has one of `values`."""
        call("hpo_space_when", self.handle, _text(child), _text(parent), _texts(values), len(values))


class Trial(_Owner):
    """One evaluation. Given to a callback it is lent and ends with the callback; from ask(), best() or trial() it is the caller's."""

    def __init__(self, handle, study, lent=False):
        self._handle, self._study, self._free = handle, study, None if lent else "hpo_trial_free"

    number = property(lambda self: load().hpo_trial_number(self.handle))
    seed = property(lambda self: load().hpo_trial_seed(self.handle))
    repeat = property(lambda self: load().hpo_trial_repeat(self.handle))
    state = property(lambda self: load().hpo_trial_state(self.handle))
    value = property(lambda self: load().hpo_trial_value(self.handle))
    start_time = property(lambda self: load().hpo_trial_start_time(self.handle))
    end_time = property(lambda self: load().hpo_trial_end_time(self.handle))
    worker = property(lambda self: load().hpo_trial_worker(self.handle))
    message = property(lambda self: _decode(load().hpo_trial_message(self.handle)))

    def __getitem__(self, name):
        """The parameter as float, int, str or bool, by its kind; None when it is inactive."""
        space = self._study.space
        index = load().hpo_space_index(space, _text(name))
        if index >= load().hpo_space_size(space):
            raise KeyError(name)
        return self._values()[index]

    def parameters(self):
        """All active parameters."""
        space = self._study.space
        names = (_decode(load().hpo_space_name(space, i)) for i in range(load().hpo_space_size(space)))
        return {name: value for name, value in zip(names, self._values()) if value is not None}

    def _values(self):
        space = self._study.space
        n = load().hpo_space_size(space)
        raw = (c_double * n)()
        load().hpo_trial_values_by_index(self.handle, raw, n)
        return [self._typed(space, i, raw[i]) for i in range(n)]

    @staticmethod
    def _typed(space, index, value):
        if math.isnan(value):
            return None
        kind = load().hpo_space_kind(space, index)
        if kind == CATEGORICAL:
            return _decode(load().hpo_space_choice(space, index, int(value)))
        return bool(value) if kind == BOOL else int(value) if kind == INT else value

    def is_active(self, name):
        active = load().hpo_trial_is_active(self.handle, _text(name))
        if active < 0:
            raise KeyError(name)
        return active == 1

    def report(self, step, value):
        call("hpo_trial_report", self.handle, step, value)

    def reports(self):
        step, value, found = c_int64(), c_double(), []
        for i in range(load().hpo_trial_report_count(self.handle)):
            call("hpo_trial_report_at", self.handle, i, byref(step), byref(value))
            found.append((step.value, value.value))
        return found

    def set_attribute(self, key, json_text):
        call("hpo_trial_set_attribute", self.handle, _text(key), json_text.encode("utf-8"))

    def attributes(self):
        """key -> JSON text"""
        lib = load()
        keys = [lib.hpo_trial_attribute_key(self.handle, i) for i in range(lib.hpo_trial_attribute_count(self.handle))]
        return {_decode(key): _decode(lib.hpo_trial_attribute(self.handle, key)) for key in keys}

    def set_message(self, message):
        # A NUL would cut the text: it cannot be part of a C string.
        call("hpo_trial_set_message", self.handle, message.replace("\0", " ").encode("utf-8", "replace"))


class Study(_Owner):
    """One search.

    An objective gets a Trial and returns a float. An exception makes that trial a failed one, with the exception's text as its message, and the search
    goes on within the settings "failures.max" and "failures.consecutive". KeyboardInterrupt and SystemExit end the search and are raised again.
    """

    _free = "hpo_study_free"

    def __init__(self, space, settings=None):
        self._handle = study_p()
        self._on_trial = self._on_log = None  # ctypes does not keep callbacks alive; the study must
        self._raised = self._interrupt = None  # the last exception of a callback, and one that must end the search
        self._allocator = space._allocator
        call("hpo_study_new", space.handle, byref(self._handle))
        for key, value in (settings or {}).items():
            self.set(key, value)

    @property
    def space(self):
        """The C pointer of the study's own copy of its space."""
        return load().hpo_study_space(self.handle)

    def set(self, key, value):
        call("hpo_study_set", self.handle, _text(key), _text(value))

    def get(self, key):
        return _call_text("hpo_study_get", self.handle, _text(key))

    def on_log(self, log, level=LOG_INFO):
        """log(level, text)"""
        adapter = hpo_log_callback() if log is None else hpo_log_callback(lambda level, text, user: log(level, text.decode("utf-8", "replace")))
        call("hpo_study_on_log", self.handle, level, adapter, None)
        self._on_log = adapter

    def on_trial(self, done):
        """done(trial) after each finished trial; it may return STOPPED. An exception ends the search: optimize() raises an Error caused by it."""

        def run(handle, user):
            trial = Trial(handle, self, lent=True)
            try:
                return int(done(trial) or OK)
            except Exception as exception:
                self._raised = exception
                return E_CALLBACK
            except BaseException as exception:
                self._interrupt = exception
                return STOPPED
            finally:
                trial.close()

        adapter = hpo_trial_callback() if done is None else hpo_trial_callback(run)
        call("hpo_study_on_trial", self.handle, adapter, None)
        self._on_trial = adapter

    def _objective(self, function):
        """The C callback around `function`. Nothing may be raised out of it: ctypes would print the exception and return 0, which is HPO_OK."""

        def run(handle, values, user):
            trial = Trial(handle, self, lent=True)
            try:
                values[0] = function(trial)
                return OK
            except Pruned as pruned:
                values[0] = pruned.value
                return PRUNED
            except Exception as exception:
                self._raised = exception
                try:
                    trial.set_message("%s: %s" % (type(exception).__name__, exception))
                except Exception:
                    pass  # a failed trial without words is better than an exception that ctypes drops
                return E_CALLBACK
            except BaseException as exception:
                self._interrupt = exception
                return STOPPED
            finally:
                trial.close()

        return hpo_objective(run)

    def _run(self, name, *arguments):
        """A call that runs callbacks: what they raised and what libhpo returned become one outcome."""
        self._raised = self._interrupt = None
        try:
            status = call(name, *arguments)
        except Error as error:
            if self._interrupt is None:
                raise error from (self._raised if error.status == E_CALLBACK or error.status <= E_HOST else None)
            status = error.status
        finally:
            # A kept exception would keep the frames of the objective, and with them its data.
            interrupt, self._raised, self._interrupt = self._interrupt, None, None
        if interrupt is not None:
            raise interrupt
        return status

    def optimize(self, objective, trials=2**64 - 1):
        """Runs up to `trials` more trials; returns OK, EXHAUSTED or STOPPED."""
        return self._run("hpo_study_optimize", self.handle, self._objective(objective), None, trials)

    def ask(self):
        """The next Trial, or None when the strategy has nothing left."""
        handle = trial_p()
        return Trial(handle, self) if call("hpo_study_ask", self.handle, byref(handle)) == OK else None

    def tell(self, trial, value=None, state=COMPLETE):
        call("hpo_study_tell", self.handle, trial.handle, state, _array(c_double, None if value is None else [value]), 0 if value is None else 1)

    def _point(self, values):
        point = point_p()
        call("hpo_point_new", self.space, byref(point))
        try:
            for name, value in values.items():
                if isinstance(value, (str, bool)):
                    call("hpo_point_set", point, _text(name), _text(value))
                else:
                    call("hpo_point_set_number", point, _text(name), value)
        except BaseException:
            load().hpo_point_free(point)
            raise
        return point

    def enqueue(self, values):
        """Tries the configuration `values` (a dict) before the strategy's own."""
        point = self._point(values)
        try:
            call("hpo_study_enqueue", self.handle, point)
        finally:
            load().hpo_point_free(point)

    def add(self, values, value, state=COMPLETE):
        """Adds a trial with a known result."""
        point = self._point(values)
        try:
            call("hpo_study_add", self.handle, point, state, _array(c_double, None if value is None else [value]), 0 if value is None else 1)
        finally:
            load().hpo_point_free(point)

    def stop(self):
        load().hpo_study_stop(self.handle)

    def total(self):
        trials = c_uint64()
        call("hpo_study_total", self.handle, byref(trials))
        return trials.value

    def trial_count(self, state=-1):
        return load().hpo_study_trial_count(self.handle, state)

    def _trial(self, name, *arguments):
        handle = trial_p()
        call(name, self.handle, *arguments, byref(handle))
        return Trial(handle, self)

    def trial(self, number):
        return self._trial("hpo_study_trial", number)

    def best(self):
        return self._trial("hpo_study_best")

    def default(self):
        return self._trial("hpo_study_default")

    def predict(self, rows):
        """(means, deviations) of the model at `rows`, lists of natural values in the order of the parameters: numbers, index of a choice, NaN when inactive."""
        d = load().hpo_space_size(self.space)
        if any(len(row) != d for row in rows):
            raise ValueError("a row needs a value for each of the %d parameters" % d)
        values = [value for row in rows for value in row]
        mean, deviation = (c_double * len(rows))(), (c_double * len(rows))()
        call("hpo_study_predict", self.handle, _array(c_double, values), len(rows), mean, deviation)
        return mean[:], deviation[:]

    def estimate(self, number):
        """(mean, standard error) of what a finished trial would give if it were repeated."""
        mean, standard_error = c_double(), c_double()
        call("hpo_study_estimate", self.handle, number, byref(mean), byref(standard_error))
        return mean.value, standard_error.value

    def relevance(self):
        """How fast the objective changes along each parameter, for the model: shares by name."""
        d = load().hpo_space_size(self.space)
        relevance = (c_double * d)()
        call("hpo_study_relevance", self.handle, relevance)
        return {_decode(load().hpo_space_name(self.space, i)): relevance[i] for i in range(d)}

    def column(self, name):
        n, cap = c_size_t(0), self.trial_count()
        while True:
            buffer = (c_double * cap)()
            try:
                call("hpo_study_column", self.handle, _text(name), buffer, cap, byref(n))
                return buffer[: n.value]
            except Error as error:
                if error.status != E_BUFFER:
                    raise
                cap = n.value

    def confirm(self, fresh, finalists, repeats):
        """Evaluates the finalists again with fresh(trial), see Trial.repeat; returns the winner."""
        winner = trial_p()
        self._run("hpo_study_confirm", self.handle, self._objective(fresh), None, finalists, repeats, byref(winner))
        return Trial(winner, self) if winner else None

    def optimism(self):
        """(optimism, low, high) of the raw best, after confirm()."""
        optimism, low, high = c_double(), c_double(), c_double()
        call("hpo_study_optimism", self.handle, byref(optimism), byref(low), byref(high))
        return optimism.value, low.value, high.value

    def confirmed(self, number):
        """(mean, standard error, repeats) of a finalist."""
        mean, standard_error, repeats = c_double(), c_double(), c_size_t()
        call("hpo_study_confirmed", self.handle, number, byref(mean), byref(standard_error), byref(repeats))
        return mean.value, standard_error.value, repeats.value

    def test(self, winner, on_test_set):
        """Evaluates the winner on the test set, once."""
        score = c_double()
        self._run("hpo_study_test", self.handle, winner.handle, self._objective(on_test_set), None, byref(score))
        return score.value

    def test_count(self):
        return load().hpo_study_test_count(self.handle)

    def advice(self, form="text"):
        return _call_text("hpo_study_advice", self.handle, _text(form))

    def export(self, form, path):
        call("hpo_study_export", self.handle, _text(form), os.fsencode(path))

//! libhpo from Rust: every function of the C API as it is, then thin safe types over the ones that a program needs.
//!
//! One file, no crates, any Rust from 1.63: copy it and write `mod hpo;`. Compile with `-L native=DIRECTORY -l hpo`.
//! See docs/ffi.md for what may cross the C boundary and how.
#![allow(dead_code, non_camel_case_types)]

use std::any::Any;
use std::ffi::{CStr, CString};
use std::fmt;
use std::os::raw::{c_char, c_void};
use std::panic::{catch_unwind, resume_unwind, AssertUnwindSafe};
use std::ptr::{null, null_mut};
use std::sync::Mutex;

// Statuses.
pub const HPO_OK: i32 = 0;
pub const HPO_PRUNED: i32 = 1;
pub const HPO_STOPPED: i32 = 2;
pub const HPO_EXHAUSTED: i32 = 3;
pub const HPO_E_INVALID: i32 = -1;
pub const HPO_E_NOMEM: i32 = -2;
pub const HPO_E_STATE: i32 = -3;
pub const HPO_E_NOT_FOUND: i32 = -4;
pub const HPO_E_EXISTS: i32 = -5;
pub const HPO_E_UNSUPPORTED: i32 = -6;
pub const HPO_E_BUSY: i32 = -7;
pub const HPO_E_IO: i32 = -8;
pub const HPO_E_CORRUPT: i32 = -9;
pub const HPO_E_ABI: i32 = -10;
pub const HPO_E_NUMERIC: i32 = -11;
pub const HPO_E_BUFFER: i32 = -12;
pub const HPO_E_STALE: i32 = -13;
pub const HPO_E_CALLBACK: i32 = -14;
pub const HPO_E_INTERNAL: i32 = -99;
pub const HPO_E_HOST: i32 = -1000;

// Scales.
pub const HPO_LINEAR: i32 = 0;
pub const HPO_LOG: i32 = 1;

// Kinds of parameters.
pub const HPO_FLOAT: i32 = 0;
pub const HPO_INT: i32 = 1;
pub const HPO_CATEGORICAL: i32 = 2;
pub const HPO_ORDINAL: i32 = 3;
pub const HPO_BOOL: i32 = 4;

// States of trials.
pub const HPO_RUNNING: i32 = 0;
pub const HPO_COMPLETE: i32 = 1;
pub const HPO_TRIAL_PRUNED: i32 = 2;
pub const HPO_FAILED: i32 = 3;
pub const HPO_WAITING: i32 = 4;

// Levels of log messages.
pub const HPO_LOG_ERROR: i32 = 1;
pub const HPO_LOG_WARNING: i32 = 2;
pub const HPO_LOG_INFO: i32 = 3;
pub const HPO_LOG_DEBUG: i32 = 4;

// Parts of a split.
pub const HPO_TRAIN: i32 = 0;
pub const HPO_VALIDATION: i32 = 1;
pub const HPO_TEST: i32 = 2;
pub const HPO_UNUSED: i32 = 255;

// Version of the strategy table.
pub const HPO_STRATEGY_ABI: u32 = 1;

// Opaque handles: only ever behind a pointer.
#[repr(C)]
pub struct hpo_space {
    _opaque: [u8; 0],
}
#[repr(C)]
pub struct hpo_study {
    _opaque: [u8; 0],
}
#[repr(C)]
pub struct hpo_trial {
    _opaque: [u8; 0],
}
#[repr(C)]
pub struct hpo_point {
    _opaque: [u8; 0],
}
#[repr(C)]
pub struct hpo_settings {
    _opaque: [u8; 0],
}
#[repr(C)]
pub struct hpo_history {
    _opaque: [u8; 0],
}

#[repr(C)]
pub struct hpo_error {
    pub code: i32,
    pub sys_errno: i32,
    pub message: [c_char; 504],
}

#[repr(C)]
pub struct hpo_allocator {
    pub struct_size: u32,
    pub reserved: u32,
    pub user: *mut c_void,
    pub resize: Option<unsafe extern "C" fn(user: *mut c_void, block: *mut c_void, old_size: usize, new_size: usize) -> *mut c_void>,
}

#[repr(C)]
pub struct hpo_setting {
    pub name: *const c_char,
    pub r#type: *const c_char,
    pub initial: *const c_char,
    pub range: *const c_char,
    pub help: *const c_char,
}

#[repr(C)]
pub struct hpo_strategy_ops {
    pub struct_size: u32,
    pub abi_version: u32,
    pub name: *const c_char,
    pub help: *const c_char,
    pub create: Option<
        unsafe extern "C" fn(space: *const hpo_space, settings: *const hpo_settings, user: *mut c_void, state: *mut *mut c_void, err: *mut hpo_error) -> i32,
    >,
    pub destroy: Option<unsafe extern "C" fn(state: *mut c_void)>,
    pub ask: Option<unsafe extern "C" fn(state: *mut c_void, history: *const hpo_history, number: u64, out: *mut hpo_point, err: *mut hpo_error) -> i32>,
    pub observe: Option<unsafe extern "C" fn(state: *mut c_void, history: *const hpo_history, number: u64, err: *mut hpo_error) -> i32>,
    pub total: Option<unsafe extern "C" fn(state: *mut c_void, trials: *mut u64, err: *mut hpo_error) -> i32>,
    pub settings: *const hpo_setting,
}

// A callback that may be NULL in C is an Option here.
pub type hpo_destroy = Option<unsafe extern "C" fn(user: *mut c_void)>;
pub type hpo_objective = Option<unsafe extern "C" fn(trial: *mut hpo_trial, values: *mut f64, user: *mut c_void) -> i32>;
pub type hpo_trial_callback = Option<unsafe extern "C" fn(trial: *const hpo_trial, user: *mut c_void) -> i32>;
pub type hpo_log_callback = Option<unsafe extern "C" fn(level: i32, message: *const c_char, user: *mut c_void)>;

extern "C" {
    // hpo/version.h
    pub fn hpo_version() -> u32;
    pub fn hpo_version_string() -> *const c_char;
    pub fn hpo_build_info() -> *const c_char;
    // hpo/status.h
    pub fn hpo_status_name(status: i32) -> *const c_char;
    // hpo/space.h
    pub fn hpo_space_new(allocator: *const hpo_allocator) -> *mut hpo_space;
    pub fn hpo_space_free(space: *mut hpo_space);
    pub fn hpo_space_status(space: *const hpo_space, err: *mut hpo_error) -> i32;
    pub fn hpo_space_add_float(space: *mut hpo_space, name: *const c_char, low: f64, high: f64, scale: i32, err: *mut hpo_error) -> i32;
    pub fn hpo_space_add_int(space: *mut hpo_space, name: *const c_char, low: i64, high: i64, scale: i32, err: *mut hpo_error) -> i32;
    pub fn hpo_space_add_categorical(space: *mut hpo_space, name: *const c_char, choices: *const *const c_char, n: usize, err: *mut hpo_error) -> i32;
    pub fn hpo_space_add_ordinal(space: *mut hpo_space, name: *const c_char, levels: *const f64, n: usize, err: *mut hpo_error) -> i32;
    pub fn hpo_space_add_bool(space: *mut hpo_space, name: *const c_char, err: *mut hpo_error) -> i32;
    pub fn hpo_space_set_step(space: *mut hpo_space, name: *const c_char, step: f64, err: *mut hpo_error) -> i32;
    pub fn hpo_space_set_default(space: *mut hpo_space, name: *const c_char, value: *const c_char, err: *mut hpo_error) -> i32;
    pub fn hpo_space_when(
        space: *mut hpo_space,
        child: *const c_char,
        parent: *const c_char,
        values: *const *const c_char,
        n: usize,
        err: *mut hpo_error,
    ) -> i32;
    pub fn hpo_space_size(space: *const hpo_space) -> usize;
    pub fn hpo_space_name(space: *const hpo_space, index: usize) -> *const c_char;
    pub fn hpo_space_index(space: *const hpo_space, name: *const c_char) -> usize;
    pub fn hpo_space_kind(space: *const hpo_space, index: usize) -> i32;
    pub fn hpo_space_cardinality(space: *const hpo_space, index: usize) -> u64;
    pub fn hpo_space_choice(space: *const hpo_space, index: usize, choice: usize) -> *const c_char;
    pub fn hpo_space_decode(space: *const hpo_space, unit: *const f64, n: usize, values: *mut f64, err: *mut hpo_error) -> i32;
    pub fn hpo_space_encode(space: *const hpo_space, values: *const f64, n: usize, unit: *mut f64, err: *mut hpo_error) -> i32;
    pub fn hpo_space_to_json(space: *const hpo_space, buf: *mut c_char, cap: usize, need: *mut usize, err: *mut hpo_error) -> i32;
    pub fn hpo_space_from_json(json: *const c_char, len: usize, allocator: *const hpo_allocator, out: *mut *mut hpo_space, err: *mut hpo_error) -> i32;
    // hpo/point.h
    pub fn hpo_point_new(space: *const hpo_space, out: *mut *mut hpo_point, err: *mut hpo_error) -> i32;
    pub fn hpo_point_free(point: *mut hpo_point);
    pub fn hpo_point_set(point: *mut hpo_point, name: *const c_char, value: *const c_char, err: *mut hpo_error) -> i32;
    pub fn hpo_point_set_number(point: *mut hpo_point, name: *const c_char, value: f64, err: *mut hpo_error) -> i32;
    pub fn hpo_point_set_values(point: *mut hpo_point, values: *const f64, n: usize, err: *mut hpo_error) -> i32;
    pub fn hpo_point_set_unit(point: *mut hpo_point, unit: *const f64, n: usize, err: *mut hpo_error) -> i32;
    // hpo/settings.h
    pub fn hpo_setting_count() -> usize;
    pub fn hpo_setting_name(i: usize) -> *const c_char;
    pub fn hpo_setting_type(i: usize) -> *const c_char;
    pub fn hpo_setting_default(i: usize) -> *const c_char;
    pub fn hpo_setting_range(i: usize) -> *const c_char;
    pub fn hpo_setting_help(i: usize) -> *const c_char;
    pub fn hpo_settings_number(settings: *const hpo_settings, key: *const c_char) -> f64;
    pub fn hpo_settings_text(settings: *const hpo_settings, key: *const c_char) -> *const c_char;
    // hpo/study.h
    pub fn hpo_study_new(space: *const hpo_space, out: *mut *mut hpo_study, err: *mut hpo_error) -> i32;
    pub fn hpo_study_free(study: *mut hpo_study);
    pub fn hpo_study_space(study: *const hpo_study) -> *const hpo_space;
    pub fn hpo_study_set(study: *mut hpo_study, key: *const c_char, value: *const c_char, err: *mut hpo_error) -> i32;
    pub fn hpo_study_get(study: *const hpo_study, key: *const c_char, buf: *mut c_char, cap: usize, need: *mut usize, err: *mut hpo_error) -> i32;
    pub fn hpo_study_use_strategy(study: *mut hpo_study, ops: *const hpo_strategy_ops, user: *mut c_void, destroy: hpo_destroy, err: *mut hpo_error) -> i32;
    pub fn hpo_study_on_log(study: *mut hpo_study, level: i32, log: hpo_log_callback, user: *mut c_void, err: *mut hpo_error) -> i32;
    pub fn hpo_study_on_trial(study: *mut hpo_study, done: hpo_trial_callback, user: *mut c_void, err: *mut hpo_error) -> i32;
    pub fn hpo_study_optimize(study: *mut hpo_study, objective: hpo_objective, user: *mut c_void, n_trials: u64, err: *mut hpo_error) -> i32;
    pub fn hpo_study_ask(study: *mut hpo_study, out: *mut *mut hpo_trial, err: *mut hpo_error) -> i32;
    pub fn hpo_study_tell(study: *mut hpo_study, trial: *mut hpo_trial, state: i32, values: *const f64, n: usize, err: *mut hpo_error) -> i32;
    pub fn hpo_study_enqueue(study: *mut hpo_study, point: *const hpo_point, err: *mut hpo_error) -> i32;
    pub fn hpo_study_add(study: *mut hpo_study, point: *const hpo_point, state: i32, values: *const f64, n: usize, err: *mut hpo_error) -> i32;
    pub fn hpo_study_stop(study: *mut hpo_study);
    pub fn hpo_study_total(study: *mut hpo_study, trials: *mut u64, err: *mut hpo_error) -> i32;
    // hpo/trial.h
    pub fn hpo_trial_free(trial: *mut hpo_trial);
    pub fn hpo_trial_number(trial: *const hpo_trial) -> u64;
    pub fn hpo_trial_seed(trial: *const hpo_trial) -> u64;
    pub fn hpo_trial_repeat(trial: *const hpo_trial) -> u64;
    pub fn hpo_trial_state(trial: *const hpo_trial) -> i32;
    pub fn hpo_trial_value(trial: *const hpo_trial) -> f64;
    pub fn hpo_trial_start_time(trial: *const hpo_trial) -> f64;
    pub fn hpo_trial_end_time(trial: *const hpo_trial) -> f64;
    pub fn hpo_trial_worker(trial: *const hpo_trial) -> i32;
    pub fn hpo_trial_float(trial: *const hpo_trial, name: *const c_char) -> f64;
    pub fn hpo_trial_int(trial: *const hpo_trial, name: *const c_char) -> i64;
    pub fn hpo_trial_categorical(trial: *const hpo_trial, name: *const c_char) -> *const c_char;
    pub fn hpo_trial_is_active(trial: *const hpo_trial, name: *const c_char) -> i32;
    pub fn hpo_trial_values_by_index(trial: *const hpo_trial, values: *mut f64, n: usize) -> usize;
    pub fn hpo_trial_report(trial: *mut hpo_trial, step: i64, value: f64, err: *mut hpo_error) -> i32;
    pub fn hpo_trial_report_count(trial: *const hpo_trial) -> usize;
    pub fn hpo_trial_report_at(trial: *const hpo_trial, i: usize, step: *mut i64, value: *mut f64, err: *mut hpo_error) -> i32;
    pub fn hpo_trial_set_attribute(trial: *mut hpo_trial, key: *const c_char, json: *const c_char, err: *mut hpo_error) -> i32;
    pub fn hpo_trial_attribute(trial: *const hpo_trial, key: *const c_char) -> *const c_char;
    pub fn hpo_trial_attribute_count(trial: *const hpo_trial) -> usize;
    pub fn hpo_trial_attribute_key(trial: *const hpo_trial, i: usize) -> *const c_char;
    pub fn hpo_trial_set_message(trial: *mut hpo_trial, message: *const c_char, err: *mut hpo_error) -> i32;
    pub fn hpo_trial_message(trial: *const hpo_trial) -> *const c_char;
    // hpo/result.h
    pub fn hpo_study_trial_count(study: *const hpo_study, state: i32) -> u64;
    pub fn hpo_study_trial(study: *const hpo_study, number: u64, out: *mut *mut hpo_trial, err: *mut hpo_error) -> i32;
    pub fn hpo_study_best(study: *const hpo_study, out: *mut *mut hpo_trial, err: *mut hpo_error) -> i32;
    pub fn hpo_study_default(study: *const hpo_study, out: *mut *mut hpo_trial, err: *mut hpo_error) -> i32;
    pub fn hpo_study_predict(study: *const hpo_study, values: *const f64, m: usize, mean: *mut f64, deviation: *mut f64, err: *mut hpo_error) -> i32;
    pub fn hpo_study_estimate(study: *const hpo_study, number: u64, mean: *mut f64, standard_error: *mut f64, err: *mut hpo_error) -> i32;
    pub fn hpo_study_relevance(study: *const hpo_study, relevance: *mut f64, err: *mut hpo_error) -> i32;
    pub fn hpo_study_column(study: *const hpo_study, column: *const c_char, buf: *mut f64, cap: usize, n: *mut usize, err: *mut hpo_error) -> i32;
    pub fn hpo_study_confirm(
        study: *mut hpo_study,
        fresh: hpo_objective,
        user: *mut c_void,
        finalists: usize,
        repeats: usize,
        winner: *mut *mut hpo_trial,
        err: *mut hpo_error,
    ) -> i32;
    pub fn hpo_study_optimism(study: *const hpo_study, optimism: *mut f64, low: *mut f64, high: *mut f64, err: *mut hpo_error) -> i32;
    pub fn hpo_study_confirmed(study: *const hpo_study, number: u64, mean: *mut f64, standard_error: *mut f64, repeats: *mut usize, err: *mut hpo_error)
        -> i32;
    pub fn hpo_study_test(
        study: *mut hpo_study,
        winner: *const hpo_trial,
        on_test_set: hpo_objective,
        user: *mut c_void,
        score: *mut f64,
        err: *mut hpo_error,
    ) -> i32;
    pub fn hpo_study_test_count(study: *const hpo_study) -> u64;
    pub fn hpo_study_advice(study: *const hpo_study, format: *const c_char, buf: *mut c_char, cap: usize, need: *mut usize, err: *mut hpo_error) -> i32;
    pub fn hpo_study_export(study: *const hpo_study, format: *const c_char, path: *const c_char, err: *mut hpo_error) -> i32;
    // hpo/history.h
    pub fn hpo_history_size(history: *const hpo_history) -> usize;
    pub fn hpo_history_dimensions(history: *const hpo_history) -> usize;
    pub fn hpo_history_unit(history: *const hpo_history) -> *const f64;
    pub fn hpo_history_values(history: *const hpo_history) -> *const f64;
    pub fn hpo_history_states(history: *const hpo_history) -> *const i32;
    pub fn hpo_history_numbers(history: *const hpo_history) -> *const u64;
    pub fn hpo_history_pending(history: *const hpo_history, unit: *mut *const f64) -> usize;
    pub fn hpo_history_suggested(history: *const hpo_history) -> u64;
    pub fn hpo_history_seed(history: *const hpo_history) -> u64;
    pub fn hpo_history_uniform(history: *const hpo_history, number: u64, purpose: u32, index: u32) -> f64;
    // hpo/strategy.h
    pub fn hpo_strategy_count() -> usize;
    pub fn hpo_strategy_name(i: usize) -> *const c_char;
    pub fn hpo_strategy_help(i: usize) -> *const c_char;
    // hpo/split.h
    pub fn hpo_split_kfold(n: usize, k: usize, strata: *const i64, groups: *const i64, seed: u64, fold: *mut u32, err: *mut hpo_error) -> i32;
    pub fn hpo_split_holdout(
        n: usize,
        validation: f64,
        test: f64,
        strata: *const i64,
        groups: *const i64,
        seed: u64,
        part: *mut u8,
        err: *mut hpo_error,
    ) -> i32;
    pub fn hpo_split_time(n: usize, validation: f64, test: f64, time: *const f64, gap: f64, part: *mut u8, err: *mut hpo_error) -> i32;
    pub fn hpo_split_time_folds(n: usize, k: usize, time: *const f64, fold: *mut u32, err: *mut hpo_error) -> i32;
}

// ---- The safe part ----

/// An error of libhpo; the message names the parameter and the value.
#[derive(Clone, Debug)]
pub struct Error {
    pub status: i32,
    pub message: String,
}

pub type Result<T> = std::result::Result<T, Error>;

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message, status_name(self.status))
    }
}

impl std::error::Error for Error {}

/// Why an objective has no value.
pub enum Failure {
    /// The trial failed, for this reason; the search goes on within the settings "failures.max" and "failures.consecutive".
    Failed(String),
    /// The trial was ended early.
    Pruned,
    /// The search shall end.
    Stopped,
}

impl From<String> for Failure {
    fn from(message: String) -> Failure {
        Failure::Failed(message)
    }
}

/// Runs one call with an error struct; a status below 0 becomes an Error.
fn call(function: impl FnOnce(*mut hpo_error) -> i32) -> Result<i32> {
    let mut error = hpo_error { code: 0, sys_errno: 0, message: [0; 504] };
    let status = function(&mut error);
    if status >= 0 {
        return Ok(status);
    }
    let message = unsafe { CStr::from_ptr(error.message.as_ptr()) }.to_string_lossy().into_owned();
    Err(Error { status, message })
}

/// C text of a Rust string, which may hold a NUL where C cannot.
fn text(string: &str) -> Result<CString> {
    CString::new(string).map_err(|_| Error { status: HPO_E_INVALID, message: format!("{:?} holds a NUL byte", string) })
}

/// Borrows a C text for as long as `owner` is borrowed.
fn borrow<T>(_owner: &T, pointer: *const c_char) -> Option<&str> {
    if pointer.is_null() {
        return None;
    }
    unsafe { CStr::from_ptr(pointer) }.to_str().ok()
}

/// Calls a function that fills (buf, cap, *need), with as much room as it turns out to need.
fn call_text(function: impl Fn(*mut c_char, usize, *mut usize, *mut hpo_error) -> i32) -> Result<String> {
    let mut buffer = vec![0u8; 1024];
    loop {
        let mut need = 0;
        match call(|err| function(buffer.as_mut_ptr() as *mut c_char, buffer.len(), &mut need, err)) {
            Ok(_) => {
                buffer.truncate(need.saturating_sub(1));
                return Ok(String::from_utf8_lossy(&buffer).into_owned());
            }
            Err(error) if error.status == HPO_E_BUFFER => buffer.resize(need, 0),
            Err(error) => return Err(error),
        }
    }
}

/// A C text that is static.
unsafe fn fixed(pointer: *const c_char) -> &'static str {
    if pointer.is_null() {
        return "";
    }
    CStr::from_ptr(pointer).to_str().unwrap_or("")
}

pub fn version() -> &'static str {
    unsafe { fixed(hpo_version_string()) }
}

pub fn status_name(status: i32) -> &'static str {
    unsafe { fixed(hpo_status_name(status)) }
}

/// Search space.
pub struct Space {
    raw: *mut hpo_space,
}

impl Space {
    pub fn new() -> Space {
        let raw = unsafe { hpo_space_new(null()) };
        assert!(!raw.is_null(), "out of memory");
        Space { raw }
    }

    pub fn add_float(&mut self, name: &str, low: f64, high: f64, scale: i32) -> Result<()> {
        let name = text(name)?;
        call(|err| unsafe { hpo_space_add_float(self.raw, name.as_ptr(), low, high, scale, err) }).map(drop)
    }

    pub fn add_int(&mut self, name: &str, low: i64, high: i64, scale: i32) -> Result<()> {
        let name = text(name)?;
        call(|err| unsafe { hpo_space_add_int(self.raw, name.as_ptr(), low, high, scale, err) }).map(drop)
    }

    pub fn add_categorical(&mut self, name: &str, choices: &[&str]) -> Result<()> {
        let (name, choices) = (text(name)?, Texts::new(choices)?);
        call(|err| unsafe { hpo_space_add_categorical(self.raw, name.as_ptr(), choices.pointers.as_ptr(), choices.pointers.len(), err) }).map(drop)
    }

    pub fn add_ordinal(&mut self, name: &str, levels: &[f64]) -> Result<()> {
        let name = text(name)?;
        call(|err| unsafe { hpo_space_add_ordinal(self.raw, name.as_ptr(), levels.as_ptr(), levels.len(), err) }).map(drop)
    }

    pub fn add_bool(&mut self, name: &str) -> Result<()> {
        let name = text(name)?;
        call(|err| unsafe { hpo_space_add_bool(self.raw, name.as_ptr(), err) }).map(drop)
    }

    pub fn set_step(&mut self, name: &str, step: f64) -> Result<()> {
        let name = text(name)?;
        call(|err| unsafe { hpo_space_set_step(self.raw, name.as_ptr(), step, err) }).map(drop)
    }

    pub fn set_default(&mut self, name: &str, value: &str) -> Result<()> {
        let (name, value) = (text(name)?, text(value)?);
        call(|err| unsafe { hpo_space_set_default(self.raw, name.as_ptr(), value.as_ptr(), err) }).map(drop)
    }

    /// `child` exists only where `parent` has one of `values`.
    pub fn when(&mut self, child: &str, parent: &str, values: &[&str]) -> Result<()> {
        let (child, parent, values) = (text(child)?, text(parent)?, Texts::new(values)?);
        call(|err| unsafe { hpo_space_when(self.raw, child.as_ptr(), parent.as_ptr(), values.pointers.as_ptr(), values.pointers.len(), err) }).map(drop)
    }

    pub fn to_json(&self) -> Result<String> {
        call_text(|buf, cap, need, err| unsafe { hpo_space_to_json(self.raw, buf, cap, need, err) })
    }

    /// The C handle, for calls of the C API as it is.
    pub fn raw(&self) -> *mut hpo_space {
        self.raw
    }
}

impl Drop for Space {
    fn drop(&mut self) {
        unsafe { hpo_space_free(self.raw) }
    }
}

/// C array of C texts; the pointers are into `owners`.
struct Texts {
    owners: Vec<CString>,
    pointers: Vec<*const c_char>,
}

impl Texts {
    fn new(strings: &[&str]) -> Result<Texts> {
        let owners = strings.iter().map(|string| text(string)).collect::<Result<Vec<_>>>()?;
        let pointers = owners.iter().map(|owner| owner.as_ptr()).collect();
        Ok(Texts { owners, pointers })
    }
}

/// One evaluation. A callback gets it by reference, so that it cannot be kept; from ask(), best() or trial() it is owned.
pub struct Trial {
    raw: *mut hpo_trial,
    owned: bool,
}

// A trial belongs to one thread at a time: it may move to another (Send) but not be shared (no Sync).
unsafe impl Send for Trial {}

impl Trial {
    pub fn number(&self) -> u64 {
        unsafe { hpo_trial_number(self.raw) }
    }

    pub fn seed(&self) -> u64 {
        unsafe { hpo_trial_seed(self.raw) }
    }

    pub fn repeat(&self) -> u64 {
        unsafe { hpo_trial_repeat(self.raw) }
    }

    pub fn state(&self) -> i32 {
        unsafe { hpo_trial_state(self.raw) }
    }

    pub fn value(&self) -> f64 {
        unsafe { hpo_trial_value(self.raw) }
    }

    pub fn worker(&self) -> i32 {
        unsafe { hpo_trial_worker(self.raw) }
    }

    pub fn message(&self) -> &str {
        borrow(self, unsafe { hpo_trial_message(self.raw) }).unwrap_or("")
    }

    /// NaN when inactive. A wrong name is an error of the whole trial, reported by tell() or optimize().
    pub fn float(&self, name: &str) -> f64 {
        text(name).map_or(f64::NAN, |name| unsafe { hpo_trial_float(self.raw, name.as_ptr()) })
    }

    /// i64::MIN when inactive.
    pub fn int(&self, name: &str) -> i64 {
        text(name).map_or(i64::MIN, |name| unsafe { hpo_trial_int(self.raw, name.as_ptr()) })
    }

    /// None when inactive.
    pub fn categorical(&self, name: &str) -> Option<&str> {
        let name = text(name).ok()?;
        borrow(self, unsafe { hpo_trial_categorical(self.raw, name.as_ptr()) })
    }

    pub fn is_active(&self, name: &str) -> bool {
        text(name).map_or(false, |name| unsafe { hpo_trial_is_active(self.raw, name.as_ptr()) } == 1)
    }

    pub fn report(&self, step: i64, value: f64) -> Result<()> {
        call(|err| unsafe { hpo_trial_report(self.raw, step, value, err) }).map(drop)
    }

    pub fn set_attribute(&self, key: &str, json: &str) -> Result<()> {
        let (key, json) = (text(key)?, text(json)?);
        call(|err| unsafe { hpo_trial_set_attribute(self.raw, key.as_ptr(), json.as_ptr(), err) }).map(drop)
    }

    pub fn set_message(&self, message: &str) -> Result<()> {
        let message = text(&message.replace('\0', " "))?;
        call(|err| unsafe { hpo_trial_set_message(self.raw, message.as_ptr(), err) }).map(drop)
    }

    /// The C handle, for calls of the C API as it is.
    pub fn raw(&self) -> *mut hpo_trial {
        self.raw
    }
}

impl Drop for Trial {
    fn drop(&mut self) {
        if self.owned {
            unsafe { hpo_trial_free(self.raw) }
        }
    }
}

/// What a callback needs besides its trial: the closure, and the panic that it may have ended with.
struct Job<'f, F> {
    function: &'f F,
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

/// The C callback around an objective. A panic must not unwind into C: it ends the search and goes on in the caller of optimize().
unsafe extern "C" fn evaluate<F>(trial: *mut hpo_trial, values: *mut f64, user: *mut c_void) -> i32
where
    F: Fn(&Trial) -> std::result::Result<f64, Failure> + Sync,
{
    let job = &*(user as *const Job<F>);
    let trial = Trial { raw: trial, owned: false };
    match catch_unwind(AssertUnwindSafe(|| (job.function)(&trial))) {
        Ok(Ok(value)) => {
            *values = value;
            HPO_OK
        }
        Ok(Err(Failure::Failed(message))) => {
            let _ = trial.set_message(&message);
            HPO_E_CALLBACK
        }
        Ok(Err(Failure::Pruned)) => HPO_PRUNED,
        Ok(Err(Failure::Stopped)) => HPO_STOPPED,
        Err(panic) => {
            if let Ok(mut slot) = job.panic.lock() {
                *slot = Some(panic);
            }
            HPO_STOPPED
        }
    }
}

type Done<'a> = dyn Fn(&Trial) -> i32 + Send + Sync + 'a;

/// The C callback around a progress callback; after a panic, which the default hook has printed, the search ends with HPO_E_CALLBACK.
unsafe extern "C" fn announce(trial: *const hpo_trial, user: *mut c_void) -> i32 {
    let done = &*(user as *const Box<Done>);
    let trial = Trial { raw: trial as *mut hpo_trial, owned: false };
    catch_unwind(AssertUnwindSafe(|| done(&trial))).unwrap_or(HPO_E_CALLBACK)
}

/// One search. Progress callbacks may borrow what lives for 'a.
pub struct Study<'a> {
    raw: *mut hpo_study,
    // Boxed twice: the outer box gives the thin pointer that C keeps.
    done: Option<Box<Box<Done<'a>>>>,
}

// libhpo's studies are safe from any thread.
unsafe impl Send for Study<'_> {}
unsafe impl Sync for Study<'_> {}

impl<'a> Study<'a> {
    pub fn new(space: &Space) -> Result<Study<'a>> {
        let mut raw = null_mut();
        call(|err| unsafe { hpo_study_new(space.raw, &mut raw, err) })?;
        Ok(Study { raw, done: None })
    }

    pub fn set(&self, key: &str, value: &str) -> Result<()> {
        let (key, value) = (text(key)?, text(value)?);
        call(|err| unsafe { hpo_study_set(self.raw, key.as_ptr(), value.as_ptr(), err) }).map(drop)
    }

    pub fn get(&self, key: &str) -> Result<String> {
        let key = text(key)?;
        call_text(|buf, cap, need, err| unsafe { hpo_study_get(self.raw, key.as_ptr(), buf, cap, need, err) })
    }

    /// Calls `done` after each finished trial; it returns HPO_OK or HPO_STOPPED.
    pub fn on_trial(&mut self, done: impl Fn(&Trial) -> i32 + Send + Sync + 'a) -> Result<()> {
        let done: Box<Box<Done<'a>>> = Box::new(Box::new(done));
        let user = &*done as *const Box<Done<'a>> as *mut c_void;
        call(|err| unsafe { hpo_study_on_trial(self.raw, Some(announce), user, err) })?;
        self.done = Some(done);
        Ok(())
    }

    /// Runs a call that takes an objective, and lets a panic of the objective go on here.
    fn run<F>(&self, function: &F, start: impl FnOnce(hpo_objective, *mut c_void, *mut hpo_error) -> i32) -> Result<i32>
    where
        F: Fn(&Trial) -> std::result::Result<f64, Failure> + Sync,
    {
        let job = Job { function, panic: Mutex::new(None) };
        let outcome = call(|err| start(Some(evaluate::<F>), &job as *const Job<F> as *mut c_void, err));
        if let Ok(Some(panic)) = job.panic.into_inner() {
            resume_unwind(panic);
        }
        outcome
    }

    /// Runs up to `trials` more trials; Ok holds HPO_OK, HPO_EXHAUSTED or HPO_STOPPED. Sync, because workers may share the objective.
    pub fn optimize<F>(&self, objective: F, trials: u64) -> Result<i32>
    where
        F: Fn(&Trial) -> std::result::Result<f64, Failure> + Sync,
    {
        self.run(&objective, |function, user, err| unsafe { hpo_study_optimize(self.raw, function, user, trials, err) })
    }

    /// The next trial, or None when the strategy has nothing left.
    pub fn ask(&self) -> Result<Option<Trial>> {
        let mut raw = null_mut();
        let status = call(|err| unsafe { hpo_study_ask(self.raw, &mut raw, err) })?;
        Ok(if status == HPO_OK { Some(Trial { raw, owned: true }) } else { None })
    }

    /// Records a value, or with None a failure.
    pub fn tell(&self, trial: &Trial, value: Option<f64>) -> Result<()> {
        let (state, n) = if value.is_some() { (HPO_COMPLETE, 1) } else { (HPO_FAILED, 0) };
        let value = value.unwrap_or(f64::NAN);
        call(|err| unsafe { hpo_study_tell(self.raw, trial.raw, state, &value, n, err) }).map(drop)
    }

    /// Tries a configuration before the strategy's own; values are texts such as "0.1", "adam" or "true".
    pub fn enqueue(&self, values: &[(&str, &str)]) -> Result<()> {
        let mut point = null_mut();
        call(|err| unsafe { hpo_point_new(hpo_study_space(self.raw), &mut point, err) })?;
        let outcome = values.iter().try_for_each(|(name, value)| {
            let (name, value) = (text(name)?, text(value)?);
            call(|err| unsafe { hpo_point_set(point, name.as_ptr(), value.as_ptr(), err) }).map(drop)
        });
        let outcome = outcome.and_then(|_| call(|err| unsafe { hpo_study_enqueue(self.raw, point, err) }).map(drop));
        unsafe { hpo_point_free(point) };
        outcome
    }

    /// Asks a running optimize, or the next one, to stop. From any thread.
    pub fn stop(&self) {
        unsafe { hpo_study_stop(self.raw) }
    }

    /// Trials in `state`, or all with -1.
    pub fn trial_count(&self, state: i32) -> u64 {
        unsafe { hpo_study_trial_count(self.raw, state) }
    }

    fn owned(&self, get: impl FnOnce(*mut *mut hpo_trial, *mut hpo_error) -> i32) -> Result<Trial> {
        let mut raw = null_mut();
        call(|err| get(&mut raw, err))?;
        Ok(Trial { raw, owned: true })
    }

    pub fn trial(&self, number: u64) -> Result<Trial> {
        self.owned(|out, err| unsafe { hpo_study_trial(self.raw, number, out, err) })
    }

    pub fn best(&self) -> Result<Trial> {
        self.owned(|out, err| unsafe { hpo_study_best(self.raw, out, err) })
    }

    pub fn default_trial(&self) -> Result<Trial> {
        self.owned(|out, err| unsafe { hpo_study_default(self.raw, out, err) })
    }

    /// Means and deviations of the model at points given as rows of natural values, NaN where inactive.
    pub fn predict(&self, values: &[f64]) -> Result<(Vec<f64>, Vec<f64>)> {
        let d = unsafe { hpo_space_size(hpo_study_space(self.raw)) };
        assert!(values.len() % d == 0, "a row has a value per parameter");
        let m = values.len() / d;
        let (mut mean, mut deviation) = (vec![0.0; m], vec![0.0; m]);
        call(|err| unsafe { hpo_study_predict(self.raw, values.as_ptr(), m, mean.as_mut_ptr(), deviation.as_mut_ptr(), err) })?;
        Ok((mean, deviation))
    }

    /// Mean and standard error of what a finished trial would give if it were repeated.
    pub fn estimate(&self, number: u64) -> Result<(f64, f64)> {
        let (mut mean, mut standard_error) = (0.0, 0.0);
        call(|err| unsafe { hpo_study_estimate(self.raw, number, &mut mean, &mut standard_error, err) })?;
        Ok((mean, standard_error))
    }

    /// How fast the objective changes along each parameter, for the model: shares that sum to 1.
    pub fn relevance(&self) -> Result<Vec<f64>> {
        let mut relevance = vec![0.0; unsafe { hpo_space_size(hpo_study_space(self.raw)) }];
        call(|err| unsafe { hpo_study_relevance(self.raw, relevance.as_mut_ptr(), err) })?;
        Ok(relevance)
    }

    pub fn column(&self, name: &str) -> Result<Vec<f64>> {
        let name = text(name)?;
        let mut values = vec![0.0; self.trial_count(-1) as usize];
        loop {
            let mut n = 0;
            let outcome = call(|err| unsafe { hpo_study_column(self.raw, name.as_ptr(), values.as_mut_ptr(), values.len(), &mut n, err) });
            values.resize(n, 0.0);
            match outcome {
                Ok(_) => return Ok(values),
                Err(error) if error.status == HPO_E_BUFFER => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Evaluates the `finalists` best configurations again, `repeats` times each; returns the winner.
    pub fn confirm<F>(&self, fresh: F, finalists: usize, repeats: usize) -> Result<Trial>
    where
        F: Fn(&Trial) -> std::result::Result<f64, Failure> + Sync,
    {
        let mut raw = null_mut();
        let status = self.run(&fresh, |function, user, err| unsafe { hpo_study_confirm(self.raw, function, user, finalists, repeats, &mut raw, err) })?;
        if raw.is_null() {
            return Err(Error { status, message: "the confirmation was stopped".to_string() });
        }
        Ok(Trial { raw, owned: true })
    }

    /// Evaluates the winner on the test set, once.
    pub fn test<F>(&self, winner: &Trial, on_test_set: F) -> Result<f64>
    where
        F: Fn(&Trial) -> std::result::Result<f64, Failure> + Sync,
    {
        let mut score = f64::NAN;
        self.run(&on_test_set, |function, user, err| unsafe { hpo_study_test(self.raw, winner.raw, function, user, &mut score, err) })?;
        Ok(score)
    }

    pub fn advice(&self, format: &str) -> Result<String> {
        let format = text(format)?;
        call_text(|buf, cap, need, err| unsafe { hpo_study_advice(self.raw, format.as_ptr(), buf, cap, need, err) })
    }

    pub fn export(&self, format: &str, path: &str) -> Result<()> {
        let (format, path) = (text(format)?, text(path)?);
        call(|err| unsafe { hpo_study_export(self.raw, format.as_ptr(), path.as_ptr(), err) }).map(drop)
    }

    /// The C handle, for calls of the C API as it is.
    pub fn raw(&self) -> *mut hpo_study {
        self.raw
    }
}

impl Drop for Study<'_> {
    fn drop(&mut self) {
        unsafe { hpo_study_free(self.raw) }
    }
}

/// Assigns `n` samples to HPO_TRAIN, HPO_VALIDATION and HPO_TEST.
pub fn split_holdout(n: usize, validation: f64, test: f64, strata: Option<&[i64]>, groups: Option<&[i64]>, seed: u64) -> Result<Vec<u8>> {
    let mut part = vec![0; n];
    assert!(strata.map_or(true, |ids| ids.len() == n) && groups.map_or(true, |ids| ids.len() == n), "one id per sample");
    let (strata, groups) = (strata.map_or(null(), |ids| ids.as_ptr()), groups.map_or(null(), |ids| ids.as_ptr()));
    call(|err| unsafe { hpo_split_holdout(n, validation, test, strata, groups, seed, part.as_mut_ptr(), err) })?;
    Ok(part)
}

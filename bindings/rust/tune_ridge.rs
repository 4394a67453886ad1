//! Tunes ridge regression trained by gradient descent, with libhpo called from Rust.
//!
//!     rustc --edition 2021 -O tune_ridge.rs -L native=DIRECTORY -l hpo -o tune_ridge
//!
//! The model, the data and the search are the same in bindings/python, fortran and cpp. Ends with status 1 when anything is not as it must be.

mod hpo;

use hpo::{Failure, Space, Study, Trial};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Mutex;
use std::thread;

const SAMPLES: usize = 120;
const FEATURES: usize = 6;
const TRIALS: usize = 60;
const TRUE_WEIGHTS: [f64; FEATURES] = [2.0, -1.0, 0.5, 0.0, 0.0, 0.3];
const SCALES: [f64; FEATURES] = [1.0, 1.0, 1.0, 1.0, 1.0, 10.0];
const NOISE: f64 = 0.5;
/// No model can be much below the variance of the noise; the default configuration is far above.
const BOUND: f64 = 1.5 * NOISE * NOISE;

static FAILURES: AtomicUsize = AtomicUsize::new(0);

fn check(condition: bool, what: &str) {
    if !condition {
        FAILURES.fetch_add(1, Ordering::Relaxed);
        println!("FAILED: {}", what);
    }
}

/// Minimal standard generator of Park and Miller (1988), and normal numbers by Box and Muller; the same data in every language.
struct Generator(i64);

impl Generator {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0 * 16807 % 2147483647;
        self.0 as f64 / 2147483647.0
    }

    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * self.uniform().ln()).sqrt();
        radius * (2.0 * std::f64::consts::PI * self.uniform()).cos()
    }
}

/// y = 4 + x w + noise, split into training, validation and test samples by libhpo.
struct Data {
    x: Vec<[f64; FEATURES]>,
    y: Vec<f64>,
    part: Vec<u8>,
}

impl Data {
    fn new() -> hpo::Result<Data> {
        let mut generator = Generator(20240229);
        let (mut x, mut y) = (Vec::new(), Vec::new());
        for _ in 0..SAMPLES {
            let mut row = [0.0; FEATURES];
            for (value, scale) in row.iter_mut().zip(SCALES) {
                *value = scale * generator.normal();
            }
            y.push(4.0 + dot(&TRUE_WEIGHTS, &row) + NOISE * generator.normal());
            x.push(row);
        }
        Ok(Data { x, y, part: hpo::split_holdout(SAMPLES, 0.25, 0.25, None, None, 1)? })
    }

    fn rows(&self, part: i32) -> Vec<usize> {
        (0..SAMPLES).filter(|&i| i32::from(self.part[i]) == part).collect()
    }
}

fn dot(a: &[f64; FEATURES], b: &[f64; FEATURES]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Trains on the training samples; gives the mean squared error on the samples of `part`, or a reason.
fn fit_and_score(data: &Data, trial: &Trial, part: i32) -> Result<f64, Failure> {
    let (l2, rate, epochs) = (trial.float("l2"), trial.float("learning_rate"), trial.int("epochs"));
    let momentum = if trial.categorical("optimizer") == Some("momentum") { trial.float("momentum") } else { 0.0 };
    let train = data.rows(hpo::HPO_TRAIN);
    let n = train.len() as f64;

    // Centre and scale come from the training samples alone.
    let (mut mean, mut spread) = ([0.0; FEATURES], [1.0; FEATURES]);
    for j in 0..FEATURES {
        mean[j] = train.iter().map(|&i| data.x[i][j]).sum::<f64>() / n;
        if trial.int("standardize") == 1 {
            spread[j] = (train.iter().map(|&i| (data.x[i][j] - mean[j]).powi(2)).sum::<f64>() / n).sqrt();
        }
    }
    let offset = train.iter().map(|&i| data.y[i]).sum::<f64>() / n;
    let scaled = |i: usize| {
        let mut row = data.x[i];
        for j in 0..FEATURES {
            row[j] = (row[j] - mean[j]) / spread[j];
        }
        row
    };

    let (mut w, mut velocity) = ([0.0; FEATURES], [0.0; FEATURES]);
    for epoch in 0..epochs {
        let mut gradient = w.map(|v| l2 * v);
        for &i in &train {
            let row = scaled(i);
            let residual = dot(&row, &w) - (data.y[i] - offset);
            for j in 0..FEATURES {
                gradient[j] += residual * row[j] / n;
            }
        }
        for j in 0..FEATURES {
            velocity[j] = momentum * velocity[j] - rate * gradient[j];
            w[j] += velocity[j];
        }
        let size = dot(&w, &w);
        if size.is_nan() || size >= 1e12 {
            return Err(Failure::Failed(format!("diverged in epoch {}", epoch)));
        }
    }
    let chosen = data.rows(part);
    Ok(chosen.iter().map(|&i| (offset + dot(&scaled(i), &w) - data.y[i]).powi(2)).sum::<f64>() / chosen.len() as f64)
}

/// What a mistake looks like: an Err with libhpo's message.
fn wrong_spaces() {
    let mut space = Space::new();
    match space.add_float("learning_rate", 1.0, 1e-4, hpo::HPO_LOG) {
        Ok(_) => check(false, "low >= high was accepted"),
        Err(error) => {
            println!("error as expected: {}", error);
            check(error.status == hpo::HPO_E_INVALID && error.message.contains("learning_rate"), "the message names the parameter");
        }
    }
    let error = Study::new(&space).err();
    check(error.map_or(false, |error| error.message.contains("learning_rate")), "the space keeps its first error");
    check(space.add_bool("a\0b").is_err(), "a NUL in a name is refused");
}

fn search_space() -> hpo::Result<Space> {
    let mut space = Space::new();
    space.add_float("l2", 1e-6, 10.0, hpo::HPO_LOG)?;
    space.add_float("learning_rate", 1e-4, 1.0, hpo::HPO_LOG)?;
    space.set_default("learning_rate", "0.001")?;
    space.add_int("epochs", 10, 200, hpo::HPO_LINEAR)?;
    space.add_categorical("optimizer", &["plain", "momentum"])?;
    space.add_float("momentum", 0.0, 0.95, hpo::HPO_LINEAR)?;
    space.when("momentum", "optimizer", &["momentum"])?;
    space.add_bool("standardize")?;
    Ok(space)
}

/// What the search below does not use: JSON, steps, reports, pruning, stops, confirmation, advice, export.
fn the_rest() -> hpo::Result<()> {
    let mut space = Space::new();
    space.add_ordinal("batch", &[16.0, 32.0, 64.0])?;
    space.add_float("x", -4.0, 4.0, hpo::HPO_LINEAR)?;
    space.set_step("x", 0.5)?;
    check(space.to_json()?.contains("\"batch\""), "a space as JSON");
    let mut wide = Space::new();
    for i in 0..300 {
        wide.add_bool(&format!("a long name, number {}", i))?;
    }
    check(wide.to_json()?.len() > 300 * 20, "a text longer than the first buffer");

    let study = Study::new(&space)?;
    let square = |trial: &Trial| trial.float("x").powi(2) + trial.repeat() as f64;
    study.optimize(
        |trial| {
            trial.report(0, square(trial)).map_err(|error| error.to_string())?;
            trial.set_attribute("kind", "\"square\"").map_err(|error| error.to_string())?;
            if trial.int("batch") == 16 {
                return Err(Failure::Pruned);
            }
            Ok(square(trial))
        },
        40,
    )?;
    let pruned = study.trial_count(hpo::HPO_TRIAL_PRUNED);
    check(pruned > 0 && pruned + study.trial_count(hpo::HPO_COMPLETE) == 40, "pruned trials");
    check(unsafe { hpo::hpo_trial_report_count(study.trial(0)?.raw()) } == 1, "a report");
    check(study.optimize(|_| Err(Failure::Stopped), 10)? == hpo::HPO_STOPPED && study.trial_count(-1) == 41, "an objective can stop the search");
    study.stop();
    check(study.optimize(|trial| Ok(square(trial)), 10)? == hpo::HPO_STOPPED, "a stop before the search");
    check(study.confirm(|trial| Ok(square(trial)), 2, 3)?.state() == hpo::HPO_COMPLETE, "a confirmed winner");
    check(!study.advice("text")?.is_empty() && study.advice("json")?.starts_with('['), "advice");
    check(study.export("csv", "/nonexistent/file").err().map_or(false, |error| error.status == hpo::HPO_E_IO), "a file nowhere");
    let wrong = study.optimize(|trial| Ok(trial.float("bach")), 5).err();
    check(wrong.map_or(false, |error| error.status == hpo::HPO_E_NOT_FOUND && error.message.contains("batch")), "a wrong name is an error");
    let best = study.best()?;
    drop(study);
    check(best.state() == hpo::HPO_COMPLETE && best.float("x").abs() <= 4.0, "a trial outlives its study");
    Ok(())
}

fn run() -> hpo::Result<()> {
    println!("libhpo {}", hpo::version());
    wrong_spaces();
    the_rest()?;

    let data = Data::new()?;
    let seen: Mutex<Vec<Option<f64>>> = Mutex::new(Vec::new());
    let first = Mutex::new((0.0, String::new()));
    let best_so_far = Mutex::new(f64::INFINITY);
    let announced = AtomicUsize::new(0);
    let caller = thread::current().id();

    let mut study = Study::new(&search_space()?)?;
    study.set("strategy", "sobol")?;
    study.set("seed", "7")?;
    let error = study.set("stratgy", "sobol").err();
    check(error.map_or(false, |e| e.status == hpo::HPO_E_NOT_FOUND && e.message.contains("strategy")), "the nearest setting is named");
    check(study.get("strategy")? == "sobol", "the setting is read back");

    study.on_trial(|trial| {
        check(trial.number() as usize == announced.fetch_add(1, Ordering::Relaxed), "trials are announced in order");
        let mut best = best_so_far.lock().unwrap();
        if trial.state() == hpo::HPO_COMPLETE && trial.value() < *best {
            *best = trial.value();
            println!("trial {:2}: validation error {:.6}", trial.number(), *best);
        }
        hpo::HPO_OK
    })?;
    // Cannot converge: shows a failing objective.
    study.enqueue(&[("learning_rate", "1"), ("standardize", "false"), ("optimizer", "plain")])?;
    let status = study.optimize(
        |trial| {
            let active = trial.categorical("optimizer") == Some("momentum");
            check(trial.is_active("momentum") == active && trial.float("momentum").is_nan() != active, "momentum is active only with its optimizer");
            check(thread::current().id() == caller, "one worker runs on the calling thread");
            if trial.number() == 0 {
                *first.lock().unwrap() = (trial.float("learning_rate"), trial.categorical("optimizer").unwrap_or("").to_string());
            }
            let loss = fit_and_score(&data, trial, hpo::HPO_VALIDATION);
            seen.lock().unwrap().push(loss.as_ref().ok().copied());
            loss
        },
        TRIALS as u64,
    )?;
    check(status == hpo::HPO_OK, "the search ends with its budget");

    let losses: Vec<f64> = seen.lock().unwrap().iter().filter_map(|loss| *loss).collect();
    let smallest = losses.iter().copied().fold(f64::INFINITY, f64::min);
    let evaluated = seen.lock().unwrap().len();
    check(evaluated == TRIALS && announced.load(Ordering::Relaxed) == TRIALS, "every trial is evaluated and announced once");
    check(*first.lock().unwrap() == (0.001, "plain".to_string()), "the default configuration comes first");
    check(study.trial_count(-1) == TRIALS as u64 && study.trial_count(hpo::HPO_COMPLETE) == losses.len() as u64, "trials are counted");
    check(study.trial_count(hpo::HPO_FAILED) == (TRIALS - losses.len()) as u64, "failures are counted");
    let failed = study.trial(1)?;
    check(failed.state() == hpo::HPO_FAILED && failed.message().starts_with("diverged in epoch "), "the enqueued configuration failed, and says why");
    check(study.best()?.value() == smallest && smallest < BOUND, "the best is the smallest value, and good");
    let column = study.column("value")?;
    check(column.len() == TRIALS && column.iter().copied().fold(f64::INFINITY, f64::min) == smallest, "the column of values");

    let relevance = study.relevance()?;
    check((relevance.iter().sum::<f64>() - 1.0).abs() < 1e-9, "relevance");
    let (mean, standard_error) = study.estimate(study.best()?.number())?;
    check(mean.is_finite() && standard_error > 0.0, "the estimate of a trial");
    let wrong = study.predict(&vec![f64::NAN; relevance.len()]).err();
    check(wrong.map_or(false, |error| error.status == hpo::HPO_E_INVALID && error.message.starts_with("point 0: ")), "a prediction without values");

    // The host's own loop.
    for _ in 0..5 {
        if let Some(trial) = study.ask()? {
            study.tell(&trial, fit_and_score(&data, &trial, hpo::HPO_VALIDATION).ok())?;
            let error = study.tell(&trial, Some(0.0)).err();
            check(error.map_or(false, |error| error.status == hpo::HPO_E_STATE), "telling twice is a wrong state");
        }
    }
    check(study.trial_count(-1) == TRIALS as u64 + 5, "asked trials are counted");

    // Two workers share the objective: the compiler has seen to it that it is Sync.
    study.set("workers", "2")?;
    study.on_trial(|_| hpo::HPO_OK)?;
    let calls = AtomicUsize::new(0);
    let status = study.optimize(
        |trial| {
            calls.fetch_add(1, Ordering::Relaxed);
            fit_and_score(&data, trial, hpo::HPO_VALIDATION)
        },
        20,
    )?;
    check(status == hpo::HPO_OK && calls.load(Ordering::Relaxed) == 20, "two workers share the trials");
    study.set("workers", "1")?;

    // A panic in an objective ends the search and goes on here.
    std::panic::set_hook(Box::new(|_| {}));
    let outcome = catch_unwind(AssertUnwindSafe(|| study.optimize(|_| panic!("a defect of the host"), 10)));
    let _ = std::panic::take_hook();
    check(outcome.is_err() && study.trial_count(-1) == TRIALS as u64 + 26, "a panic ends the search after its trial");

    let (best, default) = (study.best()?, study.default_trial()?);
    let score = study.test(&best, |trial| fit_and_score(&data, trial, hpo::HPO_TEST))?;
    println!("default {:.6}, best {:.6} (trial {})", default.value(), best.value(), best.number());
    println!(
        "  l2 {:.3e}, learning_rate {:.3e}, epochs {}, optimizer {}",
        best.float("l2"),
        best.float("learning_rate"),
        best.int("epochs"),
        best.categorical("optimizer").unwrap_or("")
    );
    println!("test error of the best {:.6}", score);
    check(best.value() < default.value() && score < 2.0 * BOUND, "the best configuration is good on the test set");
    Ok(())
}

fn main() {
    if let Err(error) = run() {
        FAILURES.fetch_add(1, Ordering::Relaxed);
        println!("FAILED: {}", error);
    }
    let failures = FAILURES.load(Ordering::Relaxed);
    if failures > 0 {
        println!("{} checks failed", failures);
        std::process::exit(1);
    }
    println!("ok");
}

/* One run of a strategy on one task: ask, look up, tell, with several trials in flight when wanted. */
#ifndef BENCH_SIMULATE_H
#define BENCH_SIMULATE_H

#include "bench.h"
#include "evaluator.h"

typedef struct simulation {
    const bench_task  *task;
    const char        *peer; /* first column */
    const char        *strategy;
    const bench_texts *settings; /* KEY=VALUE */
    uint64_t           seed;
    uint64_t           trials;
    uint64_t           workers;
    bool               noisy;
    double             failures; /* share of the space that fails; 0: none */
} simulation;

#define SIMULATION_HEADER "peer,version,task,seed,trial,value,best,seconds"

/* The task's space in libhpo's terms; NULL with the error, ended by the caller. */
hpo_space *simulation_space(const bench_task *task, hpo_error *err);

/* Writes a row per finished trial to `table`; false after complaining. */
bool simulation_run(const simulation *run, FILE *table);

#endif

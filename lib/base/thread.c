#include "base/thread.h"

#include <time.h>

bool hpo__lock_init(hpo__lock *lock) {
    pthread_mutexattr_t kind;
    pthread_condattr_t  clock;
    if (pthread_mutexattr_init(&kind) != 0)
        return false;
    /* An error-checking mutex tells a strategy that calls back into its study apart from another thread. */
    bool made = pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_ERRORCHECK) == 0 && pthread_mutex_init(&lock->mutex, &kind) == 0;
    pthread_mutexattr_destroy(&kind);
    if (!made)
        return false;
    if (pthread_condattr_init(&clock) == 0) {
        made = pthread_condattr_setclock(&clock, CLOCK_MONOTONIC) == 0 && pthread_cond_init(&lock->changed, &clock) == 0;
        pthread_condattr_destroy(&clock);
    } else {
        made = false;
    }
    if (!made)
        pthread_mutex_destroy(&lock->mutex);
    return made;
}

void hpo__lock_end(hpo__lock *lock) {
    pthread_cond_destroy(&lock->changed);
    pthread_mutex_destroy(&lock->mutex);
}

bool hpo__lock_take(hpo__lock *lock) {
    return pthread_mutex_lock(&lock->mutex) == 0;
}

void hpo__lock_drop(hpo__lock *lock) {
    pthread_mutex_unlock(&lock->mutex);
}

void hpo__lock_wait(hpo__lock *lock, int milliseconds) {
    struct timespec until;
    if (clock_gettime(CLOCK_MONOTONIC, &until) != 0)
        return;
    until.tv_nsec += (long)milliseconds * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    pthread_cond_timedwait(&lock->changed, &lock->mutex, &until);
}

void hpo__lock_wake(hpo__lock *lock) {
    pthread_cond_broadcast(&lock->changed);
}

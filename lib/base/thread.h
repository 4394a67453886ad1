/* Locks, conditions and threads over POSIX. */
#ifndef HPO_BASE_THREAD_H
#define HPO_BASE_THREAD_H

#include <pthread.h>
#include <stdbool.h>

typedef struct hpo__lock {
    pthread_mutex_t mutex;
    pthread_cond_t  changed;
} hpo__lock;

bool hpo__lock_init(hpo__lock *lock);
void hpo__lock_end(hpo__lock *lock);
/* False, and not locked, when this thread holds the lock already. */
bool hpo__lock_take(hpo__lock *lock);
void hpo__lock_drop(hpo__lock *lock);
/* Waits for hpo__lock_wake, at most `milliseconds`; the lock is held again afterwards. */
void hpo__lock_wait(hpo__lock *lock, int milliseconds);
void hpo__lock_wake(hpo__lock *lock);

#endif

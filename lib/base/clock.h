/* Time. */
#ifndef HPO_BASE_CLOCK_H
#define HPO_BASE_CLOCK_H

/* Seconds since 1970-01-01 UTC. */
double hpo__clock_wall(void);
/* Seconds from an arbitrary start that never runs backwards. */
double hpo__clock_steady(void);

#endif

/* Statistics on plain arrays. NaNs are the caller's affair: none may come in. */
#ifndef HPO_NUM_STATS_H
#define HPO_NUM_STATS_H

#include <stdbool.h>
#include <stddef.h>

double hpo__stats_mean(const double *x, size_t n);
/* Sample standard deviation (n - 1), 0 for n < 2; two passes. */
double hpo__stats_deviation(const double *x, size_t n);
/* Sorts x in place, then quantile p in [0,1] by linear interpolation (Hyndman & Fan type 7). n >= 1. */
void   hpo__stats_sort(double *x, size_t n);
double hpo__stats_quantile_sorted(const double *x, size_t n, double p);
/* The k-th smallest, k = 0 ... n - 1; reorders x. O(n), at worst O(n log n). */
double hpo__stats_nth(double *x, size_t n, size_t k);
/* Indices of the k smallest of those x[i] with not skip[i], the smallest first and equal ones by index, into order[k]; returns how many there are. O(n log k) at worst. */
size_t hpo__stats_smallest(const double *x, const bool *skip, size_t n, size_t k, size_t *order);
/* Mid-ranks (1-based, ties share their mean rank) of x[n] into rank[n]; `order` is scratch for n indices. O(n log n). */
void hpo__stats_ranks(const double *x, size_t n, double *rank, size_t *order);
/* Kruskal-Wallis test that `groups` >= 2 groups (group[i] in 0 ... groups-1) share a distribution: p-value from mid-ranks with the tie correction,
 * chi-square approximation with (non-empty groups - 1) degrees of freedom. 1 when fewer than two groups have members or all ranks tie.
 * `sums` and `counts` are scratch of `groups` each. */
double hpo__stats_kruskal_wallis(const double *rank, const size_t *group, size_t n, size_t groups, double *sums, double *counts);

#endif

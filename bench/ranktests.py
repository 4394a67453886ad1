"""Rank statistics in plain Python: mid-ranks, Wilcoxon's signed rank test, Holm's correction.

Wilcoxon (1945), zero differences left out. The two-sided p value is exact also with ties: the distribution over all signs of the ranks as they are,
counted by dynamic programming on twice the mid-ranks, which are whole numbers; O(n^3) steps, so above 150 pairs the normal approximation with
correction for ties is used. Holm (1979), step-down with the running maximum.
"""
import math

EXACT_MAX = 150


def ranks(values):
    """Rank of each value, 1 the least; equal values share the mean of their ranks."""
    order = sorted(range(len(values)), key=values.__getitem__)
    result = [0.0] * len(values)
    i = 0
    while i < len(order):
        j = i
        while j + 1 < len(order) and values[order[j + 1]] == values[order[i]]:
            j += 1
        for k in range(i, j + 1):
            result[order[k]] = (i + j) / 2 + 1
        i = j + 1
    return result


def wilcoxon(a, b):
    """Two-sided p value of the paired samples a and b; 1 when they do not differ at all."""
    differences = [x - y for x, y in zip(a, b, strict=True) if x != y]
    if not differences:
        return 1.0
    # Sizes that differ by rounding only are ties.
    doubled = [round(2 * r) for r in ranks([float(f"{abs(d):.12e}") for d in differences])]
    plus = sum(r for r, d in zip(doubled, differences) if d > 0)
    least = min(plus, sum(doubled) - plus)
    if len(doubled) > EXACT_MAX:
        return _normal(doubled, least)
    counts = [1] + [0] * sum(doubled)
    top = 0
    for r in doubled:
        top += r
        for s in range(top, r - 1, -1):
            counts[s] += counts[s - r]
    return min(1.0, 2 * sum(counts[:least + 1]) / 2 ** len(doubled))


def _normal(doubled, least):
    variance = sum((r / 2) ** 2 for r in doubled) / 4  # of the sum of signed ranks; ties are in the mid-ranks already
    z = (least / 2 - sum(doubled) / 4) / math.sqrt(variance)
    return math.erfc(-z / math.sqrt(2)) if z < 0 else 1.0


def holm(p_values):
    """Corrected p values, in the order given."""
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    result = [0.0] * len(p_values)
    running = 0.0
    for i, k in enumerate(order):
        running = max(running, min(1.0, (len(order) - i) * p_values[k]))
        result[k] = running
    return result

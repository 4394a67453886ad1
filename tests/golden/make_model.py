#!/usr/bin/env python3
"""Writes model.h, the golden values of the tests of lib/model, from the formulas alone: an implementation of its own in mpmath with 40 digits, and SciPy.

Usage: make_model.py DIRECTORY      (needs mpmath, numpy, scipy; the committed file is from mpmath 1.4.1 and scipy 1.17.1)
"""
import pathlib
import sys

import mpmath
import numpy
import scipy.optimize
import scipy.stats

mpmath.mp.dps = 40
NOTE = "/* Written by tests/golden/make_model.py. */\n/* clang-format off */\n"
NUMERIC, WARPED, CHOICE = 0, 1, 2
mpf = mpmath.mpf


def number(x):
    return repr(x) if isinstance(x, float) else mpmath.nstr(mpf(x), 19, strip_zeros=True)


def row(values):
    return "{" + ", ".join(number(v) for v in values) + "}"


# ---- the Gaussian process, as in Rasmussen and Williams ----

class Model:
    def __init__(self, kinds, x, y, noise, theta, warp):
        self.kinds, self.d, self.n = kinds, len(kinds), len(y)
        theta = [mpf(t) for t in theta]
        self.lengths = [mpmath.exp(t) for t in theta[:self.d]]
        self.signal, self.noise = mpmath.exp(theta[self.d]), mpmath.exp(theta[self.d + 1])
        pairs = iter(theta[self.d + 2:])
        self.warps = [(mpmath.exp(next(pairs)), mpmath.exp(next(pairs))) if warp and k == WARPED else None for k in kinds]
        self.points = [self.place(p) for p in x]
        self.y = mpmath.matrix([mpf(v) for v in y])
        self.own_noise = [self.noise * mpf(v) for v in noise]
        k = mpmath.matrix(self.n, self.n)
        for i in range(self.n):
            for j in range(self.n):
                k[i, j] = self.covariance(self.points[i], self.points[j]) + (self.own_noise[i] if i == j else 0)
        self.inverse = k ** -1
        self.determinant = mpmath.det(k)

    def place(self, point):
        """Inputs after the Kumaraswamy warp; those at the ends stay 1e-7 away from them."""
        out = []
        for u, pair in zip(point, self.warps):
            u = mpf(u)
            if pair is not None:
                u = min(max(u, mpf("1e-7")), 1 - mpf("1e-7"))
                u = 1 - (1 - u ** pair[0]) ** pair[1]
            out.append(u)
        return out

    def covariance(self, a, b):
        r2 = mpf(0)
        for kind, length, u, v in zip(self.kinds, self.lengths, a, b):
            r2 += (0 if u == v else 1 / length ** 2) if kind == CHOICE else (u - v) ** 2 / length ** 2
        q = mpmath.sqrt(5 * r2)
        return self.signal * (1 + q + q * q / 3) * mpmath.exp(-q)

    def log_likelihood(self):
        """Without the constant -n/2 log(2 pi)."""
        return -(self.y.T * self.inverse * self.y)[0] / 2 - mpmath.log(self.determinant) / 2

    def predict(self, point, targets):
        k = mpmath.matrix([self.covariance(self.place(point), p) for p in self.points])
        weights = self.inverse * k
        return (weights.T * targets)[0], self.signal - (weights.T * k)[0]

    def without(self, i, refit):
        """Mean and variance (with noise) of a left-out point, by a model that never saw it."""
        mean, variance = refit.predict(self.raw[i], refit.y)
        return mean, variance + self.own_noise[i]


def log_prior(kinds, theta, warp, exact):
    d = len(kinds)
    centre = mpmath.sqrt(2) + mpmath.log(d) / 2
    total = mpf(0)
    for t in theta[:d]:  # LogNormal(centre, sqrt 3) over the length itself
        total -= (mpf(t) - centre) ** 2 / 6 + mpf(t)
    total -= mpf(theta[d]) ** 2 / 2
    if not exact:
        total -= (mpf(theta[d + 1]) + 4) ** 2 / 2
    for t in theta[d + 2:]:
        total -= mpf(t) ** 2 / (2 * mpf("0.75"))
    return total


MOST_POINTS, MOST_INPUTS, QUERIES = 12, 4, 4


def gp_case(rng, kinds, n, warp, exact):
    d = len(kinds)

    def draw():
        point = []
        for kind in kinds:
            u = round(float(rng.uniform()), 3)
            point.append(float(rng.integers(-1, 3)) if kind == CHOICE else float(rng.choice([0.0, 1.0, u, u, u, u])))
        return point

    x, queries = [draw() for _ in range(n)], [draw() for _ in range(QUERIES)]
    y = [round(float(v), 4) for v in rng.normal(size=n)]
    noise = [float(v) for v in rng.choice([1.0, 1.0, 4.0], n)]
    labels = [float(v) for v in rng.choice([1.0, -1.0], n)]
    theta = [round(float(v), 3) for v in rng.uniform(-1.5, 1.0, d)] + [round(float(rng.uniform(-1, 1)), 3)]
    theta.append(float(numpy.log(1e-6)) if exact else round(float(rng.uniform(-6, -1)), 3))
    if warp:
        theta += [round(float(v), 3) for v in rng.uniform(-1.2, 1.2, 2 * kinds.count(WARPED))]
    model = Model(kinds, x, y, noise, theta, warp)
    model.raw = x
    predictions = [model.predict(q, model.y) for q in queries]
    others = [model.predict(q, mpmath.matrix(labels))[0] for q in queries]
    left_out = []
    for i in range(n):
        keep = [j for j in range(n) if j != i]
        refit = Model(kinds, [x[j] for j in keep], [y[j] for j in keep], [noise[j] for j in keep], theta, warp) if keep else None
        left_out.append(model.without(i, refit) if keep else (mpf(0), model.signal + model.own_noise[i]))
    flat = [x[j][i] for i in range(d) for j in range(n)]
    flat_queries = [queries[j][i] for i in range(d) for j in range(QUERIES)]
    kernel = [model.covariance(model.place(queries[0]), model.place(q)) for q in queries]
    return ("    {" + f"{n}, {d}, {int(warp)}, {int(exact)}, {{{', '.join(map(str, kinds))}}},\n     "
            + ",\n     ".join(row(v) for v in (flat, y, noise, labels, theta, flat_queries)) + ",\n     "
            + f"{number(model.log_likelihood())}, {number(log_prior(kinds, theta, warp, exact))},\n     "
            + ",\n     ".join(row(v) for v in ([m for m, _ in predictions], [v for _, v in predictions], others, kernel,
                                              [m for m, _ in left_out], [v for _, v in left_out])) + "},")


def gaussian_process():
    rng = numpy.random.default_rng(11)
    out = ["/* Models: inputs x[i * n + j], queries[i * 4 + q]; log likelihood without its constant; predictions, covariance of query 0 with each, leave-one-out. */",
           f"static const struct {{\n    unsigned n, d;\n    int warp, exact, kinds[{MOST_INPUTS}];\n"
           f"    double x[{MOST_INPUTS * MOST_POINTS}], y[{MOST_POINTS}], noise[{MOST_POINTS}], labels[{MOST_POINTS}], theta[{3 * MOST_INPUTS + 2}], "
           f"queries[{MOST_INPUTS * QUERIES}];\n    double likelihood, prior, mean[{QUERIES}], variance[{QUERIES}], other[{QUERIES}], kernel[{QUERIES}];\n"
           f"    double left_out_mean[{MOST_POINTS}], left_out_variance[{MOST_POINTS}];\n}} golden_gp[] = {{"]
    for kinds, n, warp, exact in [([NUMERIC], 1, False, False), ([WARPED], 2, True, False), ([WARPED], 7, False, False), ([WARPED], 9, True, False),
                                  ([NUMERIC, WARPED], 8, True, False), ([CHOICE, NUMERIC], 10, False, False), ([WARPED, CHOICE, WARPED], 12, True, False),
                                  ([NUMERIC, NUMERIC, CHOICE, WARPED], 12, True, True), ([WARPED, WARPED, WARPED, WARPED], 12, True, False),
                                  ([CHOICE, CHOICE], 6, False, False)]:
        out.append(gp_case(rng, kinds, n, warp, exact))
    return "\n".join(out + ["};\n"])


# ---- log expected improvement ----

def log_improvement(z):
    z = mpf(z)
    with mpmath.workdps(80):
        if z < -60:  # h(z) = phi(z) (1 - |z| R(|z|)), R the Mills ratio by its continued fraction 1/(x+1/(x+2/(x+3/...)))
            x, fraction = -z, mpf(0)
            for k in range(400, 1, -1):
                fraction = k / (x + fraction)
            fraction = 1 / (x + fraction)  # R = 1 / (x + fraction), 1 - x R = fraction / (x + fraction)
            return -z * z / 2 - mpmath.log(2 * mpmath.pi) / 2 + mpmath.log(fraction / (x + fraction))
    with mpmath.workdps(2000 if z < -20 else 80):
        return +mpmath.log(mpmath.npdf(z) + z * mpmath.erfc(-z / mpmath.sqrt(2)) / 2)


def improvement():
    points = [-1e6, -123456.789, -1e5, -3e4, -1e4, -2000.5, -1e3, -300.0, -100.0, -61.0, -59.0, -40.0, -38.5, -30.0, -25.0, -21.0, -20.5, -20.0001, -20.0,
              -19.9999, -19.5, -19.0, -18.0, -16.0, -14.0, -12.0, -10.0, -9.0, -8.0, -7.0, -6.0, -5.0, -4.5, -4.0, -3.5, -3.0, -2.5, -2.0, -1.5, -1.0, -0.75,
              -0.5, -0.25, -0.1, -1e-3, -1e-8, 0.0, 1e-8, 1e-3, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 10.0, 20.0, 37.0, 38.0, 39.0, 40.0]
    out = ["/* log(phi(z) + z Phi(z)). */", "static const struct {\n    double z, value;\n} golden_improvement[] = {"]
    out += [f"    {{{z!r}, {mpmath.nstr(log_improvement(z), 20)}}}," for z in points]
    return "\n".join(out + ["};\n"])


# ---- output warping ----

def half_rank(y):
    """Values above the median become normal quantiles of their rank, in units of the better half's spread (arXiv 2408.11527). The lower median."""
    y = numpy.asarray(y, float)
    median = numpy.sort(y)[(len(y) - 1) // 2]
    good = numpy.unique(y[y <= median])
    spread = numpy.sqrt(numpy.mean((good - median) ** 2))
    if not spread > 0:
        spread = 2.0 ** int(numpy.frexp(abs(median))[1])
    bad = numpy.unique(y[y > median])
    whole = len(bad) + 0.5
    out = y.copy()
    for i, value in enumerate(y):
        if value > median:
            from_worst = len(bad) - numpy.searchsorted(bad, value)
            out[i] = median - spread * scipy.stats.norm.ppf(0.5 * (from_worst - 0.5) / whole)
    return out, median, spread


def standard(z):
    return (z - numpy.mean(z)) / numpy.std(z, ddof=1)


def power(y):
    """By SciPy, with its log likelihoods; the exponent between -2 and 4."""
    ranked, median, spread = half_rank(y)
    positive = ranked.min() > 0 and ranked.max() / ranked.min() >= 20
    values = ranked if positive else (ranked - median) / spread
    likelihood, transform = (scipy.stats.boxcox_llf, scipy.stats.boxcox) if positive else (scipy.stats.yeojohnson_llf, scipy.stats.yeojohnson)
    # The likelihood is flat to rounding near its top: many grids, each finer, rather than one bisection.
    low, high = -2.0, 4.0
    for _ in range(12):
        grid = numpy.linspace(low, high, 241)
        best = int(numpy.argmax([likelihood(e, values) for e in grid]))
        low, high = grid[max(best - 6, 0)], grid[min(best + 6, 240)]
        if high - low < 1e-7:
            break
    exponent = (low + high) / 2
    warped = transform(values, lmbda=exponent)
    if not positive and numpy.std(warped, ddof=1) < 0.5:
        warped = ranked
    return "box-cox" if positive else "yeo-johnson", exponent, standard(warped)


def output():
    rng = numpy.random.default_rng(3)
    cases = [
        ("few", rng.normal(size=5)),
        ("two", numpy.array([3.0, -1.0])),
        ("ties", rng.integers(0, 3, 7).astype(float)),
        ("normal", rng.normal(size=15)),
        ("shifted", 1e4 + rng.normal(size=21)),
        ("skewed", -rng.lognormal(0, 1.2, 25)),
        ("errors", rng.lognormal(-2, 1.5, 31)),
        ("losses", rng.lognormal(3, 2.0, 29)),
        ("even", rng.gamma(0.5, 1, 30)),
        ("many ties", rng.integers(0, 6, 40).astype(float)),
        ("diverged", numpy.concatenate([rng.uniform(0.1, 0.4, 12), [1e6, 1e9, 1e30]])),
        ("narrow", 1 + 1.3 * numpy.arange(11)),  # the worst becomes 14 times the best: not wide enough for Box and Cox
        ("wide", 1 + 2.2 * numpy.arange(11)),  # 23 times
        ("plateau", numpy.concatenate([numpy.ones(14), rng.uniform(0.5, 1, 6)])),
        ("half diverged", numpy.concatenate([rng.uniform(0.1, 0.4, 12), [1e6] * 3, [1e30] * 9])),
        ("seven", rng.lognormal(0, 1.5, 7)),  # one too few for a power
        ("eight", rng.lognormal(0, 1.5, 8)),
    ]
    out = ["/* Values, whether step 1 leaves them as they are, and what they become. */",
           "static const struct {\n    const char *name, *power;\n    unsigned n;\n    double exponent, y[40], z[40];\n} golden_output[] = {"]
    for name, y in cases:
        y = numpy.array([float(f"{v:.6g}") for v in y])
        for version, values in ((name, y), (name + ", ranked", half_rank(y)[0])):
            if len(y) < 8:
                kind, exponent, z = "none", 0.0, standard(half_rank(values)[0])
            else:
                kind, exponent, z = power(values)
            numbers = [", ".join(repr(float(v)) for v in column) for column in (values, z)]
            out.append(f'    {{"{version}", "{kind}", {len(y)}, {exponent!r},\n     {{{numbers[0]}}},\n     {{{numbers[1]}}}}},'.replace("np.float64(", "").replace("),", ","))
    return "\n".join(out + ["};\n"])


if __name__ == "__main__":
    (pathlib.Path(sys.argv[1]) / "model.h").write_text("\n".join((NOTE + gaussian_process(), improvement(), output())))

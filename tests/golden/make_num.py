#!/usr/bin/env python3
"""Writes the golden values of the tests of lib/num: special.h and tails.h by mpmath, sequence.h, stats.h and lbfgs.h by SciPy.

Usage: make_num.py DIRECTORY      (needs mpmath, numpy, scipy; the committed files are from mpmath 1.4.1 and scipy 1.17.1)
"""
import math
import pathlib
import random
import sys

import mpmath
import numpy
import scipy.optimize
import scipy.stats
from scipy.stats import qmc

mpmath.mp.dps = 60
NOTE = "/* Written by tests/golden/make_num.py. */\n/* clang-format off */\n"


def normal_cdf(x):
    return mpmath.erfc(-mpmath.mpf(x) / mpmath.sqrt(2)) / 2


def student_cdf(t, nu):
    t, nu = mpmath.mpf(t), mpmath.mpf(nu)
    tail = mpmath.betainc(nu / 2, mpmath.mpf(1) / 2, 0, nu / (nu + t * t), regularized=True) / 2
    return tail if t < 0 else 1 - tail


def student_lower_by_density(t, nu):
    """Another way for many degrees of freedom, where the series above does not converge: numerical integration of the density."""
    t, nu = mpmath.mpf(t), mpmath.mpf(nu)
    log_top = mpmath.loggamma((nu + 1) / 2) - mpmath.loggamma(nu / 2) - mpmath.log(nu * mpmath.pi) / 2

    def relative_density(u):  # to that at t, for the quadrature's tolerance is absolute
        return mpmath.exp((nu + 1) / 2 * (mpmath.log1p(t * t / nu) - mpmath.log1p(u * u / nu)))

    density = mpmath.exp(log_top - (nu + 1) / 2 * mpmath.log1p(t * t / nu))
    return density * mpmath.quad(relative_density, [-t + k / mpmath.mpf(4) for k in range(0, 60)])


def chi_square_upper(x, nu):
    return mpmath.gammainc(mpmath.mpf(nu) / 2, mpmath.mpf(x) / 2, mpmath.inf, regularized=True)


def rows(name, triples):
    out = [f"static const struct {{\n    double x, nu, value;\n}} golden_{name}[] = {{"]
    for x, nu, value in triples:
        if value > mpmath.mpf("1e-300"):
            out.append(f"    {{{float(x)!r}, {float(nu)!r}, {mpmath.nstr(value, 20)}}},")
    return "\n".join(out + ["};\n"])


def special():
    random.seed(20)
    fixed = [0.0, 1e-300, 1e-10, -1e-5, -0.1, 0.5, -1.0, 1.5, -3.0, 3.0, -5.0, 6.0, -8.0, 8.3, -10.0, -15.0, -20.0, -25.0, -30.0, -35.0, -37.0, 40.0]
    normal = [(x, 0, normal_cdf(x)) for x in fixed + [random.uniform(-37, 9) for _ in range(60)]]
    degrees = [1e-3, 0.01, 0.1, 0.5, 1, 1.5, 2, 3, 4, 5, 7.7, 10, 20, 29, 30, 31, 40, 41, 100, 300, 1000, 3000, 9999]
    student = []
    for nu in degrees:
        for _ in range(6):
            t = math.exp(random.uniform(-6, 4.5)) * random.choice([1, -1, -1])
            student.append((t, nu, student_cdf(t, nu)))
    for nu in [10001, 1e5, 1e6, 1e8, 1e12]:
        for t in [-0.001, -0.3, -2, -5.5, -9, -17, -30]:
            student.append((t, nu, student_lower_by_density(t, nu)))
    chi = []
    for nu in degrees + [1e4, 1e5]:
        for _ in range(6):
            x = math.exp(random.uniform(-8, 6)) if random.random() < 0.4 else max(1e-3, nu * math.exp(random.gauss(0, 3 * math.sqrt(2 / nu))))
            if nu > 1e4:
                x = nu + math.sqrt(2 * nu) * random.uniform(-6, 25)
            chi.append((x, nu, chi_square_upper(x, nu)))
    for nu in [2e6, 1e7, 1e9]:
        chi += [(x, nu, chi_square_upper(x, nu)) for x in [nu + math.sqrt(2 * nu) * z for z in (-4, -1, -0.01, 0, 0.5, 3, 8, 20)]]
    return NOTE + rows("normal_cdf", normal) + "\n" + rows("student_cdf", student) + "\n" + rows("chi_square_upper", chi)


def fnv(words):
    value = 0xCBF29CE484222325
    for word in words:
        value = (value ^ int(word)) * 0x100000001B3 % 2**64
    return value


def sequence():
    d = 1111
    shown = [0, 1, 2, 3, 10, 99, 500, 1000, 1110]
    indices = list(range(17)) + [31, 100, 1023, 4096, 65535, 1000000]
    out = [NOTE + "/* Points of the plain sequence in Gray-code order, as 32-bit fractions: the index, some dimensions, and an FNV-1a hash over the words of all "
           f"{d} dimensions. */", f"enum {{ GOLDEN_SHOWN = {len(shown)} }};", f"static const unsigned golden_shown[] = {{{', '.join(map(str, shown))}}};",
           "static const struct {\n    uint32_t index, bits[GOLDEN_SHOWN];\n    uint64_t hash;\n} golden_sobol[] = {"]
    for index in indices:
        engine = qmc.Sobol(d, scramble=False, bits=32)
        if index > 0:
            engine.fast_forward(index)
        bits = [int(v * 2**32) for v in engine.random(1)[0]]
        assert all(b / 2**32 == v for b, v in zip(bits, (b / 2**32 for b in bits)))
        out.append(f"    {{{index}u, {{{', '.join(f'{bits[j]}u' for j in shown)}}}, UINT64_C({fnv(bits)})}},")
    table = qmc.Sobol(d, scramble=False, bits=32)._sv
    out += ["};\n", f"/* FNV-1a hash over all 32 direction numbers of dimension 0, then 1, ... */\nstatic const uint64_t golden_directions = UINT64_C({fnv(table.ravel())});\n",
            "/* L2-star discrepancies of the first n points of the plain sequence in d dimensions. */",
            "static const struct {\n    unsigned n, d;\n    double discrepancy;\n} golden_discrepancy[] = {"]
    for n, dims in [(16, 1), (64, 2), (128, 3), (256, 5), (512, 8), (256, 20)]:
        points = qmc.Sobol(dims, scramble=False, bits=32).random(n)
        out.append(f"    {{{n}, {dims}, {qmc.discrepancy(points, method='L2-star')!r}}},".replace("np.float64(", "").replace(")", ""))
    return "\n".join(out + ["};\n"])


def stats():
    rng = numpy.random.default_rng(5)
    out = [NOTE + "/* Kruskal-Wallis tests: values and group of each, the p-value. */",
           "static const struct {\n    unsigned n, groups;\n    double p, x[60];\n    unsigned group[60];\n} golden_kruskal[] = {"]
    for n, groups, shift, levels in [(12, 2, 0, 0), (30, 3, 0.5, 0), (60, 4, 0, 5), (60, 5, 1.0, 0), (40, 2, 2.5, 0), (50, 10, 0, 3)]:
        group = numpy.concatenate([numpy.arange(groups), rng.integers(0, groups, n - groups)])
        x = numpy.round(rng.normal(size=n) + shift * group, 6)
        if levels:
            x = rng.integers(0, levels, n).astype(float)
        p = scipy.stats.kruskal(*[x[group == g] for g in range(groups)]).pvalue
        out.append(f"    {{{n}, {groups}, {float(p)!r}, {{{', '.join(repr(float(v)) for v in x)}}}, {{{', '.join(map(str, group))}}}}},")
    x = numpy.round(rng.normal(size=25), 4)
    out += ["};\n", f"static const double golden_sample[] = {{{', '.join(repr(float(v)) for v in x)}}};",
            "static const struct {\n    double p, value;\n} golden_quantile[] = {"]
    out += [f"    {{{p}, {float(numpy.quantile(x, p))!r}}}," for p in (0.0, 0.01, 0.1, 0.25, 0.3333, 0.5, 0.77, 0.9, 0.99, 1.0)]
    out += ["};\n", f"static const double golden_mean = {float(numpy.mean(x))!r}, golden_deviation = {float(numpy.std(x, ddof=1))!r};",
            f"static const double golden_ranks[] = {{{', '.join(repr(float(v)) for v in scipy.stats.rankdata(numpy.round(x, 0)))}}}; /* of the rounded sample */"]
    return "\n".join(out) + "\n"


def tails():
    """Logarithms that no double holds the argument of: x from the middle far into both tails."""
    random.seed(31)
    zs = [0.0, 1e-300, -1e-300, 1e-8, -1e-8, 0.5, -0.5, 1.0, -1.0, -2.0, 3.0, -3.0, -4.999, -5.0, -5.001, -7.999, -8.0, -8.001, 8.0, -12.0, -19.999, -20.0, -20.001,
          -26.0, -37.5, 37.5, 38.6, -38.6, -100.0, 100.0, -1e3, 1e3, -1e5, 1e5, -1e8, 1e8, -1e100, 1e100, -1e150]
    zs += [random.gauss(0, 1) for _ in range(30)] + [random.uniform(-40, 10) for _ in range(60)] + [-math.exp(random.uniform(0, 12)) for _ in range(20)]
    out = [NOTE + "static const struct {\n    double z, log_erfc, log_cdf, log_improvement;\n} golden_tails[] = {"]
    for z in zs:
        t = mpmath.mpf(z)
        if z > -1e6:
            with mpmath.workdps(80):  # phi(z) + z Phi(z) cancels to 1 / z^2 of its parts
                cdf = mpmath.log1p(-mpmath.erfc(t / mpmath.sqrt(2)) / 2) if z > 0 else mpmath.log(mpmath.erfc(-t / mpmath.sqrt(2)) / 2)
                improvement = mpmath.log(mpmath.npdf(t) + t * mpmath.erfc(-t / mpmath.sqrt(2)) / 2)
        else:
            with mpmath.workdps(400):
                cdf = -t * t / 2 - mpmath.log(2 * mpmath.pi) / 2 - mpmath.log(-t) + mpmath.log1p(-1 / t**2 + 3 / t**4)
                improvement = -t * t / 2 - mpmath.log(2 * mpmath.pi) / 2 - 2 * mpmath.log(-t) + mpmath.log1p(-3 / t**2 + 15 / t**4)
        if abs(z) < 1e6:
            with mpmath.workdps(80):
                log_erfc = mpmath.log(mpmath.erfc(t)) if z > 0.5 else mpmath.log1p(-mpmath.erf(t))
        elif z < 0:
            log_erfc = mpmath.log(2)
        else:
            with mpmath.workdps(400):
                log_erfc = -t * t - mpmath.log(t * mpmath.sqrt(mpmath.pi)) - 1 / (2 * t * t)
        out.append(f"    {{{z!r}, {mpmath.nstr(log_erfc, 20)}, {mpmath.nstr(cdf, 20) if abs(cdf) > 1e-300 else '0.0'}, {mpmath.nstr(improvement, 20)}}},")
    return "\n".join(out + ["};\n"])


def rosenbrock(x):
    return scipy.optimize.rosen(x), scipy.optimize.rosen_der(x)


def beale(x):
    value, gradient = 0.0, numpy.zeros(2)
    for power, target in enumerate((1.5, 2.25, 2.625), 1):
        rest = target - x[0] + x[0] * x[1] ** power
        value += rest * rest
        gradient += 2 * rest * numpy.array([x[1] ** power - 1, x[0] * power * x[1] ** (power - 1)])
    return value, gradient


def styblinski(x):
    return 0.5 * numpy.sum(x**4 - 16 * x**2 + 5 * x), 0.5 * (4 * x**3 - 32 * x + 5)


def zakharov(x):
    i = numpy.arange(1, len(x) + 1)
    mixed = 0.5 * numpy.sum(i * x)
    return numpy.sum(x * x) + mixed**2 + mixed**4, 2 * x + (mixed + 2 * mixed**3) * i


def barrier(x):
    """Not finite at 0 and below, where the bounds allow to go."""
    i = numpy.arange(1, len(x) + 1)
    with numpy.errstate(all="ignore"):
        slope = numpy.diff(x, prepend=x[0]) - numpy.diff(x, append=x[-1])
        return numpy.sum(i * x - numpy.log(x)) + 0.5 * numpy.sum(numpy.diff(x) ** 2), i - 1 / x + slope


def quadratic(x):
    i = numpy.arange(len(x))
    a = 1 / (1.0 + abs(i[:, None] - i[None, :])) + numpy.diag(i)
    b = (i % 5 - 2.0) * numpy.where(i % 2, 3, -2)
    return 0.5 * x @ a @ x - b @ x, a @ x - b


def lbfgs():
    """Minima in boxes by SciPy's L-BFGS-B, and the evaluations it needs for a projected gradient of 1e-6. Unlike ours it must not leave where the function is finite."""
    functions = [rosenbrock, beale, styblinski, zakharov, barrier, quadratic]
    problems = [(0, 2, -10, 10, -1.2), (0, 2, -10, 0.5, -1.2), (0, 2, 1.5, 3, 2.0), (0, 10, -10, 10, 0.0), (0, 30, -5, 0.9, -0.5), (1, 2, -4.5, 4.5, 1.0), (1, 2, 0, 2.5, 0.1),
                (2, 5, -5, 5, -1.5), (2, 5, -5, -3.2, -4), (2, 3, 0.5, 5, 1), (3, 4, -5, 10, 3.0), (3, 12, 0.25, 10, 2.0), (4, 3, -1, 10, 2.0), (4, 20, -1, 0.4, 0.3),
                (5, 6, -100, 100, 1.0), (5, 25, -0.5, 0.25, 0.0), (5, 60, 0, 100, 3.0), (5, 1, -1, 1, 0.3)]
    out = [NOTE + "/* The functions are in make_num.py: rosenbrock, beale, styblinski, zakharov, barrier, quadratic. */",
           "static const struct {\n    unsigned function, n;\n    double low, high, start, value;\n    unsigned evaluations;\n    double x[60];\n} golden_lbfgs[] = {"]
    for which, n, low, high, start in problems:
        def run(tolerance):
            return scipy.optimize.minimize(functions[which], numpy.full(n, float(start)), jac=True, method="L-BFGS-B", bounds=[(max(low, 1e-9) if which == 4 else low, high)] * n,
                                           options={"maxcor": 8, "ftol": 0, "gtol": tolerance, "maxiter": 5000, "maxfun": 20000})
        exact, usual = run(1e-11), run(1e-6)
        out.append(f"    {{{which}, {n}, {float(low)!r}, {float(high)!r}, {float(start)!r}, {float(exact.fun)!r}, {usual.nfev}, {{{', '.join(repr(float(v)) for v in exact.x)}}}}},")
    return "\n".join(out + ["};\n"])


if __name__ == "__main__":
    directory = pathlib.Path(sys.argv[1])
    for name, make in (("sequence", sequence), ("stats", stats), ("special", special), ("tails", tails), ("lbfgs", lbfgs)):
        (directory / f"{name}.h").write_text(make())

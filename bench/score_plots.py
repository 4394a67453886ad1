"""Plots of bench/score.py, each as SVG and PNG. Needs matplotlib."""
import math
import os

import matplotlib

matplotlib.use("Agg")
matplotlib.rcParams["svg.hashsalt"] = "hpo-bench"  # the same input gives the same file
import matplotlib.pyplot as plt  # noqa: E402

SIGNIFICANT = 0.05
# Colours that stay apart for colour-blind readers (Okabe and Ito 2008); the line style changes when they are used up.
COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"]
STYLES = ["-", "--", ":", "-."]


def _style(i):
    return {"color": COLOURS[i % len(COLOURS)], "linestyle": STYLES[i // len(COLOURS) % len(STYLES)]}


def _save(figure, directory, name):
    paths = []
    for kind in ("svg", "png"):
        path = os.path.join(directory, f"{name}.{kind}")
        # Without a date in it, so that a plot that did not change is no change.
        figure.savefig(path, bbox_inches="tight", dpi=150, metadata={"Date": None} if kind == "svg" else {"Software": None})
        paths.append(path)
    plt.close(figure)
    return paths


def _standard_errors(table, peer):
    """Of the headline after each trial: families and tasks are fixed, the seeds are the sample."""
    errors = []
    for k in range(table.horizon):
        total = 0.0
        for tasks in table.families.values():
            for t in tasks:
                values = [c[k] for c in table.scores[peer][t]]
                n = len(values)
                if n > 1:
                    mean = sum(values) / n
                    total += sum((v - mean) ** 2 for v in values) / (n - 1) / n / (len(tasks) * len(table.families)) ** 2
        errors.append(math.sqrt(total))
    return errors


def convergence(table, directory):
    figure, axes = plt.subplots(figsize=(7, 4.5))
    trials = range(1, table.horizon + 1)
    for i, peer in enumerate(sorted(table.peers, key=lambda p: -table.score(p, table.horizon))):
        curve, errors = table.curve(peer), _standard_errors(table, peer)
        axes.plot(trials, curve, label=peer, **_style(i))
        axes.fill_between(trials, [c - 1.96 * e for c, e in zip(curve, errors)], [c + 1.96 * e for c, e in zip(curve, errors)],
                          color=_style(i)["color"], alpha=0.15, linewidth=0)
    known = [(k, table.score_random(k)) for k in sorted(table.scales[table.tasks[0]].random) if k <= table.horizon]
    known = [(k, s) for k, s in known if s is not None]
    axes.plot([k for k, _ in known], [s for _, s in known], "x", color="grey", label="random search, expected")
    axes.set(xlabel="trials", ylabel="score, mean over families", xlim=(1, table.horizon), ylim=(-0.2, 1.0),
             title=f"{len(table.tasks)} tasks; band: 95 % over seeds")
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right", fontsize=8)
    return _save(figure, directory, "convergence")


def _grid_of_axes(n):
    columns = min(4, n)
    rows = math.ceil(n / columns)
    figure, axes = plt.subplots(rows, columns, figsize=(3.2 * columns, 2.5 * rows), squeeze=False, layout="constrained")
    flat = [a for row in axes for a in row]
    for a in flat[n:]:
        a.set_visible(False)
    for a in flat[max(0, n - columns):n]:
        a.set_xlabel("trials", fontsize=9)
    return figure, flat[:n]


def families(table, directory):
    figure, axes = _grid_of_axes(len(table.families))
    order = sorted(table.peers, key=lambda p: -table.score(p, table.horizon))
    for a, (family, tasks) in zip(axes, sorted(table.families.items())):
        for i, peer in enumerate(order):
            curve = [sum(table.means[peer][t][k] for t in tasks) / len(tasks) for k in range(table.horizon)]
            a.plot(range(1, table.horizon + 1), curve, linewidth=1.2, **_style(i))
        a.set_title(f"{family} ({len(tasks)})", fontsize=9)
        a.set(ylim=(-0.5, 1.05), xlim=(1, table.horizon))
        a.grid(alpha=0.3)
    figure.legend(handles=[plt.Line2D([], [], label=p, **_style(i)) for i, p in enumerate(order)], loc="outside lower center", ncols=4, fontsize=8)
    figure.supylabel("score", fontsize=9)
    return _save(figure, directory, "families")


def cliques(order, p_values):
    """Runs of neighbours in `order` in which no pair differs significantly; only those that no other one contains."""
    found = []
    for i in range(len(order)):
        j = i
        while j + 1 < len(order) and all(p_values[order[m], order[j + 1]] >= SIGNIFICANT for m in range(i, j + 1)):
            j += 1
        if j > i and not any(a <= i and j <= b for a, b in found):
            found.append((i, j))
    return found


def ranks(table, points, directory):
    """Mean ranks on an axis; a bar joins peers that do not differ significantly (Demsar 2006; Benavoli et al. 2016 for the pairwise test)."""
    n = len(table.peers)
    if n < 2:
        return []
    height = 0.9 + 0.22 * n
    figure, axes = plt.subplots(len(points), 1, figsize=(8, height * len(points)), squeeze=False, layout="constrained")
    for a, k in zip([row[0] for row in axes], points):
        rank = table.ranks(k)
        order = sorted(table.peers, key=rank.get)
        groups = cliques(order, table.p_values(k))
        base = 0.25 * len(groups) + 0.3  # labels hang below the bars
        a.hlines(0, 1, n, color="black", linewidth=1)
        for tick in range(1, n + 1):
            a.vlines(tick, 0, 0.12, color="black", linewidth=1)
            a.text(tick, 0.18, str(tick), ha="center", va="bottom", fontsize=8)
        left = (n + 1) // 2
        for i, peer in enumerate(order):
            on_left = i < left
            y = -base - 0.3 * (i if on_left else n - 1 - i)
            edge = 0.85 if on_left else n + 0.15
            a.plot([rank[peer], rank[peer], edge], [0, y, y], color="grey", linewidth=0.8)
            a.text(edge + (-0.05 if on_left else 0.05), y, f"{peer}  {rank[peer]:.2f}", ha="right" if on_left else "left", va="center", fontsize=8)
        for g, (i, j) in enumerate(groups):
            a.hlines(-0.2 - 0.22 * g, rank[order[i]] - 0.03, rank[order[j]] + 0.03, color="black", linewidth=3)
        a.set_title(f"mean rank after {k} trials, {len(table.tasks)} tasks; joined: p >= {SIGNIFICANT} (Wilcoxon, Holm)", fontsize=9)
        a.set(xlim=(-0.6 - n * 0.15, n + 1.6 + n * 0.15), ylim=(-base - 0.3 * left, 0.6))
        a.axis("off")
    return _save(figure, directory, "ranks")


def regret(table, runs, directory):
    """Tasks on a linear scale with a function behind them: distance to the known optimum, median and quartiles over seeds."""
    tasks = [t for t in table.tasks if t.startswith("fn:")]
    if not tasks:
        return []
    figure, axes = _grid_of_axes(len(tasks))
    for a, t in zip(axes, tasks):
        optimum = table.scales[t].optimum
        for i, peer in enumerate(table.peers):
            columns = [sorted(max(v - optimum, 1e-12) for v in column) for column in zip(*(b[:table.horizon] for b in runs.best[peer][t].values()))]
            quartiles = [(c[(len(c) - 1) // 4], c[(len(c) - 1) // 2], c[3 * (len(c) - 1) // 4]) for c in columns]
            trials = range(1, len(columns) + 1)
            a.plot(trials, [q[1] for q in quartiles], linewidth=1.2, **_style(i))
            a.fill_between(trials, [q[0] for q in quartiles], [q[2] for q in quartiles], color=_style(i)["color"], alpha=0.15, linewidth=0)
        a.set_yscale("log")
        a.set_title(t, fontsize=9)
        a.grid(alpha=0.3)
    figure.legend(handles=[plt.Line2D([], [], label=p, **_style(i)) for i, p in enumerate(table.peers)], loc="outside lower center", ncols=4, fontsize=8)
    figure.supylabel("regret: best - optimum, median and quartiles", fontsize=9)
    return _save(figure, directory, "regret")


def write_all(table, runs, points, directory):
    os.makedirs(directory, exist_ok=True)
    return convergence(table, directory) + families(table, directory) + ranks(table, points, directory) + regret(table, runs, directory)

"""Plots of bench/score.py, each as SVG and PNG. Needs matplotlib.

Curves carry their names at their ends. Peers called libhpo... stand out by strong lines, the others follow in thinner ones. SVG files hold text as text and
neither dates nor random names, so the same input gives the same file.
"""
import io
import math
import os
import re

import matplotlib

matplotlib.use("Agg")
matplotlib.rcParams.update({
    "svg.hashsalt": "hpo-bench",
    "svg.fonttype": "none",
    "font.family": ["DejaVu Sans", "sans-serif"],
    "font.size": 9,
    "axes.edgecolor": "#888888",
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e6e6e6",
    "grid.linewidth": 0.8,
    "xtick.color": "#555555",
    "ytick.color": "#555555",
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "axes.labelcolor": "#333333",
    "text.color": "#222222",
})
import matplotlib.pyplot as plt  # noqa: E402
from PIL import Image  # noqa: E402, comes with matplotlib

SIGNIFICANT = 0.05
# Colours that stay apart for colour-blind readers (after Okabe and Ito 2008); the line style changes when they are used up.
OWN = ["#0055a4", "#56a0d8"]
OTHERS = ["#d55e00", "#009e73", "#b05a92", "#c08a00", "#7f7f7f", "#7a4b2a"]
STYLES = ["-", "--", ":"]


def _styles(peers):
    """A style per peer, by the order of their names: the same in every plot of a run."""
    found, own, others = {}, 0, 0
    for peer in sorted(peers):
        if peer.startswith("libhpo"):
            found[peer] = {"color": OWN[own % len(OWN)], "linestyle": STYLES[own // len(OWN) % len(STYLES)], "linewidth": 2.2, "zorder": 4}
            own += 1
        else:
            found[peer] = {"color": OTHERS[others % len(OTHERS)], "linestyle": STYLES[others // len(OTHERS) % len(STYLES)], "linewidth": 1.3, "zorder": 3}
            others += 1
    return found


def _weight(peer):
    return "bold" if peer.startswith("libhpo") else "normal"


def _save(figure, directory, name):
    """Without a date in it, so that a plot that did not change is no change. Few colours make a PNG small."""
    paths = [os.path.join(directory, f"{name}.{kind}") for kind in ("svg", "png")]
    drawing = io.StringIO()
    figure.savefig(drawing, format="svg", bbox_inches="tight", metadata={"Date": None, "Creator": None})
    with open(paths[0], "w", encoding="utf-8") as file:  # a hundredth of a point is enough
        file.write(re.sub(r"\d+\.\d{3,}", lambda number: f"{float(number[0]):.2f}", drawing.getvalue()))
    pixels = io.BytesIO()
    figure.savefig(pixels, format="png", bbox_inches="tight", dpi=130, facecolor="white")
    Image.open(pixels).convert("RGB").quantize(96, dither=Image.Dither.NONE).save(paths[1], optimize=True)
    plt.close(figure)
    return paths


def spread(wanted, gap, low, high):
    """Places as near as possible to the wanted ones, at least `gap` apart and inside [low, high] as far as there is room; in the order of `wanted`."""
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    blocks = []  # [sum of (wanted - offset), members]; neighbours that come too close move as one
    for rank, i in enumerate(order):
        blocks.append([wanted[i] - rank * gap, 1])
        while len(blocks) > 1 and blocks[-2][0] / blocks[-2][1] > blocks[-1][0] / blocks[-1][1]:
            total, members = blocks.pop()
            blocks[-1][0] += total
            blocks[-1][1] += members
    room = max(low, high - (len(wanted) - 1) * gap)
    places, rank = [0.0] * len(wanted), 0
    for total, members in blocks:
        for _ in range(members):
            places[order[rank]] = min(max(total / members, low), room) + rank * gap
            rank += 1
    return places


def _label_ends(axes, ends, x, gap, low, high):
    """ends: (name, y, style). Names right of x, joined to their curve by a thin line when they had to move."""
    places = spread([y for _, y, _ in ends], gap, low, high)
    width = axes.get_xlim()[1] - axes.get_xlim()[0]
    for (name, y, style), place in zip(ends, places):
        axes.plot([x, x + 0.02 * width], [y, place], color=style["color"], linewidth=0.7, clip_on=False, solid_capstyle="butt")
        axes.text(x + 0.025 * width, place, name, color=style["color"], va="center", fontsize=8.5, weight=_weight(name))


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
    figure, axes = plt.subplots(figsize=(7.2, 4.4))
    trials = range(1, table.horizon + 1)
    styles, ends = _styles(table.peers), []
    for peer in table.peers:
        curve, errors, style = table.curve(peer), _standard_errors(table, peer), styles[peer]
        axes.plot(trials, curve, **style)
        if len(table.peers) <= 6 or peer.startswith("libhpo"):
            axes.fill_between(trials, [c - 1.96 * e for c, e in zip(curve, errors)], [c + 1.96 * e for c, e in zip(curve, errors)],
                              color=style["color"], alpha=0.13, linewidth=0)
        ends.append((f"{peer}  {table.score(peer, table.horizon):.2f}", curve[-1], style))
    known = [(k, table.score_random(k)) for k in sorted(table.scales[table.tasks[0]].random) if k <= table.horizon]
    known = [(k, s) for k, s in known if s is not None]
    if known:
        grey = {"color": "#777777"}
        axes.plot([k for k, _ in known], [s for _, s in known], "o:", markersize=3, linewidth=1, **grey)
        if known[-1][0] == table.horizon:
            ends.append((f"random search  {known[-1][1]:.2f}", known[-1][1], grey))
    axes.set(xlabel="trials", ylabel="score (0: best of ten random draws, 1: optimum)", xlim=(1, table.horizon), ylim=(0, 1))
    axes.set_title(f"Score over {len(table.tasks)} tasks, mean of {len(table.families)} families; band: 95 % over seeds")
    _label_ends(axes, ends, table.horizon, 0.045, 0.0, 1.0)
    return _save(figure, directory, "convergence")


def _grid_of_axes(n, **shared):
    columns = min(4, n)
    rows = math.ceil(n / columns)
    figure, axes = plt.subplots(rows, columns, figsize=(2.4 * columns, 1.9 * rows + 0.5), squeeze=False, layout="constrained", sharex=True, **shared)
    flat = [a for row in axes for a in row]
    for a in flat[n:]:
        a.set_visible(False)
    for a in flat[max(0, n - columns):n]:
        a.set_xlabel("trials")
        a.xaxis.set_tick_params(labelbottom=True)
    return figure, flat[:n]


def _legend_above(figure, peers, styles):
    """In the order of `peers`, each name in the colour of its line."""
    handles = [plt.Line2D([], [], label=p, **styles[p]) for p in peers]
    legend = figure.legend(handles=handles, loc="outside upper center", ncols=min(6, len(peers)), frameon=False, handlelength=1.6, columnspacing=1.8)
    for text, peer in zip(legend.get_texts(), peers):
        text.set(color=styles[peer]["color"], weight=_weight(peer))


def families(table, directory):
    figure, axes = _grid_of_axes(len(table.families), sharey=True)
    order = sorted(table.peers, key=lambda p: -table.score(p, table.horizon))
    styles = _styles(table.peers)
    for a, (family, tasks) in zip(axes, sorted(table.families.items())):
        for peer in order:
            curve = [sum(table.means[peer][t][k] for t in tasks) / len(tasks) for k in range(table.horizon)]
            a.plot(range(1, table.horizon + 1), curve, **{**styles[peer], "linewidth": 0.75 * styles[peer]["linewidth"]})
        a.set_title(family + (f", {len(tasks)} tasks" if len(tasks) > 1 else ""))
        a.set(ylim=(0, 1.02), xlim=(1, table.horizon))
    _legend_above(figure, order, styles)
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


def _rank_axis(axes, rank, order, groups, styles):
    """One axis of mean ranks with its names below: the better half to the left, the others to the right."""
    n = len(order)
    base = 0.22 * len(groups) + 0.35  # names hang below the bars
    axes.hlines(0, 1, n, color="#444444", linewidth=1)
    for tick in range(1, n + 1):
        axes.vlines(tick, 0, 0.1, color="#444444", linewidth=1)
        axes.text(tick, 0.16, str(tick), ha="center", va="bottom", fontsize=8, color="#555555")
    left = (n + 1) // 2
    for i, peer in enumerate(order):
        on_left = i < left
        y = -base - 0.32 * (i if on_left else n - 1 - i)
        edge = 1 - 0.02 * n if on_left else n + 0.02 * n
        color = styles[peer]["color"]
        axes.plot([rank[peer], rank[peer], edge], [0, y, y], color=color, linewidth=0.5 * styles[peer]["linewidth"] + 0.2)
        axes.plot([rank[peer]], [0], "o", color=color, markersize=4)
        axes.text(edge + (-0.01 if on_left else 0.01) * n, y, f"{peer}  {rank[peer]:.2f}" if on_left else f"{rank[peer]:.2f}  {peer}",
                  ha="right" if on_left else "left", va="center", color=color, weight=_weight(peer))
    for g, (i, j) in enumerate(groups):
        axes.hlines(-0.22 - 0.2 * g, rank[order[i]] - 0.008 * n, rank[order[j]] + 0.008 * n, color="#333333", linewidth=3.5)
    axes.set(xlim=(1 - 0.4 * n, n + 0.4 * n), ylim=(-base - 0.32 * (left - 1) - 0.25, 0.5))
    axes.axis("off")


def ranks(table, points, directory):
    """Mean ranks on an axis; a bar joins peers that do not differ significantly (Demsar 2006; Benavoli et al. 2016 for the pairwise test)."""
    n = len(table.peers)
    if n < 2:
        return []
    groups = {k: cliques(sorted(table.peers, key=table.ranks(k).get), table.p_values(k)) for k in points}
    heights = [0.9 + 0.32 * ((n + 1) // 2) + 0.22 * len(groups[k]) for k in points]
    figure, axes = plt.subplots(len(points), 1, figsize=(8, 0.85 * sum(heights) + 0.4), squeeze=False, layout="constrained",
                                gridspec_kw={"height_ratios": heights})
    for a, k in zip([row[0] for row in axes], points):
        rank = table.ranks(k)
        _rank_axis(a, rank, sorted(table.peers, key=rank.get), groups[k], _styles(table.peers))
        a.text((n + 1) / 2, 0.5, f"after {k} trials", ha="center", va="bottom", weight="bold")
    figure.suptitle(f"Mean rank over {len(table.tasks)} tasks, 1 is best; a bar joins those that do not differ significantly (Wilcoxon, Holm, {SIGNIFICANT})",
                    fontsize=9)
    return _save(figure, directory, "ranks")


def regret(table, runs, directory):
    """Tasks on a linear scale with a function behind them: distance to the known optimum, median and quartiles over seeds."""
    tasks = [t for t in table.tasks if t.startswith("fn:")]
    if not tasks:
        return []
    figure, axes = _grid_of_axes(len(tasks))
    styles = _styles(table.peers)
    for a, t in zip(axes, tasks):
        optimum = table.scales[t].optimum
        for peer in table.peers:
            columns = [sorted(max(v - optimum, 1e-12) for v in column) for column in zip(*(b[:table.horizon] for b in runs.best[peer][t].values()))]
            quartiles = [(c[(len(c) - 1) // 4], c[(len(c) - 1) // 2], c[3 * (len(c) - 1) // 4]) for c in columns]
            trials = range(1, len(columns) + 1)
            a.plot(trials, [q[1] for q in quartiles], **styles[peer])
            a.fill_between(trials, [q[0] for q in quartiles], [q[2] for q in quartiles], color=styles[peer]["color"], alpha=0.12, linewidth=0)
        a.set_yscale("log")
        a.set_title(t)
        a.set_xlim(1, table.horizon)
    _legend_above(figure, sorted(table.peers), styles)
    figure.supylabel("regret: best - optimum, median and quartiles", fontsize=9)
    return _save(figure, directory, "regret")


def write_all(table, runs, points, directory):
    os.makedirs(directory, exist_ok=True)
    return convergence(table, directory) + families(table, directory) + ranks(table, points, directory) + regret(table, runs, directory)

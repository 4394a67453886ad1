#!/usr/bin/env python3
"""Reads an exported study with Python's own csv and json modules and compares it with what the API said. Usage: read_export.py CSV JSON EXPECTED

EXPECTED has a record per line, fields separated by tabs: texts as hexadecimal UTF-8, doubles as their 64 bits.
"""
import csv
import json
import math
import struct
import sys

FIXED = ["number", "state", "value"], ["start", "end", "worker", "seed", "message"]
STATES = {1: "complete", 2: "pruned", 3: "failed"}


def text(field):
    return bytes.fromhex(field).decode("utf-8")


def double(field):
    return struct.unpack(">d", bytes.fromhex(field))[0]


def same(a, b):
    return struct.pack(">d", a) == struct.pack(">d", b) or (math.isnan(a) and math.isnan(b))


def read_expected(path):
    study = {"trials": {}, "names": [], "settings": {}, "finalists": [], "looks": []}
    for line in open(path, encoding="ascii"):
        kind, *f = line.rstrip("\n").split("\t")
        if kind == "name":
            study["names"].append(text(f[0]))
        elif kind == "setting":
            study["settings"][text(f[0])] = text(f[1])
        elif kind in ("space", "advice", "strategy", "direction"):
            study[kind] = text(f[0])
        elif kind in ("seed", "winner"):
            study[kind] = int(f[0])
        elif kind == "trial":
            study["trials"][int(f[0])] = {
                "state": STATES[int(f[1])], "value": double(f[2]), "seed": int(f[3]), "worker": int(f[4]), "start": double(f[5]),
                "end": double(f[6]), "message": text(f[7]), "source": text(f[8]), "parameters": {}, "reports": [], "attributes": {}}
        elif kind == "number":
            study["trials"][int(f[0])]["parameters"][text(f[1])] = double(f[2])
        elif kind == "choice":
            study["trials"][int(f[0])]["parameters"][text(f[1])] = text(f[2])
        elif kind == "report":
            study["trials"][int(f[0])]["reports"].append((int(f[1]), double(f[2])))
        elif kind == "attribute":
            study["trials"][int(f[0])]["attributes"][text(f[1])] = json.loads(text(f[2]))
        elif kind == "finalist":
            study["finalists"].append((int(f[0]), double(f[1]), int(f[2])))
        elif kind == "look":
            study["looks"].append((int(f[0]), double(f[1])))
        else:
            raise ValueError(line)
    return study


def check(good, *what):
    if not good:
        raise AssertionError(" ".join(map(repr, what)))


def check_csv(path, study):
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file, strict=True))
    taken = [n if n not in FIXED[0] + FIXED[1] and not n.startswith("parameter:") else "parameter:" + n for n in study["names"]]
    check(rows[0] == FIXED[0] + taken + FIXED[1], "heading", rows[0])
    check(len(set(rows[0])) == len(rows[0]), "headings are not distinct", rows[0])
    check([int(r[0]) for r in rows[1:]] == sorted(study["trials"]), "numbers")
    for row in rows[1:]:
        check(len(row) == len(rows[0]), "fields", row)
        cells, trial = dict(zip(rows[0], row)), study["trials"][int(row[0])]
        check(cells["state"] == trial["state"], row)
        check(same(float(cells["value"] or "nan"), trial["value"]), "value", row)
        for name, heading in zip(study["names"], taken):
            value = trial["parameters"].get(name)
            if value is None or isinstance(value, str):
                check(cells[heading] == (value or ""), name, row)
            else:
                check(same(float(cells[heading]), value), name, row)
        check(float(cells["start"]) == trial["start"] and float(cells["end"]) == trial["end"], "times", row)
        check(int(cells["worker"]) == trial["worker"] and int(cells["seed"]) == trial["seed"], "worker or seed", row)
        check(cells["message"] == trial["message"], "message", row)


def number(value):
    """A number of the JSON: NaN is null, infinities are texts."""
    check(value is None or value in ("inf", "-inf") or isinstance(value, (int, float)), "number", value)
    return math.nan if value is None else float(value)


def no_constant(name):
    raise AssertionError(f"{name} is no JSON")


def no_double(pairs):
    check(len({k for k, _ in pairs}) == len(pairs), "a key twice", pairs)
    return dict(pairs)


def check_json(path, study):
    with open(path, encoding="utf-8") as file:
        held = json.load(file, parse_constant=no_constant, object_pairs_hook=no_double)
    check(held["space"] == json.loads(study["space"]), "space")
    check(held["strategy"] == study["strategy"] and held["direction"] == study["direction"] and held["seed"] == study["seed"], "study")
    for key, value in study["settings"].items():
        check(held["settings"].get(key) == value, "setting", key)
    check([t["number"] for t in held["trials"]] == sorted(study["trials"]), "numbers")
    for t in held["trials"]:
        trial = study["trials"][t["number"]]
        check(t["state"] == trial["state"] and same(number(t["value"]), trial["value"]), t)
        check(set(t["parameters"]) == set(trial["parameters"]), "parameters", t)
        for name, value in trial["parameters"].items():
            seen = t["parameters"][name]
            if isinstance(seen, bool):
                check(value == ("true" if seen else "false"), name, t)
            else:
                check(seen == value if isinstance(value, str) else same(float(seen), value), name, t)
        check(t["start"] == trial["start"] and t["end"] == trial["end"] and t["worker"] == trial["worker"] and t["seed"] == trial["seed"], t)
        check(t["source"] == trial["source"], "source", t)
        check(t.get("message", "") == trial["message"], "message", t)
        reports = [(step, number(value)) for step, value in t.get("reports", [])]
        check(len(reports) == len(trial["reports"]), "reports", t)
        check(all(a[0] == b[0] and same(a[1], b[1]) for a, b in zip(reports, trial["reports"])), "reports", t)
        check(t.get("attributes", {}) == trial["attributes"], "attributes", t)
    if "winner" in study:
        confirmation = held["confirmation"]
        check(confirmation["winner"] == study["winner"], "winner")
        good = [f for f in confirmation["finalists"] if all(isinstance(v, (int, float)) for v in f["values"])]
        check([f["number"] for f in good] == [f[0] for f in study["finalists"]], "finalists", confirmation)
        for f, (_, mean, repeats) in zip(good, study["finalists"]):
            check(len(f["values"]) == repeats and math.isclose(math.fsum(f["values"]) / repeats, mean, rel_tol=1e-12), f)
    else:
        check(held["confirmation"] is None, "confirmation")
    looks = [(look["number"], number(look["score"])) for look in held["tests"]]
    check(len(looks) == len(study["looks"]), "looks", looks)
    check(all(a[0] == b[0] and same(a[1], b[1]) for a, b in zip(looks, study["looks"])), "looks", looks)
    check(held["advice"] == json.loads(study["advice"]), "advice")
    check(all(set(a) == {"kind", "parameter", "text"} for a in held["advice"]), "advice")


def main():
    study = read_expected(sys.argv[3])
    check_csv(sys.argv[1], study)
    check_json(sys.argv[2], study)


if __name__ == "__main__":
    main()

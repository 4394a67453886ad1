#!/usr/bin/env python3
"""Writes docs/api.md, one line per public function, from the headers. Usage: make_api.py ROOT [--check]; with --check it only says whether the page is up to date."""
import re
import sys

TITLES = {
    "version": "Version",
    "status": "Statuses and errors",
    "space": "Search space",
    "point": "Points",
    "settings": "Settings",
    "study": "Study",
    "trial": "Trial",
    "result": "Results and selection",
    "split": "Splitting data",
    "strategy": "Strategies",
    "history": "History, for strategies",
}
COMMENT_AND_FUNCTION = r"/\*\*((?:(?!\*/).)*)\*/\s*HPO_API\s[^;(]*?\b(hpo_\w+)\s*\("


def first_sentence(comment):
    text = " ".join(re.sub(r"\n\s*\*", " ", comment).split())
    return re.split(r"(?<=[\w)\]\"`])[.;:]\s|\.$", text, maxsplit=1)[0].replace("|", "\\|")


def page(root):
    lines = [
        "# All functions",
        "",
        "One line each, made from the headers by `docs/make_api.py`; what a function takes, returns and promises stands in its header, and on the",
        "pages that `doxygen docs/Doxyfile` makes of it.",
    ]
    for name, title in TITLES.items():
        with open(f"{root}/include/hpo/{name}.h", encoding="utf-8") as header:
            found = re.findall(COMMENT_AND_FUNCTION, header.read(), flags=re.S)
        lines += ["", f"## {title}: `hpo/{name}.h`", "", "| | |", "|---|---|"]
        lines += [f"| `{function}` | {first_sentence(comment)} |" for comment, function in found]
    return "\n".join(lines) + "\n"


def main():
    root, path = sys.argv[1], sys.argv[1] + "/docs/api.md"
    fresh = page(root)
    if "--check" not in sys.argv:
        with open(path, "w", encoding="utf-8") as file:
            file.write(fresh)
        return 0
    with open(path, encoding="utf-8") as file:
        same = file.read() == fresh
    print("docs/api.md is up to date" if same else "docs/api.md is not what the headers say: run docs/make_api.py")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Checks that a page quotes a program's output as it is.

Usage: check_output.py [--renew] PROGRAM PAGE...   (the program's name in the marks is its file name)

In a page, a fenced block after a line "<!-- output of NAME -->" must appear in the output of NAME, line by line; a line "..." in the block stands
for any lines left out. With --renew, blocks that differ are replaced by the lines that come nearest to them: read the text around them afterwards.
Exit status 0 when all blocks appear, 1 when one does not or there is none, and the program's own when it fails.
"""
import os
import subprocess
import sys


def quoted_blocks(page, name):
    """Yields (line number, lines) of every block that is marked with the program's name."""
    mark, block, start = False, None, 0
    for number, line in enumerate(open(page, encoding="utf-8"), 1):
        line = line.rstrip("\n")
        if block is not None:
            if line.startswith("```"):
                yield start, block
                block = None
            else:
                block.append(line.rstrip())
        elif mark and line.startswith("```"):
            block, start, mark = [], number + 1, False
        elif line.strip() == f"<!-- output of {name} -->":
            mark = True


def follows(part, output, at):
    """Where `part` ends in `output` when it begins at `at`, or None."""
    end = at + len(part)
    return end if output[at:end] == part else None


def appears(block, output):
    """Is every part of the block, cut at "...", in the output, one after the other?"""
    at, part = 0, []
    for line in block + ["..."]:
        if line != "...":
            part.append(line)
            continue
        ends = (follows(part, output, i) for i in range(at, len(output) - len(part) + 1))
        at = next((end for end in ends if end is not None), None)
        if at is None:
            return False
        part = []
    return True


def nearest(block, output):
    """The block with each part replaced by the window of the output, after the last, that has the most lines in common with it."""
    at, fresh, part = 0, [], []
    for line in block + ["..."]:
        if line != "...":
            part.append(line)
            continue
        starts = range(at, len(output) - len(part) + 1)
        best = max(starts, key=lambda i: sum(a == b for a, b in zip(part, output[i:])), default=at)
        at = best + len(part)
        fresh += output[best:at] + ["..."]
        part = []
    return fresh[:-1]


def renew(page, start, block, fresh):
    lines = open(page, encoding="utf-8").read().split("\n")
    lines[start - 1 : start - 1 + len(block)] = fresh
    with open(page, "w", encoding="utf-8") as file:
        file.write("\n".join(lines))


def main():
    arguments = [a for a in sys.argv[1:] if a != "--renew"]
    program, pages = arguments[0], arguments[1:]
    name = os.path.basename(program)
    run = subprocess.run([program], stdout=subprocess.PIPE, text=True, check=False)
    if run.returncode != 0:
        print(run.stdout)
        return run.returncode
    output = [line.rstrip() for line in run.stdout.splitlines()]
    blocks = [(page, start, block) for page in pages for start, block in quoted_blocks(page, name)]
    faults = [(page, start, block) for page, start, block in blocks if not appears(block, output)]
    if "--renew" in sys.argv:
        for page, start, block in faults:
            renew(page, start, block, nearest(block, output))
        print(f"{name}: {len(faults)} of {len(blocks)} blocks renewed")
        return 0
    for page, start, _ in faults:
        print(f"{page}:{start}: this is not what {name} prints now")
    if faults:
        print("\n".join(output))
    print(f"{name}: {len(blocks)} blocks, {len(faults)} differ")
    return 1 if faults or not blocks else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Checks rules that stand in the source text. Usage: sources.py PROJECT-DIRECTORY

1. A layer of lib/ includes only itself, layers above it in the list below, public headers and the system's.
2. GSL's headers are included in lib/num/*_gsl.c only; a BLAS or LAPACK is called in lib/num/linalg.c only, and its settings, which are the process's, nowhere.
3. Every tests/*/test_*.c is named in its folder's meson.build, so that no test is left out.
4. Every enumerator of the public headers is frozen by a row in tests/abi/test_layout.c.
"""
import pathlib
import re
import sys

LAYERS = ["base", "num", "split", "space", "history", "model", "strategy", "pruner", "storage", "study", "analysis"]


BLAS = re.compile(r"\b(?:(?:cblas|catlas|LAPACKE)_\w+|(?:i[sd]amax|[sdcz](?:axpy|copy|dot|gemm|gemv|gesv|lauum|nrm2|potr[fis]|scal|swap|sy[rm][mkv2]\w?|tr[sm][mv]|trtri))_)\b")
BLAS_SETTING = re.compile(r"\b(?:openblas|goto|mkl|MKL|bli|omp)_\w*set_\w+")


def includes(top):
    for path in sorted((top / "lib").rglob("*.[ch]")):
        layer = path.relative_to(top / "lib").parts[0]
        if layer not in LAYERS:
            yield f"{path}: lib/{layer} is no layer; tests/abi/sources.py lists them"
            continue
        allowed = LAYERS[: LAYERS.index(layer) + 1]
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if path != top / "lib/num/linalg.c" and BLAS.search(line) or BLAS_SETTING.search(line):
                yield f"{path}:{number}: a BLAS is for lib/num/linalg.c only, and its settings are the host's"
            found = re.match(r'\s*#\s*include\s*([<"])([^>"]+)', line)
            if not found:
                continue
            where, first = f"{path}:{number}", found[2].split("/")[0]
            if found[1] == '"' and first not in allowed:
                yield f'{where}: {layer}/ may not include "{found[2]}", only {", ".join(allowed)} as "layer/file.h" and <hpo/...>'
            if found[1] == "<" and first in LAYERS:
                yield f"{where}: <{found[2]}> is an internal header; write it in quotes"
            if first == "gsl" and not (layer == "num" and path.name.endswith("_gsl.c")):
                yield f"{where}: GSL is for lib/num/*_gsl.c only"


def unlisted_tests(top):
    for path in sorted((top / "tests").glob("*/test_*.c")):
        name = re.escape(path.stem[len("test_"):])
        rows = path.parent / "meson.build"
        if not rows.exists() or not re.search(rf"'(test_)?{name}(\.c)?'", rows.read_text(encoding="utf-8")):
            yield f"{path}: has no row in {rows}"


def unfrozen(top):
    frozen = (top / "tests/abi/test_layout.c").read_text(encoding="utf-8")
    for path in sorted((top / "include/hpo").glob("*.h")):
        text = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.S)
        for body in re.findall(r"\benum\b[^{;]*\{(.*?)\}", text, flags=re.S):
            for name in re.findall(r"\bHPO_\w+", body):
                if f"VALUE({name}," not in frozen:
                    yield f"{path}: {name} has no VALUE row in tests/abi/test_layout.c"


def main():
    top = pathlib.Path(sys.argv[1])
    problems = [*includes(top), *unlisted_tests(top), *unfrozen(top)]
    print("\n".join(problems) or "layers, GSL includes, lists of tests and frozen values are in order")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())

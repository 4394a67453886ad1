#!/usr/bin/env python3
"""Checks the symbols of the built library. Usage: symbols.py MAP SHARED STATIC HEADER...

1. The functions marked HPO_API in the headers are those of the version script and those that the shared library exports, each in the node of its "Since".
2. The library has no state of its own: no writable data (const tables that only need relocation are fine), no constructors.
3. It calls nothing that a library in somebody else's process must not call, and GSL only from num/*_gsl.c.
"""
import re
import subprocess
import sys

FORBIDDEN = set("""
    getenv secure_getenv setenv putenv setlocale localtime strftime
    exit _exit _Exit quick_exit abort atexit at_quick_exit __cxa_atexit __assert_fail pthread_atfork
    signal sigaction raise kill fork system popen chdir umask
    printf vprintf puts putchar putc perror __printf_chk __vprintf_chk stdin stdout stderr
    rand srand rand_r random srandom drand48 srand48
    gsl_set_error_handler gsl_set_error_handler_off
    """.split())
LOCALE_BOUND = set("uselocale strtod strtof strtold atof sscanf fscanf __isoc99_sscanf __isoc99_fscanf".split())


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def in_headers(paths):
    found = {}
    for path in paths:
        text = re.sub(r"^\s*#.*$", "", open(path, encoding="utf-8").read(), flags=re.M)
        for comment, name in re.findall(r"(/\*\*(?:(?!\*/).)*\*/)?\s*\bHPO_API\b[^;(]*\b(hpo_\w+)\s*\(", text, flags=re.S):
            since = re.search(r"\bSince (\d+\.\d+)\.", comment)
            found[name] = "HPO_" + since[1] if since else 'no "Since X.Y." in its comment'
    return found


def in_map(path):
    text = re.sub(r"/\*.*?\*/", "", open(path, encoding="utf-8").read(), flags=re.S)
    found = {}
    for node, body in re.findall(r"(\w+\.\w+)\s*\{(.*?)\}", text, flags=re.S):
        exported = re.search(r"global:(.*?)(?:local:|$)", body, flags=re.S)
        for name in re.findall(r"[\w*?]+", exported[1] if exported else ""):
            found[name] = node
    return found


def in_library(path):
    found = {}
    for line in run("nm", "-D", "--defined-only", "--with-symbol-versions", path).splitlines():
        kind, name = line.split()[1:3]
        if kind != "A":  # the nodes themselves
            found[name.split("@")[0]] = name.split("@")[-1]
    return found


def compare(left, a, right, b):
    for name in sorted(a.keys() | b.keys()):
        if a.get(name) != b.get(name):
            yield f"{name}: {left} has {a.get(name, 'nothing')}, {right} has {b.get(name, 'nothing')}"


def state(archive):
    member = ""
    for line in run("objdump", "-ht", archive).splitlines():
        if re.match(r"\S+:\s+file format", line):
            member = line.split(":")[0]
        section = re.match(r"\s*\d+ (\.(?:init_array|fini_array|ctors|dtors)\S*)", line)
        if section:
            yield f"{member}: has the section {section[1]}; constructors are not allowed"
        symbol = re.match(r"[0-9a-f]+ .{7} (\S+)\s+([0-9a-f]+)\s+(?:\.hidden )?(\S+)", line)
        if symbol and re.match(r"\.(data|bss|tdata|tbss)|\*COM\*", symbol[1]) and not symbol[1].startswith(".data.rel.ro") and int(symbol[2], 16) > 0:
            yield f"{member}: {symbol[3]} is writable data ({symbol[1]})"


def calls(archive):
    member = ""
    for line in run("nm", "--undefined-only", archive).splitlines():
        if line.endswith(":"):
            member = line[:-1].replace("_", "/", 1)
            continue
        name = line.split()[-1] if line.strip() else ""
        if name in FORBIDDEN:
            yield f"{member}: uses {name}, which a library must not"
        if name in LOCALE_BOUND and not member.startswith("base/number.c"):
            yield f"{member}: uses {name}, which follows the locale; only base/number.c may, hpo__number_read() is for the others"
        if name.startswith("gsl_") and not re.match(r"num/\w+_gsl\.c", member):
            yield f"{member}: uses {name}; calls to GSL belong into num/*_gsl.c"


def main():
    version_script, shared, static, *headers = sys.argv[1:]
    mapped = in_map(version_script)
    problems = [
        *compare("the headers", in_headers(headers), version_script, mapped),
        *compare(version_script, mapped, "the library", in_library(shared)),
        *state(static),
        *calls(static),
    ]
    print("\n".join(problems) or f"{len(mapped)} exported functions, no writable data, no forbidden calls")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())

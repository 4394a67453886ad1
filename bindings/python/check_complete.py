"""Checks that hpo.py, hpo.rs and hpo.f90 declare exactly what the C headers export: functions with their types, enumerators, structs and callbacks.

    python3 bindings/python/check_complete.py [directory of the headers] [library]

Nothing is compiled; with a library (or HPO_LIBRARY) it also looks every function up in it. Ends with status 1 and a list when they differ.
"""

import ctypes
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import hpo  # noqa: E402  (found beside this file)

# A C type is (base, pointers): base is one of these short names or the name of an opaque struct or callback; pointers has one entry per `*`, innermost first,
# True where the thing pointed to is const.
SCALARS = {
    "hpo_status": "i32", "int32_t": "i32", "uint32_t": "u32", "int64_t": "i64", "uint64_t": "u64", "uint8_t": "u8", "size_t": "usize", "double": "f64",
    "char": "char", "void": "void",
}  # fmt: skip


def c_type(text):
    base, pointers, const = None, [], False
    for word in text.replace("*", " * ").split():
        if word == "const":
            const = True
        elif word == "*":
            pointers.append(const)
            const = False
        else:
            base = SCALARS.get(word, word)
    return base, tuple(pointers)


def c_arguments(text):
    """[(name, type)] of an argument list."""
    if text.strip() == "void":
        return []
    found = []
    for argument in text.split(","):
        match = re.fullmatch(r"\s*(.*?)(\w+)\s*", argument, re.S)
        found.append((match.group(2), c_type(match.group(1))))
    return found


class Headers:
    def __init__(self, directory):
        self.functions, self.constants, self.structs, self.callbacks = {}, {}, {}, {}
        for name in sorted(os.listdir(directory)):
            if name.endswith(".h"):
                with open(os.path.join(directory, name), encoding="utf-8") as file:
                    self._read(re.sub(r"/\*.*?\*/", " ", file.read(), flags=re.S))

    def _read(self, text):
        for name, value in re.findall(r"^#define (HPO_\w+_ABI) (\d+)", text, re.M):
            self.constants[name] = int(value)
        text = re.sub(r"^\s*#.*$", "", text, flags=re.M)
        for result, name, arguments in re.findall(r"HPO_API\s+([^;(]*?)(\w+)\(([^;]*?)\);", text):
            self.functions[name] = (c_type(result), c_arguments(arguments))
        for result, name, arguments in re.findall(r"typedef\s+(\w+)\s+\(\*(\w+)\)\(([^;]*?)\);", text):
            self.callbacks[name] = (c_type(result), c_arguments(arguments))
        for body in re.findall(r"\benum\s*\{(.*?)\}", text, re.S):
            for name, value in re.findall(r"(HPO_\w+)\s*=\s*(-?\d+)", body):
                self.constants[name] = int(value)
        for name, body in re.findall(r"typedef struct (hpo_\w+) \{(.*?)\}\s*\w+;", text, re.S):
            self.structs[name] = [self._field(field) for field in body.split(";") if field.strip()]

    @staticmethod
    def _field(text):
        """(name, type); the type of a function pointer is ("function", result, [types]), of an array (type, length)."""
        match = re.fullmatch(r"\s*(.*?)\(\*(\w+)\)\((.*)\)\s*", text, re.S)
        if match:
            return match.group(2), ("function", c_type(match.group(1)), [kind for _, kind in c_arguments(match.group(3))])
        match = re.fullmatch(r"\s*(.*?)(\w+)\[(\d+)\]\s*", text, re.S)
        if match:
            return match.group(2), (c_type(match.group(1)), int(match.group(3)))
        match = re.fullmatch(r"\s*(.*?)(\w+)\s*", text, re.S)
        return match.group(2), c_type(match.group(1))


problems = []


def expect(language, what, declared, wanted):
    if declared != wanted:
        problems.append("%s: %s is %s, must be %s" % (language, what, declared, wanted))


def same_names(language, what, declared, wanted):
    for name in sorted(set(wanted) - set(declared)):
        problems.append("%s: %s %s is not declared" % (language, what, name))
    for name in sorted(set(declared) - set(wanted)):
        problems.append("%s: %s %s is in no header" % (language, what, name))


def same_table(language, what, declared, wanted):
    same_names(language, what, declared, wanted)
    for name in set(declared) & set(wanted):
        expect(language, name, declared[name], wanted[name])


# Python: compares with the ctypes objects themselves.
def python_type(kind):
    if kind[0] == "function":
        return ctypes.CFUNCTYPE(python_type(kind[1]), *[python_type(argument) for argument in kind[2]])
    if isinstance(kind[0], tuple):
        return python_type(kind[0]) * kind[1]
    base, pointers = kind
    if base == "void":
        found = ctypes.c_void_p if pointers else None
        pointers = pointers[1:]
    elif base == "char" and pointers:
        found, pointers = ctypes.c_char_p, pointers[1:]
    else:
        simple = {"i32": "int32", "u32": "uint32", "i64": "int64", "u64": "uint64", "u8": "uint8", "usize": "size_t", "f64": "double", "char": "char"}
        found = getattr(ctypes, "c_" + simple[base]) if base in simple else getattr(hpo, base)
    for _ in pointers:
        found = ctypes.POINTER(found)
    return found


def check_python(headers):
    same_names("hpo.py", "function", hpo.FUNCTIONS, headers.functions)
    for name in set(hpo.FUNCTIONS) & set(headers.functions):
        result, arguments = headers.functions[name]
        wanted = (python_type(result), [python_type(kind) for _, kind in arguments])
        expect("hpo.py", name, hpo.FUNCTIONS[name], wanted)
    for name, value in headers.constants.items():
        expect("hpo.py", name[4:], getattr(hpo, name[4:], None), value)
    for name, (result, arguments) in headers.callbacks.items():
        expect("hpo.py", name, getattr(hpo, name, None), python_type(("function", result, [kind for _, kind in arguments])))
    for name, fields in headers.structs.items():
        expect("hpo.py", name, getattr(hpo, name)._fields_, [(field, python_type(kind)) for field, kind in fields])
    expect("hpo.py", "size of hpo_error", ctypes.sizeof(hpo.hpo_error), 512)


# Rust: compares type by type as text.
def rust_type(kind, headers):
    if kind[0] == "function":
        return rust_function(kind[1], kind[2], headers)
    if isinstance(kind[0], tuple):
        return "[%s; %d]" % (rust_type(kind[0], headers), kind[1])
    base, pointers = kind
    base = {"void": "c_void", "char": "c_char"}.get(base, base)
    for const in pointers:
        base = ("*const " if const else "*mut ") + base
    return base


def rust_function(result, kinds, headers):
    back = "" if result == ("void", ()) else " -> " + rust_type(result, headers)
    return "Option<unsafe extern C fn(%s)%s>" % (", ".join(rust_type(kind, headers) for kind in kinds), back)


def rust_text(text):
    """One spelling for any layout: no space that is not needed, no comma at an end, no names of arguments in function pointer types."""
    text = re.sub(r"\s*([^\w\s])\s*", r"\1", text.replace('"C"', "C")).strip()
    text = re.sub(r",([)>]|$)", r"\1", text)
    return re.sub(r"([(,])\w+:", r"\1", text) if text.startswith("Option<") else text


def check_rust(headers, path):
    with open(path, encoding="utf-8") as file:
        text = re.sub(r"//.*", "", file.read())

    def wanted(kind):
        return "" if kind == ("void", ()) else rust_text(rust_type(kind, headers))

    block = re.search(r'^extern "C" \{(.*?)^\}', text, re.S | re.M).group(1)
    declared = {}
    for name, arguments, result in re.findall(r"pub fn (hpo_\w+)\(([^;]*?)\)(?:\s*->\s*([^;]+))?;", block, re.S):
        declared[name] = ([rust_text(part.split(":", 1)[1]) for part in arguments.split(",") if part.strip()], rust_text(result))
    same_names("hpo.rs", "function", declared, headers.functions)
    for name in set(declared) & set(headers.functions):
        result, arguments = headers.functions[name]
        expect("hpo.rs", name, declared[name], ([wanted(kind) for _, kind in arguments], wanted(result)))
    constants = {name: int(value) for name, value in re.findall(r"pub const (HPO_\w+): [iu]32 = (-?\d+);", text)}
    same_table("hpo.rs", "constant", constants, headers.constants)
    aliases = {name: rust_text(value) for name, value in re.findall(r"pub type (hpo_\w+) = ([^;]+);", text, re.S)}
    callbacks = {name: wanted(("function", result, [kind for _, kind in arguments])) for name, (result, arguments) in headers.callbacks.items()}
    same_table("hpo.rs", "callback", aliases, callbacks)
    for name, fields in headers.structs.items():
        match = re.search(r"#\[repr\(C\)\]\s*pub struct %s \{(.*?)\n\}" % name, text, re.S)
        parts = re.split(r"\bpub ", match.group(1))[1:] if match else []
        found = [(field.strip().replace("r#", ""), rust_text(kind)) for field, kind in (part.split(":", 1) for part in parts)]
        expect("hpo.rs", name, found, [(field, wanted(kind)) for field, kind in fields])


# Fortran: by value or by reference, and the kind; it has no unsigned types, and every pointer to an opaque thing is type(c_ptr).
FORTRAN = {
    "i32": "integer(c_int32_t)", "u32": "integer(c_int32_t)", "i64": "integer(c_int64_t)", "u64": "integer(c_int64_t)", "usize": "integer(c_size_t)",
    "u8": "integer(c_int8_t)", "f64": "real(c_double)", "char": "character(kind=c_char)",
}  # fmt: skip


def fortran_type(kind, headers):
    base, pointers = kind
    if base in headers.callbacks:
        return "value type(c_funptr)"
    if not pointers:
        return "value " + FORTRAN[base]
    if len(pointers) == 2:
        return "reference type(c_ptr)"
    if base in FORTRAN or base == "hpo_error":
        return "reference " + FORTRAN.get(base, "type(hpo_error)")
    return "value type(c_ptr)"


def fortran_result(kind):
    return "type(c_ptr)" if kind[1] else FORTRAN.get(kind[0], "")


def fortran_declarations(body):
    """name -> "value kind" or "reference kind" of the arguments, and the plain type under the name of the result."""
    found = {}
    for kind, attributes, names in re.findall(r"^\s*(\w+\([\w=]+\))((?:, \w+(?:\(\w+\))?)*) :: (.*)$", body, re.M):
        for name in re.sub(r"\([^)]*\)", "", names).split(","):
            found[name.strip()] = ("value " if ", value" in attributes else "reference ") + kind
    return found


def fortran_interfaces(text):
    """name -> ([types of the arguments], type of the result) of all bind(c) interface bodies."""
    found = {}
    pattern = r"^ *(?:(\w+\(\w+\)) )?(function|subroutine) (\w+)\(([^)]*)\) bind\(c\)\n(.*?)^ *end \2"
    for result, _, name, names, body in re.findall(pattern, text, re.S | re.M):
        kinds = fortran_declarations(body)
        found[name] = ([kinds.get(argument.strip()) for argument in names.split(",") if argument.strip()], result)
    return found


def check_fortran(headers, path):
    with open(path, encoding="utf-8") as file:
        text = re.sub(r"!.*", "", file.read())
    text = re.sub(r"&\s*\n\s*&?", "", text)
    plain = re.search(r"^ *interface\s*$(.*?)^ *end interface", text, re.S | re.M).group(1)
    abstract = re.search(r"^ *abstract interface\s*$(.*?)^ *end interface", text, re.S | re.M).group(1)
    for what, declared, wanted in (("function", fortran_interfaces(plain), headers.functions), ("callback", fortran_interfaces(abstract), headers.callbacks)):
        same_names("hpo.f90", what, declared, wanted)
        for name in set(declared) & set(wanted):
            result, arguments = wanted[name]
            kinds = [fortran_type(kind, headers) for _, kind in arguments]
            if what == "callback":  # a pointer to characters is not a Fortran string there: its length is unknown
                kinds = ["value type(c_ptr)" if kind == ("char", (True,)) else text for text, (_, kind) in zip(kinds, arguments)]
            expect("hpo.f90", name, declared[name], (kinds, fortran_result(result)))
    constants = {name: int(value) for name, value in re.findall(r"\b(HPO_\w+) = (-?\d+)", text)}
    constants["HPO_UNUSED"] %= 256  # Fortran has no unsigned byte
    same_table("hpo.f90", "constant", constants, headers.constants)
    for name, fields in headers.structs.items():
        match = re.search(r"type, bind\(c\) :: %s\n(.*?)end type" % name, text, re.S)
        found = []
        for kind, names in re.findall(r"^\s*(\w+\([\w=]+\)) :: (.*)$", match.group(1) if match else "", re.M):
            found += [(field, kind + length) for field, length in re.findall(r"(\w+)(\(\d+\))?", re.sub(r"\s*=\s*\w+", "", names))]
        wanted = []
        for field, kind in fields:
            if kind[0] == "function":
                wanted.append((field, "type(c_funptr)"))
            elif isinstance(kind[0], tuple):
                wanted.append((field, "%s(%d)" % (FORTRAN[kind[0][0]], kind[1])))
            else:
                wanted.append((field, "type(c_ptr)" if kind[1] else FORTRAN[kind[0]]))
        expect("hpo.f90", name, found, wanted)


def main():
    directory = sys.argv[1] if len(sys.argv) > 1 else os.path.join(HERE, "..", "..", "include", "hpo")
    if os.path.isdir(os.path.join(directory, "hpo")):
        directory = os.path.join(directory, "hpo")
    headers = Headers(directory)
    print("%d functions, %d constants, %d structs, %d callbacks" % tuple(map(len, vars(headers).values())))
    if not headers.functions:
        problems.append("no function found in " + directory)
    check_python(headers)
    check_rust(headers, os.path.join(HERE, "..", "rust", "hpo.rs"))
    check_fortran(headers, os.path.join(HERE, "..", "fortran", "hpo.f90"))
    path = sys.argv[2] if len(sys.argv) > 2 else os.environ.get("HPO_LIBRARY")
    if path:
        library = ctypes.CDLL(path)
        problems.extend("library: %s is not exported" % name for name in headers.functions if not hasattr(library, name))
    for problem in problems:
        print("FAILED: " + problem)
    print("%d differences" % len(problems) if problems else "ok")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())

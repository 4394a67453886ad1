#!/bin/sh
# Compares the ABI of the library with the stored one, or stores it anew.
# Usage: abidiff.sh check|renew LIBRARY HEADER-DIRECTORY BASELINE
# New functions are fine; a removed or changed one, or a changed public type, is an error. After a release that is meant
# to add functions: meson compile -C build abi-baseline
set -eu
mode=$1 library=$2 headers=$3 baseline=$4

for tool in abidw abidiff readelf; do
    command -v $tool >/dev/null || { echo "$tool is missing (Debian package: abigail-tools, binutils)"; exit 77; }
done
if ! readelf -S "$library" | grep -q '\.debug_info'; then
    echo "$library has no debug information to read types from; use a build type with it"
    exit 77
fi

# No paths, lines or compiler names, so that the file is the same wherever it is made.
write() {
    abidw --headers-dir "$headers" --drop-private-types --no-corpus-path --no-comp-dir-path --no-show-locs --no-elf-needed \
        --type-id-style hash --out-file "$1" "$library"
}
compare() {
    abidiff --no-added-syms --headers-dir2 "$headers" --drop-private-types "$1" "$library"
}

if [ "$mode" = renew ]; then
    write "$baseline"
    exit
fi
compare "$baseline"

# The comparison must be able to fail: against a baseline with one more function it has to.
altered=$(mktemp)
trap 'rm -f "$altered"' EXIT
sed 's/hpo_version_string/hpo_version_removed/g' "$baseline" >"$altered"
if compare "$altered" >/dev/null 2>&1; then
    echo "abidiff did not see a removed function"
    exit 1
fi

#!/bin/sh
# Compares the ABI of the library with the stored one, or stores it anew. Usage: abidiff.sh check|renew LIBRARY SOURCE-DIRECTORY BASELINE
# New functions are fine; a removed or changed one, or a changed public type, is an error. At a release: meson compile -C build abi-baseline
set -eu
mode=$1 library=$2 source=$3 baseline=$4

for tool in abidw abidiff readelf; do
    command -v $tool >/dev/null || { echo "$tool is missing (Debian packages abigail-tools, binutils)" && exit 77; }
done
if ! readelf -S "$library" | grep -q '\.debug_info'; then
    echo "$library has no debug information to read types from; use a build type with it"
    exit 77
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Types of other files than these become opaque. abidw knows files by their last name only, so a header with a namesake in lib/ is left out:
# it would open the handles. What such a header lays out, hpo_setting, is frozen by test_layout.c.
mkdir "$scratch/public"
for header in "$source"/include/hpo/*.h; do
    [ -n "$(find "$source/lib" -name "${header##*/}")" ] || cp "$header" "$scratch/public"
done

# No paths, lines or compiler names, so that the file is the same wherever it is made.
write() {
    abidw --headers-dir "$scratch/public" --drop-private-types --exported-interfaces-only --no-corpus-path --no-comp-dir-path --no-show-locs \
        --no-elf-needed --type-id-style hash --out-file "$scratch/raw.xml" "$library"
    sed "s|path='[^']*/lib/|path='lib/|" "$scratch/raw.xml" >"$1"
}

if [ "$mode" = renew ]; then
    mkdir -p "${baseline%/*}"
    write "$baseline"
    exit
fi
# Both sides as such files: without locations abidiff would take public types for private ones and ignore their changes.
write "$scratch/now.xml"
abidiff --no-added-syms "$baseline" "$scratch/now.xml"

# The comparison must be able to fail: on a function that is gone, and on a struct of another size. 4 and 8 are abidiff's bits for that.
for change in s/hpo_version_string/hpo_version_removed/g "/name='hpo_error'/s/size-in-bits='4096'/size-in-bits='4128'/"; do
    sed "$change" "$baseline" >"$scratch/altered.xml"
    status=0
    abidiff --no-added-syms "$scratch/altered.xml" "$scratch/now.xml" >/dev/null || status=$?
    case $status in
    4 | 8 | 12) ;;
    *) echo "abidiff did not see the change $change" && exit 1 ;;
    esac
done

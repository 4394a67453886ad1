#!/bin/sh
# Builds and tests libhpo in every way that matters, each in its own directory below build/. Usage: sh tools/test.sh
# A case is one meson test in one of the builds, or one build, or one check of the sources. The last line is "N passed, N failed".
set -u
cd "$(dirname "$0")/.." || exit 1
sh tools/setup.sh test || exit 1

logs=build/logs
mkdir -p $logs
passed=0 failed=0 failures=

# begin TITLE
begin() {
    printf '\n== %s\n' "$1"
    started=$(date +%s)
}

# count NAME PASSED FAILED: ends what begin began.
count() {
    echo "$2 passed, $3 failed, $(($(date +%s) - started)) s"
    passed=$((passed + $2)) failed=$((failed + $3))
    [ "$3" -eq 0 ] || failures="$failures
    $1: $3 failed, see $logs/$1.log"
}

# build NAME COMPILER MESON-OPTIONS...: compiles in build/NAME, which is made anew when the options are not those of last time.
build() {
    name=$1 dir=build/$1 compiler=$2 log=$logs/build-$1.log
    shift 2
    begin "build $name: $compiler $*"
    options="meson $(meson --version) $compiler $*"
    [ "$(cat "$logs/$name.options" 2>/dev/null)" = "$options" ] || rm -rf "$dir"
    echo "$options" >"$logs/$name.options"
    : >"$log"
    if { [ -f "$dir/build.ninja" ] || CC=$compiler CXX=$(echo "$compiler" | sed 's/gcc/g++/; s/clang/clang++/') meson setup "$dir" "$@" >>"$log" 2>&1; } &&
        ninja -k 0 -C "$dir" >>"$log" 2>&1; then
        count "build-$name" 1 0
    else
        grep -v '^\[[0-9]' "$log" | tail -n 100
        count "build-$name" 0 1
        return 1
    fi
}

# run NAME BUILD MESON-TEST-OPTIONS...: runs tests of a build and adds meson's own counts.
run() {
    name=$1 dir=build/$2 log=$logs/test-$1.log
    shift 2
    begin "test $name"
    meson test -C "$dir" --print-errorlogs "$@" >"$log" 2>&1
    status=$?
    good=$(sum 'Ok|Expected Fail') bad=$(sum 'Fail|Unexpected Pass|Timeout')
    # Without any count meson itself did not get far.
    [ $status -eq 0 ] && [ "$good" -gt 0 ] || [ "$bad" -gt 0 ] || bad=1
    [ "$bad" -eq 0 ] || grep -Ev ' OK +[0-9.]+s' "$log" | head -n 200
    grep -E ' SKIP +[0-9.]+s' "$log"
    count "test-$name" "$good" "$bad"
}

# sum LABELS: of the lines "Label:   number" that end meson's output.
sum() {
    awk -F: -v labels="$1" '$1 ~ "^(" labels ")$" { n += $2 } END { print n + 0 }' "$log"
}

# check NAME COMMAND...: one check of the sources, whose result stands as long as they do.
check() {
    name=$1 log=$logs/check-$1.log
    shift
    begin "check $name"
    if [ "$(cat "$logs/$name.passed" 2>/dev/null)" = "$sources" ]; then
        echo "no source has changed since it passed"
        count "check-$name" 1 0
    elif "$@" >"$log" 2>&1; then
        echo "$sources" >"$logs/$name.passed"
        count "check-$name" 1 0
    else
        grep -v 'warnings\? generated' "$log" | head -n 100
        count "check-$name" 0 1
    fi
}

c_files() { find lib include tests bench docs bindings -name '*.[ch]' -o -name '*.cpp' -o -name '*.hpp' | sort; }
sources=$(find lib include tests bench docs bindings .clang-format .clang-tidy tools/test.sh -type f | sort | xargs cksum | cksum)

# shellcheck disable=SC2046
check_format() { clang-format --dry-run -Werror $(c_files); }
check_cppcheck() {
    cppcheck --quiet --project=build/gcc/compile_commands.json --file-filter='lib/*' --enable=warning,performance,portability --inline-suppr \
        --error-exitcode=1 -j "$(nproc)"
}
check_tidy() {
    # One file at a time: with several, clang-tidy 14 takes va_lists for uninitialised.
    find "$PWD/lib" -name '*.c' ! -name '*_builtin.c' | sort | xargs -P "$(nproc)" -n 1 clang-tidy --quiet -p build/clang
}

check format check_format

build gcc gcc -Dwerror=true && {
    check cppcheck check_cppcheck
    run gcc gcc
    # A host whose numbers look like 0,5.
    mkdir -p build/locale
    [ -d build/locale/de_DE.UTF-8 ] || localedef -i de_DE -f UTF-8 "$PWD/build/locale/de_DE.UTF-8" || echo "the locale could not be made"
    export LOCPATH="$PWD/build/locale" LC_ALL=de_DE.UTF-8 HPO_TEST_COMMA=1
    run comma gcc --no-suite abi --no-suite install --no-suite docs
    unset LOCPATH LC_ALL HPO_TEST_COMMA
    run valgrind gcc --setup valgrind --suite unit --suite api --no-suite slow
}
build clang clang -Dwerror=true && {
    run clang clang --no-suite install
    check tidy check_tidy
}
build no-gsl gcc -Dwerror=true -Dgsl=disabled -Dopenblas=disabled && run no-gsl no-gsl
build asan clang -Db_sanitize=address,undefined -Db_lundef=false -Doptimization=1 && run asan asan
build tsan clang -Db_sanitize=thread -Db_lundef=false -Dbench=false -Dexamples=disabled && run tsan tsan --suite threads

[ -z "$failures" ] || printf '\nNot right:%s\n' "$failures"
printf '\n%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]

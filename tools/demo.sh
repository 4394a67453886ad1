#!/bin/sh
# The main job on real data: tunes a support vector machine on handwritten digits. Usage: sh tools/demo.sh [TRIALS PER STRATEGY]
# Results go to build/demo/results: every trial as CSV and JSON.
set -eu
cd "$(dirname "$0")/.."
sh tools/setup.sh demo

dir=build/demo
[ -f $dir/build.ninja ] || meson setup $dir -Dbuildtype=release -Dtests=false -Dbench=false -Dexamples=auto
ninja -C $dir docs/examples/digits_svm
exec $dir/docs/examples/digits_svm docs/examples/data/digits.csv $dir/results "$@"

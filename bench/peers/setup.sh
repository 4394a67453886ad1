#!/bin/sh
# Makes the virtual environment with the other optimisers, in the versions of requirements.txt.
#   sh bench/peers/setup.sh [DIRECTORY]      (default: build/peers-venv in the project)
# Running it again is quick: it does nothing when the environment is up to date.
# Exit status: 0 done (an optional package may be missing, which is said), 1 failed, 2 wrong command line.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
if [ $# -gt 1 ] || [ "${1:-}" = "--help" ] || [ "${1:-}" = "-h" ]; then
    sed -n '2,5s/^# \{0,1\}//p' "$0"
    [ $# -le 1 ] || exit 2
    exit 0
fi
venv=${1:-$here/../../build/peers-venv}
requirements=$here/requirements.txt
stamp=$venv/requirements.done

python=${PYTHON:-python3}
if ! command -v "$python" >/dev/null 2>&1; then
    echo "setup.sh: no $python; on Debian and Ubuntu: apt-get install python3 python3-venv" >&2
    exit 1
fi
if [ -f "$stamp" ] && cmp -s "$requirements" "$stamp"; then
    echo "setup.sh: $venv is up to date"
    exit 0
fi
if ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
    echo "setup.sh: $python cannot make virtual environments; on Debian and Ubuntu: apt-get install python3-venv" >&2
    exit 1
fi

mkdir -p "$(dirname "$venv")"
"$python" -m venv "$venv"
pip="$venv/bin/python -m pip --disable-pip-version-check --quiet"

required=$venv/required.txt
grep -v '# optional' "$requirements" >"$required"
if ! $pip install --requirement "$required"; then
    echo "setup.sh: the required packages did not install" >&2
    exit 1
fi
missing=
for package in $(sed -n 's/^\([^ #]*\) *# optional$/\1/p' "$requirements"); do
    if ! $pip install "$package"; then
        echo "setup.sh: optional package $package did not install; it is left out of the comparison" >&2
        missing="$missing $package"
    fi
done
# Without an optional package the stamp stays away, so that the next run tries again.
[ -n "$missing" ] || cp "$requirements" "$stamp"
"$venv/bin/python" -m pip --disable-pip-version-check list
echo "setup.sh: $venv is ready"

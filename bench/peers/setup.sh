#!/bin/sh
# Makes the virtual environments with the other optimisers, in the versions of requirements.txt.
#   [SKIP="NAME ..."] sh bench/peers/setup.sh [DIRECTORY]      (default: build/peers-venv in the project)
# HEBO, which cannot live with the others, gets DIRECTORY-hebo. SKIP leaves optional ones out: rustuna cmaes gp hyperopt skopt smac plots hebo.
# Running it again is quick: it does nothing when the environments are up to date.
# Exit status: 0 done (an optional package may be missing, which is said), 1 failed, 2 wrong command line.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
if [ $# -gt 1 ] || [ "${1:-}" = "--help" ] || [ "${1:-}" = "-h" ]; then
    sed -n '2,6s/^# \{0,1\}//p' "$0"
    [ $# -le 1 ] || exit 2
    exit 0
fi
venv=${1:-$here/../../build/peers-venv}
requirements=$here/requirements.txt
skip=" ${SKIP:-} "

python=${PYTHON:-python3}
if ! command -v "$python" >/dev/null 2>&1; then
    echo "setup.sh: no $python; on Debian and Ubuntu: apt-get install python3 python3-venv" >&2
    exit 1
fi
if ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
    echo "setup.sh: $python cannot make virtual environments; on Debian and Ubuntu: apt-get install python3-venv" >&2
    exit 1
fi

# install DIRECTORY REQUIREMENTS
install() {
    "$1/bin/python" -m pip --disable-pip-version-check --quiet install --requirement "$2"
}

missing=
leave_out() {
    echo "setup.sh: $1 did not install; it is left out of the comparison" >&2
    missing="$missing $1"
}

# The stamp says what is installed: the requirements and what was skipped. Without an optional package it stays away, so that the next run tries again.
stamp=$venv/requirements.done
{ echo "skip:$skip"; cat "$requirements" "$here/requirements-hebo.txt"; } >"${TMPDIR:-/tmp}/requirements.$$"
trap 'rm -f "${TMPDIR:-/tmp}/requirements.$$"' EXIT
if [ -f "$stamp" ] && cmp -s "${TMPDIR:-/tmp}/requirements.$$" "$stamp"; then
    echo "setup.sh: $venv is up to date"
    exit 0
fi

mkdir -p "$(dirname "$venv")"
"$python" -m venv "$venv"
part=$venv/part.txt
grep -v '# optional' "$requirements" >"$part"
if ! install "$venv" "$part"; then
    echo "setup.sh: the required packages did not install" >&2
    exit 1
fi
for name in $(sed -n 's/.*# optional \([a-z]*\)$/\1/p' "$requirements" | awk '!seen[$0]++'); do
    case $skip in *" $name "*) continue ;; esac
    sed -n "s/ *# optional $name\$//p" "$requirements" >"$part"
    install "$venv" "$part" || leave_out "$name"
done
case $skip in
*" hebo "*) ;;
*) { "$python" -m venv "$venv-hebo" && install "$venv-hebo" "$here/requirements-hebo.txt"; } || leave_out hebo ;;
esac

[ -n "$missing" ] || cp "${TMPDIR:-/tmp}/requirements.$$" "$stamp"
"$venv/bin/python" -m pip --disable-pip-version-check list
echo "setup.sh: $venv is ready"

#!/bin/sh
# Installs what tools/packages.txt lists. Usage: sh tools/setup.sh demo|test
# Asks for nothing, and touches nothing when all is there. HPO_SKIP_SETUP=1 leaves the machine as it is.
set -eu
cd "$(dirname "$0")/.."
[ -z "${HPO_SKIP_SETUP:-}" ] || exit 0

wanted=$(awk -v group="$1" '!/^#/ && NF >= 2 && (group == "test" || $2 == group) { print $1 }' tools/packages.txt)

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    {
        echo "This machine has no apt-get. libhpo needs what these Debian packages have; please install it by your system's means:"
        # shellcheck disable=SC2086
        printf '    %s\n' $wanted
        echo "and then run the command again with HPO_SKIP_SETUP=1 in the environment."
    } >&2
    exit 1
fi

missing=
for package in $wanted; do
    dpkg-query -W -f='${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

root=
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || {
        echo "Please install as root:$missing" >&2
        exit 1
    }
    root=sudo
fi
echo "Installing:$missing"
$root apt-get update -qq
# shellcheck disable=SC2086
$root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing

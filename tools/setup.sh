#!/bin/sh
# Installs what is missing to build weft: Debian's packages in tools/packages, and the
# report's charts from npm. Where all is there it needs no network and takes no time.
set -eu
cd "$(dirname "$0")/.."

present() { # PACKAGE [COMMAND]
    if [ -n "${2:-}" ]; then
        command -v "$2" >/dev/null 2>&1
    else
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
    fi
}

missing=
if command -v dpkg-query >/dev/null 2>&1; then
    while read -r package command; do
        case $package in '' | '#'*) continue ;; esac
        present "$package" "$command" || missing="$missing $package"
    done <tools/packages
fi

if [ -n "$missing" ]; then
    if [ "$(id -u)" != 0 ]; then
        echo "weft needs packages that are not installed. As root, run:" >&2
        echo "  apt-get update && apt-get install --no-install-recommends -y$missing" >&2
        exit 1
    fi
    echo "setup: installing$missing" >&2
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -q >&2
    # shellcheck disable=SC2086 # one word a package
    apt-get install -q -y --no-install-recommends $missing >&2
fi

# npm writes this file last, so a copy that is older than the lock file, or not there, is
# one that did not finish.
if [ -f web/package-lock.json ] &&
    ! [ web/node_modules/.package-lock.json -nt web/package-lock.json ]; then
    echo "setup: fetching the report's charts (npm ci)" >&2
    if (cd web && npm ci --no-audit --no-fund --ignore-scripts --loglevel=error \
        --fetch-retries=1 >&2); then
        touch web/node_modules/.package-lock.json
        touch src/report/meson.build # a build folder configured without them looks again
    else
        echo "setup: the charts could not be fetched: reports will have tables alone" >&2
    fi
fi

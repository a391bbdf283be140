#!/bin/sh
# check.sh BUILD [MESON-TEST-OPTION...]: runs every test of a build folder and ends with "N passed, N failed, N skipped", counted
# by test case.
set -u
build=$1
shift
if [ -z "${WEFT_DATA:-}" ]; then
    echo "check: WEFT_DATA is not set: tests with Fashion-MNIST will be skipped" >&2
fi
rm -f "$build/meson-logs/testlog.json"
CMOCKA_MESSAGE_OUTPUT=TAP meson test -C "$build" --print-errorlogs "$@"
status=$?
python3 tools/count_tests.py "$build/meson-logs/testlog.json" || exit 1
exit $status

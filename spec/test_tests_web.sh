#!/usr/bin/env bash
# test_tests_web.sh [SERVER [PROGRAM]]: the tests of test_web.sh itself, with programs that are right. Without them, what
# bin/server and bin/cli print.
set -euo pipefail
spec="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
. "$spec/helpers.bash"

if [ $# -gt 0 ]; then
    server="$(executable "$1")"
else
    server="$(printed_by_first_of bin/server "$spec/../bin/server")"
fi
if [ $# -gt 1 ]; then
    program="$(executable "$2")"
else
    program="$(printed_by_first_of bin/cli "$spec/../bin/cli")"
fi
export spec server program
run_cases "$spec/tests_web.bats"

#!/usr/bin/env bash
# test_tests_cli.sh [PROGRAM]: the tests of test_cli.sh itself, with a validator that is right. Without PROGRAM, what
# bin/cli prints, as in test_cli.sh.
set -euo pipefail
spec="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
. "$spec/helpers.bash"

if [ $# -gt 0 ]; then
    program="$(executable "$1")"
else
    program="$(printed_by_first_of bin/cli "$spec/../bin/cli")"
fi
export spec program
run_cases "$spec/tests_cli.bats"

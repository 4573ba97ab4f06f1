#!/usr/bin/env bash
# test_cli.sh [PROGRAM]: the suite of the CLI validator. Without PROGRAM, what bin/cli prints: the one below the current
# directory, else the one beside this folder.
set -euo pipefail
spec="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
. "$spec/helpers.bash"

if [ $# -gt 0 ]; then
    program="$(executable "$1")"
else
    program="$(printed_by_first_of bin/cli "$spec/../bin/cli")"
fi
export spec program
run_cases "$spec/cli.bats"

#!/usr/bin/env bash
# test_web.sh [SERVER [PROGRAM]]: the suite of the web validator. Without SERVER, what bin/server prints: the one below
# the current directory, else the one beside this folder. Without PROGRAM, what whck/bin/cli prints: the one below the
# current directory, else the one below its parent.
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
    program="$(printed_by_first_of whck/bin/cli ../whck/bin/cli)"
fi
export spec server program
run_cases "$spec/web.bats"

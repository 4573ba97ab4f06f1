#!/usr/bin/env bats
# test_web.sh: called from anywhere, against anything, and not content with what is wrong.

. "$spec/helpers.bash"

setup() {
    repository="$(mktemp -d)"
    mkdir -p "$repository/bin" "$repository/whck/bin"
    cp -R "$spec" "$repository/spec"
    # The copy need not fetch the runner again.
    PATH="$(dirname "$(bats_program)"):$PATH"
    printf '#!/bin/sh\necho "%s"\n' "$server" >"$repository/bin/server"
    printf '#!/bin/sh\necho "%s"\n' "$program" >"$repository/whck/bin/cli"
    chmod 755 "$repository/bin/server" "$repository/whck/bin/cli"
    export SPEC_FILTER='W0[149]'
    cd "$repository"
}

teardown() {
    cd /
    rm -rf "$repository"
}

# passes COMMAND...: the chosen three cases ran and passed.
passes() {
    local said
    said="$("$@")" || fail "expected to pass: $* $said"
    [ "$(grep -c '^ok ' <<<"$said")" = 3 ] || fail "expected three cases: $said"
}

# does_not_start COMMAND...: another code than 0, and no case ran.
does_not_start() {
    local said code=0
    said="$("$@" 2>/dev/null)" || code=$?
    [ "$code" != 0 ] || fail "expected to fail: $*"
    not grep -q '^\(not \)\?ok ' <<<"$said"
}

# fails_exactly SERVER CASES: of all cases, those and no others fail.
fails_exactly() {
    local found
    found="$(SPEC_FILTER='^W([0-2]|3[0-4])' spec/test_web.sh "$1" "$program" | sed -n 's/^not ok [0-9]* \(W[0-9]*\).*/\1/p' | tr '\n' ' ')"
    [ "$found" = "$2 " ] || fail "expected to fail: $2; failed: $found"
}

@test "T1 without argument, from the repository" {
    passes spec/test_web.sh
}

@test "T2 without argument, from inside spec" {
    cd spec
    passes ./test_web.sh
}

@test "T3 with relative paths" {
    ln -s "$server" right
    ln -s "$program" whck/right
    passes spec/test_web.sh right
    passes spec/test_web.sh ./right whck/right
    cd spec
    passes ./test_web.sh ../right ../whck/right
}

@test "T4 with absolute paths, from elsewhere" {
    cd /
    passes "$repository/spec/test_web.sh" "$server" "$program"
}

@test "T5 with nothing to find" {
    rm whck/bin/cli
    does_not_start spec/test_web.sh
    rm bin/server
    does_not_start spec/test_web.sh
    cd /
    does_not_start "$repository/spec/test_web.sh"
    does_not_start "$repository/spec/test_web.sh" "$server"
}

@test "T6 bin/server or whck/bin/cli that fails" {
    printf '#!/bin/sh\nexit 1\n' >bin/server
    does_not_start spec/test_web.sh
    printf '#!/bin/sh\nexit 1\n' >whck/bin/cli
    does_not_start spec/test_web.sh "$server"
}

@test "T7 with one argument the CLI validator is found" {
    passes spec/test_web.sh "$server"
    cd spec
    passes ./test_web.sh "$server"
}

@test "T8 bin/test.sh without the specification says so" {
    [ -f "$spec/../bin/test.sh" ] || skip "there is no bin/test.sh beside the suite"
    cp "$spec/../bin/test.sh" bin/test.sh
    rm -r spec
    code=0
    said="$(bin/test.sh 2>&1)" || code=$?
    [ "$code" != 0 ]
    grep -q 'spec' <<<"$said"
}

@test "a server that believes all fails where it must not believe, and where it must ask" {
    fails_exactly spec/broken/server-believes-all "W04 W05 W06 W07 W08 W09 W10 W12 W14 W15 W16 W17 W18 W19 W20 W21 W22 W24 W25 W26 W27 W32 W33"
}

@test "a server that reads text instead of JSON fails there" {
    fails_exactly spec/broken/server-reads-text "W02 W07 W09 W10 W11"
}

#!/usr/bin/env bats
# test_cli.sh: called from anywhere, against anything, and not content with what is wrong.

. "$spec/helpers.bash"

setup() {
    repository="$(mktemp -d)"
    mkdir "$repository/bin"
    cp -R "$spec" "$repository/spec"
    # The copy need not fetch the runner again.
    PATH="$(dirname "$(bats_program)"):$PATH"
    printf '#!/bin/sh\necho "%s"\n' "$program" >"$repository/bin/cli"
    chmod 755 "$repository/bin/cli"
    export SPEC_FILTER='C0[139]'
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

# fails_exactly PROGRAM CASES: of all cases, those and no others fail.
fails_exactly() {
    local found
    ln -sf "$program" spec/broken/right
    found="$(SPEC_FILTER='^C([0-2]|3[0-7])' spec/test_cli.sh "$1" | sed -n 's/^not ok [0-9]* \(C[0-9]*\).*/\1/p' | tr '\n' ' ')"
    [ "$found" = "$2 " ] || fail "expected to fail: $2; failed: $found"
}

@test "T1 without argument, from the repository" {
    passes spec/test_cli.sh
}

@test "T2 without argument, from inside spec" {
    cd spec
    passes ./test_cli.sh
}

@test "T3 with a relative path" {
    ln -s "$program" right
    passes spec/test_cli.sh right
    passes spec/test_cli.sh ./right
    cd spec
    passes ./test_cli.sh ../right
}

@test "T4 with an absolute path, from elsewhere" {
    cd /
    passes "$repository/spec/test_cli.sh" "$program"
}

@test "T5 without argument and with nothing to find" {
    rm bin/cli
    does_not_start spec/test_cli.sh
    cd /
    does_not_start "$repository/spec/test_cli.sh"
}

@test "T6 bin/cli that fails, or prints what is no program" {
    printf '#!/bin/sh\nexit 1\n' >bin/cli
    does_not_start spec/test_cli.sh
    printf '#!/bin/sh\necho /nowhere\n' >bin/cli
    does_not_start spec/test_cli.sh
    does_not_start spec/test_cli.sh /nowhere
}

@test "a validator that believes all fails where it must not believe" {
    fails_exactly spec/broken/whck-believes-all "C09 C10 C11 C12 C13 C14 C15 C16 C17 C18 C19 C20 C21 C22 C23 C24 C25 C26 C27 C28 C29 C30 C32 C35"
}

@test "a validator that does not read the body octet by octet fails there" {
    fails_exactly spec/broken/whck-trims "C07 C16"
}

@test "a validator that tells secrets fails there" {
    fails_exactly spec/broken/whck-tells "C36"
}

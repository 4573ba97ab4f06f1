# What the suites share: finding what to test, the runner, and the words of a case.

# ---- finding what to test

# Prints the absolute path of an executable that is given by an absolute or relative path, or by a name in PATH.
executable() {
    local path="$1"
    case "$path" in
        */*) ;;
        *) [ -f "$path" ] || path="$(command -v -- "$path")" || { echo "$1: not found" >&2; return 1; } ;;
    esac
    if [ ! -f "$path" ] || [ ! -x "$path" ]; then
        echo "$1: no executable file" >&2
        return 1
    fi
    printf '%s/%s\n' "$(cd "$(dirname -- "$path")" && pwd)" "$(basename -- "$path")"
}

# Runs the first of these programs that is there, and prints the path that it prints.
printed_by_first_of() {
    local builder path
    for builder; do
        [ -x "$builder" ] || continue
        path="$("$builder")" || { echo "$builder failed" >&2; return 1; }
        executable "$path"
        return
    done
    echo "nothing to test: none of these is there: $*" >&2
    return 1
}

# Runs a file of cases; with SPEC_FILTER set, those whose names match it.
run_cases() {
    local bats
    bats="$(bats_program)" || return 1
    "$bats" --tap ${SPEC_FILTER:+--filter "$SPEC_FILTER"} "$1"
}

# Prints the path of bats: the system's, or the pinned one, fetched once.
bats_program() {
    command -v bats && return
    local place="$spec/../target/spec"
    mkdir -p "$place" 2>/dev/null || place="${TMPDIR:-/tmp}/forge-endpoints-spec-$(id -u)"
    if [ ! -x "$place/node_modules/bats/bin/bats" ]; then
        command -v npm >/dev/null || { echo "bats is missing, and npm to fetch it: install bats" >&2; return 1; }
        mkdir -p "$place"
        cp "$spec/package.json" "$spec/package-lock.json" "$place"
        npm ci --prefix "$place" --ignore-scripts --no-audit --no-fund --silent >&2 || return 1
    fi
    echo "$place/node_modules/bats/bin/bats"
}

# ---- the words of a case

VECTORS="$spec/vectors"

GITEA_URL=http://localhost:3000/example/example
GITEA_SECRET='IsWishesWereHorsesWedAllBeEatingSteak!'
GITEA_CLAIM=9a12cdfffc1c8eed8ca755691dea8c9fc3da656b94fd1748df5994369c6c40b9
GITHUB_URL=https://github.com/Codertocat/Hello-World
GITHUB_SECRET="It's a Secret to Everybody"
GITHUB_CLAIM=62558da9aec6d0cffcd394c0c0722ac2f6637860e4d801e6f5248cf18f187c33
GITLAB_URL=http://example.com/mike/diaspora.git
GITLAB_SECRET=glwt-5f0c2b7a91d84e63

base16() {
    printf %s "$1" | od -An -v -tx1 | tr -d ' \n'
}

base64url() {
    printf %s "$1" | base64 | tr -d '\n=' | tr +/ -_
}

# sign FILE SECRET: the HMAC-SHA256 of a file in hex.
sign() {
    openssl dgst -sha256 -hmac "$2" <"$1" | sed 's/.* //'
}

# store DIRECTORY URL SECRET: keeps a secret where the validator looks for it.
store() {
    (umask 077 && mkdir -p "$1" && printf %s "$3" >"$1/$(base16 "$2")")
}

# A folder of its own for the case, with the secrets of the three payloads.
fresh_world() {
    world="$(mktemp -d)"
    secrets="$world/secrets"
    store "$secrets" "$GITEA_URL" "$GITEA_SECRET"
    store "$secrets" "$GITHUB_URL" "$GITHUB_SECRET"
    store "$secrets" "$GITLAB_URL" "$GITLAB_SECRET"
}

# script FILE: a program of the lines on standard input; $W is the world.
script() {
    mkdir -p "$(dirname "$1")"
    { printf '#!/bin/sh\nW=%s\n' "$world" && cat; } >"$1"
    chmod 755 "$1"
}

# not COMMAND...: the command must fail. (A bare `!` does not end a case.)
not() {
    ! "$@" || fail "expected to fail: $*"
}

fail() {
    echo "$1" >&2
    return 1
}

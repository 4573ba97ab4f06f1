#!/usr/bin/env bats
# The CLI validator, as any conforming program answers. $program is the one under test.

. "$spec/helpers.bash"

setup() {
    fresh_world
    gitea="$(base16 "$GITEA_URL")"
    github="$(base16 "$GITHUB_URL")"
    gitlab="$(base16 "$GITLAB_URL")"
}

teardown() {
    rm -rf "$world" ${home:+"$home"}
}

# check KIND IDENTIFIER CLAIM, the body on standard input: the exit code is the program's. What it says is kept.
check() {
    env -i PATH="$PATH" WHCK_DIR="$secrets" "$program" "$@" >"$world/said" 2>&1
}

# The same with nothing but these variables: found NAME=VALUE... -- ARGUMENT...
found() {
    local variables=()
    while [ "$1" != -- ]; do variables+=("$1"); shift; done
    shift
    env -i "${variables[@]}" "$@" </dev/null
}

valid() {
    check "$@" || fail "expected 0, found $?: $(cat "$world/said")"
}

invalid() {
    local code=0
    check "$@" || code=$?
    [ "$code" != 0 ] || fail "expected another code than 0"
    # From 126 on, codes are the shell's and signals'.
    [ "$code" -lt 126 ] || fail "expected a code of its own, found $code"
}

@test "C01 right signature, identifier in base16" {
    valid hmac-sha256 "$github" "$GITHUB_CLAIM" <"$VECTORS/github-push.json"
    valid hmac-sha256 "$gitea" "$GITEA_CLAIM" <"$VECTORS/gitea-push.json"
}

@test "C02 right signature, identifier in base64" {
    rm "$secrets/$github"
    (umask 077 && printf %s "$GITHUB_SECRET" >"$secrets/$(base64url "$GITHUB_URL")")
    valid hmac-sha256 "$(base64url "$GITHUB_URL")" "$GITHUB_CLAIM" <"$VECTORS/github-push.json"
}

@test "C03 right token" {
    valid token "$gitlab" "$GITLAB_SECRET" <"$VECTORS/gitlab-push.json"
}

@test "C04 right token, another body" {
    valid token "$gitlab" "$GITLAB_SECRET" <<<'{"unrelated":true}'
}

@test "C05 right token, empty body" {
    valid token "$gitlab" "$GITLAB_SECRET" </dev/null
}

@test "C06 signature of an empty body" {
    valid hmac-sha256 "$github" "$(sign /dev/null "$GITHUB_SECRET")" </dev/null
}

@test "C07 body with NUL and octets above 127" {
    printf 'a\0b\377\376\n\n' >"$world/body"
    valid hmac-sha256 "$github" "$(sign "$world/body" "$GITHUB_SECRET")" <"$world/body"
}

@test "C08 body of some megabytes" {
    head -c 5000000 /dev/zero | tr '\0' x >"$world/body"
    valid hmac-sha256 "$github" "$(sign "$world/body" "$GITHUB_SECRET")" <"$world/body"
}

@test "C09 wrong signature" {
    invalid hmac-sha256 "$github" "$(printf '0%.0s' {1..64})" <"$VECTORS/github-push.json"
}

@test "C10 signature with one digit changed" {
    invalid hmac-sha256 "$github" "${GITHUB_CLAIM%3}0" <"$VECTORS/github-push.json"
    invalid hmac-sha256 "$github" "7${GITHUB_CLAIM#6}" <"$VECTORS/github-push.json"
}

@test "C11 signature cut short" {
    invalid hmac-sha256 "$github" "${GITHUB_CLAIM:0:32}" <"$VECTORS/github-push.json"
    invalid hmac-sha256 "$github" "${GITHUB_CLAIM:0:63}" <"$VECTORS/github-push.json"
}

@test "C12 signature with digits appended" {
    invalid hmac-sha256 "$github" "${GITHUB_CLAIM}00" <"$VECTORS/github-push.json"
}

@test "C13 empty claim" {
    invalid hmac-sha256 "$github" "" <"$VECTORS/github-push.json"
    invalid token "$gitlab" "" <"$VECTORS/gitlab-push.json"
}

@test "C14 claim that is no hex" {
    invalid hmac-sha256 "$github" "${GITHUB_CLAIM%3}g" <"$VECTORS/github-push.json"
}

@test "C15 body changed" {
    sed 's/Hello-World/Hello-Wurld/' "$VECTORS/github-push.json" >"$world/body"
    invalid hmac-sha256 "$github" "$GITHUB_CLAIM" <"$world/body"
}

@test "C16 newline appended to the body" {
    { cat "$VECTORS/github-push.json"; echo; } >"$world/body"
    invalid hmac-sha256 "$github" "$GITHUB_CLAIM" <"$world/body"
}

@test "C17 signature with another secret" {
    invalid hmac-sha256 "$github" "$(sign "$VECTORS/github-push.json" another)" <"$VECTORS/github-push.json"
}

@test "C18 signature with the secret of another repository" {
    invalid hmac-sha256 "$github" "$(sign "$VECTORS/github-push.json" "$GITEA_SECRET")" <"$VECTORS/github-push.json"
}

@test "C19 signature with SHA-1" {
    claim="$(openssl dgst -sha1 -hmac "$GITHUB_SECRET" <"$VECTORS/github-push.json" | sed 's/.* //')"
    invalid hmac-sha256 "$github" "$claim" <"$VECTORS/github-push.json"
    invalid hmac-sha256 "$github" "sha1=$claim" <"$VECTORS/github-push.json"
}

@test "C20 the secret as signature" {
    invalid hmac-sha256 "$github" "$GITHUB_SECRET" <"$VECTORS/github-push.json"
}

@test "C21 wrong token" {
    invalid token "$gitlab" wrong <"$VECTORS/gitlab-push.json"
}

@test "C22 token cut short or extended" {
    invalid token "$gitlab" "${GITLAB_SECRET%?}" </dev/null
    invalid token "$gitlab" "${GITLAB_SECRET}x" </dev/null
}

@test "C23 token in other case" {
    invalid token "$gitlab" "${GITLAB_SECRET^^}" </dev/null
}

@test "C24 signature as token" {
    invalid token "$github" "$GITHUB_CLAIM" <"$VECTORS/github-push.json"
}

@test "C25 unknown identifier" {
    unknown="$(base16 https://github.com/nobody/nothing)"
    invalid hmac-sha256 "$unknown" "$GITHUB_CLAIM" <"$VECTORS/github-push.json"
    invalid token "$unknown" "$GITLAB_SECRET" </dev/null
}

@test "C26 empty identifier" {
    invalid hmac-sha256 "" "$GITHUB_CLAIM" <"$VECTORS/github-push.json"
    invalid token "" "$GITLAB_SECRET" </dev/null
}

@test "C27 unsupported kind" {
    invalid hmac-md5 "$github" "$GITHUB_CLAIM" <"$VECTORS/github-push.json"
    invalid "" "$github" "$GITHUB_CLAIM" <"$VECTORS/github-push.json"
}

@test "C28 missing arguments" {
    invalid </dev/null
    invalid token </dev/null
    invalid token "$gitlab" </dev/null
}

# Three places with a secret each, named as the place.
three_places() {
    store "$world/w" "$GITLAB_URL" w
    store "$world/x/whck" "$GITLAB_URL" x
    store "$world/h/.config/whck" "$GITLAB_URL" h
}

@test "C29 WHCK_DIR before the others" {
    three_places
    all=(WHCK_DIR="$world/w" XDG_CONFIG_HOME="$world/x" HOME="$world/h")
    found "${all[@]}" -- "$program" token "$gitlab" w
    not found "${all[@]}" -- "$program" token "$gitlab" x
    not found "${all[@]}" -- "$program" token "$gitlab" h
}

@test "C30 XDG_CONFIG_HOME with whck before HOME" {
    three_places
    both=(XDG_CONFIG_HOME="$world/x" HOME="$world/h")
    found "${both[@]}" -- "$program" token "$gitlab" x
    not found "${both[@]}" -- "$program" token "$gitlab" h
}

@test "C31 HOME with .config/whck" {
    three_places
    found HOME="$world/h" -- "$program" token "$gitlab" h
}

@test "C32 a secret directly in XDG_CONFIG_HOME or HOME is not found" {
    store "$world/x" "$GITLAB_URL" x
    store "$world/h" "$GITLAB_URL" h
    not found XDG_CONFIG_HOME="$world/x" -- "$program" token "$gitlab" x
    not found HOME="$world/h" -- "$program" token "$gitlab" h
}

# A home directory for the program to lie in, as only root can make one.
home_with_program() {
    [ "$(id -u)" = 0 ] || skip "not root: no directory can be made in /home"
    [ "$(head -c 2 "$program")" != "#!" ] || skip "a script does not know where it lies"
    home="$(mktemp -d /home/whck-spec-XXXXXX)"
    mkdir "$home/bin"
    cp "$program" "$home/bin/whck"
    store "$home/.config/whck" "$GITLAB_URL" p
}

@test "C33 program inside /home, nothing set" {
    home_with_program
    found -- "$home/bin/whck" token "$gitlab" p
}

@test "C34 symbolic link to a program inside /home" {
    home_with_program
    ln -s "$home/bin/whck" "$world/whck"
    found -- "$world/whck" token "$gitlab" p
}

@test "C35 nothing set, program elsewhere" {
    cp "$program" "$world/whck"
    not found -- "$world/whck" token "$gitlab" "$GITLAB_SECRET"
}

@test "C36 nothing secret in the output" {
    for claim in wrong "$GITHUB_CLAIM" ""; do
        check token "$gitlab" "$claim" </dev/null || true
        not grep -qF -e "$GITLAB_SECRET" "$world/said"
        check hmac-sha256 "$github" "$claim" <"$VECTORS/github-push.json" || true
        not grep -qF -e "$GITHUB_SECRET" -e "$GITHUB_CLAIM" "$world/said"
    done
    valid token "$gitlab" "$GITLAB_SECRET" </dev/null
    not grep -qF -e "$GITLAB_SECRET" "$world/said"
}

@test "C37 called by a relative path" {
    cd "$(dirname "$program")"
    found WHCK_DIR="$secrets" -- "./$(basename "$program")" token "$gitlab" "$GITLAB_SECRET"
}

@test "C38 bin/cli prints an absolute path of an executable, and nothing else" {
    [ -x "$spec/../bin/cli" ] || skip "there is no bin/cli beside the suite"
    cd /
    path="$("$spec/../bin/cli" 2>/dev/null)"
    [[ "$path" == /* ]]
    [ -x "$path" ]
}

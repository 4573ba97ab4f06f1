#!/usr/bin/env bats
# The web validator, as any conforming server answers. $server is the one under test, $program the CLI validator that
# it asks.

. "$spec/helpers.bash"

setup() {
    fresh_world
    cd "$world"
    server_id=
}

teardown() {
    [ -z "$server_id" ] || { kill "$server_id" && wait "$server_id"; } 2>/dev/null || true
    cd /
    rm -rf "$world"
}

# A port that nobody listens on.
free_port() {
    local port
    while :; do
        port=$((20000 + RANDOM % 12000))
        (exec 4<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
    done
}

# serve [NAME=VALUE...]: starts the server with the validator under test, or with these variables beside it.
serve() {
    port="$(free_port)"
    start WHCK="$program" FORGEHOOKPORT="$port" "$@" -- "$server"
}

# start NAME=VALUE... -- COMMAND...: starts a server on $port and waits until it listens.
start() {
    local variables=()
    while [ "$1" != -- ]; do variables+=("$1"); shift; done
    shift
    env -i PATH="$PATH" WHCK_DIR="$secrets" "${variables[@]}" "$@" >"$world/log" 2>&1 3>&- &
    server_id=$!
    local tries=0
    until (exec 4<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
        kill -0 "$server_id" 2>/dev/null || { cat "$world/log" >&2; return 1; }
        tries=$((tries + 1))
        [ "$tries" -lt 200 ] || fail "the server does not listen on port $port"
        sleep 0.05
    done
}

# request METHOD BODY-FILE [HEADER...]: prints the answer.
request() {
    local method="$1" body="$2"
    shift 2
    exec 5<>"/dev/tcp/127.0.0.1/$port"
    {
        printf '%s / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n' "$method"
        [ $# = 0 ] || printf '%s\r\n' "$@"
        printf 'Content-Length: %s\r\n\r\n' "$(wc -c <"$body" | tr -d ' ')"
        cat "$body"
    } >&5
    cat <&5
    exec 5>&-
}

# status BODY-FILE [HEADER...]: posts it, and prints the status; the whole answer is kept.
status() {
    request POST "$@" >"$world/answer"
    sed -n '1s/^HTTP[^ ]* \([0-9]*\).*/\1/p' "$world/answer"
}

valid() {
    local found
    found="$(status "$@")"
    [ "$found" = 200 ] || fail "expected 200, found $found: $(cat "$world/log")"
}

invalid() {
    local found
    found="$(status "$@")"
    [ -n "$found" ] || fail "expected an answer, found none"
    [ "$found" != 200 ] || fail "expected another status than 200"
}

gitea() { printf 'X-Gitea-Signature: %s' "${1-$GITEA_CLAIM}"; }
github() { printf 'X-Hub-Signature: %s' "${1-$GITHUB_CLAIM}"; }
gitlab() { printf 'X-Gitlab-Token: %s' "${1-$GITLAB_SECRET}"; }

# body TEXT: a file with this text.
body() {
    printf "$1" >"$world/body"
    echo "$world/body"
}

# A stand-in for the CLI validator, which believes everything and keeps what it was given.
recording() {
    script "$world/recorder" <<'LINES'
[ "$1" = --version ] && exit 0
printf '%s\n' "$@" >"$W/arguments"
cat >"$W/given"
LINES
    serve WHCK="$world/recorder"
}

@test "W01 valid request of Gitea" {
    serve
    valid "$VECTORS/gitea-push.json" "$(gitea)"
}

@test "W02 valid request of GitHub" {
    serve
    valid "$VECTORS/github-push.json" "$(github)"
}

@test "W03 valid request of GitLab" {
    serve
    valid "$VECTORS/gitlab-push.json" "$(gitlab)"
}

@test "W04 wrong claim of Gitea" {
    serve
    invalid "$VECTORS/gitea-push.json" "$(gitea "${GITEA_CLAIM%?}0")"
}

@test "W05 wrong claim of GitHub" {
    serve
    invalid "$VECTORS/github-push.json" "$(github "${GITHUB_CLAIM%?}0")"
}

@test "W06 wrong claim of GitLab" {
    serve
    invalid "$VECTORS/gitlab-push.json" "$(gitlab wrong)"
}

@test "W07 kind, identifier, claim and body as the CLI validator gets them" {
    recording
    for row in "gitea hmac-sha256 $GITEA_URL $GITEA_CLAIM" "github hmac-sha256 $GITHUB_URL $GITHUB_CLAIM" \
        "gitlab token $GITLAB_URL $GITLAB_SECRET"; do
        read -r forge kind url claim <<<"$row"
        valid "$VECTORS/$forge-push.json" "$("$forge" "$claim")"
        { read -r found_kind; read -r found_identifier; read -r found_claim; } <"$world/arguments"
        [ "$found_kind" = "$kind" ]
        [ "$found_claim" = "$claim" ]
        [ "$found_identifier" = "$(base16 "$url")" ] || [ "${found_identifier%%=*}" = "$(base64url "$url")" ]
        [ "$(wc -l <"$world/arguments")" = 3 ]
        cmp "$world/given" "$VECTORS/$forge-push.json"
    done
}

@test "W08 body octet by octet" {
    recording
    body=$(body '\n\t{"x":"Gr\303\274\303\237e \\u0000","repository":{"html_url":"u"}} \r\n\n')
    valid "$body" "$(gitea claim)"
    cmp "$world/given" "$body"
}

@test "W09 identifier of the right member" {
    recording
    both='{"html_url":"a","repository":{"git_http_url":"b","html_url":"r"},"project":{"html_url":"c","git_http_url":"p"}}'
    for row in "gitea r" "github r" "gitlab p"; do
        read -r forge url <<<"$row"
        valid "$(body "$both")" "$("$forge" claim)"
        identifier="$(sed -n 2p "$world/arguments")"
        [ "$identifier" = "$(base16 "$url")" ] || [ "${identifier%%=*}" = "$(base64url "$url")" ]
    done
}

@test "W10 member found as JSON, not as text" {
    serve
    text='{"note":"\\"repository\\":{\\"html_url\\":\\"%s\\"}","repository":{"owner":{"html_url":"%s"},"html_url":"%s"}}'
    printf "$text" "$GITEA_URL" "$GITEA_URL" "$GITHUB_URL" >"$world/body"
    valid "$world/body" "$(github "$(sign "$world/body" "$GITHUB_SECRET")")"
    invalid "$world/body" "$(github "$(sign "$world/body" "$GITEA_SECRET")")"
}

@test "W11 escaped slashes" {
    serve
    body='{"repository":{"html_url":"http:\\/\\/localhost:3000\\/example\\/example"}}'
    valid "$(body "$body")" "$(gitea "$(sign "$world/body" "$GITEA_SECRET")")"
}

@test "W12 body changed" {
    serve
    sed 's#refs/heads#refs/tails#' "$VECTORS/gitea-push.json" >"$world/body"
    not cmp -s "$world/body" "$VECTORS/gitea-push.json"
    invalid "$world/body" "$(gitea)"
}

@test "W13 GitLab with another body of the same repository" {
    serve
    sed 's#refs/heads#refs/tails#' "$VECTORS/gitlab-push.json" >"$world/body"
    valid "$world/body" "$(gitlab)"
}

@test "W14 no header" {
    serve
    invalid "$VECTORS/gitea-push.json"
}

@test "W15 empty header" {
    serve
    invalid "$VECTORS/gitea-push.json" "$(gitea "")"
    invalid "$VECTORS/github-push.json" "$(github "")"
    invalid "$VECTORS/gitlab-push.json" "$(gitlab "")"
}

@test "W16 no JSON" {
    serve
    for text in hello '[]' '"x"' '{"repository":'; do
        invalid "$(body "$text")" "$(gitea "$(sign "$world/body" "$GITEA_SECRET")")"
    done
}

@test "W17 empty body" {
    serve
    invalid /dev/null "$(gitea "$(sign /dev/null "$GITEA_SECRET")")"
}

@test "W18 no repository in the body" {
    serve
    for text in '{}' '{"repository":{}}' '{"project":{}}'; do
        invalid "$(body "$text")" "$(gitea "$(sign "$world/body" "$GITEA_SECRET")")"
        invalid "$world/body" "$(gitlab)"
    done
}

@test "W19 repository of another type" {
    serve
    for text in '{"repository":{"html_url":1}}' '{"repository":"x"}' '{"repository":null}' '{"repository":[]}'; do
        invalid "$(body "$text")" "$(gitea "$(sign "$world/body" "$GITEA_SECRET")")"
    done
}

@test "W20 repository without a secret" {
    serve
    sed 's#example/example#example/unknown#g' "$VECTORS/gitea-push.json" >"$world/body"
    invalid "$world/body" "$(gitea "$(sign "$world/body" "$GITEA_SECRET")")"
}

@test "W21 secret of another repository" {
    serve
    invalid "$VECTORS/gitea-push.json" "$(gitea "$(sign "$VECTORS/gitea-push.json" "$GITHUB_SECRET")")"
    invalid "$VECTORS/gitlab-push.json" "$(gitlab "$GITEA_SECRET")"
}

@test "W22 GET" {
    serve
    request GET /dev/null "$(gitea)" >"$world/answer"
    not grep -q '^HTTP[^ ]* 200' "$world/answer"
    grep -q '^HTTP' "$world/answer"
}

@test "W23 header name in other case" {
    serve
    valid "$VECTORS/gitea-push.json" "x-gitea-signature: $GITEA_CLAIM"
    valid "$VECTORS/gitlab-push.json" "X-GITLAB-TOKEN: $GITLAB_SECRET"
}

@test "W24 any other exit code of the CLI validator than 0" {
    script "$world/coded" <<'LINES'
exit $(cat "$W/code")
LINES
    echo 0 >"$world/code"
    serve WHCK="$world/coded"
    valid "$VECTORS/gitea-push.json" "$(gitea)"
    for code in 1 2 3 4 5 6 7 70 125 126 127 255; do
        echo "$code" >"$world/code"
        invalid "$VECTORS/gitea-push.json" "$(gitea)"
    done
}

@test "W25 death of the CLI validator by a signal" {
    script "$world/dying" <<'LINES'
kill -9 $$
LINES
    serve WHCK="$world/dying"
    invalid "$VECTORS/gitea-push.json" "$(gitea)"
}

@test "W26 CLI validator gone" {
    script "$world/gone" <<'LINES'
exit 0
LINES
    serve WHCK="$world/gone"
    valid "$VECTORS/gitea-push.json" "$(gitea)"
    rm "$world/gone"
    invalid "$VECTORS/gitea-push.json" "$(gitea)"
}

@test "W27 WHCK before ./bin/whck before PATH" {
    for name in named bin/whck path/whck; do
        script "$world/$name" <<LINES
[ "\$1" = --version ] || echo $name >"\$W/asked"
LINES
    done
    port="$(free_port)"
    asked() {
        start PATH="$world/path:$PATH" FORGEHOOKPORT="$port" "$@" -- "$server"
        valid "$VECTORS/gitea-push.json" "$(gitea)"
        kill "$server_id"
        wait "$server_id" || true
        cat "$world/asked"
    }
    [ "$(asked WHCK="$world/named")" = named ]
    [ "$(asked)" = bin/whck ]
    rm "$world/bin/whck"
    [ "$(asked)" = path/whck ]
}

@test "W28 port by FORGEHOOKPORT" {
    port="$(free_port)"
    start WHCK="$program" FORGEHOOKPORT="$port" -- "$server"
    valid "$VECTORS/gitlab-push.json" "$(gitlab)"
}

@test "W29 port by argument" {
    port="$(free_port)"
    start WHCK="$program" -- "$server" "$port"
    valid "$VECTORS/gitlab-push.json" "$(gitlab)"
}

@test "W30 FORGEHOOKPORT before the argument" {
    other="$(free_port)"
    port="$(free_port)"
    start WHCK="$program" FORGEHOOKPORT="$port" -- "$server" "$other"
    valid "$VECTORS/gitlab-push.json" "$(gitlab)"
}

@test "W31 listens on localhost only" {
    [ -r /proc/net/tcp ] || skip "the system does not show who listens"
    serve
    own="$(printf ':%04X 0' "$port")"
    listening="$(cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk '$4 == "0A" { print $2, $3 }' | grep -F "$own")"
    not grep -qv -e '^0100007F:' -e '^00000000000000000000000001000000:' <<<"$listening"
}

@test "W32 serves on after bad requests" {
    serve
    invalid "$VECTORS/gitea-push.json"
    invalid "$(body '{{{')" "$(gitea)"
    exec 5<>"/dev/tcp/127.0.0.1/$port"
    printf 'nonsense\r\n\r\n' >&5
    cat <&5 >"$world/answer" || true
    exec 5>&-
    valid "$VECTORS/gitea-push.json" "$(gitea)"
}

@test "W33 requests side by side" {
    serve
    for number in {1..20}; do
        (
            world="$(mktemp -d "$world/XXXXXX")"
            [ $((number % 2)) = 0 ] && claim="$GITEA_CLAIM" || claim=00
            status "$VECTORS/gitea-push.json" "$(gitea "$claim")" >"$world/../status-$number"
        ) &
    done
    wait $(jobs -p | grep -v "^$server_id$")
    for number in {1..20}; do
        found="$(cat "$world/status-$number")"
        [ $((number % 2)) = 1 ] || [ "$found" = 200 ] || fail "request $number: $found"
        [ $((number % 2)) = 0 ] || { [ -n "$found" ] && [ "$found" != 200 ]; } || fail "request $number: $found"
    done
}

@test "W34 no secret in any answer" {
    serve
    for claim in wrong "$GITLAB_SECRET" ""; do
        status "$VECTORS/gitlab-push.json" "$(gitlab "$claim")" >/dev/null
        not grep -qF -e "$GITLAB_SECRET" "$world/answer"
        status "$VECTORS/gitea-push.json" "$(gitea "$claim")" >/dev/null
        not grep -qF -e "$GITEA_SECRET" -e "$GITEA_CLAIM" "$world/answer"
    done
}

@test "W35 bin/server prints an absolute path of an executable, and nothing else" {
    [ -x "$spec/../bin/server" ] || skip "there is no bin/server beside the suite"
    path="$("$spec/../bin/server" 2>/dev/null)"
    [[ "$path" == /* ]]
    [ -x "$path" ]
}

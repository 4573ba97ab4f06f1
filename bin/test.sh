#!/usr/bin/env bash
# Everything that must hold: format, lints, tests, doc tests, the release build. Ends with the test runner's closing
# lines, and with another exit code than 0 if anything failed. Needs Rust, a C compiler, Node 20, npm,
# OpenSSL and Python 3.11 with venv; Chromium for the page, whose path $CHROMIUM may say.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

command -v cargo >/dev/null || PATH="$HOME/.cargo/bin:$PATH"
lacking=()
for tool in cargo cc node npm openssl python3; do
    command -v "$tool" >/dev/null || lacking+=("$tool")
done
python3 -c "import ensurepip, venv" 2>/dev/null || lacking+=(python3-venv)
if [ "${#lacking[@]}" -gt 0 ]; then
    echo "bin/test.sh: missing: ${lacking[*]} (Rust from https://rustup.rs; the others from the system)" >&2
    exit 1
fi

if [ ! -x spec/test_cli.sh ]; then
    echo "bin/test.sh: the folder spec is missing: check the repository out whole" >&2
    exit 1
fi

step() {
    printf '\n== %s\n' "$1"
    shift
    "$@"
}

step "format" cargo fmt --all --check
# A macro lists these, so that one line adds one: the formatter does not find them by itself.
step "format of the providers" rustfmt --edition 2024 --config-path . --check crates/verify/src/provider/*.rs
step "lints" cargo clippy --workspace --all-targets --locked -- -D warnings
if cargo deny --version >/dev/null 2>&1; then
    step "dependencies" cargo deny --workspace --locked check bans licenses sources
fi
step "documentation's examples" cargo test --doc --locked -p verify -p scanner-kit
step "release build" cargo build --release --locked -p countersign -p whck -p forge-endpoint

whck="$(bin/cli)"
server="$(bin/server)"
step "forge: the CLI validator" spec/test_cli.sh "$whck"
step "forge: the web validator" spec/test_web.sh "$server" "$whck"
step "forge: the suites, from anywhere and against what is wrong" spec/test_tests_cli.sh "$whck"
spec/test_tests_web.sh "$server" "$whck"

if [ "$(id -u)" = 0 ]; then
    command -v sudo >/dev/null || { apt-get update -q && apt-get install -qy --no-install-recommends sudo; } >&2
    step "forge: the set-ups, with real accounts" \
        cargo test --locked -p forge-endpoint --test it -- --ignored --test-threads 2 accounts::
else
    step "forge: the set-ups, with real accounts" \
        echo "NOT RUN: not root, so no accounts can be made; only the unprivileged part was tested"
fi

# The tests look for it in the same way.
browser() {
    for name in ${CHROMIUM:-chromium chromium-browser google-chrome}; do
        if command -v "$name"; then return; fi
    done
    return 1
}
if [ "${CHROMIUM:-}" != none ] && ! browser >/dev/null && [ "$(id -u)" = 0 ]; then
    { apt-get update -q && apt-get install -qy --no-install-recommends chromium; } >&2 || true
fi
if ! browser >/dev/null; then
    export CHROMIUM=none
    step "page: in a browser" echo "NOT RUN: there is no Chromium; install one, or set CHROMIUM to its path"
fi

log="$(mktemp)"
trap 'rm -f "$log"' EXIT
if command -v cargo-nextest >/dev/null; then
    runner=(cargo nextest run --workspace --locked)
else
    runner=(cargo test --workspace --locked --all-targets)
fi
status=0
step "tests" "${runner[@]}" 2>&1 | tee "$log" || status=$?

printf '\n== closing lines\n'
if command -v cargo-nextest >/dev/null; then
    sed -n '/Summary \[/,$p' "$log"
else
    grep '^test result:' "$log" || true
fi
exit "$status"

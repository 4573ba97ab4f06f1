#!/bin/sh
# A scanner for Countersign. Standard input is one call, already verified: a JSON object. Standard output is the answer.
# Instead of the object it may be the word skip (nothing to scan here) or defer (a result follows).
# Any other output or exit code is a failure, and the gateway tries again later.
set -eu

if grep -q EICAR; then
    echo '{"version":"1.0.0","matchedRules":["MALICIOUS"]}'
else
    echo '{"version":"1.0.0","matchedRules":[]}'
fi

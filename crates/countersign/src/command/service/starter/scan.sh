#!/bin/sh
# A scanner for Countersign. Standard input is one call, already verified: a JSON object. Standard output is the answer.
# Anything but exit code 0 and a JSON object with a version is a failure, and the gateway tries again later.
set -eu

if grep -q EICAR; then
    echo '{"version":"1.0.0","matchedRules":["MALICIOUS"]}'
else
    echo '{"version":"1.0.0","matchedRules":[]}'
fi

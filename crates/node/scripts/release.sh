#!/usr/bin/env bash
# Makes the package of the system that this runs on, as it is published: built for release, tested, packed into dist/,
# installed from there and put to use. PAROLE_VALUE must be set.
#
#     scripts/release.sh [build:release:win]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

npm run "${1:-build:release}" -- --require-parole
npm test
rm -rf dist
npm run package
npm run package -- --meta
npm run check:packed

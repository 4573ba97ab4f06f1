#!/bin/sh
# Starts the container's program if its license matches the image, and ends the start otherwise: the exit code is then
# that of container-check, and standard error says why.
#
# Beside this script lie container-check, the public keys (keys.json) and the image's token (container.jwt). The image
# sets IMG to its name; write `--image NAME` here if whoever runs the image must not set another.
set -eu
here="$(cd "$(dirname "$0")" && pwd)"

unset COUNTERSIGN_CONTAINER_TOKEN
COUNTERSIGN_CONTAINER_TOKEN_FILE="$here/container.jwt" "$here/container-check" --keys "$here/keys.json"
exec "$@"

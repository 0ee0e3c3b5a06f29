#!/usr/bin/env bash
# A day of a venue. `run.out` is the transcript:
#
#   examples/expo/run.sh | diff examples/expo/run.out -
#
# Uses $TEBURA, or builds and runs the release binary.
set -euo pipefail
cd "$(dirname "$0")/../.."
export LC_ALL=C.UTF-8

if [ -z "${TEBURA:-}" ]; then
  cargo build --quiet --release
  TEBURA=target/release/tebura
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

echo '$ tebura demo expo'
# How long things take differs, and who was cut off by the crash; what comes of everything does not.
"$TEBURA" demo expo --data "$work/venue" --out "$work/report" |
  sed -E -e '/^# waiting/,/^# refusals/{/^  /d}' -e '/the hub was killed|index\.html/d' \
    -e 's/ [0-9]+ ms$//' -e 's/in [0-9.]+ s$/in … s/' -e 's/ ⟲//' -e 's/ +$//'
(cd "$work/report" && ls)

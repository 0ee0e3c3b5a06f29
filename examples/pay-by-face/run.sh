#!/usr/bin/env bash
# Starts a demo city of its own on a free port and pays with the pictures beside this script. `run.out` is its transcript:
#
#   examples/pay-by-face/run.sh | diff examples/pay-by-face/run.out -
#
# Uses $TEBURA, or builds and runs the release binary.
set -euo pipefail
cd "$(dirname "$0")/../.."
export LC_ALL=C.UTF-8

if [ -z "${TEBURA:-}" ]; then
  cargo build --quiet --release
  TEBURA=target/release/tebura
fi
data=$(mktemp -d)
: >"$data/hub.out"
"$TEBURA" --listen 127.0.0.1:0 --data "$data/city" >"$data/hub.out" 2>"$data/hub.err" &
hub=$!
trap 'kill "$hub" 2>/dev/null; wait "$hub" 2>/dev/null; rm -rf "$data"' EXIT
until grep -q '^Ready' "$data/hub.out"; do
  kill -0 "$hub" 2>/dev/null || { cat "$data/hub.out" "$data/hub.err" >&2; exit 1; }
  read -rt 0.2 <> <(:) || true
done

# Ids differ from run to run.
pay() {
  echo "\$ tebura demo pay examples/pay-by-face/$*"
  "$TEBURA" demo pay --data "$data/city" "examples/pay-by-face/$1" "${@:2}" | sed -E 's/(hold|op|pay)_[0-9a-f]{32}/\1_…/g'
  echo
}
pay hanako.png
pay taro.png --amount 800
pay hanako.png --amount 6000
pay hanako.png --amount 6000 --pin 2718
pay sakura.png
pay stranger.png
pay masked.png
pay screen.png
pay two.png
pay nobody.png

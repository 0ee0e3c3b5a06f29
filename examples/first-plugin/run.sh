#!/usr/bin/env bash
# From nothing to a rail that runs, in five commands, against a demo city of its own. `run.out` is the transcript:
#
#   examples/first-plugin/run.sh | diff examples/first-plugin/run.out -
#
# Everything happens in an empty folder, as at a partner's: the plugin is a workspace of its own and finds nothing of this
# repository. Uses $TEBURA, or builds and runs the release binary. What the builds leave is kept in target/first-plugin,
# so that a second run is quick; the folder is the same in each run because the compiler's flags name it.
set -euo pipefail
cd "$(dirname "$0")/../.."

if [ -z "${TEBURA:-}" ]; then
  cargo build --quiet --release
  TEBURA=$PWD/target/release/tebura
fi
tebura=$(realpath "$TEBURA")
export CARGO_TARGET_DIR="${FIRST_PLUGIN_TARGET:-$PWD/target/first-plugin}"
export TEBURA_GUEST_TARGET="$CARGO_TARGET_DIR/guest"
work=$CARGO_TARGET_DIR/walk
rm -rf "$work"
mkdir -p "$work"
: >"$work/hub.out"
"$tebura" --listen 127.0.0.1:0 --data "$work/city" >"$work/hub.out" 2>"$work/hub.err" &
hub=$!
trap 'kill "$hub" 2>/dev/null; wait "$hub" 2>/dev/null; rm -rf "$work"' EXIT
until grep -q '^Ready' "$work/hub.out"; do
  kill -0 "$hub" 2>/dev/null || { cat "$work/hub.out" "$work/hub.err" >&2; exit 1; }
  read -rt 0.2 <> <(:) || true
done

mkdir "$work/partner"
cd "$work/partner"
export LC_ALL=C.UTF-8 TEBURA_DATA="$work/city" TEBURA_PUBLISHER_KEY="$work/keys/publisher.pem"

# Numbers, digests and names of keys differ from compiler to compiler and from run to run; what has to fit, fits or fails.
even() {
  sed -E \
    -e "s#$work#…#g" \
    -e 's/[0-9a-f]{64}/…/g' \
    -e 's/publisher-[0-9a-f]{8}/publisher-…/g' \
    -e 's/([0-9a-f]{4} ){7}[0-9a-f]{4}/…/g' \
    -e 's/^built with .*/built with …/' \
    -e 's/[0-9,]+ bytes, sha256/… bytes, sha256/' \
    -e 's/^  (fuel|memory|time|size) +[0-9,]+ of +([0-9,]+)( [a-zµ]+)? \([0-9]+ %\), .*/  \1  … of \2\3/' \
    -e 's/^(  component  ).* steps of/\1… steps of/' \
    -e 's/^(jp\.[a-z.-]+ +[0-9.]+ +)[0-9a-f]{12}/\1…/'
}
run() {
  echo "\$ tebura plugin $*" | even
  "$tebura" plugin "$@" | even
  echo
}

run new rail machi-pay
run test machi-pay
run build machi-pay
run sign machi-pay
echo "$ echo yes | tebura plugin install machi-pay --endpoint gateway=https://gateway.example.jp"
echo yes | "$tebura" plugin install machi-pay --endpoint gateway=https://gateway.example.jp | even
echo

echo "# It runs; and what an operator and an author do with it later."
echo
run list
cat >hold.json <<'JSON'
{"command": "hold", "amount": 1200, "id": "op_01900000000070008000000000000000"}
JSON
echo '$ tebura plugin call machi-pay hold.json'
"$tebura" plugin call machi-pay hold.json 2>/dev/null
echo
run verify machi-pay --keyring machi-pay/publisher.toml
echo '$ echo yes | tebura plugin disable jp.example.machi-pay --reason "the partner asked for it"'
echo yes | "$tebura" plugin disable jp.example.machi-pay --reason "the partner asked for it"
echo
run list
run enable jp.example.machi-pay
key=$(sed -n 's/^id = "\(.*\)"/\1/p' machi-pay/publisher.toml)
run revoke "$key" --reason "lost laptop"
echo '$ echo yes | tebura plugin install machi-pay --endpoint gateway=https://gateway.example.jp'
echo yes | "$tebura" plugin install machi-pay --endpoint gateway=https://gateway.example.jp 2>&1 | even || true

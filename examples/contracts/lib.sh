# What the scripts beside it share: a hub of its own, people with wallets and keys, and words to tell a story.
# Source it. Needs bash, curl and jq; uses $TEBURA, or builds and runs the release binary.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../../.."
export LC_ALL=C.UTF-8
if [ -z "${TEBURA:-}" ]; then
  cargo build --quiet --release
  TEBURA=target/release/tebura
fi

work=$(mktemp -d)
hub_process=""
trap '[ -z "$hub_process" ] || { kill "$hub_process"; wait "$hub_process"; } 2>/dev/null || true; rm -rf "$work"' EXIT
declare -A signs accounts people key_ids # by the party's name in the document
books=() calls=0

# Starts a hub that keeps four books beside its own, on a free port.
start_hub() {
  printf 'listen = "127.0.0.1:0"\ndata = "data"\n' >"$work/tebura.toml"
  for book in cbdc:JPY deposit:JPY emoney:JPY asset:VEHICLE; do
    printf '[[books]]\nrail = "%s"\nassets = ["%s"]\n' "${book%:*}" "${book#*:}" >>"$work/tebura.toml"
  done
  operator=$("$TEBURA" operator-key --data "$work/data" 2>/dev/null)
  : >"$work/hub.log"
  "$TEBURA" serve --config "$work/tebura.toml" --log json >"$work/hub.log" 2>&1 &
  hub_process=$!
  until hub=$(grep -o '127\.0\.0\.1:[1-9][0-9]*' "$work/hub.log"); do
    kill -0 "$hub_process" 2>/dev/null || { cat "$work/hub.log" >&2; exit 1; }
    read -rt 0.05 <> <(:) || true
  done
}

# api METHOD PATH KEY [BODY]: asks the hub; the answer is in $work/answer, its status in $status.
api() {
  local body=()
  calls=$((calls + 1))
  [ -z "${4-}" ] || body=(-H 'Content-Type: application/json' -H "Idempotency-Key: call-$calls" --data-binary "$4")
  status=$(curl -sS -X "$1" -o "$work/answer" -w '%{http_code}' -H "Authorization: Bearer $3" "${body[@]}" "http://$hub$2")
}

# make PATH BODY: sets something up as the operator; its id is in $made.
make() {
  api POST "$1" "$operator" "$2"
  [ "$status" = 201 ] || { cat "$work/answer" >&2; exit 1; }
  made=$(jq -r .id "$work/answer")
}

# merchant PARTY NAME RAIL...: a merchant that is paid on these rails. The last one proposes.
merchant() {
  make /v1/merchants "{\"name\": \"$2\", \"sandbox\": true, \"currency\": \"JPY\"}"
  accounts[$1]=$made
  for rail in "${@:3}"; do
    make "/v1/merchants/${accounts[$1]}/payees" "{\"rail\": \"$rail\", \"currency\": \"JPY\"}"
    books+=("$1 $rail $(jq -r .account "$work/answer")")
  done
  make /v1/keys "{\"merchant\": \"${accounts[$1]}\", \"scopes\": [\"read\", \"holds\"]}"
  merchant_key=$(jq -r .secret "$work/answer")
}

# wallet PARTY RAIL AMOUNT [ASSET]: a wallet with something in it.
wallet() {
  local asset=${4:-JPY} account
  if [ -z "${people[$1]-}" ]; then
    make /v1/people "{\"name\": \"$1\"}"
    people[$1]=$made
  fi
  make "/v1/people/${people[$1]}/instruments" "{\"rail\": \"$2\", \"label\": \"$2\", \"currency\": \"$asset\"}"
  accounts[$1]="${accounts[$1]-} $made"
  account=$(jq -r .account "$work/answer")
  books+=("$1 $2 $account")
  [ "$3" = 0 ] || make "/v1/accounts/$account/fund" "{\"amount\": {\"minor\": $3, \"currency\": \"$asset\"}}"
}

# signer PARTY...: who signs, each with a key that only it has.
signer() {
  for name in "$@"; do
    make /v1/parties "{\"label\": \"$name\"}"
    signs[$name]=$made
    new_key "$name"
  done
}

# new_key PARTY: makes a key and registers its public half; the registration is signed with it.
new_key() {
  local public
  rm -f "$work/$1.pem"
  public=$("$TEBURA" statement keygen --out "$work/$1.pem" 2>/dev/null)
  printf '{"party": "%s", "public_key": "%s"}' "${signs[$1]}" "$public" >"$work/key.json"
  calls=$((calls + 1))
  key_ids[$1]=$(curl -sS -H "Authorization: Bearer $operator" -H "Idempotency-Key: call-$calls" \
    -H 'Content-Type: application/json' -H "Tebura-Signature: $("$TEBURA" statement sign --key "$work/$1.pem" "$work/key.json")" \
    --data-binary "@$work/key.json" "http://$hub/v1/parties/${signs[$1]}/keys" | jq -re .id)
}

# propose WORDS [MEMBERS]: proposes contract.json to everybody who was named, with further members of the request.
propose() {
  local body members=${2:-"{}"}
  body=$(for name in "${!signs[@]}" "${!accounts[@]}"; do
    printf '%s\t%s\t%s\n' "$name" "${signs[$name]-}" "${accounts[$name]-}"
  done | jq -Rn --slurpfile document "$here/contract.json" --argjson members "$members" '
    ([$document[0], $members.further[]?] | map(.parties | keys) | add) as $named
    | [inputs | split("\t") | select(.[0] | IN($named[])) | {(.[0]): (
        {accounts: (.[2] | split(" ") | map(select(. != "")))} + (if .[1] == "" then {} else {signs: .[1]} end))}]
    | {document: $document[0], parties: add} + $members')
  say "$1"
  api POST /v1/contracts "$merchant_key" "$body"
  if [ "$status" = 201 ]; then
    contract=$(jq -r .id "$work/answer")
    hash=$(jq -r .document "$work/answer")
  fi
  heard
}

# agree PARTY...: each signs that it agrees to the document.
agree() {
  for name in "$@"; do tell "$name agrees to the document's hash" "$name" --agree "$hash"; done
}

# tell WORDS PARTY STATEMENT...: writes a statement (`tebura statement write`), signs it and sends it.
tell() {
  write "${@:2}"
  sign "$2"
  say "$1"
  send
}
write() { "$TEBURA" statement write --contract "$contract" --by "$1" "${@:2}" >"$work/said.json"; }
sign() { signature=$("$TEBURA" statement sign --key "$work/$1.pem" --kid "${key_ids[$1]}" "$work/said.json"); }
send() {
  status=$(curl -sS -o "$work/answer" -w '%{http_code}' -H "Tebura-Signature: $signature" \
    -H 'Content-Type: application/json' --data-binary "@$work/said.json" "http://$hub/v1/contracts/$contract/events")
  heard
}

# Prints how the contract stands, or why nothing happened. Ids and hashes differ from run to run.
heard() {
  if [[ $status == 2* ]]; then
    jq -r -L examples/contracts --slurpfile document "${document:-$here/contract.json}" --argjson now "$EPOCHSECONDS" \
      'include "story"; stands($document[0]; $now)' "$work/answer"
  else
    jq -r '"  refused, \(.status) \(.code): \(.detail)"' "$work/answer" |
      sed -E 's/(ctr|hold|pty|pk|inst|mrc|acct)_[0-9a-f]{32}/\1_…/g; s/sha256:[0-9a-f]{64}/sha256:…/g'
  fi
  echo
}

# take_hold LEG: the merchant captures the hold of a leg by itself, past the contract.
take_hold() {
  api GET "/v1/contracts/$contract" "$merchant_key"
  api POST "/v1/holds/$(jq -r --arg leg "$1" '.legs[] | select(.leg == $leg) | .hold' "$work/answer")/capture" "$merchant_key" '{}'
  heard
}

# hours HOURS: that many hours from now, as an anchor takes it.
hours() { jq -nr "now + 3600 * $1 | floor | todate"; }

say() { echo "\$ $1"; }
note() { printf '# %s\n\n' "$1"; }

# money: who has how much. What is held is still its owner's. Ends the script when money came from nowhere or went there.
money() {
  local book name rail account
  for book in "${books[@]}"; do
    read -r name rail account <<<"$book"
    api GET "/v1/accounts/$account" "$operator"
    jq -c --arg name "$name" --arg rail "$rail" '{name: $name, rail: $rail, posted, held: .held.minor}' "$work/answer"
  done >"$work/money"
  say "who has how much"
  jq -rs -L examples/contracts 'include "story"; purses' "$work/money"
  echo
  jq -s 'group_by(.posted.currency) | map(map(.posted.minor) | add)' "$work/money" >"$work/together"
  [ -e "$work/first" ] || cp "$work/together" "$work/first"
  cmp -s "$work/first" "$work/together" || { echo "the money does not add up" >&2; exit 1; }
}

jq -r '"# \(.name.ja): \(.name.en)\n"' "$here/contract.json"
start_hub

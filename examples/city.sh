# What the scripts of city services share: a demo city of its own with a terminal, and what a terminal asks. Source it.
# Needs bash, curl, jq and openssl; uses $TEBURA, or builds and runs the release binary.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."
export LC_ALL=C.UTF-8
if [ -z "${TEBURA:-}" ]; then
  cargo build --quiet --release
  TEBURA=target/release/tebura
fi
TEBURA=$(realpath "$TEBURA")

work=$(mktemp -d)
trap 'kill "${hub_process:-0}" 2>/dev/null; wait 2>/dev/null; rm -rf "$work"' EXIT
calls=0

# Starts a demo city on a free port.
start_city() {
  : >"$work/hub.out"
  "$TEBURA" --listen 127.0.0.1:0 --data "$work/city" >"$work/hub.out" 2>"$work/hub.err" &
  hub_process=$!
  until grep -q '^Ready' "$work/hub.out"; do
    kill -0 "$hub_process" 2>/dev/null || { cat "$work/hub.out" "$work/hub.err" >&2; exit 1; }
    read -rt 0.2 <> <(:) || true
  done
  export TEBURA_DATA="$work/city"
  mkdir -p "$work/city/credentials"
  hub=$(setting hub) operator=$(setting operator_key) till=$(setting till_key)
  api POST /v1/keys "$operator" "$(jq -n --arg id "$(merchant)" '{merchant: $id, scopes: ["services", "read"]}')"
  terminal=$(jq -re .secret "$work/answer")
}

setting() { sed -n "s/^$1 = \"\(.*\)\"\$/\1/p" "$work/city/demo.toml"; }
# person WORD: the id of somebody of the demo.
person() { setting "$1"; }
# The demo's shop and the gallery of its till.
merchant() { setting merchant; }
gallery() { setting gallery; }

# api METHOD PATH KEY [BODY]: asks the hub; the answer is in $work/answer, its status in $status.
api() {
  local body=()
  calls=$((calls + 1))
  [ -z "${4-}" ] || body=(-H 'Content-Type: application/json' -H "Idempotency-Key: call-$calls" --data-binary "$4")
  status=$(curl -sS -X "$1" -o "$work/answer" -w '%{http_code}' -H "Authorization: Bearer $3" "${body[@]}" "$hub$2")
}

# install PLUGIN OPTION...: puts a plugin of this repository into the city.
install() {
  echo yes | "$TEBURA" plugin install "plugins/$1" "${@:2}" >"$work/installed" 2>&1 || { cat "$work/installed" >&2; exit 1; }
}

# apply SERVICE [GALLERY]: makes a file of examples/services what runs, with the ids of this city, at any hour; GALLERY is the
# second one in it.
apply() {
  mkdir -p "$work/services"
  sed "s/mrc_01a20480000070008000000000000000/$(merchant)/; s/gal_01a20480000070008000000000000001/$(gallery)/
    s/gal_01a20480000070008000000000000002/${2-}/; /^\[hours]/,/^$/d" "examples/services/$1.toml" >"$work/services/$1.toml"
  "$TEBURA" config apply --services "$work/services" --yes >"$work/applied" 2>&1 || { cat "$work/applied" >&2; exit 1; }
}

# new_gallery NAME: its id is in $made.
new_gallery() {
  api POST /v1/galleries "$operator" "{\"name\": \"$1\"}"
  made=$(jq -re .id "$work/answer")
}

# ask WORDS SERVICE REQUEST [FACE]: the terminal asks; FACE is a picture beside examples/pay-by-face.
ask() {
  say "$1"
  calls=$((calls + 1))
  local form=(-H 'Content-Type: application/json' --data-binary "$3")
  [ -z "${4-}" ] || form=(-F "request=$3" -F "image=@examples/pay-by-face/$4.png")
  status=$(curl -sS -o "$work/answer" -w '%{http_code}' -H "Authorization: Bearer $terminal" -H "Idempotency-Key: ask-$calls" \
    "${form[@]}" "$hub/v1/services/$2/requests")
  heard
}

# tell WORDS SERVICE PATH BODY: says something to the last request that was kept.
tell() {
  say "$1"
  api POST "/v1/services/$2/requests/$request/$3" "$terminal" "$4"
  heard
}

# agree WORDS SERVICE YEN: the person agrees to a payment.
agree() {
  tell "$1" "$2" consent "{\"agreed\": true, \"consent\": {\"up_to\": {\"minor\": $3, \"currency\": \"JPY\"}}}"
}

# keep: the last request is the one that is told things.
keep() { request=$(jq -re .id "$work/answer"); }

# Prints what a terminal shows, without ids and days.
heard() {
  jq -r 'if .status | type == "number" then "  \(.status) \(.code)"
    elif .consent_needed then "  \(.masked_name): 同意しますか — \(.consent_needed.memo) \(.consent_needed.up_to.minor) 円"
    else "  \(.status)\(if .masked_name then " \(.masked_name)" else "" end) \(.output | del(.took_ms) | tojson)" end' "$work/answer" |
    sed -E 's/(req|hold|op|party)_[0-9a-f]{32}/\1_…/g; s/\b20[0-9]{2}-[0-9]{2}-[0-9]{2}/年-月-日/g; s/"F[0-9]{4}-/"F年-/g; s/("arrived":)[0-9]+/\1…/'
  echo
}

# pay WORDS TILL_KEY FACE YEN: somebody pays by face at a till.
pay() {
  say "$1"
  calls=$((calls + 1))
  curl -sS -o "$work/answer" -H "Authorization: Bearer $2" -H "Idempotency-Key: pay-$calls" \
    -F "payment={\"amount\": {\"minor\": $4, \"currency\": \"JPY\"}}" -F "image=@examples/pay-by-face/$3.png" "$hub/v1/payments/face"
  jq -r 'if .status == "paid" then "  paid \(.masked_name) \(.amount.minor) 円" else "  \(.status) \(.code)" end' "$work/answer"
  echo
}

say() { echo "\$ $1"; }
note() { printf '# %s\n\n' "$1"; }

#!/usr/bin/env bash
# A person proves who she is with her My Number card, from the shell: a simulated card, a simulated platform operator, and the
# plugin in its sandbox. Then signatures that prove nothing, each for a reason of its own. `run.out` is the transcript:
#
#   examples/my-number/run.sh | diff examples/my-number/run.out -
. "$(dirname "$0")/../city.sh"
platform=$(dirname "$TEBURA")/sandbox-platform
[ -x "$platform" ] || cargo build --quiet --release -p tebura-providers --bin sandbox-platform
start_city
: >"$work/platform.out"
"$platform" --credential 'of the platform' --admin 'of the office' >"$work/platform.out" &
platform_process=$!
trap 'kill "$hub_process" "$platform_process" 2>/dev/null; wait 2>/dev/null; rm -rf "$work"' EXIT
until grep -q http "$work/platform.out"; do read -rt 0.1 <> <(:) || true; done
office=$(cat "$work/platform.out")
printf 'Bearer of the platform' >"$work/city/credentials/platform"

card() { "$TEBURA" sandbox card "$@"; }
# office PATH BODY: the platform operator learns something.
office() { curl -sSf -X POST -H 'Authorization: Bearer of the office' -H 'Content-Type: application/json' --data-binary "${2-}" "$office/sandbox/$1"; }
# proofing PERSON PURPOSE: begins; its path is in $path, what is to be signed in $to_sign.
proofing() {
  api POST /v1/proofings "$operator" "{\"person\": \"$1\", \"plugin\": \"jp.tebura.mynumber\", \"purpose\": \"$2\",
    \"agreed_claims\": [\"name\", \"birth_date\", \"municipality\"], \"locale\": \"ja\"}"
  path=/v1/proofings/$(jq -re .id "$work/answer") to_sign=$(jq -re .challenge.to_sign "$work/answer")
}
# evidence WORDS BODY: gives the card's answer to the last proofing.
evidence() {
  say "$1"
  api POST "$path/evidence" "$operator" "$2"
  jq -r 'if .code then "  \(.code)" elif .reason then "  \(.status) \(.reason.code): \(.reason.message)"
    else "  \(.status), level \(.proof.ial): \(.proof.claims | join(", "))" end' "$work/answer"
  echo
}
signed() { card sign "$work/$1" <<<"$to_sign" 2>"$work/shown"; }
# prove WORDS PERSON PURPOSE CARD: begins, signs with a card, and gives it.
prove() {
  proofing "$2" "$3"
  evidence "$1" "$(signed "$4")"
}

note "試験用の認証局を作り、本番の設定では受け付けないことを確かめる。 A test PKI, which production does not take."
anchors=$(card roots "$work/roots")
ls "$work/roots" | sed 's/^/  /'
echo
install mynumber --setting "anchors=$anchors" --setting profile=production --endpoint "platform=$office" --credential platform=platform
hanako=$(person hanako) taro=$(person taro)
card new "$work/today" --root "$work/roots/rsa.json" --serial 51 >/dev/null
prove "hanako, where roots of tests do not count" "$hanako" enrolment today

note "カードで本人を証明する。 She proves who she is, with today's card and with the next one."
install mynumber --setting "anchors=$anchors" --setting profile=test --endpoint "platform=$office" --credential platform=platform
card new "$work/next" --root "$work/roots/p384.json" --serial 52 >/dev/null
card show "$work/today" | sed 's/  until .*//; s/^/  /'
card show "$work/next" | sed 's/  until .*//; s/^/  /'
echo
for serial in 51 52; do office cards "{\"serial\": \"$serial\", \"user\": \"user-hanako\"}"; done
prove "hanako, RSA-2048" "$hanako" enrolment today
sed -E 's/[0-9a-f]{32,}/…/g; s/[A-Za-z0-9_-]{40,}/…/g; s/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z/…/; s/[0-9]{13}/…/; s/^/  | /' "$work/shown"
echo
prove "hanako, P-384" "$hanako" renewal next
api GET "/v1/people/$hanako/claims" "$operator"
jq -r '.items[] | "  \(.name) = \(.value)"' "$work/answer"
echo

note "何も証明しない署名。 Signatures that prove nothing."
proofing "$hanako" payment
used=$(signed today)
evidence "for its session" "$used"
evidence "another signature for the same session" "$(signed next)"
proofing "$hanako" payment
evidence "the first one again, for a later session" "$used"
proofing "$hanako" donation
evidence "what was signed for a payment, to donate" "$used"
card new "$work/over" --root "$work/roots/rsa.json" --serial 53 --expired >/dev/null
prove "a card whose certificate is over" "$hanako" enrolment over
card new "$work/old" --root "$work/roots/rsa-over.json" --serial 54 >/dev/null
prove "a card of a root that is over" "$hanako" enrolment old
card new "$work/login" --root "$work/roots/rsa.json" --serial 55 --for-logging-in >/dev/null
prove "the certificate for logging in" "$hanako" enrolment login
card roots "$work/elsewhere" >/dev/null
card new "$work/foreign" --root "$work/elsewhere/rsa.json" --serial 51 >/dev/null
prove "a card of other roots" "$hanako" enrolment foreign
card new "$work/unknown" --root "$work/roots/rsa.json" --serial 56 >/dev/null
prove "a card that the operator does not know" "$hanako" enrolment unknown
prove "hanako's card, for taro" "$taro" enrolment next
office cards/51/revoke
prove "hanako's card, after she moved house" "$hanako" enrolment today

#!/usr/bin/env bash
# The shelters of a district: by face, by card, by hand, and a device without a network. `run.out` is the transcript:
#
#   examples/shelter/run.sh | diff examples/shelter/run.out -
. "$(dirname "$0")/../city.sh"
start_city
install shelter
new_gallery "いま避難している人"
apply east-shelters "$made"
register() { jq -nc --arg shelter "$1" --argjson more "${2:-"{}"}" '{action: "register", input: ({$shelter} + $more)}'; }

note "顔、カード、手書き。同じ名簿に載る。 By face, by card, by hand: one register."
ask "東小学校, her face" east-shelters "$(register east-school)" hanako
ask "東小学校, taro's card, which says his name" east-shelters \
  "$(register east-school | jq -c --arg person "$(person taro)" '. + {by: "card", $person, attested: {name: "佐藤 太郎", birth_date: "1970-01-02"}}')"
ask "東小学校, written in by the staff" east-shelters \
  "$(register east-school '{"name": "加賀 一郎", "birth_date": "1950-03-04", "people": 2, "needs": ["medication"], "disclose": true}')"
ask "東小学校, somebody without a name" east-shelters "$(register east-school)"
ask "her face once more" east-shelters "$(register east-school)" hanako
ask "she moves to 文化会館" east-shelters "$(register culture-hall)" hanako

note "同じ人かもしれない二人は、人が見て決める。 Who may be one person is for people to decide."
ask "文化会館, the same name and birthday" east-shelters "$(register culture-hall '{"name": "加賀 一郎", "birth_date": "1950-03-04", "disclose": true}')"
double=$(jq -re .output.entry "$work/answer") first=$(jq -re .output.perhaps "$work/answer")
ask "one person: merge" east-shelters "{\"action\": \"merge\", \"input\": {\"keep\": $first, \"drop\": $double}}"
ask "hanako and taro are two" east-shelters '{"action": "merge", "input": {"keep": 2, "drop": 4}}'
ask "headcount" east-shelters '{"action": "headcount"}'

note "支援措置の対象者は数え、誰にも教えない。 Who is protected is counted, and told of to nobody."
ask "written in, protected" east-shelters \
  "$(register east-school '{"name": "保護 花", "birth_date": "1990-01-01", "disclose": true, "protect": true}')"
ask "where is 保護 花?" east-shelters '{"action": "enquire", "input": {"name": "保護 花", "birth_date": "1990-01-01"}}'
ask "where is 加賀 一郎?" east-shelters '{"action": "enquire", "input": {"name": "加賀 一郎", "birth_date": "1950-03-04"}}'
ask "what may be published" east-shelters '{"action": "public"}'

note "網が切れても受け付け、あとから送る。 Without a network: written down, and sent later."
public=$("$TEBURA" statement keygen --out "$work/device.pem" 2>/dev/null)
api POST /v1/parties "$(setting shop_key)" '{"label": "東小学校のタブレット"}'
device=$(jq -re .id "$work/answer")
printf '{"party": "%s", "public_key": "%s"}' "$device" "$public" >"$work/key.json"
kid=$(curl -sS -H "Authorization: Bearer $(setting shop_key)" -H "Idempotency-Key: device-key" -H 'Content-Type: application/json' \
  -H "Tebura-Signature: $("$TEBURA" statement sign --key "$work/device.pem" "$work/key.json")" \
  --data-binary "@$work/key.json" "$hub/v1/parties/$device/keys" | jq -re .id)
# device LOG ARGUMENT...: the tablet writes an entry.
device() {
  "$TEBURA" offline write "$work/$1" --key "$work/device.pem" --kid "$kid" --device "$device" --service east-shelters \
    --action register "${@:2}"
}
# send WORDS LOG: the tablet has a network again.
send() {
  say "$1"
  TEBURA_KEY=$terminal "$TEBURA" offline send "$work/$2" --hub "$hub" 2>&1 | sed "s#$work/##; s/^/  /" || true
  echo
}
device east.log --by staff --input '{"shelter": "east-school", "name": "網切 花子", "birth_date": "1961-02-03"}' >/dev/null
cp "$work/east.log" "$work/forked.log"
device east.log --by card --person "$(person sakura)" --input '{"shelter": "east-school"}' >/dev/null
device forked.log --by staff --input '{"shelter": "east-school", "name": "だれか"}' >/dev/null
send "the tablet sends its log" east.log
send "and again" east.log
send "another version of the same log" forked.log
sed '1d' "$work/east.log" >"$work/torn.log"
send "a log without its first entry" torn.log
ask "headcount" east-shelters '{"action": "headcount"}'

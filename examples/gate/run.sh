#!/usr/bin/env bash
# A venue with a face gate and an ordinary one, and the shop behind them. `run.out` is the transcript:
#
#   examples/gate/run.sh | diff examples/gate/run.out -
. "$(dirname "$0")/../city.sh"
start_city
printf 'the ticket office of the example' >"$work/city/credentials/tickets"
install gate --key tickets=tickets
new_gallery "きょうの来場者"
today=$made
apply venue "$today"
api POST /v1/tills "$operator" "{\"merchant\": \"$(merchant)\", \"gallery\": \"$today\", \"name\": \"売店\", \"pin_above\": 5000, \"max_amount\": 30000}"
api POST /v1/keys "$operator" "{\"merchant\": \"$(merchant)\", \"till\": $(jq .id "$work/answer"), \"scopes\": [\"pay\"]}"
shop=$(jq -re .secret "$work/answer")

# What the ticket office prints: all before the last dot is signed.
ticket() {
  local signed="TK1.$1.$2.2020-01-01.2099-12-31"
  printf '%s.%s' "$signed" "$(printf %s "$signed" | openssl dgst -sha256 -hmac 'the ticket office of the example' -r | cut -d' ' -f1)"
}
hanako=$(person hanako)
pass=$(ticket S000123 season)
day=$(ticket D000777 one-day)
enter() { jq -nc --arg gate "$1" --arg ticket "$2" '{action: "enter", by: "qr", input: {gate: $gate, ticket: $ticket}} + $ARGS.named.more' --argjson more "${3:-"{}"}"; }
hers="{\"person\": \"$hanako\"}"

note "花子の通期パスを本人に結び付ける。 Hanako's season pass becomes hers."
ask "bind S000123, staff checked" venue "{\"action\": \"bind\", \"by\": \"staff\", \"person\": \"$hanako\", \"input\": {\"ticket\": \"$pass\"}}"
pay "hanako at the shop, before she enters" "$shop" hanako 500

note "券を借りた太郎、券だけ、顔だけ。 Lent, the ticket alone, the face alone."
ask "east-1, hanako's ticket, taro's face" venue "$(enter east-1 "$pass" "$hers")" taro
ask "east-1, hanako's ticket, nobody's face" venue "$(enter east-1 "$pass" "$hers")"
ask "east-1, hanako's face, no ticket" venue '{"action": "enter", "input": {"gate": "east-1"}}' hanako
ask "east-1, a one-day ticket" venue "$(enter east-1 "$day")"

note "券と顔で入場し、同じ顔で支払う。 Ticket and face, and the same face pays."
ask "east-1, hanako's ticket, hanako's face" venue "$(enter east-1 "$pass" "$hers")" hanako
pay "hanako at the shop" "$shop" hanako 1200
pay "taro at the shop, who did not enter" "$shop" taro 500
ask "east-1, her ticket once more" venue "$(enter east-1 "$pass" "$hers")" hanako
ask "west-1, the one-day ticket" venue "$(enter west-1 "$day")"

note "退場、カードでの再入場。 She leaves, and comes back by card."
ask "leave" venue "{\"action\": \"leave\", \"by\": \"qr\", \"person\": \"$hanako\", \"input\": {\"ticket\": \"$pass\"}}"
pay "hanako at the shop, after she left" "$shop" hanako 500
ask "east-1, her card" venue "$(enter east-1 "$pass" "{\"person\": \"$hanako\", \"by\": \"card\"}")"
ask "instruments of her pass" venue "{\"action\": \"instruments\", \"by\": \"qr\", \"person\": \"$hanako\", \"input\": {\"ticket\": \"$pass\"}}"
ask "a forged ticket" venue "$(enter west-1 "${day%????}0000")"

#!/usr/bin/env bash
# A washing machine that orders within its owner's mandate: agreed to by face and by card, signed by the device. `run.out` is
# the transcript:
#
#   examples/iot-order/run.sh | diff examples/iot-order/run.out -
. "$(dirname "$0")/../city.sh"
start_city
install iot-order
apply appliance-orders
hanako=$(person hanako)
openssl genpkey -algorithm ed25519 -out "$work/device.pem" 2>/dev/null
device_key=$(openssl pkey -in "$work/device.pem" -pubout -outform DER | tail -c 32 | od -An -v -tx1 | tr -d ' \n')
# mandate BUDGET: at most 1000 yen an order, detergent only, for 29 days.
mandate() {
  jq -nc --argjson budget "$1" --arg key "$device_key" '{action: "mandate", input: {
    device: "洗濯機", device_key: $key, budget_yen: $budget, per_order_yen: 1000, items: ["detergent"], days: 29}}'
}
by_card() { jq -c --arg person "$hanako" '. + {by: "card", $person, consent: {up_to: {minor: 10000, currency: "JPY"}}}'; }
# order SEQUENCE ITEM COUNT: as the device signs it for the mandate that was kept.
order() {
  printf 'tebura-order-v1\n%s\n%s\n%s\n%s' "$request" "$1" "$2" "$3" >"$work/order"
  openssl pkeyutl -sign -inkey "$work/device.pem" -rawin -in "$work/order" -out "$work/signature"
  jq -nc --argjson sequence "$1" --arg item "$2" --argjson count "$3" \
    --arg signature "$(od -An -v -tx1 "$work/signature" | tr -d ' \n')" '{name: "order", input: {$sequence, $item, $count, $signature}}'
}

note "顔で一度だけ同意し、2000 円を仮押さえ。 Agreed to once, by face: 2000 yen are held."
ask "a mandate, her face" appliance-orders "$(mandate 2000)" hanako
keep
agree "she agrees" appliance-orders 2000
tell "one detergent" appliance-orders messages "$(order 1 detergent 1)"
note "範囲の外と、にせものは注文にならない。委任は続く。 What is outside, or forged, orders nothing; the mandate stands."
tell "the same order once more" appliance-orders messages "$(order 1 detergent 1)"
tell "three, above 1000 yen an order" appliance-orders messages "$(order 2 detergent 3)"
tell "a filter, which she did not allow" appliance-orders messages "$(order 3 filter 1)"
tell "a count that was changed on the way" appliance-orders messages "$(order 4 detergent 1 | jq -c '.input.count = 2')"
tell "two detergents" appliance-orders messages "$(order 5 detergent 2)"
tell "two more, above what is left" appliance-orders messages "$(order 6 detergent 2)"
tell "she stops it, and the rest goes back" appliance-orders messages '{"name": "stop"}'
tell "an order after that" appliance-orders messages "$(order 7 detergent 1)"

note "カードでも同じ。 The same by card."
ask "a mandate, her card" appliance-orders "$(mandate 2000 | by_card)"
keep
tell "one detergent" appliance-orders messages "$(order 1 detergent 1)"
tell "she stops it" appliance-orders messages '{"name": "stop"}'

note "断られるとき。 What is refused."
ask "a larger budget than the shop allows" appliance-orders "$(mandate 20000 | by_card)"
ask "5500 yen by face, and no PIN" appliance-orders "$(mandate 5500)" hanako
keep
agree "she agrees without the PIN" appliance-orders 5500
ask "a face that nobody knows" appliance-orders "$(mandate 2000)" stranger
ask "nobody" appliance-orders "$(mandate 2000)"

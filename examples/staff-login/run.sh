#!/usr/bin/env bash
# A shop's terminals: by face for who agreed, by card for everybody. `run.out` is the transcript:
#
#   examples/staff-login/run.sh | diff examples/staff-login/run.out -
. "$(dirname "$0")/../city.sh"
start_city
install staff-login
new_gallery "顔認証に同意した従業員"
apply shops "$made"
by() { jq -nc --arg action "$1" --arg by "$2" --arg person "$(person hanako)" --argjson input "${3:-"{}"}" '{$action, $by, $person, $input}'; }
till='{"terminal": "till-1"}'

note "花子はレジ担当。顔の同意はまだない。 Hanako is a cashier and has not agreed to the face."
ask "employ hanako as a cashier" shops "$(by employ staff '{"role": "cashier"}')"
ask "till-1, her face" shops "{\"action\": \"unlock\", \"input\": $till}" hanako
ask "till-1, her card" shops "$(by unlock card "$till")"
keep
ask "the office, her card" shops "$(by unlock card '{"terminal": "office"}')"
tell "she locks till-1" shops messages '{"name": "lock"}'

note "同意すると顔でも使える。結果は同じ。 With a consent the face does the same."
ask "she agrees, with the card in her hand" shops "$(by consent card '{"agreed": true, "version": "2026-04"}')"
ask "till-1, her face" shops "{\"action\": \"unlock\", \"input\": $till}" hanako
ask "till-1, a screen with her face" shops "{\"action\": \"unlock\", \"input\": $till}" screen
ask "may till-1 be used?" shops "{\"action\": \"check\", \"input\": $till}"

note "撤回と退職。 She takes it back, and leaves the company."
ask "she does not agree any more" shops "$(by consent card '{"agreed": false}')"
ask "till-1, her face" shops "{\"action\": \"unlock\", \"input\": $till}" hanako
ask "till-1, her card" shops "$(by unlock card "$till")"
ask "she leaves the company" shops "$(by leave staff)"
ask "may till-1 be used?" shops "{\"action\": \"check\", \"input\": $till}"

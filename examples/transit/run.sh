#!/usr/bin/env bash
# A bus line: rides by face and by card, reductions, a pass, and who does not ride. `run.out` is the transcript:
#
#   examples/transit/run.sh | diff examples/transit/run.out -
. "$(dirname "$0")/../city.sh"
start_city
install transit
apply sea-line
hanako=$(person hanako) sakura=$(person sakura)
# ride ACTION STOP [MORE]: what the terminal asks; MORE is JSON that is added.
ride() { jq -nc --arg action "$1" --arg stop "$2" --argjson more "${3:-"{}"}" '{$action, input: {$stop}} + $more'; }
# by WAY [CLAIMS]: Hanako, known without her face, who has agreed to pay.
by() {
  jq -nc --arg by "$1" --arg person "$hanako" --argjson attested "${2:-"{}"}" \
    '{$by, $person, $attested, consent: {up_to: {minor: 8000, currency: "JPY"}}}'
}

note "顔で乗り、顔で降りる。上限 390 円を押さえ、250 円を払う。 By face: 390 are held, 250 are paid."
ask "温泉駅前, her face" sea-line "$(ride board S01_1)" hanako
keep
agree "she agrees to the most" sea-line 390
ask "市役所, her face" sea-line "$(ride alight S03_1)" hanako
note "カードでも同じ。途中で顔に替えてもよい。 The same by card; one end by face is fine too."
ask "温泉駅前, her card" sea-line "$(ride board S01_1 "$(by card)")"
ask "市役所, her card" sea-line "$(ride alight S03_1 "$(by card)")"
ask "温泉駅前, a QR code" sea-line "$(ride board S01_1 "$(by qr)")"
ask "市役所, her face" sea-line "$(ride alight S03_1)" hanako

note "割引は属性から。顔の見た目では決めない。 Reductions follow from claims, never from looks."
quote='{"input": {"from": "S01_1", "to": "S03_1"}}'
ask "an adult" sea-line "$(jq -c '{action: "quote"} + .' <<<"$quote")"
ask "a pupil of eight years" sea-line \
  "$(jq -c --arg born "$(($(date +%Y) - 8))-01-01" '{action: "quote", attested: {birth_date: $born}} + .' <<<"$quote")"
ask "a senior of the city" sea-line "$(jq -c '{action: "quote", attested: {birth_date: "1950-01-01", residence: "17206"}} + .' <<<"$quote")"
ask "a senior of elsewhere" sea-line "$(jq -c '{action: "quote", attested: {birth_date: "1950-01-01", residence: "13104"}} + .' <<<"$quote")"
ask "an adult with a child and three infants" sea-line \
  "$(jq -c '{action: "quote"} + . | .input.party = {children: 1, infants: 3}' <<<"$quote")"

note "定期券は本人に結び付く。 A pass is its buyer's."
ask "a month, her card" sea-line "$(jq -nc --argjson by "$(by card)" '{action: "buy-pass", input: {pass: "month"}} + $by')"
ask "温泉駅前, her face" sea-line "$(ride board S01_1)" hanako
ask "海岸温泉, her face" sea-line "$(ride alight S05_1)" hanako

note "乗れないとき。 Who does not ride."
ask "a stop of another line" sea-line "$(ride board S99_1)" taro
ask "taro alights and never boarded" sea-line "$(ride alight S03_1)" taro
ask "a face that nobody knows" sea-line "$(ride board S01_1)" stranger
ask "a screen with her face" sea-line "$(ride board S01_1)" screen
ask "温泉駅前, sakura's card, 300 yen in her purse" sea-line "$(ride board S01_1 "$(by card | jq -c --arg id "$sakura" '.person = $id')")"
ask "taro, and does not agree" sea-line "$(ride board S01_1)" taro
keep
tell "no" sea-line consent '{"agreed": false}'

note "降車を忘れると、次の乗車のときに上限が払われる。 Who forgets to alight pays the most, when the next ride begins."
ask "中央病院, taro's face" sea-line "$(ride board S02_1)" taro
keep
agree "he agrees to the most" sea-line 330
ask "市役所, taro's face" sea-line "$(ride board S03_1)" taro
keep
agree "he agrees to the most" sea-line 250
ask "屋内広場前, taro's face" sea-line "$(ride alight S04_1)" taro

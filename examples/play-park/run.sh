#!/usr/bin/env bash
# An indoor play park: residents free, others at the posted price, by face and by card. `run.out` is the transcript:
#
#   examples/play-park/run.sh | diff examples/play-park/run.out -
. "$(dirname "$0")/../city.sh"
start_city
install play-park
new_gallery "きょうの来場者"
apply north-park "$made"
# enter ADULTS CHILDREN [LIVES]: what the terminal asks; staff or a card said where the adult lives.
enter() {
  jq -nc --argjson adults "$1" --argjson children "$2" --arg lives "${3-}" \
    '{action: "enter", input: {$adults, $children}} + if $lives == "" then {} else {attested: {residence: $lives}} end'
}
# by WAY PERSON: adds how the adult is known without a face, and the word to pay.
by() { jq -c --arg by "$1" --arg person "$2" '. + {$by, $person, consent: {up_to: {minor: 5000, currency: "JPY"}}}'; }
leave() { tell "$1" north-park messages '{"name": "leave"}'; }

note "市民は無料。顔でもカードでも同じ。 Residents enter free, by face and by card alike."
ask "hanako and two children, her face" north-park "$(enter 1 2 17206)" hanako
keep
leave "they leave"
ask "hanako and two children, her card" north-park "$(enter 1 2 17206 | by card "$(person hanako)")"
keep
leave "they leave"
ask "a card without an account, which says where its holder lives" north-park \
  "$(enter 1 1 17206 | jq -c '. + {by: "card"}')"

note "市外の方は掲示の料金。 Others pay the posted price."
ask "taro from the next town, with a child, his face" north-park "$(enter 1 1 17204)" taro
keep
agree "he agrees" north-park 800
ask "who is in" north-park '{"action": "count"}'

note "入れないとき。 Who does not enter."
ask "a child alone" north-park "$(enter 0 1)" hanako
ask "a school class: 40 children and a teacher" north-park "$(enter 1 40 17206 | by card "$(person hanako)")"
ask "a second class" north-park "$(enter 1 40 17206 | by card "$(person hanako)")"
ask "a third: 127 would be in, and 120 may be" north-park "$(enter 1 40 17206 | by card "$(person hanako)")"
ask "sakura from elsewhere, 300 yen in her purse, her card" north-park "$(enter 1 0 17204 | by card "$(person sakura)")"
ask "a card without an account from elsewhere: cash at the counter" north-park "$(enter 1 0 17204 | jq -c '. + {by: "card"}')"
ask "a screen with her face" north-park "$(enter 1 0)" screen
ask "neither face nor card" north-park "$(enter 1 0)"

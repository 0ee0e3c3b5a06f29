#!/usr/bin/env bash
# An indoor play park: residents free, others at the posted price, by face and by card; areas by age. `run.out` is the
# transcript:
#
#   examples/play-park/run.sh | diff examples/play-park/run.out -
. "$(dirname "$0")/../city.sh"
start_city
install play-park
new_gallery "きょうの来場者"
apply north-park "$made"
# enter ADULTS TODDLERS PRESCHOOLERS PUPILS [LIVES]: what the terminal asks; staff or a card said where the adult lives.
enter() {
  jq -nc --argjson adults "$1" --argjson toddlers "$2" --argjson preschoolers "$3" --argjson pupils "$4" --arg lives "${5-}" \
    '{action: "enter", input: {$adults, children: ($toddlers + $preschoolers + $pupils), $toddlers, $preschoolers, $pupils}}
      + if $lives == "" then {} else {attested: {residence: $lives}} end'
}
# by WAY PERSON: adds how the adult is known without a face, and the word to pay.
by() { jq -c --arg by "$1" --arg person "$2" '. + {$by, $person, consent: {up_to: {minor: 5000, currency: "JPY"}}}'; }
confirm() {
  keep
  tell "$1" north-park messages "{\"name\": \"confirm\", \"input\": {\"agreed\": $2}}"
}
leave() { tell "$1" north-park messages '{"name": "leave"}'; }

note "市民は無料。人数を画面で確かめて入る。顔でもカードでも同じ。 Residents enter free; the number is confirmed; by face and by card alike."
ask "hanako and two preschoolers, her face" north-park "$(enter 1 0 2 0 17206)" hanako
confirm "yes, so many" true
leave "they leave"
ask "the same, her card" north-park "$(enter 1 0 2 0 17206 | by card "$(person hanako)")"
confirm "yes, so many" true
leave "they leave"
ask "a card without an account, which says where its holder lives" north-park \
  "$(enter 1 0 0 0 17206 | jq -c '. + {by: "card"}')"
ask "two pupils by a card: the climbing area needs no adult" north-park "$(enter 0 0 0 2 17206 | jq -c '. + {by: "card"}')"
confirm "yes, so many" true

note "市外の方は掲示の料金。 Others pay the posted price."
ask "taro from the next town, with a pupil, his face" north-park "$(enter 1 0 0 1 17204)" taro
confirm "yes, so many" true
agree "he agrees" north-park 800
ask "who is in" north-park '{"action": "count"}'

note "入れないとき。 Who does not enter."
ask "a toddler alone" north-park "$(enter 0 1 0 0)" hanako
ask "one adult, three toddlers" north-park "$(enter 1 3 0 0 17206)" hanako
ask "children of no age" north-park '{"action": "enter", "input": {"adults": 1, "children": 2}}' hanako
ask "hanako miscounted" north-park "$(enter 1 0 2 0 17206)" hanako
confirm "no, not so many" false
ask "a school class" north-park "$(enter 2 0 0 40 17206 | by card "$(person hanako)")"
confirm "yes, so many" true
ask "a second class: the climbing area is for 60" north-park "$(enter 2 0 0 40 17206 | by card "$(person hanako)")"
ask "sakura from elsewhere, 300 yen in her purse, her card" north-park "$(enter 1 0 0 0 17204 | by card "$(person sakura)")"
ask "a card without an account from elsewhere: cash at the counter" north-park "$(enter 1 0 0 0 17204 | jq -c '. + {by: "card"}')"
ask "a screen with her face" north-park "$(enter 1 0 0 0)" screen
ask "neither face nor card" north-park "$(enter 1 0 0 0)"

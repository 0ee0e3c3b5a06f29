#!/usr/bin/env bash
# A counter of hometown tax: donations by face and by card, gifts, a mistake that is taken back. `run.out` is the transcript:
#
#   examples/furusato/run.sh | diff examples/furusato/run.out -
. "$(dirname "$0")/../city.sh"
start_city
install furusato
apply hometown-tax
hanako=$(person hanako) taro=$(person taro)
# donate YEN [GIFT] [LIVES]: what the counter asks; staff have seen where the donor lives.
donate() {
  jq -nc --argjson yen "$1" --arg gift "${2-}" --arg lives "${3-}" \
    '{action: "donate", input: ({yen: $yen} + if $gift == "" then {} else {gift: $gift} end)}
      + if $lives == "" then {} else {attested: {residence: $lives}} end'
}
# by_card PERSON: adds a card and the word to pay.
by_card() { jq -c --arg person "$1" '. + {by: "card", $person, consent: {up_to: {minor: 100000, currency: "JPY"}}}'; }
about() { jq -nc --arg action "$1" --arg receipt "$2" '{$action, input: {$receipt}}'; }
receipt() { jq -re .output.receipt "$work/answer"; }

note "顔で寄附し、返礼品をその場で受け取る。 By face, and the gift is taken home."
ask "3000 yen, eggs, she lives in Minato, her face" hometown-tax "$(donate 3000 onsen-egg 13104)" hanako
keep
agree "she agrees" hometown-tax 3000
first=$(receipt)
ask "the gift" hometown-tax "$(about hand-over "$first")"
ask "the gift once more" hometown-tax "$(about hand-over "$first")"
note "カードでも同じ。ワンストップ特例も頼む。 The same by card, with the one-stop exception."
ask "3000 yen, eggs, her card" hometown-tax "$(donate 3000 onsen-egg 13104 | jq -c '.input += {one_stop: true, other_municipalities: 2}' | by_card "$hanako")"
second=$(receipt)
ask "the form; the Individual Number is not in it" hometown-tax \
  "$(about one-stop-form "$second" | jq -c '.input += {kana: "やまだ はなこ", phone: "0761-00-0000"}' | by_card "$hanako")"

note "断られるとき。何も押さえない。 What is refused; nothing is held."
ask "a resident and a gift" hometown-tax "$(donate 10000 kutani-cup 17206 | by_card "$hanako")"
ask "nobody has seen where she lives" hometown-tax "$(donate 10000 kutani-cup)" hanako
ask "less than the gift needs" hometown-tax "$(donate 5000 kutani-cup 13104 | by_card "$hanako")"
ask "less than the least" hometown-tax "$(donate 1000 | by_card "$hanako")"
ask "the sixth municipality" hometown-tax "$(donate 3000 | jq -c '.input += {one_stop: true, other_municipalities: 5}' | by_card "$hanako")"
ask "more than her purse has" hometown-tax "$(donate 30000 | by_card "$taro")"
ask "above the cap" hometown-tax "$(donate 200000 | by_card "$hanako" | jq -c '.consent.up_to.minor = 200000')"

note "まちがいは本人が、返礼品の受け渡し前に取り消せる。 A mistake is taken back by its donor, before the gift is handed over."
ask "taro, 2000 yen, a resident without a gift, his face" hometown-tax "$(donate 2000 "" 17206)" taro
keep
agree "he agrees" hometown-tax 2000
third=$(receipt)
ask "hanako takes his donation back" hometown-tax "$(about cancel "$third" | by_card "$hanako")"
ask "he takes it back, his face" hometown-tax "$(about cancel "$third")" taro
ask "she takes hers back, the gift is at home" hometown-tax "$(about cancel "$first" | by_card "$hanako")"

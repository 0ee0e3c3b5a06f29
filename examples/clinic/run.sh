#!/usr/bin/env bash
# A clinic: reception by face and by card, the eligibility terminal's folders, and the receipt computer's bills. `run.out` is
# the transcript:
#
#   examples/clinic/run.sh | diff examples/clinic/run.out -
. "$(dirname "$0")/../city.sh"
eligibility=$(dirname "$TEBURA")/sandbox-eligibility
[ -x "$eligibility" ] || cargo build --quiet --release -p tebura-providers --bin sandbox-eligibility
start_city
: >"$work/terminal.out"
"$eligibility" --folder "$work/folders" --credential "the connector's secret" \
  --insured "00170123:12:345:01:19800517:30:0001234:山田　花子:ヤマダ ハナコ:2:20240401:A03" >"$work/terminal.out" &
terminal_process=$!
trap 'kill "$hub_process" "$terminal_process" 2>/dev/null; wait 2>/dev/null; rm -rf "$work"' EXIT
until grep -q http "$work/terminal.out"; do read -rt 0.1 <> <(:) || true; done

openssl genpkey -algorithm ed25519 -out "$work/receipts.pem" 2>/dev/null
openssl pkey -in "$work/receipts.pem" -pubout -out "$work/city/credentials/receipts"
printf "Bearer the connector's secret" >"$work/city/credentials/terminal"
install clinic --key receipts=receipts --endpoint "terminal=$(cat "$work/terminal.out")" --credential terminal=terminal
apply clinic
hanako=$(person hanako)

# bill NUMBER PATIENT YEN: as the receipt computer signs it for the visit that was kept.
bill() {
  printf 'tebura-bill-1\n1710123456\n%s\n%s\n%s\n%s\n' "$request" "$2" "$1" "$3" >"$work/bill"
  openssl pkeyutl -sign -inkey "$work/receipts.pem" -rawin -in "$work/bill" -out "$work/signature"
  jq -nc --arg bill "$1" --arg visit "$request" --arg patient "$2" --argjson amount "$3" \
    --arg signature "$(od -An -v -tx1 "$work/signature" | tr -d ' \n')" \
    '{name: "bill", input: {bill: $bill, visit: $visit, patient: $patient, amount: $amount, signature: $signature}}'
}

note "患者登録と、顔での受付。 Registration, and reception by face."
ask "register chart 0001234, staff checked" clinic "{\"action\": \"register\", \"by\": \"staff\", \"person\": \"$hanako\",
  \"input\": {\"patient_number\": \"0001234\", \"insurance\": {\"insurer\": \"170123\", \"symbol\": \"１２\", \"number\": \"３４５\", \"branch\": \"\", \"birthdate\": \"1980-05-17\"}}}"
ask "internal medicine, taro's face" clinic '{"action": "receive", "input": {"department": "internal"}}' taro
ask "internal medicine, hanako's face" clinic '{"action": "receive", "input": {"department": "internal"}}' hanako
keep
agree "she agrees to the estimate" clinic 2700
note "資格確認端末へ渡したファイル。 What was laid into the terminal's folder."
sed -E 's/req_[0-9a-f]{32}/req_…/; s/<Qual[^/]*<.Qual[A-Za-z]*>/<QualificationConfirmationDate>…<\/QualificationConfirmationDate>/' "$work/folders/REQ/$request.xml"
echo

note "レセコンとカルテのための受診記録(FHIR、JP Core)。 The visit's records for the receipt computer and the chart."
tell "patient, coverage and encounter" clinic messages '{"name": "chart"}' >"$work/said"
head -n 1 "$work/said"
jq -c '"  " + (.output.records.entry[].resource | if .resourceType == "Encounter" then del(.period) else . end | tojson)' -r "$work/answer" |
  sed -E 's/req_[0-9a-f]{32}/req_…/'
echo

note "レセコンの請求。署名のないもの、別の患者のものは数えない。 Bills; unsigned ones and other patients' do not count."
tell "a bill without a signature" clinic messages "$(bill R1 0001234 2430 | jq -c 'del(.input.signature)')"
tell "a bill whose amount was changed" clinic messages "$(bill R1 0001234 2430 | jq -c '.input.amount = 243')"
tell "a bill of another patient" clinic messages "$(bill R1 0009999 2430)"
tell "the bill" clinic messages "$(bill R1 0001234 2430)"
tell "the bill once more" clinic messages "$(bill R1 0001234 2430)"

note "カードでの受付と、見込みより高い請求。 By card, and a bill above the hold."
ask "eyes, hanako's card, consent given at the reader" clinic "{\"action\": \"receive\", \"by\": \"card\", \"person\": \"$hanako\",
  \"input\": {\"department\": \"eyes\", \"questionnaire\": true, \"limit_consent\": true}, \"consent\": {\"up_to\": {\"minor\": 1500, \"currency\": \"JPY\"}}}"
keep
tell "a bill of 2000" clinic messages "$(bill R2 0001234 2000)"
agree "she agrees to the rest" clinic 2000

note "診療なし。 No treatment."
ask "internal medicine, hanako's face" clinic '{"action": "receive", "input": {"department": "internal"}}' hanako
keep
agree "she agrees to the estimate" clinic 2700
tell "she goes home before the treatment" clinic messages '{"name": "no-treatment"}'

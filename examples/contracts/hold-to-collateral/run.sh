#!/usr/bin/env bash
# A deposit stays held and moves into the pledge contract. That document has to be known before anybody agrees.
source "$(dirname "$0")/../lib.sh"

pledge=examples/contracts/collateral/contract.json
merchant bank "Noto Bank" cbdc
merchant landlord "Hakusan Homes" cbdc
wallet owner cbdc 500000
signer owner landlord bank loanbook
money

propose "the landlord proposes the deposit, without the document that it may move to"
propose "the landlord proposes the deposit, with the pledge that it may become" "{\"further\": [$(cat "$pledge")]}"
agree owner
tell "the tenant wants the deposit to become a pledge" owner --act pledge
tell "the bank wants it too" bank --act pledge

say "the same money, now under the pledge"
contract=$(jq -r '.contract.happened[] | select(.what == "moved_on") | .contract' "$work/answer")
document=$pledge
api GET "/v1/contracts/$contract" "$merchant_key"
heard
tell "the loan register states: repaid" loanbook --attest repaid
money

#!/usr/bin/env bash
# More than the limit only with the household's fresh consent. The repairer cannot consent to its own wish.
source "$(dirname "$0")/../lib.sh"

merchant fixer "Noto Repairs" cbdc
wallet home cbdc 100000
signer fixer home
money

propose "the repairer proposes the job"
agree home
tell "the repairer asks for a limit of ¥60,000" fixer --act ask_more
asked=$(jq -r '.contract.consent_awaited[0].statement' "$work/answer")
tell "the repairer consents in the household's place" fixer --grant "$asked"
tell "the household consents" home --grant "$asked"
tell "the repairer states: bill ¥41,000" fixer --attest "done" --field bill=41000
tell "the household states: bill ¥40,000" home --attest "done" --field bill=40000
note "Two bills are no agreement: nothing is paid until both state the same. In silence everything goes back after four hours."
tell "the repairer states: bill ¥40,000" fixer --attest "done" --field bill=40000
money

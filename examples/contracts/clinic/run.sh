#!/usr/bin/env bash
# The patient and the city pay a share each, as the receipt computer states. A bill above the limit is refused.
source "$(dirname "$0")/../lib.sh"

merchant clinic "Nanao Clinic" emoney deposit
wallet patient emoney 15000
wallet city deposit 100000
signer patient receipt city
money

propose "the clinic proposes the visit when the patient checks in"
agree patient city
tell "the receipt computer states: the examination begins" receipt --attest exam.start
tell "the receipt computer states: patient ¥12,000, city ¥780" receipt --attest bill --field patient=12000 --field city=780
tell "the receipt computer states: patient ¥2,340, city ¥780" receipt --attest bill --field patient=2340 --field city=780
money

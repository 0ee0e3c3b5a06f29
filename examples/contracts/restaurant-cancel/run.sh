#!/usr/bin/env bash
# A table in two days; the guest cancels one day too late for free. A table that is too near is refused at once.
source "$(dirname "$0")/../lib.sh"

merchant shop "Kaga-ya" emoney
wallet guest emoney 30000
signer shop guest host
money

propose "the restaurant proposes a table in one hour" "{\"anchors\": {\"table\": \"$(hours 1)\"}}"
propose "the restaurant proposes a table in two days" "{\"anchors\": {\"table\": \"$(hours 48)\"}}"
agree guest
note "Nothing is held before the restaurant has accepted. When it says nothing, the contract ends and nobody pays."
tell "the restaurant accepts" shop --act accept
note "A guest who neither comes nor cancels has a day to object; then the fee goes to the restaurant."
tell "the guest cancels, less than three days before: 30 in 100" guest --act cancel
money

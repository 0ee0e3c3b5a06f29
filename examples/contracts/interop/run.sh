#!/usr/bin/env bash
# CBDC on one side, e-money on the other: both or neither. Nobody speaks before all have agreed.
source "$(dirname "$0")/../lib.sh"

merchant shop "Kaga Books" emoney
wallet payer cbdc 10000
wallet lp cbdc 0
wallet lp emoney 50000
signer payer lp switch
money

propose "the shop proposes the exchange"
agree payer
tell "the switch states too early: fulfilled" switch --attest fulfil
agree lp
note "In silence both amounts go back after a minute."
tell "the switch states: fulfilled" switch --attest fulfil
money

#!/usr/bin/env bash
# Money against a title: both change hands, or neither. The seller cannot say that the title is ready.
source "$(dirname "$0")/../lib.sh"

merchant dealer "Hakui Motors"
wallet buyer cbdc 2000000
wallet buyer asset 0 VEHICLE
wallet seller cbdc 0
wallet seller asset 1 VEHICLE
signer buyer seller assessor registry
money

propose "the dealer proposes the sale"
agree buyer seller
tell "the assessor states: value ¥1,650,000" assessor --attest assessed --field value=1650000
tell "the seller states that the transfer is ready" seller --attest transfer_ready
tell "the registry states that the transfer is ready" registry --attest transfer_ready
note "One of two is not enough. When it stays at that, money and title go back after the twelfth day."
tell "the buyer states that the transfer is ready" buyer --attest transfer_ready
money

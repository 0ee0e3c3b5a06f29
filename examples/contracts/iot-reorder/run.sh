#!/usr/bin/env bash
# An appliance orders out of a budget. The same order twice is one order.
source "$(dirname "$0")/../lib.sh"

merchant shop "Wajima Denki" cbdc
wallet owner cbdc 10000
signer owner device
money

propose "the shop proposes the budget"
agree owner
tell "the appliance states: order for ¥1,500" device --attest reorder --field price=1500
say "the appliance was offline and sends the very same words again"
send

sed -i 's/"price":1500/"price":2000/' "$work/said.json"
sign device
say "the appliance orders for ¥2,000 under the nonce of the first order"
send
tell "the appliance states: order for ¥2,000" device --attest reorder --field price=2000
tell "the owner stops it" owner --act stop
money

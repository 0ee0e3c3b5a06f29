#!/usr/bin/env bash
# A sale between people with a return; the help desk rules. A ruling that was changed on its way is refused.
source "$(dirname "$0")/../lib.sh"

merchant market "Furima Noto" emoney
wallet buyer emoney 20000
wallet seller emoney 0
signer buyer post desk
money

propose "the market proposes the sale"
agree buyer
tell "the carrier states: delivered" post --attest delivered
note "A buyer who says nothing for four days has accepted: the seller is paid, and the market its share."
tell "the buyer wants to return it" buyer --act return

write desk --attest ruling --field to_seller=4000
sign desk
cp "$work/said.json" "$work/ruling.json"
sed -i 's/"to_seller":4000/"to_seller":12000/' "$work/said.json"
say "somebody on the way changes the help desk's ruling from ¥4,000 to ¥12,000"
send
cp "$work/ruling.json" "$work/said.json"
say "the help desk states, as it signed: ¥4,000 to the seller"
send
money

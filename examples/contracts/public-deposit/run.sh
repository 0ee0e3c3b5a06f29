#!/usr/bin/env bash
# A deposit that comes back to who uses the place. A gate whose key was revoked is not believed.
source "$(dirname "$0")/../lib.sh"

merchant city "Suzu City" emoney
wallet family emoney 3000
signer family gate review
money

propose "the city proposes the play park in 26 hours" "{\"anchors\": {\"slot\": \"$(hours 26)\"}}"
agree family
note "A family that neither comes nor cancels has three days for a reason; then the deposit is the city's."
say "the operator revokes the key of a gate terminal that was stolen"
api POST "/v1/parties/${signs[gate]}/keys/${key_ids[gate]}/revoke" "$operator" '{}'
jq -r '"  \(.state)\n"' "$work/answer"
tell "the stolen terminal states: entered" gate --attest entered
new_key gate
tell "the new terminal states: entered" gate --attest entered
money

#!/usr/bin/env bash
# A ride with a limit that the rider raises; the meter states the fare. Nobody takes the money past the contract.
source "$(dirname "$0")/../lib.sh"

merchant taxi "Kaga Taxi" cbdc
wallet rider cbdc 20000
signer taxi rider meter
money

propose "the taxi company proposes the ride"
agree rider
note "When nobody says anything for three hours, everything goes back to the rider."
tell "the rider raises the limit" rider --act raise_cap

say "the taxi company tries to capture the hold by itself"
take_hold fare
tell "the meter states: fare ¥6,300" meter --attest meter.final --field fare=6300
money

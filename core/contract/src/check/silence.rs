//! W1: where nobody acting pays somebody. Accepted, and said aloud where people consent.

use std::fmt::Display;

use crate::finding::{Code, Findings};
use crate::model::Document;
use crate::range::{Ranges, Whom};
use crate::words::{amount, amount_ja};

pub(super) fn look(document: &Document, ranges: &Ranges, findings: &mut Findings) {
    for (index, state) in document.states.iter().enumerate() {
        for movement in ranges.movements(index, state.on.len()) {
            let Whom::Party(party) = movement.whom else { continue };
            let leg = &document.legs[movement.leg];
            let values: [(_, &dyn Display); 5] = [
                ("state", &state.name),
                ("leg", &leg.name),
                ("party", &document.parties[party].name),
                ("amount", &amount(&leg.asset, movement.range.max)),
                ("amount_ja", &amount_ja(&leg.asset, movement.range.max)),
            ];
            findings.add(Code::W1SilencePays, document.edge_path(index, state.on.len()), &values);
        }
    }
}

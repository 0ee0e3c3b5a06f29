//! What each party can receive over all paths: the figures of the consent screen.

use crate::contract::Contract;
use crate::model::Asset;
use crate::range::{LegRange, Range};

/// The ranges of a contract, counted over every path on which the holds were placed. Before that nothing moves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payoff {
    /// One entry a leg, by name.
    pub legs: Vec<LegPayoff>,
    /// The longest that the contract can last, in milliseconds after its beginning; grace left out.
    pub longest_ms: i64,
}

/// The ranges of one leg, in the asset's smallest units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegPayoff {
    /// The leg's name.
    pub leg: String,
    /// The party whose money is held.
    pub from: String,
    /// What is held.
    pub asset: Asset,
    /// What is held at first.
    pub hold: i64,
    /// The most that can ever be held.
    pub most_held: i64,
    /// Of each party that can receive something, how much.
    pub received: Vec<(String, Range)>,
    /// What goes back to the payer.
    pub returned: Range,
    /// What moves to another contract and stays held there.
    pub moved: Range,
}

impl Contract {
    /// What each party can receive, provided that the rails do as they are told: a capture that a rail declines goes
    /// back to the payer.
    pub fn payoff(&self) -> Payoff {
        let (legs, longest_ms) = (self.payoffs(&self.ranges.ends), self.ranges.longest_ms);
        Payoff { legs, longest_ms }
    }

    pub(crate) fn payoffs(&self, ranges: &[LegRange]) -> Vec<LegPayoff> {
        let document = &self.document;
        let legs = document.legs.iter().zip(ranges).map(|(leg, range)| LegPayoff {
            leg: leg.name.clone(),
            from: document.parties[leg.from].name.clone(),
            asset: leg.asset.clone(),
            hold: leg.hold,
            most_held: range.authorised.max,
            received: document
                .parties
                .iter()
                .zip(&range.received)
                .filter(|(_, range)| range.max > 0)
                .map(|(party, range)| (party.name.clone(), *range))
                .collect(),
            returned: range.returned,
            moved: range.moved,
        });
        legs.collect()
    }
}

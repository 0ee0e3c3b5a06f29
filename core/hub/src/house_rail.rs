//! The hub's own ledger as a rail: city points, regional money, the sandbox. It settles at once, because the ledger
//! that decides is the ledger that holds the money. A hub may keep several such books, each a rail with a name of its own.

use async_trait::async_trait;
use tebura_ledger::RailId;

use crate::ports::Rail;
use crate::rail::{
    Fault, Next, RailAbilities, RailDescriptor, RailError, RailEvent, RailFinality, RailOperation, RailOutcome, Step,
};

/// The name of the house rail.
pub const HOUSE: &str = "house";

/// See the module.
pub struct HouseRail(RailDescriptor);

impl HouseRail {
    /// The rail that every hub has: yen.
    pub(crate) fn house() -> Self {
        let rail = RailId::new(HOUSE).unwrap_or_else(|_| unreachable!("the constant is a valid name"));
        HouseRail::new(rail, vec!["JPY".to_owned()])
    }

    /// Further books of this hub under a name of their own. `currencies`: codes, or kinds of thing in capitals.
    pub fn new(rail: RailId, currencies: Vec<String>) -> Self {
        HouseRail(RailDescriptor {
            rail,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            digest: None,
            commands: ["hold", "raise", "extend", "capture", "release", "refund"].map(str::to_owned).to_vec(),
            currencies,
            max_per_operation: None,
            max_hold_ms: None,
            several_captures: true,
            settle_window_ms: 0,
            in_house: true,
            abilities: RailAbilities {
                partial_release: true,
                split: true,
                reverse: true,
                pin: true,
                settlement_delay_ms: 0,
                finality: RailFinality::Contestable,
            },
        })
    }
}

#[async_trait]
impl Rail for HouseRail {
    fn descriptor(&self) -> &RailDescriptor {
        &self.0
    }

    async fn start(&self, operation: &RailOperation) -> Result<Step, RailError> {
        let outcome = match operation.command.amount() {
            Some(amount) => RailOutcome::Settled { reference: operation.id.clone(), amount },
            None => RailOutcome::Declined(nothing_open()),
        };
        Ok(Step { next: Next::Done(outcome), state: Vec::new(), writes: Vec::new() })
    }

    async fn resume(&self, _: &RailOperation, _: &[u8], _: &RailEvent) -> Result<Step, RailError> {
        Err(RailError::Fault(nothing_open()))
    }
}

fn nothing_open() -> Fault {
    Fault {
        code: "house.nothing_open".to_owned(),
        message: "the house rail settles at once: nothing is open, and there is nothing to inquire".to_owned(),
    }
}

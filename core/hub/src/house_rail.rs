//! The hub's own ledger as a rail: city points, regional money, the sandbox. It settles at once, because the ledger
//! that decides is the ledger that holds the money.

use async_trait::async_trait;
use tebura_ledger::{Currency, Money, RailId};

use crate::ports::Rail;
use crate::rail::{Fault, Next, RailDescriptor, RailError, RailEvent, RailOperation, RailOutcome, Step};

/// The name of the house rail.
pub const HOUSE: &str = "house";

/// See the module.
pub(crate) struct HouseRail(RailDescriptor);

impl HouseRail {
    pub(crate) fn new() -> Self {
        HouseRail(RailDescriptor {
            rail: RailId::new(HOUSE).unwrap_or_else(|_| unreachable!("the constant is a valid name")),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            digest: None,
            commands: ["hold", "capture", "release", "refund"].map(str::to_owned).to_vec(),
            currencies: vec!["JPY".to_owned()],
            max_per_operation: None,
            max_hold_ms: None,
            several_captures: true,
            settle_window_ms: 0,
        })
    }
}

#[async_trait]
impl Rail for HouseRail {
    fn descriptor(&self) -> &RailDescriptor {
        &self.0
    }

    async fn start(&self, operation: &RailOperation) -> Result<Step, RailError> {
        let amount = operation.command.amount().unwrap_or(Money::new(0, Currency::JPY));
        let outcome = RailOutcome::Settled { reference: operation.id.clone(), amount };
        Ok(Step { next: Next::Done(outcome), state: Vec::new(), writes: Vec::new() })
    }

    async fn resume(&self, _: &RailOperation, _: &[u8], _: &RailEvent) -> Result<Step, RailError> {
        Err(RailError::Fault(Fault {
            code: "house.nothing_open".to_owned(),
            message: "the house rail settles at once and has nothing to resume".to_owned(),
        }))
    }
}

//! The hub's side of the outside rails: what a good plugin for each far end decides, step by step, and now and then a
//! plugin that gives no step.

use std::sync::Arc;

use async_trait::async_trait;
use tebura_hub::ports::Rail;
use tebura_hub::rail::{
    Effect, Fault, HttpCall, HttpReply, NOT_FOUND, Next, RailAbilities, RailCommand, RailDescriptor, RailError,
    RailEvent, RailOperation, RailOutcome, Step,
};
use tebura_ledger::{Currency, Money, RailId, RailIdError};

use crate::defect::Defect;
use crate::nature::Nature;
use crate::world::World;

/// One attempt at one call.
const TIMEOUT_MS: u32 = 1_000;
/// Between two looks at something that was accepted.
const LOOK_AGAIN_MS: i64 = 700;

/// See the module.
pub struct SimRail {
    world: Arc<World>,
    nature: Nature,
    descriptor: RailDescriptor,
}

impl SimRail {
    /// The rail of a far end.
    pub fn new(world: Arc<World>, nature: Nature) -> Result<Self, RailIdError> {
        let descriptor = RailDescriptor {
            rail: RailId::new(nature.rail())?,
            version: "1.0.0".to_owned(),
            digest: None,
            commands: nature.commands(),
            currencies: vec!["JPY".to_owned()],
            max_per_operation: Some(1_000_000),
            max_hold_ms: None,
            several_captures: nature.several_captures(),
            settle_window_ms: nature.settle_window_ms(),
            in_house: false,
            abilities: RailAbilities {
                partial_release: nature.several_captures(),
                split: nature == Nature::Prompt,
                ..RailAbilities::default()
            },
        };
        Ok(SimRail { world, nature, descriptor })
    }

    /// Now and then the sandbox is busy or the guest traps.
    fn falters(&self) -> Result<(), RailError> {
        self.world.with(|state| {
            if !state.dice.chance(state.faults.plugin) {
                return Ok(());
            }
            let error = if state.dice.chance(500) {
                RailError::Busy { retry_after_ms: 50 }
            } else {
                RailError::Trapped { code: "plugin.trapped", message: "out of fuel".to_owned() }
            };
            state.say(format!("the plugin of {} gives no step: {error}", self.nature.rail()));
            Err(error)
        })
    }

    fn call(&self, operation: &RailOperation, text: String, asks: bool) -> Step {
        let effect = match () {
            () if asks => Effect::Read,
            () if self.nature.knows_keys() => Effect::Idempotent { key: operation.id.clone() },
            () => Effect::Once,
        };
        let call = HttpCall {
            endpoint: "provider".to_owned(),
            method: "POST".to_owned(),
            path: operation.id.clone(),
            headers: Vec::new(),
            body: text.into_bytes(),
            effect,
            timeout_ms: TIMEOUT_MS,
            stale_after: None,
        };
        Step { next: Next::Call(call), state: Vec::new(), writes: Vec::new() }
    }

    fn failing(&self, is_inquiry: bool) -> RailOutcome {
        let hasty = self.world.with(|state| state.defect == Some(Defect::HastyPlugin)) && !is_inquiry;
        if hasty { RailOutcome::Declined(fault("rail.failed")) } else { RailOutcome::Unknown(fault("reply.unclear")) }
    }
}

#[async_trait]
impl Rail for SimRail {
    fn descriptor(&self) -> &RailDescriptor {
        &self.descriptor
    }

    async fn start(&self, operation: &RailOperation) -> Result<Step, RailError> {
        self.world.pause(0).await;
        self.falters()?;
        let text = match &operation.command {
            RailCommand::Hold { payer, payee, amount, expires } => {
                format!("hold {} {} {} {}", payer.token, payee.token, amount.minor(), expires.millis())
            }
            RailCommand::Raise { reference, amount } => format!("raise {reference} {}", amount.minor()),
            RailCommand::Extend { reference, amount, until } => {
                format!("extend {reference} {} {}", amount.minor(), until.millis())
            }
            RailCommand::Capture { reference, amount, is_final } => {
                format!("capture {reference} {} {}", amount.minor(), if *is_final { "last" } else { "more" })
            }
            RailCommand::Release { reference, amount } => format!("release {reference} {}", amount.minor()),
            RailCommand::Refund { reference, amount } => format!("refund {reference} {}", amount.minor()),
            RailCommand::Inquire { of, .. } => return Ok(self.call(operation, format!("inquire {of}"), true)),
        };
        Ok(self.call(operation, text, false))
    }

    async fn resume(&self, operation: &RailOperation, _: &[u8], event: &RailEvent) -> Result<Step, RailError> {
        self.world.pause(0).await;
        self.falters()?;
        let is_inquiry = matches!(operation.command, RailCommand::Inquire { .. });
        let outcome = match event {
            RailEvent::Reply(HttpReply { status: 200, body, .. }) => {
                done(body).unwrap_or_else(|| RailOutcome::Unknown(fault("reply.unreadable")))
            }
            RailEvent::Reply(HttpReply { status: 202, .. }) => {
                return Ok(waits(operation.now.plus_ms(LOOK_AGAIN_MS)));
            }
            RailEvent::Timer | RailEvent::Notice(_) => {
                let of = operation.id.split('.').next().unwrap_or_default();
                return Ok(self.call(operation, format!("inquire {of}"), true));
            }
            RailEvent::Reply(HttpReply { status: 402 | 409, body, .. }) => {
                RailOutcome::Declined(fault(&String::from_utf8_lossy(body)))
            }
            RailEvent::Reply(HttpReply { status: 404, .. }) if is_inquiry => RailOutcome::Declined(fault(NOT_FOUND)),
            RailEvent::Silence { maybe_delivered: false, .. } if !is_inquiry => {
                RailOutcome::Declined(fault("rail.unreachable"))
            }
            RailEvent::Reply(_) => self.failing(is_inquiry),
            RailEvent::Silence { .. } => RailOutcome::Unknown(fault("reply.missing")),
        };
        Ok(Step { next: Next::Done(outcome), state: Vec::new(), writes: Vec::new() })
    }
}

fn waits(until: tebura_ledger::Timestamp) -> Step {
    Step { next: Next::WaitUntil(until), state: Vec::new(), writes: Vec::new() }
}

fn done(body: &[u8]) -> Option<RailOutcome> {
    let (name, amount) = std::str::from_utf8(body).ok()?.split_once(' ')?;
    let amount = Money::new(amount.parse().ok()?, Currency::JPY);
    Some(RailOutcome::Settled { reference: name.to_owned(), amount })
}

fn fault(code: &str) -> Fault {
    Fault { code: code.to_owned(), message: String::new() }
}

//! The hub's ports in the simulation: clock, ids, faces and egress. The store is in `store.rs`, the rails in `rails.rs`.

use std::sync::Arc;

use async_trait::async_trait;
use tebura_face::{LivenessClaim, MatchPolicy, Pack, Sample, SampleRefusal, Scope, Similarity};
use tebura_hub::ports::{Clock, Delivery, Egress, FaceEngine, Ids, Outgoing};
use tebura_hub::rail::{Effect, HttpReply};
use tebura_ledger::{Shard, Timestamp, Uuid};

use crate::defect::Defect;
use crate::nature::Nature;
use crate::world::{Event, State, World};

/// The clock of one hub process.
pub struct SimClock {
    pub world: Arc<World>,
    pub process: usize,
}

#[async_trait]
impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        self.world.with(|state| Timestamp::from_millis(state.clocks[self.process].at(state.time)))
    }

    async fn wait_until(&self, at: Timestamp) {
        while self.now() < at {
            let rest = self.world.with(|state| state.clocks[self.process].when(at.millis()) - state.time);
            self.world.pause(rest.max(1)).await;
        }
    }
}

/// Ids that nobody gets twice, in any process.
pub struct SimIds(pub Arc<World>);

impl Ids for SimIds {
    fn next(&self, shard: Shard) -> Uuid {
        let number = self.0.with(State::number);
        Uuid::from_u128((u128::from(number) << 64) | u128::from(shard.number()))
    }

    fn secret(&self) -> [u8; 32] {
        let mut secret = [0; 32];
        secret[..8].copy_from_slice(&self.0.with(State::number).to_be_bytes());
        secret
    }
}

/// Nobody pays by face here.
pub struct NoFaces(Pack);

impl NoFaces {
    /// `None` only if the constants below were no policy.
    pub fn new() -> Option<Self> {
        Some(NoFaces(Pack {
            name: "none".to_owned(),
            version: "0".to_owned(),
            scope: Scope::DrawnFacesOnly,
            template_dims: 1,
            policy: MatchPolicy::new(0.99, 0.0).ok()?,
            curve: None,
            verify: Similarity::new(0.99)?,
            liveness: LivenessClaim::None,
            licence: "Apache-2.0".to_owned(),
            engine: "none".to_owned(),
        }))
    }
}

#[async_trait]
impl FaceEngine for NoFaces {
    fn pack(&self) -> &Pack {
        &self.0
    }

    async fn examine(&self, _image: Vec<u8>) -> Result<Sample, SampleRefusal> {
        Err(SampleRefusal::NoFace)
    }
}

/// The network between the hub and the far ends.
pub struct SimEgress(pub Arc<World>);

/// What the network does to one call.
struct Fate {
    /// Until the call arrives; `None`: it never does.
    there: Option<i64>,
    /// Until the reply is back from there; `None`: it never is.
    back: Option<i64>,
    /// A second arrival.
    again: Option<i64>,
    garbled: bool,
    fails: Option<Fails>,
}

/// When a far end answers 500.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fails {
    Before,
    After,
}

#[async_trait]
impl Egress for SimEgress {
    async fn send(&self, outgoing: &Outgoing) -> Delivery {
        let world = &*self.0;
        world.pause(0).await;
        let (call, rail, timeout) =
            (world.with(State::number), outgoing.plugin.0.clone(), i64::from(outgoing.call.timeout_ms));
        let (path, body) = (outgoing.call.path.clone(), String::from_utf8_lossy(&outgoing.call.body).into_owned());
        let fate = world.with(|state| {
            state.say(format!("call {call} to {rail}: {path} {body:?}"));
            if state.dice.chance(state.faults.no_connection) {
                None
            } else {
                Some(draw(state, &rail, &outgoing.call.effect))
            }
        });
        let Some(fate) = fate else {
            world.pause(5).await;
            return Delivery::NotDelivered { reason: "no connection".to_owned() };
        };
        let sent_at = world.with(|state| {
            let arrival = Event::Arrive { call, rail: rail.clone(), path, body };
            for ms in fate.there.iter().chain(&fate.again).filter(|_| fate.fails != Some(Fails::Before)) {
                state.in_ms(*ms, arrival.clone());
            }
            state.time
        });
        let back = fate.there.zip(fate.back).map(|(there, back)| there + back).filter(|back| *back < timeout);
        world.pause(back.unwrap_or(timeout)).await;
        if back.is_none() {
            return Delivery::MaybeDelivered { reason: "no reply in time".to_owned() };
        }
        if fate.fails == Some(Fails::Before) {
            return reply(500, Vec::new());
        }
        loop {
            if let Some((status, text)) = world.with(|state| state.reply(call)) {
                world.with(|state| state.say(format!("call {call} answered after {} ms", state.time - sent_at)));
                return match fate {
                    Fate { garbled: true, .. } => reply(200, b"<html>".to_vec()),
                    Fate { fails: Some(Fails::After), .. } => reply(500, Vec::new()),
                    Fate { .. } => reply(status, text.into_bytes()),
                };
            }
            world.pause(1).await;
        }
    }
}

fn reply(status: u16, body: Vec<u8>) -> Delivery {
    Delivery::Reply(HttpReply { status, headers: Vec::new(), body })
}

fn draw(state: &mut State, rail: &str, effect: &Effect) -> Fate {
    let (faults, longest) =
        (state.faults, state.far_ends.get(rail).map_or(0, |far_end| longest_way(state, far_end.nature)));
    let dice = &mut state.dice;
    let mut way = |late: u32| if dice.chance(late) { dice.between(1, longest) } else { dice.between(1, 40) };
    let (there, back, again) = (way(faults.late), way(faults.late), way(1000));
    let repeatable = !matches!(effect, Effect::Once);
    Fate {
        there: (!dice.chance(faults.lost_call)).then_some(there),
        back: (!dice.chance(faults.lost_reply)).then_some(back),
        again: (repeatable && dice.chance(faults.twice)).then_some(again),
        garbled: dice.chance(faults.garbled),
        fails: dice.chance(faults.failing).then(|| dice.one_of(&[Fails::Before, Fails::After])),
    }
}

fn longest_way(state: &State, nature: Nature) -> i64 {
    match state.defect {
        Some(Defect::BrokenWindow) => nature.settle_window_ms() * 10,
        _ => nature.longest_way_ms(),
    }
}

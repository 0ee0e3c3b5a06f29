//! Whom the hub is asked by: merchants who place, raise, extend, capture, release, refund, reverse, who ask twice, who
//! use a key again for something else, and who reach for what is not theirs; payers who say yes or no; an operator who
//! records disputes.

use tebura_hub::ids::MerchantId;
use tebura_ledger::{Finality, HoldId, OperationId};

use crate::ask::{Ask, CaptureAsk, Known, Request, Told};
use crate::city::City;
use crate::dice::Dice;
use crate::world::World;

/// What callers remember to choose from.
#[derive(Debug, Default)]
pub struct Callers {
    keys: u32,
}

impl Callers {
    /// The next request, new or again; its place in the list.
    pub fn choose(&mut self, world: &World, city: &City, requests: &mut Vec<Request>) -> Option<usize> {
        world.with(|state| {
            let dice = &mut state.dice;
            if !requests.is_empty() && dice.chance(300) {
                return Some(again(dice, requests));
            }
            let ask = ask(dice, city, requests)?;
            let owner = owner(&ask, requests).unwrap_or_else(|| dice.one_of(&city.merchants));
            let merchant = if dice.chance(20) { dice.one_of(&city.merchants) } else { owner };
            let (key, fingerprint) = match requests.last() {
                Some(last) if dice.chance(30) => (last.key.clone(), last.fingerprint.wrapping_add(1)),
                Some(_) | None => {
                    self.keys += 1;
                    (format!("k{}", self.keys), 0)
                }
            };
            requests.push(Request::new(merchant, key, fingerprint, ask));
            Some(requests.len() - 1)
        })
    }
}

/// Something asked before, rather one that has no answer or is new.
fn again(dice: &mut Dice, requests: &[Request]) -> usize {
    let open: Vec<usize> = (0..requests.len()).filter(|place| !requests[*place].is_answered()).collect();
    match dice.place(3) {
        0 if !open.is_empty() => dice.one_of(&open),
        1 => requests.len() - 1,
        _ => dice.place(requests.len()),
    }
}

fn ask(dice: &mut Dice, city: &City, requests: &[Request]) -> Option<Ask> {
    let holds = held(requests);
    if holds.is_empty() || dice.chance(300) {
        return place(dice, city);
    }
    let (hold, amount) = dice.one_of(&holds);
    let part = if dice.chance(400) { None } else { Some(dice.between(1, amount.max(1))) };
    let expected_version = dice.chance(150).then(|| u32::try_from(dice.between(1, 5)).unwrap_or(1));
    let captures = settled(requests, "capture");
    let raises = waiting(requests);
    let disputes = open(requests, "dispute");
    Some(match dice.place(24) {
        0..=4 => Ask::Capture(capture(dice, city, hold, part, Finality::Final, expected_version)),
        5..=9 => {
            let part = part.map(|part| part / 3 + 1);
            Ask::Capture(capture(dice, city, hold, part, Finality::Partial, expected_version))
        }
        10 | 11 => Ask::Raise { hold, amount: dice.between(1, 2_000), expected_version },
        12 | 13 if !raises.is_empty() => Ask::Confirm { raise: dice.one_of(&raises), yes: dice.chance(700) },
        14 => Ask::Extend { hold, expires_in_ms: dice.one_of(&[90_000, 300_000, 7_200_000]), expected_version },
        15 | 16 if !captures.is_empty() => {
            let (capture, amount) = dice.one_of(&captures);
            let part = if dice.chance(300) { None } else { Some(dice.between(1, amount)) };
            Ask::Refund { capture, amount: part }
        }
        17 if !captures.is_empty() => Ask::Reverse { capture: dice.one_of(&captures).0 },
        18 if !captures.is_empty() => {
            let (capture, amount) = dice.one_of(&captures);
            Ask::Dispute { capture, amount: dice.chance(500).then(|| dice.between(1, amount)) }
        }
        19 if !disputes.is_empty() => Ask::EndDispute { dispute: dice.one_of(&disputes), lost: dice.chance(500) },
        20 => Ask::Release { hold, amount: part, expected_version },
        _ => Ask::Release { hold, amount: None, expected_version },
    })
}

fn place(dice: &mut Dice, city: &City) -> Option<Ask> {
    let payer = *city.instruments.get(dice.place(city.instruments.len()))?;
    let expires_in_ms = dice.one_of(&[60_000, 61_000, 120_000, 3_600_000]);
    let amount = dice.between(1, 6_000);
    let cap = dice.chance(400).then(|| amount + dice.between(0, 3_000));
    Some(Ask::Place { payer, amount, cap, expires_in_ms, captures_at_deadline: dice.chance(200) })
}

fn capture(
    dice: &mut Dice,
    city: &City,
    hold: HoldId,
    amount: Option<i64>,
    finality: Finality,
    expected_version: Option<u32>,
) -> CaptureAsk {
    let raises = dice.chance(150);
    let amount = amount.map(|amount| if raises { amount + dice.between(0, 3_000) } else { amount });
    let others = if dice.chance(200) { dice.place(city.merchants.len() + 1) } else { 0 };
    let split = city.merchants.iter().take(others).map(|other| (*other, dice.between(1, 50))).collect();
    CaptureAsk { hold, amount, finality, split, raises, expected_version }
}

/// The operations that callers heard of, with what they know of them.
fn heard(requests: &[Request]) -> impl Iterator<Item = (OperationId, HoldId, &'static str, &Known)> {
    requests.iter().flat_map(|request| &request.told).filter_map(|told| match told {
        Told::Operation { id, hold, kind, state, .. } => Some((*id, *hold, *kind, state)),
        Told::Refused { .. } | Told::KeyReused | Told::AskAgain { .. } => None,
    })
}

/// Holds that callers heard of, with the amount.
fn held(requests: &[Request]) -> Vec<(HoldId, i64)> {
    let heard = requests.iter().filter_map(|request| {
        let Ask::Place { amount, .. } = request.ask else { return None };
        request.told.iter().find_map(|told| match told {
            Told::Operation { hold, state: Known::Open | Known::Settled(_), .. } => Some((*hold, amount)),
            Told::Operation { .. } | Told::Refused { .. } | Told::KeyReused | Told::AskAgain { .. } => None,
        })
    });
    heard.collect()
}

/// Operations of a kind that callers know to be settled, with the amount.
fn settled(requests: &[Request], wanted: &str) -> Vec<(OperationId, i64)> {
    let settled = heard(requests).filter(|(_, _, kind, _)| *kind == wanted);
    settled
        .filter_map(|(id, _, _, known)| if let Known::Settled(amount) = known { Some((id, *amount)) } else { None })
        .collect()
}

/// Raises that wait for the payer.
fn waiting(requests: &[Request]) -> Vec<OperationId> {
    heard(requests).filter(|(_, _, _, known)| **known == Known::Waiting).map(|(id, ..)| id).collect()
}

/// Operations of a kind that callers know to be open.
fn open(requests: &[Request], wanted: &str) -> Vec<OperationId> {
    heard(requests).filter(|(_, _, kind, known)| *kind == wanted && **known == Known::Open).map(|(id, ..)| id).collect()
}

/// The merchant who asked for what this is about.
fn owner(ask: &Ask, requests: &[Request]) -> Option<MerchantId> {
    let about = |told: &Told| {
        let Told::Operation { id, hold: of, .. } = told else { return false };
        match ask {
            Ask::Place { .. } => false,
            Ask::Raise { hold, .. } | Ask::Extend { hold, .. } | Ask::Release { hold, .. } => hold == of,
            Ask::Capture(capture) => capture.hold == *of,
            Ask::Confirm { raise: asked, .. }
            | Ask::Refund { capture: asked, .. }
            | Ask::Reverse { capture: asked }
            | Ask::Dispute { capture: asked, .. }
            | Ask::EndDispute { dispute: asked, .. } => asked == id,
        }
    };
    requests.iter().find(|request| request.told.iter().any(about)).map(|request| request.merchant)
}

//! Whom the hub is asked by: merchants who place, capture, release and refund, who ask twice, who use a key again for
//! something else, and who reach for what is not theirs.

use tebura_ledger::{Finality, HoldId, OperationId};

use crate::ask::{Ask, Known, Request, Told};
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
            requests.push(Request {
                merchant,
                key,
                fingerprint,
                ask,
                sent: 0,
                under_way: 0,
                cut_off: false,
                told: Vec::new(),
            });
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
    let captures = captured(requests);
    if holds.is_empty() || dice.chance(350) {
        let payer = *city.instruments.get(dice.place(city.instruments.len()))?;
        let expires_in_ms = dice.one_of(&[60_000, 61_000, 120_000, 3_600_000]);
        return Some(Ask::Place { payer, amount: dice.between(1, 6_000), expires_in_ms });
    }
    let (hold, amount) = dice.one_of(&holds);
    let part = if dice.chance(400) { None } else { Some(dice.between(1, amount.max(1))) };
    let expected_version = dice.chance(150).then(|| u32::try_from(dice.between(1, 5)).unwrap_or(1));
    Some(match dice.place(10) {
        0..=2 => Ask::Capture { hold, amount: part, finality: Finality::Final, expected_version },
        3..=5 => {
            Ask::Capture { hold, amount: part.map(|part| part / 3 + 1), finality: Finality::Partial, expected_version }
        }
        6 | 7 if !captures.is_empty() => {
            let (capture, amount) = dice.one_of(&captures);
            let part = if dice.chance(300) { None } else { Some(dice.between(1, amount)) };
            Ask::Refund { capture, amount: part }
        }
        _ => Ask::Release { hold, expected_version },
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

/// Captures that callers know to be settled, with the amount.
fn captured(requests: &[Request]) -> Vec<(OperationId, i64)> {
    let heard = requests.iter().filter_map(|request| {
        let Ask::Capture { .. } = request.ask else { return None };
        request.told.iter().find_map(|told| match told {
            Told::Operation { id, state: Known::Settled(amount), .. } => Some((*id, *amount)),
            Told::Operation { .. } | Told::Refused { .. } | Told::KeyReused | Told::AskAgain { .. } => None,
        })
    });
    heard.collect()
}

/// The merchant who placed the hold that is asked about.
fn owner(ask: &Ask, requests: &[Request]) -> Option<tebura_hub::ids::MerchantId> {
    let about = |told: &Told| match (told, ask) {
        (Told::Operation { hold, .. }, Ask::Capture { hold: asked, .. } | Ask::Release { hold: asked, .. }) => {
            hold == asked
        }
        (Told::Operation { id, .. }, Ask::Refund { capture, .. }) => id == capture,
        _ => false,
    };
    requests.iter().find(|request| request.told.iter().any(about)).map(|request| request.merchant)
}

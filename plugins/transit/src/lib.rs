//! A bus or train: fares from a GTFS feed, taken at boarding, at alighting, or held at boarding and taken at alighting; reductions
//! by claims under the operator's policy; passes that are bound to the person.
//!
//! A ride between two stops is two requests of one person. `board` holds the most that a ride from there may cost and waits;
//! `alight` takes the fare of the ride that stands under the person's name and gives the rest back. Who never alights pays by the
//! rule of the settings when the wait of `board` is over, or when the next ride begins. Absent: transfers, rides of several routes,
//! a vehicle that has no network, lists of people who may not ride.

mod faults;
mod output;
mod pass;
mod ride;
mod rider;
mod settings;

use serde::Deserialize;
use tebura_fares::Party;
use tebura_plugin::service::*;

use output::{Shown, refused};
use ride::Boarding;
use settings::{Collect, Settings};

pub use rider::{BIRTH_DATE, DISABILITY, RESIDENCE, STUDENT};

#[derive(Deserialize)]
struct Pay {
    from: Option<String>,
    to: Option<String>,
    #[serde(default)]
    party: Party,
}

#[derive(Deserialize)]
struct Board {
    stop: String,
    #[serde(default)]
    party: Party,
}

#[derive(Deserialize)]
struct Alight {
    stop: String,
}

/// A bus or train.
#[derive(Debug, Default)]
pub struct Transit;

const CLAIMS: [&str; 4] = [BIRTH_DATE, STUDENT, DISABILITY, RESIDENCE];
const WAYS: [&str; 4] = ["face", "card", "qr", "staff"];

impl Service for Transit {
    fn describe(&self) -> Description {
        let ride = |name: &str, ja: &str, en: &str, input: &str| {
            let action = Action::new(name).title("ja", ja).title("en", en).input(input);
            action.output(include_str!("../schemas/ride-output.json")).wishes(CLAIMS)
        };
        let pay = ride("pay", "運賃を払う", "Pay a ride", include_str!("../schemas/pay-input.json"));
        let board = ride("board", "乗車", "Board", include_str!("../schemas/board-input.json"));
        let alight = ride("alight", "降車", "Alight", include_str!("../schemas/alight-input.json"));
        let quote = ride("quote", "運賃を見る", "What a ride costs", include_str!("../schemas/quote-input.json"));
        let buy_pass = Action::new("buy-pass")
            .title("ja", "定期券を買う")
            .title("en", "Buy a pass")
            .input(include_str!("../schemas/buy-pass-input.json"))
            .output(include_str!("../schemas/buy-pass-output.json"))
            .recognised_by(WAYS);
        Description::new(include_str!("../schemas/settings.json"))
            .action(pay.recognised_by(WAYS))
            .action(board.recognised_by(WAYS))
            .action(alight.recognised_by(WAYS))
            .action(quote)
            .action(buy_pass)
    }

    fn check_settings(&self, request: &Request) -> Vec<SettingsFault> {
        request.settings().map_or_else(SettingsFault::unreadable, |own: Settings| faults::faults(&own))
    }

    fn handle(&self, request: &Request) -> Next {
        let settings = match settings(request) {
            Ok(settings) => settings,
            Err(why) => return fail(why.code, why.message),
        };
        let unreadable = |why: Fault| fail(why.code, why.message);
        match request.action.as_str() {
            "pay" => request.input().map_or_else(unreadable, |input: Pay| pay(request, &settings, &input)),
            "board" => request.input().map_or_else(unreadable, |input: Board| match settings.collect {
                Collect::BothEnds => ride::board(request, &settings, &input.stop, input.party),
                Collect::Boarding | Collect::Alighting => done(&refused("wrong_action")),
            }),
            "alight" => {
                request.input().map_or_else(unreadable, |input: Alight| ride::alight(request, &settings, &input.stop))
            }
            "quote" => request.input().map_or_else(unreadable, |input: Pay| quote(request, &settings, &input)),
            "buy-pass" => pass::buy(request, &settings),
            other => fail("transit.action_unknown", format!("there is no action {other:?}")),
        }
    }

    fn on_moved(&self, request: &Request, at: &Tag, receipt: &Receipt) -> Next {
        match at.name() {
            "fare held" => match at.value::<Shown>() {
                Ok(shown) => capture(&receipt.id, receipt.amount.clone()).then_with("fare paid", &shown),
                Err(why) => fail(why.code, why.message),
            },
            "fare paid" => match at.value::<Shown>() {
                Ok(shown) => done(&shown).tell("transit.paid", &serde_json::json!({ "yen": receipt.amount.minor() })),
                Err(why) => fail(why.code, why.message),
            },
            "pass held" | "pass paid" => pass::moved(request, at, receipt),
            _ => ride::moved(request, at, receipt),
        }
    }

    fn on_not_moved(&self, request: &Request, at: &Tag, why: &Fault) -> Next {
        match at.name() {
            "fare held" => done(&Shown { code: Some(why.code.clone()), ..refused("not_paid") }),
            "pass held" => done(&pass::not_paid(why)),
            "fare paid" | "pass paid" => fail(why.code.as_str(), why.message.as_str()),
            _ => ride::not_moved(request, at, why),
        }
    }

    fn on_timer(&self, request: &Request, at: &Tag) -> Next {
        match (at.value::<Boarding>(), settings(request)) {
            (Ok(boarding), Ok(settings)) => ride::over(request, &settings, boarding),
            (Err(why), _) | (_, Err(why)) => fail(why.code, why.message),
        }
    }
}

/// The settings, when their fares fit together.
fn settings(request: &Request) -> Result<Settings, Fault> {
    let settings: Settings = request.settings()?;
    match settings.fares.problems().first() {
        Some(problem) => Err(Fault::new("transit.fares_wrong", problem.to_string())),
        None => Ok(settings),
    }
}

/// Where a ride that is paid at once goes: to the stop that is named, or anywhere where every ride costs the same.
fn ends(settings: &Settings, input: &Pay) -> Result<(String, String), &'static str> {
    let known = |stop: &Option<String>| stop.as_ref().is_none_or(|stop| settings.fares.stop(stop).is_some());
    if !known(&input.from) || !known(&input.to) {
        return Err("stop_unknown");
    }
    match (&input.from, &input.to) {
        (Some(from), Some(to)) => Ok((from.clone(), to.clone())),
        _ if settings.fares.flat().is_none() => Err("say_where"),
        _ => {
            let stops = &settings.fares.stops;
            let mut pairs = stops.iter().flat_map(|from| stops.iter().map(move |to| (from, to)));
            let priced = pairs.find(|(from, to)| settings.fares.fare(&from.id, &to.id).is_some());
            priced.map(|(from, to)| (from.id.clone(), to.id.clone())).ok_or("no_fare")
        }
    }
}

fn priced(request: &Request, settings: &Settings, input: &Pay) -> Result<Shown, &'static str> {
    let (from, to) = ends(settings, input)?;
    let pass = pass::valid(request);
    let rider = rider::rider(request, &settings.policy);
    let priced = rider::fare(settings, &rider, input.party, &from, &to, pass.is_some()).ok_or("no_fare")?;
    Ok(Shown {
        accepted: true,
        yen: Some(priced.yen),
        from: input.from.clone(),
        to: input.to.clone(),
        by: priced.own.by,
        free_infants: (priced.free_infants > 0).then_some(priced.free_infants),
        pass: pass.map(|pass| pass.id),
        ..Shown::default()
    })
}

fn pay(request: &Request, settings: &Settings, input: &Pay) -> Next {
    if settings.collect == Collect::BothEnds {
        return done(&refused("wrong_action"));
    }
    match priced(request, settings, input) {
        Err(reason) => done(&refused(reason)),
        Ok(shown) => match shown.yen {
            Some(1..) => {
                let fare = yen(shown.yen.unwrap_or(0));
                hold("operator", fare, "運賃", request.now + ride::SLOW_RAIL_MS).then_with("fare held", &shown)
            }
            _ => done(&shown),
        },
    }
}

fn quote(request: &Request, settings: &Settings, input: &Pay) -> Next {
    match priced(request, settings, input) {
        Err(reason) => done(&refused(reason)),
        Ok(shown) => done(&shown),
    }
}

tebura_plugin::export_service!(Transit);

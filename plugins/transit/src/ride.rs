//! A ride between two stops: the most is held at boarding, the fare is taken at alighting, and a rule stands for who never alights.

use serde::{Deserialize, Serialize};
use tebura_fares::Party;
use tebura_plugin::service::*;

use crate::output::{Shown, refused};
use crate::rider::{self, Rider};
use crate::settings::{Missed, Settings};
use crate::{pass, settings};

/// Covers a rail that is slow.
pub(crate) const SLOW_RAIL_MS: u64 = 10 * 60_000;

/// A ride that began, as it stands under the person's name until somebody takes its fare.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Boarding {
    /// The request that began it.
    request: String,
    from: String,
    rider: Rider,
    party: Party,
    /// The pass on which the person rides.
    pass: Option<String>,
    /// `None`: nothing had to be held.
    hold: Option<String>,
    most: u64,
}

/// What alighting, or the rule, is about to take.
#[derive(Serialize, Deserialize)]
struct Taking {
    boarding: Boarding,
    shown: Shown,
    /// Boarding again: what comes after the old ride is settled.
    then: Option<Boarding>,
}

fn key(subject: &str) -> String {
    format!("ride:{subject}")
}

fn open(request: &Request) -> Option<Boarding> {
    let bytes = kv::get(&key(request.subject.as_ref()?))?;
    serde_json::from_slice(&bytes).ok()
}

/// Writes the ride under the person's name, or takes it away.
fn noted(next: Next, request: &Request, ride: Option<&Boarding>) -> Next {
    let Some(subject) = &request.subject else { return next };
    match ride.map(serde_json::to_vec) {
        None => next.remove(key(subject)),
        Some(Ok(bytes)) => next.put(key(subject), bytes),
        Some(Err(_)) => fail("transit.ride_unwritable", "a ride cannot be written"),
    }
}

pub(crate) fn board(request: &Request, settings: &Settings, stop: &str, party: Party) -> Next {
    if settings.fares.stop(stop).is_none() {
        return done(&refused("stop_unknown"));
    }
    if request.subject.is_none() {
        return done(&refused("nobody"));
    }
    let rider = rider::rider(request, &settings.policy);
    let pass = pass::valid(request).map(|pass| pass.id);
    let Some((_, most)) = rider::most(settings, &rider, party, stop, pass.is_some()) else {
        return done(&refused("no_fare"));
    };
    let (request_id, from) = (request.id.clone(), stop.to_owned());
    let boarding = Boarding { request: request_id, from, rider, party, pass, hold: None, most: most.yen };
    match open(request) {
        Some(old) => missed(request, settings, old, Some(boarding)),
        None => begin(request, settings, boarding),
    }
}

/// Holds the most, or begins at once where nothing is to be paid.
fn begin(request: &Request, settings: &Settings, boarding: Boarding) -> Next {
    if boarding.most == 0 {
        return aboard(request, settings, boarding);
    }
    let until = request.now + settings.ride_minutes * 60_000 + SLOW_RAIL_MS;
    hold("operator", yen(boarding.most), "運賃（上限）", until).then_with("most held", &boarding)
}

/// The ride stands under the person's name, and its request waits for the time after which nobody alights any more.
fn aboard(request: &Request, settings: &Settings, boarding: Boarding) -> Next {
    let shown = Shown {
        accepted: true,
        held: Some(boarding.most),
        from: Some(boarding.from.clone()),
        by: boarding.rider.reasons.clone(),
        pass: boarding.pass.clone(),
        ..Shown::default()
    };
    let waiting =
        wait_until(request.now + settings.ride_minutes * 60_000).showing(&shown).then_with("aboard", &boarding);
    let told = serde_json::json!({ "from": boarding.from, "held": boarding.most });
    noted(waiting, request, Some(&boarding)).tell("transit.boarded", &told)
}

pub(crate) fn alight(request: &Request, settings: &Settings, stop: &str) -> Next {
    if settings.fares.stop(stop).is_none() {
        return done(&refused("stop_unknown"));
    }
    let Some(boarding) = open(request) else { return done(&refused("not_boarded")) };
    let Boarding { from, rider, party, pass, most, .. } = &boarding;
    // Back where the ride began: nobody went anywhere that has a fare.
    let priced = rider::fare(settings, rider, *party, from, stop, pass.is_some());
    let Some(priced) = priced else { return done(&refused("no_fare")) };
    let shown = Shown {
        accepted: true,
        // Fares may have risen meanwhile: never more than was held.
        yen: Some(priced.yen.min(*most)),
        from: Some(from.clone()),
        to: Some(stop.to_owned()),
        by: priced.own.by,
        free_infants: (priced.free_infants > 0).then_some(priced.free_infants),
        pass: pass.clone(),
        ..Shown::default()
    };
    take(request, Taking { boarding, shown, then: None })
}

/// Takes what was decided and gives the rest back. From here on nobody else takes it: the ride is no longer there.
fn take(request: &Request, taking: Taking) -> Next {
    let fare = taking.shown.yen.unwrap_or(0);
    let next = match (&taking.boarding.hold, fare) {
        (None, _) => return taken(request, taking),
        (Some(hold), 0) => release(hold).then_with("taken", &taking),
        (Some(hold), fare) => capture(hold, yen(fare)).then_with("taken", &taking),
    };
    noted(next, request, None)
}

/// What comes after a fare was taken: the answer, or the ride that waited for it.
fn taken(request: &Request, taking: Taking) -> Next {
    let Taking { shown, then, .. } = taking;
    let fare = serde_json::json!({ "yen": shown.yen });
    let topic = if shown.reason.as_deref() == Some("missed") { "transit.missed" } else { "transit.paid" };
    let next = match then {
        None => noted(done(&shown), request, None),
        Some(boarding) => match settings(request) {
            Ok(settings) => begin(request, &settings, boarding),
            Err(why) => return fail(why.code, why.message),
        },
    };
    next.tell(topic, &fare)
}

/// The rule for a ride of which nobody knows where it ended.
fn missed(request: &Request, settings: &Settings, boarding: Boarding, then: Option<Boarding>) -> Next {
    let fare = match settings.missed_alighting {
        Missed::Most => boarding.most,
        Missed::Nothing => 0,
    };
    let shown = Shown {
        accepted: true,
        reason: Some("missed".to_owned()),
        yen: Some(fare),
        from: Some(boarding.from.clone()),
        pass: boarding.pass.clone(),
        ..Shown::default()
    };
    take(request, Taking { boarding, shown, then })
}

/// The wait of a ride is over.
pub(crate) fn over(request: &Request, settings: &Settings, boarding: Boarding) -> Next {
    match open(request) {
        Some(own) if own.request == request.id => missed(request, settings, own, None),
        // Its fare was taken meanwhile, by alighting or by the next ride.
        Some(_) | None => {
            done(&Shown { accepted: true, from: Some(boarding.from), pass: boarding.pass, ..Shown::default() })
        }
    }
}

pub(crate) fn moved(request: &Request, at: &Tag, receipt: &Receipt) -> Next {
    match at.name() {
        "most held" => match (at.value::<Boarding>(), settings(request)) {
            (Ok(boarding), Ok(settings)) => {
                aboard(request, &settings, Boarding { hold: Some(receipt.id.clone()), ..boarding })
            }
            (Err(why), _) | (_, Err(why)) => fail(why.code, why.message),
        },
        "taken" => match at.value::<Taking>() {
            Ok(taking) => taken(request, taking),
            Err(why) => fail(why.code, why.message),
        },
        other => fail("transit.money_unexpected", format!("no money is awaited at {other:?}")),
    }
}

pub(crate) fn not_moved(request: &Request, at: &Tag, why: &Fault) -> Next {
    if at.name() != "taken" {
        return done(&Shown { code: Some(why.code.clone()), ..refused("not_paid") });
    }
    match at.value::<Taking>() {
        // The old ride's hold ended by itself: the new ride does not wait for it.
        Ok(taking @ Taking { then: Some(_), .. }) => {
            let shown = Shown { yen: Some(0), code: Some(why.code.clone()), ..taking.shown };
            taken(request, Taking { shown, ..taking })
        }
        // Nothing was taken, so the ride stands as before: the rider shows the face again, or staff help.
        Ok(Taking { boarding, .. }) if request.action == "alight" => {
            let shown = Shown { code: Some(why.code.clone()), ..refused("not_paid") };
            noted(done(&shown), request, Some(&boarding))
        }
        Ok(_) => done(&Shown { code: Some(why.code.clone()), ..refused("not_paid") }),
        Err(why) => fail(why.code, why.message),
    }
}

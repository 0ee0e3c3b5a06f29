//! The gates of a venue: a signed ticket first, then the face that it is bound to, or the staff or a card in the face's place.
//!
//! A ticket of a pass for everybody opens by its code alone, once a day. A ticket of a pass for one person is bound to that
//! person and opens for nobody else: somebody else's ticket has a reason of its own. Whoever enters and has an instrument that
//! the pass allows is let into the gallery `today`, in which the shops search, until the day ends or she leaves. Absent: who
//! bought a ticket (the ticket office signs it), group tickets, reserved hours of entry.

mod settings;
mod ticket;

use serde::{Deserialize, Serialize};
use settings::{Pass, Settings, Title};
use tebura_plugin::service::*;
use ticket::{Known, Paying, Refusal, Ticket};

/// Whom the shops look for.
const TODAY: &str = "today";
/// The charge is captured as soon as it is held: a few minutes cover a rail that is slow.
const HOLD_MS: u64 = 10 * 60_000;
/// What shows who somebody is, besides a ticket.
const PERSONAL: [&str; 3] = ["face", "card", "staff"];

#[derive(Deserialize)]
struct Enter {
    gate: String,
    ticket: Option<String>,
}

#[derive(Deserialize)]
struct Shown {
    ticket: String,
}

/// What an entry has to remember while somebody pays and while she is in.
#[derive(Clone, Default, Serialize, Deserialize)]
struct Visit {
    gate: String,
    key: String,
    pass: String,
    re_entry: bool,
    paid: u64,
    pays_by_face: bool,
}

#[derive(Default, Serialize)]
struct Said {
    admitted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lane: Option<Title>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pass: Option<Title>,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid: Option<[Day; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    re_entry: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    paid: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pays_by_face: Option<bool>,
}

#[derive(Default, Serialize)]
struct Bound {
    bound: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ticket: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pass: Option<String>,
}

#[derive(Default, Serialize)]
struct Left {
    left: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    re_entry: Option<bool>,
}

#[derive(Default, Serialize)]
struct Instruments {
    allowed: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    chosen: Option<String>,
    pays_by_face: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

/// The gates of one venue.
#[derive(Debug, Default)]
pub struct Gate;

impl Service for Gate {
    fn describe(&self) -> Description {
        let ticket = include_str!("../schemas/ticket-input.json");
        let bound = include_str!("../schemas/bind-output.json");
        let enter = Action::new("enter")
            .title("ja", "入場")
            .title("en", "Enter")
            .input(include_str!("../schemas/enter-input.json"))
            .output(include_str!("../schemas/enter-output.json"))
            .recognised_by(["qr", "face", "card", "staff", "other-face"]);
        let leave = Action::new("leave")
            .title("ja", "退場")
            .title("en", "Leave")
            .input(ticket)
            .output(include_str!("../schemas/leave-output.json"))
            .recognised_by(["qr", "face", "card", "staff"]);
        let bind = Action::new("bind")
            .title("ja", "入場券と本人の結び付け")
            .title("en", "Bind a ticket to a person")
            .input(ticket)
            .output(bound)
            .recognised_by(PERSONAL);
        let unbind = Action::new("unbind")
            .title("ja", "結び付けの解除")
            .title("en", "Undo the binding")
            .input(ticket)
            .output(bound)
            .recognised_by(PERSONAL);
        let instruments = Action::new("instruments")
            .title("ja", "使える支払手段")
            .title("en", "What may be paid with")
            .input(ticket)
            .output(include_str!("../schemas/instruments-output.json"))
            .recognised_by(["qr", "face", "card", "staff", "instrument"]);
        let all = Description::new(include_str!("../schemas/settings.json"));
        all.action(enter).action(leave).action(bind).action(unbind).action(instruments)
    }

    fn handle(&self, request: &Request) -> Next {
        let settings = match request.settings::<Settings>() {
            Ok(settings) => settings,
            Err(why) => return fail(why.code, why.message),
        };
        let answered = match request.action.as_str() {
            "enter" => request.input().map_err(Refusal::Fault).and_then(|input| enter(request, &settings, &input)),
            "leave" => shown(request).and_then(|ticket| leave(request, &settings, &ticket)),
            "bind" => shown(request).and_then(|ticket| bind(request, &settings, &ticket)),
            "unbind" => shown(request).and_then(|ticket| unbind(request, &ticket)),
            "instruments" => shown(request).and_then(|ticket| instruments(request, &settings, &ticket)),
            other => return fail("gate.action_unknown", format!("there is no action {other:?}")),
        };
        match answered {
            Ok(next) => next,
            Err(Refusal::Fault(why)) => fail(why.code, why.message),
            Err(Refusal::Shown(reason)) => match request.action.as_str() {
                "enter" => refused(request, reason, Said::default()),
                "leave" => done(&Left { reason: Some(reason), ..Left::default() }),
                "instruments" => done(&Instruments { reason: Some(reason), ..Instruments::default() }),
                _ => done(&Bound { reason: Some(reason), ..Bound::default() }),
            },
        }
    }

    fn on_moved(&self, request: &Request, at: &Tag, receipt: &Receipt) -> Next {
        let visit = match at.value::<Visit>() {
            Ok(visit) => visit,
            Err(why) => return fail(why.code, why.message),
        };
        match at.name() {
            "held" => capture(&receipt.id, receipt.amount.clone()).then_with("paid", &visit),
            "paid" => paid(request, receipt, Visit { paid: receipt.amount.minor(), ..visit }),
            "given back" => refused(request, "inside_already", Said::default()),
            other => fail("gate.money_unexpected", format!("no money is awaited at {other:?}")),
        }
    }

    fn on_not_moved(&self, request: &Request, at: &Tag, why: &Fault) -> Next {
        let Ok(visit) = at.value::<Visit>() else { return fail(why.code.as_str(), why.message.as_str()) };
        let next = if at.name() == "held" {
            refused(request, "not_paid", Said { code: Some(why.code.clone()), ..Said::default() })
        } else {
            // Held and not taken: it goes back.
            fail(why.code.as_str(), why.message.as_str())
        };
        let known = Known::at(&visit.key);
        match is_charged_by(&known, request) {
            true => next.put(visit.key, Known { paying: None, ..known }.bytes()),
            false => next,
        }
    }

    fn on_timer(&self, request: &Request, at: &Tag) -> Next {
        let visit = match at.value::<Visit>() {
            Ok(visit) => visit,
            Err(why) => return fail(why.code, why.message),
        };
        let closed = done(&Said { reason: Some("closed"), ..entered(&visit) });
        let closed = if visit.pays_by_face { closed.dismiss(TODAY) } else { closed };
        out(request, &visit, closed)
    }
}

fn shown(request: &Request) -> Result<Ticket, Refusal> {
    Ticket::read(&request.input::<Shown>().map_err(Refusal::Fault)?.ticket)
}

fn enter(request: &Request, settings: &Settings, input: &Enter) -> Result<Next, Refusal> {
    let lane = settings.gates.get(&input.gate).ok_or(Refusal::Shown("gate_unknown"))?;
    let text = input.ticket.as_deref().filter(|text| !text.trim().is_empty());
    let ticket = Ticket::read(text.ok_or(Refusal::Shown("ticket_needed"))?)?;
    let pass = settings.passes.get(&ticket.pass).ok_or(Refusal::Shown("pass_unknown"))?;
    let today = Day::of(request.now);
    let said = Said { pass: Some(pass.title.clone()), ..Said::default() };
    if !ticket.is_valid_on(today) {
        let valid = Some([ticket.from, ticket.until]);
        return Ok(refused(request, "ticket_not_valid", Said { valid, ..said }));
    }
    if !pass.lanes.contains(lane) {
        let lane = settings.lane_of(pass);
        return Ok(refused(request, "other_lane", Said { lane, ..said }));
    }
    let known = Known::of(&ticket);
    let reason = if pass.by_face { not_the_owner(request, &known) } else { None };
    let again = known.day == Some(today);
    let inside = known.is_inside(today) || known.is_paying(request.now);
    let reason = reason.or(match (inside, again, pass.re_entry) {
        (true, ..) => Some("inside_already"),
        (false, true, false) => Some("no_re_entry"),
        (false, ..) => None,
    });
    if let Some(reason) = reason {
        return Ok(refused(request, reason, said));
    }
    let allowed = pass.allows(settings, request);
    let visit = Visit {
        gate: input.gate.clone(),
        key: ticket.key(),
        pass: ticket.pass.clone(),
        re_entry: again,
        paid: 0,
        pays_by_face: request.subject.is_some() && allowed.is_ok(),
    };
    if pass.charge == 0 || again {
        return Ok(let_in(request, &visit, known));
    }
    if allowed == Err("instrument_not_allowed") {
        return Ok(refused(request, "instrument_not_allowed", said));
    }
    let memo = format!("入場料 {}", pass.title.get("ja").map_or("", String::as_str));
    let until = request.now + HOLD_MS;
    // From here on nobody else enters with it, until the charge ended in any way.
    let charged = Known { paying: Some(Paying { request: request.id.clone(), until }), ..known };
    Ok(hold("venue", yen(pass.charge), memo, until).then_with("held", &visit).put(ticket.key(), charged.bytes()))
}

fn is_charged_by(known: &Known, request: &Request) -> bool {
    known.paying.as_ref().is_some_and(|paying| paying.request == request.id)
}

/// The charge was taken. Where that took so long that somebody entered with the ticket meanwhile, it goes back.
fn paid(request: &Request, receipt: &Receipt, visit: Visit) -> Next {
    let known = Known::at(&visit.key);
    match is_charged_by(&known, request) {
        true => let_in(request, &visit, known),
        false => refund(&receipt.id, receipt.amount.clone()).then_with("given back", &visit),
    }
}

/// Why a ticket of one person does not open for whoever shows it.
fn not_the_owner(request: &Request, known: &Known) -> Option<&'static str> {
    if request.is_by("other-face") {
        return Some("face_ticket_mismatch");
    }
    let seen = PERSONAL.iter().any(|way| request.is_by(way));
    match (&known.owner, &request.subject) {
        (_, None) => Some("face_needed"),
        (_, Some(_)) if !seen => Some("face_needed"),
        (None, Some(_)) => Some("ticket_not_bound"),
        (Some(owner), Some(subject)) if owner != subject => Some("face_ticket_mismatch"),
        (Some(_), Some(_)) => None,
    }
}

fn let_in(request: &Request, visit: &Visit, known: Known) -> Next {
    let today = Day::of(request.now);
    let told = serde_json::json!({
        "gate": visit.gate, "pass": visit.pass, "by": request.recognised_by, "re_entry": visit.re_entry, "paid": visit.paid
    });
    let waiting = wait_until(today.end()).showing(&entered(visit)).then_with("in", visit);
    let waiting = waiting.put(visit.key.clone(), known.entered(today, &request.id).bytes()).tell("gate.entered", &told);
    if visit.pays_by_face { waiting.admit(TODAY) } else { waiting }
}

fn entered(visit: &Visit) -> Said {
    Said {
        admitted: true,
        re_entry: Some(visit.re_entry),
        paid: Some(visit.paid),
        pays_by_face: Some(visit.pays_by_face),
        ..Said::default()
    }
}

/// The holder is not in by this request any more.
fn out(request: &Request, visit: &Visit, next: Next) -> Next {
    let known = Known::at(&visit.key);
    if known.inside.as_deref() != Some(request.id.as_str()) {
        return next;
    }
    next.put(visit.key.clone(), Known { inside: None, ..known }.bytes())
}

/// A gate that stays shut. The reason is told, so that mismatches are counted by gate.
fn refused(request: &Request, reason: &'static str, said: Said) -> Next {
    let gate = request.input::<Enter>().map(|input| input.gate).unwrap_or_default();
    let told = serde_json::json!({ "gate": gate, "reason": reason, "by": request.recognised_by });
    done(&Said { reason: Some(reason), ..said }).tell("gate.refused", &told)
}

fn leave(request: &Request, settings: &Settings, ticket: &Ticket) -> Result<Next, Refusal> {
    let today = Day::of(request.now);
    let known = Known::of(ticket);
    if known.owner.is_some() && request.subject.is_some() && known.owner != request.subject {
        return Err(Refusal::Shown("face_ticket_mismatch"));
    }
    if !known.is_inside(today) {
        return Err(Refusal::Shown("not_inside"));
    }
    let re_entry = settings.passes.get(&ticket.pass).is_some_and(|pass| pass.re_entry);
    let left = done(&Left { left: true, reason: None, re_entry: Some(re_entry) })
        .put(ticket.key(), Known { inside: None, ..known }.bytes())
        .tell("gate.left", &serde_json::json!({ "pass": ticket.pass }));
    Ok(if request.subject.is_some() { left.dismiss(TODAY) } else { left })
}

fn bind(request: &Request, settings: &Settings, ticket: &Ticket) -> Result<Next, Refusal> {
    let pass = settings.passes.get(&ticket.pass).ok_or(Refusal::Shown("pass_unknown"))?;
    if !pass.by_face {
        return Err(Refusal::Shown("not_by_face"));
    }
    let subject = request.subject.as_ref().ok_or(Refusal::Shown("nobody"))?;
    let known = Known::of(ticket);
    if known.owner.as_ref().is_some_and(|owner| owner != subject) {
        return Err(Refusal::Shown("bound_to_another"));
    }
    let said = bound(ticket, true);
    let known = Known { owner: Some(subject.clone()), ..known };
    Ok(said.put(ticket.key(), known.bytes()).tell("gate.bound", &serde_json::json!({ "pass": ticket.pass })))
}

/// The owner, or the staff in her presence, gives a ticket up. Whoever is in by it stays counted.
fn unbind(request: &Request, ticket: &Ticket) -> Result<Next, Refusal> {
    let subject = request.subject.as_ref().ok_or(Refusal::Shown("nobody"))?;
    let known = Known::of(ticket);
    if known.owner.as_ref().is_some_and(|owner| owner != subject) {
        return Err(Refusal::Shown("bound_to_another"));
    }
    Ok(bound(ticket, false).put(ticket.key(), Known { owner: None, ..known }.bytes()))
}

fn bound(ticket: &Ticket, bound: bool) -> Next {
    done(&Bound { bound, reason: None, ticket: Some(ticket.number.clone()), pass: Some(ticket.pass.clone()) })
}

/// What the pass allows. Whoever is in and chose something else meanwhile is found by the shops, or not any more.
fn instruments(request: &Request, settings: &Settings, ticket: &Ticket) -> Result<Next, Refusal> {
    let pass: &Pass = settings.passes.get(&ticket.pass).ok_or(Refusal::Shown("pass_unknown"))?;
    let known = Known::of(ticket);
    let reason = match (&request.subject, &known.owner) {
        (None, _) => Some("nobody"),
        (Some(_), None) if pass.by_face => Some("ticket_not_bound"),
        (Some(subject), Some(owner)) if subject != owner => Some("face_ticket_mismatch"),
        (Some(_), _) => pass.allows(settings, request).err(),
    };
    let said = Instruments {
        allowed: pass.instruments.clone(),
        chosen: settings.chosen(request).map(str::to_owned),
        pays_by_face: reason.is_none(),
        reason,
    };
    let own = !matches!(reason, Some("nobody" | "ticket_not_bound" | "face_ticket_mismatch"));
    Ok(match own && known.is_inside(Day::of(request.now)) {
        true if said.pays_by_face => done(&said).admit(TODAY),
        true => done(&said).dismiss(TODAY),
        false => done(&said),
    })
}

tebura_plugin::export_service!(Gate);

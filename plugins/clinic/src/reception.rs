//! Reception: who it is, what the terminal says, and the hold of the estimate.

use serde::Deserialize;
use tebura_plugin::service::*;

use crate::appointment::Appointment;
use crate::patient::{self, Patient};
use crate::settings::{Settings, share_of};
use crate::terminal::{self, Inquiry};
use crate::visit::{Said, Visit};
use crate::{notices, records, settle};

/// Between two looks into the folder of responses. After the last the patient is received all the same.
const PAUSES_MS: [u64; 2] = [600, 2_400];
/// Of one call to the connector.
const CALL_MS: u32 = 1_500;
/// For a call with all its repeats: nobody stands at the reception for longer because the connector is away.
const AWAY_MS: u64 = 4_000;
/// The share of whom nobody has said that she is insured.
const WHOLE: u64 = 100;

#[derive(Deserialize)]
pub(crate) struct Receive {
    department: String,
    appointment: Option<Appointment>,
    #[serde(default)]
    questionnaire: bool,
    /// The desk's word.
    #[serde(default)]
    guardian_present: bool,
    #[serde(default)]
    limit_consent: bool,
}

fn refused(reason: &'static str) -> Next {
    done(&Said { reason: Some(reason), ..Said::default() })
}

/// The first step: somebody stands at the reception.
pub(crate) fn begin(request: &Request, settings: &Settings, asked: Receive) -> Result<Next, Fault> {
    let Some(subject) = &request.subject else { return Ok(refused("not_registered")) };
    let Some(known) = Patient::find(subject) else { return Ok(refused("not_registered")) };
    if !settings.departments.contains_key(&asked.department) {
        return Ok(refused("department_unknown"));
    }
    if known.visits.contains_key(&asked.department) {
        return Ok(refused("received_already"));
    }
    let guardian = match (request.is_by("guardian"), asked.guardian_present) {
        (true, _) => "proven",
        (false, true) => "attested",
        (false, false) => "none",
    };
    let visit = Visit {
        patient: known.number.clone(),
        department: asked.department.clone(),
        by_card: request.is_by("card"),
        appointment: asked.appointment.map(|booked| booked.checked(request.now, &asked.department)),
        questionnaire: asked.questionnaire,
        guardian: guardian.to_owned(),
        began: request.now,
        ..Visit::default()
    };
    // From here on she is received in this department once.
    let mut waiting = known.clone();
    waiting.visits.insert(asked.department.clone(), request.id.clone());
    let next = if known.insurance.is_none() && !visit.by_card {
        estimated(request, settings, &known, visit)
    } else {
        let inquiry = Inquiry {
            institution: &settings.institution,
            file: &request.id,
            on: Day::of(request.now),
            patient: &known,
            by_card: visit.by_card,
            limit_consent: asked.limit_consent,
        };
        let put =
            Call::put("terminal", format!("/v1/REQ/{}.xml", request.id)).idempotent(format!("{}-ask", request.id));
        let put = put
            .header("content-type", "application/xml")
            .body(inquiry.xml())
            .timeout_ms(CALL_MS)
            .stale_after(request.now + AWAY_MS);
        put.ask_with("asked", &visit)
    };
    Ok(next.put(patient::key(subject), waiting.bytes()))
}

/// Looks whether the response lies in its folder.
pub(crate) fn look(request: &Request, visit: Visit) -> Next {
    let get = Call::get("terminal", format!("/v1/RES/{}.xml", request.id))
        .read()
        .timeout_ms(CALL_MS)
        .stale_after(request.now + AWAY_MS);
    get.ask_with("looked", &Visit { looks: visit.looks + 1, ..visit })
}

/// Goes on waiting for the next look, after something was told meanwhile.
pub(crate) fn pause(request: &Request, visit: &Visit, refused: Option<&'static str>) -> Next {
    let bill_waits = visit.early.as_ref().map(|bill| bill.bill.clone());
    let shown = Said { bill_refused: refused, bill_waits, ..Said::default() };
    wait_until(visit.look_at.max(request.now)).showing(&shown).then_with("pause", visit)
}

/// What lay there.
pub(crate) fn looked(request: &Request, settings: &Settings, visit: Visit, reply: &Reply) -> Next {
    let pause = PAUSES_MS.get(visit.looks.saturating_sub(1)).filter(|_| reply.status() == 404);
    if let Some(pause) = pause {
        let visit = Visit { look_at: request.now + pause, ..visit };
        return wait_until(visit.look_at).then_with("pause", &visit);
    }
    let checked = terminal::read(reply.body(), &request.id, Day::of(request.now));
    let Some((checked, certificate)) = checked.filter(|_| reply.status() == 200) else {
        return unavailable(request, settings, visit);
    };
    let (subject, mut known) = patient_of(request);
    known.checked = Some(checked.clone());
    let next = estimated(request, settings, &known, Visit { checked: Some(checked), certificate, ..visit });
    next.put(patient::key(&subject), known.bytes())
}

/// The terminal does not answer: the patient is received, and the staff look later.
pub(crate) fn unavailable(request: &Request, settings: &Settings, visit: Visit) -> Next {
    let (_, known) = patient_of(request);
    estimated(request, settings, &known, Visit { unavailable: true, ..visit })
}

/// What will probably be paid is reserved; who has nothing to pay with pays at the desk.
fn estimated(request: &Request, settings: &Settings, known: &Patient, visit: Visit) -> Next {
    let Some(department) = settings.departments.get(&visit.department) else {
        return fail("clinic.department_gone", "the department is not configured any more");
    };
    let today = Day::of(request.now);
    // Certificates count for a month: what was valid this month stands in for a terminal that is silent.
    let this_month = known
        .checked
        .as_ref()
        .filter(|last| visit.unavailable && (last.on.year(), last.on.month()) == (today.year(), today.month()));
    let burden = visit.checked.as_ref().or(this_month).and_then(|checked| checked.burden).unwrap_or(WHOLE);
    let visit = Visit { burden, ..visit };
    let amount = share_of(department.estimate, burden);
    if amount == 0 {
        return received(request, settings, visit);
    }
    let name = department.title.get("ja").map_or("", String::as_str);
    let memo = format!("診療費の見込み {name}");
    let until = settings.next_business_day(today).end();
    hold("clinic", yen(amount), memo, until).then_with("held", &visit)
}

/// With the hold of the estimate.
pub(crate) fn held(visit: Visit, receipt: &Receipt) -> Visit {
    Visit { hold: Some(receipt.id.clone()), held: receipt.amount.minor(), ..visit }
}

/// The patient is in the queue. She may leave after the treatment where money is held.
pub(crate) fn received(request: &Request, settings: &Settings, visit: Visit) -> Next {
    let today = Day::of(request.now);
    let counter = format!("queue/{today}/{}", visit.department);
    let before = kv::get(&counter).and_then(|bytes| String::from_utf8(bytes).ok()?.parse::<u64>().ok()).unwrap_or(0);
    let (_, known) = patient_of(request);
    let notices = notices::of(request, &known, &visit);
    let visit = Visit { queue: before + 1, received: request.now, notices, ..visit };
    let told = serde_json::json!({
        "patient": visit.patient, "visit": request.id, "department": visit.department,
        "eligibility": visit.status(), "burden": visit.burden, "queue": visit.queue
    });
    let next = match visit.early.clone() {
        Some(bill) => settle::bill(request, settings, Visit { early: None, ..visit.clone() }, &bill),
        None => wait(request, settings, &visit, &visit.waiting(settings)),
    };
    next.put(counter, visit.queue.to_string()).tell("clinic.received", &told)
}

/// Shows the records for the chart and the receipt computer, until the visit is told something else.
pub(crate) fn chart(request: &Request, settings: &Settings, visit: &Visit) -> Next {
    let (_, known) = patient_of(request);
    let records = Some(records::bundle(request, settings, &known, visit));
    wait(request, settings, visit, &Said { records, ..visit.waiting(settings) })
}

/// Waits for the bill until the end of the next day of business after the reception.
pub(crate) fn wait(request: &Request, settings: &Settings, visit: &Visit, shown: &Said) -> Next {
    // Ends just before the hold does.
    let until = settings.next_business_day(Day::of(visit.began)).end().saturating_sub(60_000).max(request.now);
    wait_until(until).showing(shown).then_with("waiting", visit)
}

/// The patient of a request in which she was found at its beginning.
pub(crate) fn patient_of(request: &Request) -> (String, Patient) {
    let subject = request.subject.clone().unwrap_or_default();
    let known = Patient::find(&subject).unwrap_or_default();
    (subject, known)
}

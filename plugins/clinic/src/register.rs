//! Who is a patient: a person, the number of her chart and the numbers of her insurance.

use serde::{Deserialize, Serialize};
use tebura_plugin::service::*;

use crate::patient::{self, Insurance, MEMBER_SYSTEM, Patient};
use crate::settings::Settings;

#[derive(Deserialize)]
pub(crate) struct Register {
    patient_number: String,
    insurance: Option<Insurance>,
}

#[derive(Serialize)]
struct Identifier {
    system: String,
    value: String,
}

#[derive(Default, Serialize)]
struct Said {
    registered: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identifier: Option<Identifier>,
    #[serde(skip_serializing_if = "Option::is_none")]
    member: Option<Identifier>,
}

fn refused(reason: &'static str) -> Next {
    done(&Said { reason: Some(reason), ..Said::default() })
}

/// Links a person to a chart, or brings the numbers of the insurance up to date.
pub(crate) fn register(request: &Request, settings: &Settings, asked: Register) -> Next {
    let Some(subject) = &request.subject else { return refused("nobody") };
    if asked.insurance.as_ref().is_some_and(|insurance| !insurance.is_of_one_width()) {
        return refused("mixed_width");
    }
    let known = Patient::find(subject);
    if known.as_ref().is_some_and(|known| known.number != asked.patient_number) {
        return refused("has_another_number");
    }
    let owner = kv::get(&patient::number_key(&asked.patient_number));
    if owner.is_some_and(|owner| owner != subject.as_bytes()) {
        return refused("number_taken");
    }
    let known = known.unwrap_or_default();
    // What was checked holds for the numbers that were checked.
    let checked = known.checked.filter(|_| known.insurance == asked.insurance);
    let Register { patient_number: number, insurance } = asked;
    let said = Said {
        registered: true,
        reason: None,
        identifier: Some(Identifier { system: patient::patient_system(&settings.institution), value: number.clone() }),
        member: insurance.as_ref().map(|own| Identifier { system: MEMBER_SYSTEM.to_owned(), value: own.member_id() }),
    };
    let told = serde_json::json!({ "patient": number });
    let patient = Patient { number, insurance, checked, visits: known.visits };
    done(&said)
        .put(patient::key(subject), patient.bytes())
        .put(patient::number_key(&patient.number), subject.as_bytes())
        .tell("clinic.registered", &told)
}

/// Forgets a person, who is not waiting. Her chart is the clinic's own and stays there.
pub(crate) fn forget(request: &Request) -> Next {
    let Some(subject) = &request.subject else { return refused("nobody") };
    let Some(known) = Patient::find(subject) else { return refused("not_registered") };
    if !known.visits.is_empty() {
        return refused("is_waiting");
    }
    done(&Said::default()).remove(patient::key(subject)).remove(patient::number_key(&known.number))
}

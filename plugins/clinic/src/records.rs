//! A visit for the chart and the receipt computer, as a collection of FHIR R4 resources in the profiles of JP Core: the
//! patient, the coverage that the terminal confirmed at this visit, and the encounter.
//!
//! Resources point to each other by identifiers: no server keeps them. Absent: whatever is not known here, such as codes of
//! departments; the clinic's own words stand for them. A coverage that was not confirmed is no coverage.

use serde_json::{Value, json};
use tebura_plugin::service::*;

use crate::certificate::Certificate;
use crate::patient::{Insurance, MEMBER_SYSTEM, Patient, patient_system};
use crate::settings::Settings;
use crate::visit::Visit;

/// Where JP Core defines its profiles.
const PROFILES: &str = "http://jpfhir.jp/fhir/core/StructureDefinition";
/// Where JP Core defines its extensions.
const EXTENSIONS: &str = "http://jpfhir.jp/fhir/core/Extension/StructureDefinition";
/// HL7's: whether a name is in kanji (`IDE`) or in kana (`SYL`).
const REPRESENTATION: &str = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation";
/// Insurers by their eight digits.
const INSURER_SYSTEM: &str = "urn:oid:1.2.392.100495.20.3.61";
/// Institutions by their ten digits.
const INSTITUTION_SYSTEM: &str = "http://jpfhir.jp/fhir/core/IdSystem/insurance-medical-institution-no";

/// What is known of a visit now.
pub(crate) fn bundle(request: &Request, settings: &Settings, known: &Patient, visit: &Visit) -> Value {
    let confirmed = visit.certificate.as_ref().filter(|_| visit.status() == "valid");
    let coverage = confirmed.and_then(|own| Some(coverage(settings, visit, own, own.insurance.as_ref()?)));
    let resources = [Some(patient(settings, known, visit)), coverage, Some(encounter(request, settings, visit))];
    let entries: Vec<Value> = resources.into_iter().flatten().map(|resource| json!({ "resource": resource })).collect();
    json!({ "resourceType": "Bundle", "type": "collection", "timestamp": instant(request.now), "entry": entries })
}

fn patient(settings: &Settings, known: &Patient, visit: &Visit) -> Value {
    let told = visit.certificate.clone().unwrap_or_default();
    let names = [("IDE", told.name), ("SYL", told.kana)];
    let names: Vec<Value> = names.into_iter().filter_map(|(word, name)| Some(human_name(word, &name?))).collect();
    let born = told.birth_date.or(known.insurance.as_ref().map(|own| own.birthdate));
    let mut patient = resource("Patient");
    patient["identifier"] = json!([patient_identifier(settings, visit)]);
    set(&mut patient, "name", (!names.is_empty()).then(|| json!(names)));
    set(&mut patient, "gender", told.sex.map(|sex| json!(sex)));
    set(&mut patient, "birthDate", born.map(|born| json!(born)));
    patient
}

fn coverage(settings: &Settings, visit: &Visit, told: &Certificate, insurance: &Insurance) -> Value {
    let own = [
        ("JP_Coverage_InsuredPersonSymbol", &insurance.symbol),
        ("JP_Coverage_InsuredPersonNumber", &insurance.number),
        ("JP_Coverage_InsuredPersonSubNumber", &insurance.branch),
    ];
    // FHIR has no empty values: what is empty in the identifier is absent here.
    let extension: Vec<Value> = own
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| json!({ "url": format!("{EXTENSIONS}/{name}"), "valueString": value }))
        .collect();
    let mut coverage = resource("Coverage");
    coverage["extension"] = json!(extension);
    coverage["identifier"] = json!([{ "system": MEMBER_SYSTEM, "value": insurance.member_id() }]);
    coverage["status"] = json!("active");
    coverage["beneficiary"] = json!({ "type": "Patient", "identifier": patient_identifier(settings, visit) });
    coverage["payor"] = json!([organization(INSURER_SYSTEM, &insurance.insurer8())]);
    coverage["costToBeneficiary"] = json!([{
        "type": { "coding": [{ "system": "http://terminology.hl7.org/CodeSystem/coverage-copay-type", "code": "copaypct" }] },
        "valueQuantity": { "value": visit.burden, "unit": "%", "system": "http://unitsofmeasure.org", "code": "%" }
    }]);
    let mut period = json!({});
    set(&mut period, "start", told.valid_from.map(|day| json!(day)));
    set(&mut period, "end", told.valid_until.map(|day| json!(day)));
    let is_known = told.valid_from.is_some() || told.valid_until.is_some();
    set(&mut coverage, "period", is_known.then_some(period));
    coverage
}

fn encounter(request: &Request, settings: &Settings, visit: &Visit) -> Value {
    let title = settings.departments.get(&visit.department).and_then(|own| own.title.get("ja"));
    let mut encounter = resource("Encounter");
    encounter["identifier"] = json!([{ "value": request.id }]);
    encounter["status"] = json!("arrived");
    encounter["class"] =
        json!({ "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB", "display": "ambulatory" });
    set(&mut encounter, "serviceType", title.map(|title| json!({ "text": title })));
    encounter["subject"] = json!({ "type": "Patient", "identifier": patient_identifier(settings, visit) });
    let booked = |own: &crate::appointment::Appointment| json!([{ "type": "Appointment", "identifier": { "value": own.reference } }]);
    set(&mut encounter, "appointment", visit.appointment.as_ref().map(booked));
    encounter["period"] = json!({ "start": instant(visit.received) });
    encounter["serviceProvider"] = organization(INSTITUTION_SYSTEM, &settings.institution);
    encounter
}

fn resource(name: &str) -> Value {
    json!({ "resourceType": name, "meta": { "profile": [format!("{PROFILES}/JP_{name}")] } })
}

fn patient_identifier(settings: &Settings, visit: &Visit) -> Value {
    json!({ "system": patient_system(&settings.institution), "value": visit.patient })
}

fn organization(system: &str, value: &str) -> Value {
    json!({ "type": "Organization", "identifier": { "system": system, "value": value } })
}

/// Family and given names apart where the insurer writes them apart.
fn human_name(representation: &str, name: &str) -> Value {
    let parts: Vec<&str> = name.split_whitespace().collect();
    let mut human = json!({
        "extension": [{ "url": REPRESENTATION, "valueCode": representation }], "use": "official", "text": parts.join(" ")
    });
    if let [family, given] = parts[..] {
        human["family"] = json!(family);
        human["given"] = json!([given]);
    }
    human
}

fn set(resource: &mut Value, name: &str, value: Option<Value>) {
    if let Some(value) = value {
        resource[name] = value;
    }
}

/// `2026-04-13T10:30:00+09:00`.
fn instant(at: Millis) -> String {
    let day = Day::of(at);
    let seconds = at.saturating_sub(day.start()) / 1_000;
    format!("{day}T{:02}:{:02}:{:02}+09:00", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

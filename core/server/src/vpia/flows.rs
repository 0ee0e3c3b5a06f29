//! Who passes what to whom: from the manifests and the addresses that the operator bound, and from how the hub is made.

use tebura_plugin_host::{Part, Power, powers};

use super::gaps::Gaps;
use super::report::Flow;
use super::stated::Privacy;
use super::{PluginSource, Sources};

/// What a rail is told: names of instruments and amounts. It never learns names, faces or PINs of people.
const TOLD_TO_RAILS: &[&str] = &["instrument_token", "payment"];

/// What a service is told: requests, and who is let in and what is owed by them; claims where its manifest lists some.
const TOLD_TO_SERVICES: &[&str] = &["service_request", "claim", "admission", "payment"];

/// What a plugin that proves identities is told, and says.
const TOLD_TO_PROVERS: &[&str] = &["evidence", "claim"];

/// Between the hub and what lies beside it, whatever is configured: from, to, by what, which items.
const OWN: [(&str, &str, &str, &[&str]); 8] = [
    ("terminal", "hub", "POST /v1/payments/face", &["probe_image", "pin"]),
    ("enrolment", "hub", "POST /v1/capture-sessions/*/frames", &["enrolment_image"]),
    ("enrolment", "hub", "POST /v1/people", &["name", "pin", "instrument_token", "admission"]),
    ("enrolment", "hub", "POST /v1/proofings/*/evidence", &["evidence"]),
    ("terminal", "hub", "POST /v1/services/*/requests", &["service_request", "probe_image"]),
    (
        "hub",
        "database",
        "SQL",
        &[
            "face_template",
            "name",
            "pin",
            "instrument_token",
            "evidence",
            "claim",
            "service_request",
            "admission",
            "payment",
            "refused_payment",
            "audit_log",
        ],
    ),
    ("hub", "merchant", "webhook", &["payment"]),
    ("hub", "offline terminal", "POST /v1/services/*/offline-bundles", &["face_template", "name"]),
];

pub(super) fn flows(sources: &Sources, gaps: &mut Gaps) -> Vec<Flow> {
    let privacy = &sources.privacy;
    let mut flows: Vec<Flow> = OWN.iter().map(|(from, to, by, items)| flow(privacy, from, to, by, items)).collect();
    for plugin in &sources.plugins {
        of_plugin(plugin, privacy, &mut flows, gaps);
    }
    for flow in flows.iter().filter(|flow| flow.purpose.is_empty()) {
        let path = format!("flows: {} to {}: {}", flow.from, flow.to, flow.capability);
        gaps.add("flow_without_purpose", &path, &[]);
    }
    flows
}

fn flow(privacy: &Privacy, from: &str, to: &str, capability: &str, items: &[&str]) -> Flow {
    let serves = |needed: &[String]| items.iter().any(|item| needed.iter().any(|own| own == item));
    let purpose = privacy.purposes.iter().filter(|(_, purpose)| serves(&purpose.data_items));
    Flow {
        from: from.to_owned(),
        to: to.to_owned(),
        plugin: None,
        capability: capability.to_owned(),
        purpose: purpose.map(|(id, _)| id.clone()).collect(),
        data_items: items.iter().map(|item| (*item).to_owned()).collect(),
        cross_border: Some(false).filter(|_| to == "hub"),
        recipient: None,
    }
}

fn of_plugin(plugin: &PluginSource, privacy: &Privacy, flows: &mut Vec<Flow>, gaps: &mut Gaps) {
    let id = &plugin.manifest.id.0;
    let told = if plugin.manifest.rail().is_some() {
        TOLD_TO_RAILS
    } else if matches!(plugin.manifest.part, Part::Identity(_)) {
        TOLD_TO_PROVERS
    } else {
        TOLD_TO_SERVICES
    };
    for power in powers(&plugin.manifest) {
        let inside: &[&str] = match &power {
            Power::Command(_) | Power::Claim(_) => told,
            Power::SeeClaim(_) => &["claim"],
            Power::Payee(_) => &["payment"],
            Power::Gallery(_) => &["admission"],
            Power::Topic(_) => &["service_request"],
            Power::Currency(_)
            | Power::AmountUpTo(_)
            | Power::Call { .. }
            | Power::Route(_)
            | Power::Header(_)
            | Power::Key { .. }
            | Power::Setting(_)
            | Power::Fuel(_)
            | Power::MemoryBytes(_)
            | Power::DeadlineMs(_) => &[],
        };
        if !inside.is_empty() {
            // A guest runs in the hub's own process.
            let flow = flow(privacy, "hub", id, &power.to_string(), inside);
            flows.push(Flow { plugin: Some(id.clone()), cross_border: Some(false), ..flow });
        }
        if let Power::Route(_) = &power {
            // Whoever calls is believed for the signature only.
            flows.push(Flow { plugin: Some(id.clone()), ..flow(privacy, "internet", id, &power.to_string(), told) });
        }
        if let Power::Call { endpoint, .. } = &power {
            let bound = plugin.origins.get(endpoint);
            let (to, key) = (bound.unwrap_or(endpoint), format!("{id}/{endpoint}"));
            if bound.is_none() {
                gaps.add("not_bound", &key, &[("endpoint", endpoint)]);
            }
            let flow = Flow { plugin: Some(id.clone()), ..flow(privacy, id, to, &power.to_string(), told) };
            flows.push(outside(privacy, flow, &key, gaps));
        }
    }
}

/// Completes a flow to an endpoint by what is stated of who is behind it.
fn outside(privacy: &Privacy, mut flow: Flow, key: &str, gaps: &mut Gaps) -> Flow {
    let path = format!("privacy.recipients.\"{key}\"");
    let recipient = privacy.recipients.get(key);
    gaps.word(&format!("{path}.name"), recipient.and_then(|recipient| recipient.name.as_ref()));
    let country = recipient.and_then(|recipient| recipient.country.as_ref());
    gaps.word(&format!("{path}.country"), country);
    let cross_border = country.zip(privacy.region.as_ref()).map(|(country, region)| country != region);
    if let (Some(true), Some(country)) = (cross_border, country) {
        gaps.add("outside_region", &path, &[("region", country)]);
    }
    if let Some(purpose) = recipient.and_then(|recipient| recipient.purpose.clone()) {
        flow.purpose = vec![purpose];
    }
    Flow { cross_border, recipient: recipient.and_then(|recipient| recipient.name.clone()), ..flow }
}

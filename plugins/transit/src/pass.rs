//! Passes: bought once, bound to the person by the name that this instance knows her by, valid until a day.

use serde::{Deserialize, Serialize};
use tebura_plugin::service::*;

use crate::ride::SLOW_RAIL_MS;
use crate::settings::{Pass, Settings};

/// A pass that somebody has.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Owned {
    pub(crate) id: String,
    /// The last day on which it is valid.
    pub(crate) until: Day,
}

#[derive(Deserialize)]
struct Buy {
    pass: String,
}

#[derive(Debug, Default, Serialize)]
pub(crate) struct Sold {
    accepted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pass: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    yen: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Day>,
}

fn key(subject: &str) -> String {
    format!("pass:{subject}")
}

/// The pass on which the person rides today.
pub(crate) fn valid(request: &Request) -> Option<Owned> {
    let bytes = kv::get(&key(request.subject.as_ref()?))?;
    let owned: Owned = serde_json::from_slice(&bytes).ok()?;
    (Day::of(request.now) <= owned.until).then_some(owned)
}

pub(crate) fn buy(request: &Request, settings: &Settings) -> Next {
    let refused = |reason| done(&Sold { reason: Some(reason), ..Sold::default() });
    let wanted = match request.input::<Buy>() {
        Ok(wanted) => wanted.pass,
        Err(why) => return fail(why.code, why.message),
    };
    let Some(pass) = settings.passes.iter().find(|own| own.id == wanted) else { return refused("no_such_pass") };
    if valid(request).is_some() {
        return refused("has_pass");
    }
    hold("operator", yen(pass.yen), pass.title.as_str(), request.now + SLOW_RAIL_MS).then_with("pass held", pass)
}

pub(crate) fn moved(request: &Request, at: &Tag, receipt: &Receipt) -> Next {
    let pass = match at.value::<Pass>() {
        Ok(pass) => pass,
        Err(why) => return fail(why.code, why.message),
    };
    if at.name() == "pass held" {
        return capture(&receipt.id, receipt.amount.clone()).then_with("pass paid", &pass);
    }
    let until = Day::of(request.now).plus(pass.days - 1);
    let owned = Owned { id: pass.id.clone(), until };
    let (Some(subject), Ok(bytes)) = (&request.subject, serde_json::to_vec(&owned)) else {
        return fail("transit.nobody", "a pass belongs to somebody");
    };
    let sold = Sold {
        accepted: true,
        pass: Some(pass.id),
        yen: Some(receipt.amount.minor()),
        until: Some(until),
        ..Sold::default()
    };
    done(&sold)
        .put(key(subject), bytes)
        .tell("transit.pass_sold", &serde_json::json!({ "yen": receipt.amount.minor() }))
}

pub(crate) fn not_paid(why: &Fault) -> Sold {
    Sold { reason: Some("not_paid"), code: Some(why.code.clone()), ..Sold::default() }
}

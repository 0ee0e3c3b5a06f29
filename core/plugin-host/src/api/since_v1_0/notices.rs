//! `tebura:rail/notices@1.0.0`: what a request from outside is about, and its conversion into the hub's words.

use tebura_hub::notices::{Chargeback, Inbound, News, Subject};
use tebura_hub::rail::{Next, Step};
use tebura_ledger::Timestamp;

use super::{answered, guest_fields, millis, money, other_world, types};
use crate::call::Guest;
use crate::contract::{self, Breach};
use crate::dispatch::Asked;

mod bindings {
    wasmtime::component::bindgen!({
        path: ["../../specs/wit/host/1.0.0", "../../specs/wit/rail/1.0.0"],
        inline: "package tebura:host-notices; world notices-alone { export tebura:rail/notices@1.0.0; }",
        world: "tebura:host-notices/notices-alone",
        with: { "tebura:host/types": crate::api::since_v1_0::imports::tebura::host::types },
    });
}

pub(crate) use bindings::NoticesAloneIndices as Indices;
use bindings::exports::tebura::rail::notices as wit;

/// Asks a guest what a request is about, and checks what it answers. A step only in form: it is over at once.
pub(crate) fn identify(guest: &mut Guest<'_>, request: &Inbound, now: Timestamp) -> Asked<Vec<News>> {
    let super::Exports::Rail(_, Some(indices)) = guest.exports() else { return Ok(Err(other_world())) };
    let plugin = indices.load(&mut *guest.store, &guest.instance)?;
    let answer = plugin.tebura_rail_notices().call_identify(&mut *guest.store, &inbound(request), millis(now))?;
    let read = |news: Vec<wit::News>| {
        contract::at_most("a list", "news", news.len(), crate::limits::NEWS)?;
        let news = news.into_iter().map(self::news).collect::<Result<Vec<_>, _>>()?;
        news.iter().try_for_each(contract::check_news)?;
        Ok(Step { next: Next::Done(news), state: Vec::new(), writes: Vec::new() })
    };
    Ok(answered(answer, read))
}

/// A request in the guest's words.
pub(super) fn inbound(request: &Inbound) -> types::Inbound {
    types::Inbound { route: request.route.clone(), headers: guest_fields(&request.headers), body: request.body.clone() }
}

fn news(news: wit::News) -> Result<News, Breach> {
    Ok(match news {
        wit::News::Progress(about) => News::Progress(subject(about)),
        wit::News::DisputeOpened(opened) => News::DisputeOpened(dispute(opened)?),
        wit::News::DisputeWon(won) => News::DisputeWon(dispute(won)?),
        wit::News::DisputeLost(lost) => News::DisputeLost(dispute(lost)?),
    })
}

fn subject(subject: wit::Subject) -> Subject {
    match subject {
        wit::Subject::Operation(id) => Subject::Operation(id),
        wit::Subject::Reference(reference) => Subject::Reference(reference),
    }
}

fn dispute(dispute: wit::Dispute) -> Result<Chargeback, Breach> {
    let wit::Dispute { id, about, amount, reason, details } = dispute;
    let details = details.into_iter().map(|field| (field.name, field.value)).collect();
    Ok(Chargeback { id, about: subject(about), amount: money(&amount)?, reason, details })
}

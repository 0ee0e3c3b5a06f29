//! The component's side of notices. A world of its own, which the encoder unites with the rail's. Wasm only.

use std::marker::PhantomData;

use self::bindings::exports::tebura::rail::notices as wit;
use crate::guest::bindings::tebura::host::types;
use crate::guest::{fault, field_out, inbound};
use crate::notices::{Dispute, News, Notices, Subject};

/// What `wit-bindgen` makes of `notices` in `specs/wit`.
#[expect(missing_docs, reason = "generated from specs/wit/{host,rail}/1.0.0")]
pub mod bindings {
    wit_bindgen::generate!({
        inline: "package tebura:guest-notices; world notices-alone { export tebura:rail/notices@1.0.0; }",
        path: ["../../specs/wit/host/1.0.0", "../../specs/wit/rail/1.0.0"],
        world: "tebura:guest-notices/notices-alone",
        with: { "tebura:host/types@1.0.0": crate::guest::bindings::tebura::host::types },
        pub_export_macro: true,
        default_bindings_module: "tebura_plugin::guest_notices::bindings",
    });
}

/// Ties a rail's notices to the component's exports.
#[derive(Debug)]
pub struct Exported<R>(PhantomData<R>);

impl<R: Notices + Default> wit::Guest for Exported<R> {
    fn identify(request: types::Inbound, now: types::Millis) -> Result<Vec<wit::News>, types::Fault> {
        let heard = R::default().identify(&inbound(request), now);
        heard.map(|heard| heard.into_iter().map(news).collect()).map_err(fault)
    }
}

/// The Wasm half of [`crate::export_rail_with_notices!`].
#[doc(hidden)]
#[macro_export]
macro_rules! __export_notices {
    ($rail:ty) => {
        type ExportedNotices = $crate::guest_notices::Exported<$rail>;
        $crate::guest_notices::bindings::export!(ExportedNotices with_types_in $crate::guest_notices::bindings);
    };
}

fn news(news: News) -> wit::News {
    match news {
        News::Progress(about) => wit::News::Progress(subject(about)),
        News::DisputeOpened(opened) => wit::News::DisputeOpened(dispute(opened)),
        News::DisputeWon(won) => wit::News::DisputeWon(dispute(won)),
        News::DisputeLost(lost) => wit::News::DisputeLost(dispute(lost)),
    }
}

fn subject(subject: Subject) -> wit::Subject {
    match subject {
        Subject::Operation(id) => wit::Subject::Operation(id),
        Subject::Reference(reference) => wit::Subject::Reference(reference),
    }
}

fn dispute(dispute: Dispute) -> wit::Dispute {
    let Dispute { id, about, amount, reason, details } = dispute;
    wit::Dispute {
        id,
        about: subject(about),
        amount: types::Money { minor: amount.minor(), currency: amount.currency().to_owned() },
        reason,
        details: details.into_iter().map(field_out).collect(),
    }
}

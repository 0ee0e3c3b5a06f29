//! The static checks: what is certain about a document before anybody consents to it.
//!
//! Each file answers for its checks. All are linear in the document; no path is ever listed.

mod disposal;
mod graph;
mod open;
mod rails;
mod signers;
mod silence;
mod time;
mod unused;

use crate::finding::Findings;
use crate::model::Document;
use crate::range::{self, Ranges};

pub(crate) use rails::look as look_at_rails;

/// Looks at everything that needs no rail. The ranges are there when the graph and the disposals make sense.
pub(crate) fn look(document: &mut Document, findings: &mut Findings) -> Option<Ranges> {
    let order = graph::look(document, findings);
    document.find_latest_entries(order.as_deref().unwrap_or_default());
    let document = &*document;
    time::look(document, order.as_deref(), findings);
    signers::look(document, findings);
    open::look(document, findings);
    let order = order?;
    let dispositions = disposal::look(document, &order, findings);
    unused::look(document, findings);
    dispositions?;
    let ranges = range::analyse(document, &order, findings);
    silence::look(document, &ranges, findings);
    Some(ranges)
}

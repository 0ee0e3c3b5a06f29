//! What a far end tells unasked: webhooks, and disputes of captures. Nothing here is believed about money.

use crate::http::{Fault, Field, Inbound};
use crate::money::{Millis, Money};
use crate::rail::Rail;

/// A rail whose far end calls the hub back. Export it with [`crate::export_rail_with_notices!`].
///
/// ```
/// use serde::Deserialize;
/// use tebura_plugin::*;
///
/// #[derive(Deserialize)]
/// struct Event { order: String, payment: Option<String> }
///
/// # #[derive(Default)]
/// # struct MachiPay;
/// # impl Rail for MachiPay {
/// #     fn on_reply(&self, _: &Operation, at: &Tag, _: &Reply) -> Next { unknown("reply.unexpected", at.name()) }
/// # }
/// impl Notices for MachiPay {
///     fn identify(&self, request: &Inbound, now: Millis) -> Result<Vec<News>, Fault> {
///         let sent_at = request.header("x-machi-time").unwrap_or_default();
///         let code = from_hex(request.header("x-machi-signature").unwrap_or_default());
///         crypto::verify("webhook", &[sent_at.as_bytes(), b".", &request.body].concat(), &code)?;
///         // The time is signed as well: a notice that somebody kept is old one day.
///         fresh(sent_at.parse().unwrap_or(0), now, 5 * 60_000)?;
///         let event: Event = request.json()?;
///         // Either is enough: the id that the hub gave with the call, or what this rail settled it with.
///         Ok(match event.payment {
///             Some(payment) => vec![News::Progress(Subject::Reference(payment))],
///             None => vec![News::Progress(Subject::Operation(event.order))],
///         })
///     }
/// }
///
/// export_rail_with_notices!(MachiPay);
/// ```
///
/// The rail's [`Rail::on_notice`] is asked when an operation waits ([`crate::wait_until`]); it answers with a call that asks
/// the far end what became of the operation. The hub does not believe an end that a notice brings.
pub trait Notices: Rail {
    /// Checks that `request` comes from the far end, and says what it is about: at most 16 news, none where nothing in it
    /// concerns the hub.
    ///
    /// Errors: it is not the far end's, it is too old, or it cannot be read. The hub believes nothing of it then.
    fn identify(&self, request: &Inbound, now: Millis) -> Result<Vec<News>, Fault>;
}

/// One thing that a notice tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// Something may have changed: the hub asks, or has the rail ask.
    Progress(Subject),
    /// A payer contests a capture: the hub reserves what is contested.
    DisputeOpened(Dispute),
    /// The payee keeps what was contested.
    DisputeWon(Dispute),
    /// The payer gets back what was contested.
    DisputeLost(Dispute),
}

/// What a notice is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// An operation, by the id that the far end was given with it ([`crate::Operation::id`], without an inquiry's number).
    Operation(String),
    /// All that is open on a hold, by a reference that this rail settled an operation of it with.
    Reference(String),
}

/// A capture that its payer contests: a chargeback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dispute {
    /// The far end's name for it, the same in all its notices. 1 to 255 visible ASCII characters.
    pub id: String,
    /// The capture.
    pub about: Subject,
    /// What is contested. The hub takes at most what the capture still has.
    pub amount: Money,
    /// Dotted lower-case words (`fraudulent`), at most 64 characters. An open set.
    pub reason: String,
    /// Shown to the operator.
    pub details: Vec<Field>,
}

/// Refuses what was signed more than `tolerance_ms` before or after `now`.
///
/// Errors: `notice.stale`.
pub fn fresh(signed_at: Millis, now: Millis, tolerance_ms: u64) -> Result<(), Fault> {
    if signed_at.abs_diff(now) <= tolerance_ms {
        return Ok(());
    }
    Err(Fault::new("notice.stale", format!("it was signed more than {tolerance_ms} ms before or after it came")))
}

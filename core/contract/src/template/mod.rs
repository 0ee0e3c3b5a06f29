//! Contracts for the common patterns from a few arguments: one call for a merchant, and no document to write.
//!
//! A template makes an ordinary document and has it checked like any other; nothing treats it differently afterwards.
//! Parties have fixed names: `payer`, `payee`, and whoever states facts.

mod arguments;
mod cap_and_capture;
mod deposit;
mod escrow;
mod estimate;
mod exchange;
mod mandate;
mod maximum_fare;
mod prepayment_lock;
mod reservation_fee;

use serde::Deserialize;
use serde_json::{Value, json};

pub use arguments::{Period, TemplateError};
pub use cap_and_capture::CapAndCapture;
pub use deposit::Deposit;
pub use escrow::Escrow;
pub use estimate::Estimate;
pub use exchange::Exchange;
pub use mandate::Mandate;
pub use maximum_fare::MaximumFare;
pub use prepayment_lock::PrepaymentLock;
pub use reservation_fee::{CancelStep, ReservationFee};

use crate::contract::Contract;

/// A template and its arguments; as JSON an object whose `template` names it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "template", rename_all = "snake_case")]
pub enum Template {
    /// Hold up to a limit; the payee captures what is due.
    CapAndCapture(CapAndCapture),
    /// Hold a cancellation fee once the payee accepts the reservation.
    ReservationFee(ReservationFee),
    /// Hold a price until the goods were delivered and looked at.
    Escrow(Escrow),
    /// Hold an estimate; both sides confirm the bill.
    Estimate(Estimate),
    /// Hold a limit; a meter states the fare.
    MaximumFare(MaximumFare),
    /// Hold a deposit; it comes back when the place was used as agreed.
    Deposit(Deposit),
    /// Hold a budget out of which a device orders.
    Mandate(Mandate),
    /// Hold a prepayment; each part is paid when it was delivered.
    PrepaymentLock(PrepaymentLock),
    /// Two holds on two rails; both are paid or both go back.
    Exchange(Exchange),
}

impl Template {
    /// The names of all templates.
    pub const NAMES: [&'static str; 9] = [
        "cap_and_capture",
        "reservation_fee",
        "escrow",
        "estimate",
        "maximum_fare",
        "deposit",
        "mandate",
        "prepayment_lock",
        "exchange",
    ];

    /// Makes the contract; [`Contract::canonical`] is its document.
    ///
    /// # Errors
    /// [`TemplateError`] names the argument that is wrong.
    pub fn contract(&self) -> Result<Contract, TemplateError> {
        match self {
            Self::CapAndCapture(arguments) => arguments.contract(),
            Self::ReservationFee(arguments) => arguments.contract(),
            Self::Escrow(arguments) => arguments.contract(),
            Self::Estimate(arguments) => arguments.contract(),
            Self::MaximumFare(arguments) => arguments.contract(),
            Self::Deposit(arguments) => arguments.contract(),
            Self::Mandate(arguments) => arguments.contract(),
            Self::PrepaymentLock(arguments) => arguments.contract(),
            Self::Exchange(arguments) => arguments.contract(),
        }
    }
}

/// Checks what a template made.
fn checked(document: &Value) -> Result<Contract, TemplateError> {
    Contract::from_value(document).map_err(|findings| TemplateError::Refused { findings })
}

fn party(role: &str, ja: &str, en: &str) -> Value {
    json!({"role": role, "label": {"ja": ja, "en": en}})
}

fn payer() -> Value {
    party("payer", "支払う人", "payer")
}

fn payee() -> Value {
    party("payee", "受け取る人", "payee")
}

fn label(ja: &str, en: &str) -> Value {
    json!({"ja": ja, "en": en})
}

/// `{leg: [{"rest": to}]}`.
fn rest(leg: &str, to: &str) -> Value {
    json!({leg: [{"rest": to}]})
}

//! What a rail is asked to do. The shapes of `specs/wit/rail/1.0.0`, without the generated code.

use crate::http::Field;
use crate::money::{Millis, Money};

/// One side of a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    /// An open word: `wallet`, `merchant`.
    pub kind: String,
    /// A vault reference that the far end knows; never a card or account number.
    pub token: String,
    /// What this rail asks to know about the party.
    pub attributes: Vec<Field>,
}

/// Reserve `amount` of the payer's money until `expires`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Whose money is reserved.
    pub payer: Party,
    /// Who may capture it.
    pub payee: Party,
    /// Above zero.
    pub amount: Money,
    /// After this the far end gives the money back by itself.
    pub expires: Millis,
}

/// Reserve `amount` more on the hold that this rail called `reference`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raise {
    /// What this rail settled the hold with.
    pub reference: String,
    /// How much more; above zero.
    pub amount: Money,
}

/// Keep the hold that this rail called `reference` until later. Settle it with `amount`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extend {
    /// What this rail settled the hold with.
    pub reference: String,
    /// What the hold still reserves; above zero.
    pub amount: Money,
    /// After this the far end gives the money back by itself.
    pub until: Millis,
}

/// Take `amount` of the hold that this rail called `reference`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capture {
    /// What this rail settled the hold with.
    pub reference: String,
    /// Above zero.
    pub amount: Money,
    /// True: what is left goes back to the payer in the same step.
    pub is_final: bool,
}

/// Give back `amount`: what the hub sees as left of a hold. Money that another operation may still take is not in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// What this rail settled the hold with.
    pub reference: String,
    /// Above zero.
    pub amount: Money,
}

/// Return `amount` of the capture that this rail called `reference`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    /// What this rail settled the capture with.
    pub reference: String,
    /// Above zero.
    pub amount: Money,
}

/// Find out what became of operation `of`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inquiry {
    /// The operation's id: the one that `op.id` was when it ran.
    pub of: String,
    /// Which command it was: `hold`, `raise`, `extend`, `capture`, `release`, `refund` or an extension's name.
    pub about: String,
    /// The reference that the command carried; none for a hold.
    pub reference: Option<String>,
}

/// A rail's own command, named in its manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    /// As in `plugin.toml`.
    pub name: String,
    /// JSON.
    pub input: String,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Reserve.
    Hold(Hold),
    /// Reserve more.
    Raise(Raise),
    /// Keep longer.
    Extend(Extend),
    /// Take.
    Capture(Capture),
    /// Give back what was not taken.
    Release(Release),
    /// Give back what was taken.
    Refund(Refund),
    /// Find out.
    Inquire(Inquiry),
    /// This rail's own.
    Extension(Extension),
}

/// One operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Never changes across attempts: derive idempotency keys from it. For an inquiry: `<operation>.<attempt>`.
    pub id: String,
    /// 1 for the first run; inquiries count up.
    pub attempt: u32,
    /// When the hub decided to run this step. The only time there is.
    pub now: Millis,
    /// What is asked.
    pub command: Command,
    /// What the hub adds for this rail.
    pub attributes: Vec<Field>,
}

impl Operation {
    /// Whether this run only finds out, and changes nothing.
    pub fn is_inquiry(&self) -> bool {
        matches!(self.command, Command::Inquire(_))
    }
}

//! Records that the payer contests a capture: what is contested stays on the payee's account, reserved, until it is lost
//! or won. A dispute is a fact from outside; it is not asked of the rail. Otherwise it is asked back like a refund.

use super::refund::{Claim, ask_back};
use crate::command::{Dispute, Refund};
use crate::effects::Effects;
use crate::{Book, Refusal, Timestamp};

pub(super) fn dispute(book: &Book, command: &Dispute, now: Timestamp) -> Result<Effects, Refusal> {
    let &Dispute { hold, operation, transfer, capture, amount, expected_version } = command;
    let asked = Refund { hold, operation, transfer, capture, amount, expected_version };
    ask_back(book, &asked, Claim::Dispute, now)
}

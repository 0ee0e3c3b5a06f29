//! What Stripe's answers to a write say about it. Only an intent or a refund with this operation's own mark, or an intent
//! that is over, settles; amounts and currencies are compared, and whatever differs decides nothing.

use tebura_plugin::{Command, Fault, Money, Next, Operation, Reply, Tag, declined, settled, unknown};

use crate::dialect::Dialect;
use crate::wire::{Intent, Mark, Refund, Status, segment};
use crate::{Confirming, look_again, refusal, wait_for_payer};

/// The intent of a reply, when it is the one that was asked about.
///
/// Errors: why nothing is known.
pub(crate) fn intent(reply: &Reply, reference: &str) -> Result<Intent, Fault> {
    let intent = reply.json::<Intent>()?;
    if intent.id == reference { Ok(intent) } else { Err(Fault::new(OTHER, ANOTHER)) }
}

const OTHER: &str = "reply.other_operation";
const ANOTHER: &str = "Stripe answered about another operation";

/// The answer to a hold.
pub(crate) fn placed(op: &Operation, reply: &Reply) -> Next {
    if reply.status() != 200 {
        return refusal::judge(op, reply, Dialect::of_settings().keys);
    }
    match reply.json::<Intent>() {
        Ok(intent) => held(&op.id, asked(op), &intent).unwrap_or_else(|| wait_for_payer(op, &intent.id)),
        Err(fault) => unknown(fault.code, fault.message),
    }
}

/// The answer to a look at a hold that waits for its payer.
pub(crate) fn confirming(op: &Operation, at: &Tag, reply: &Reply) -> Next {
    let confirming = match at.value::<Confirming>() {
        Ok(confirming) => confirming,
        Err(fault) => return unknown(fault.code, fault.message),
    };
    if reply.status() != 200 {
        return look_again(op, &confirming);
    }
    match intent(reply, &confirming.intent) {
        Ok(intent) => held(&op.id, asked(op), &intent).unwrap_or_else(|| look_again(op, &confirming)),
        Err(_) => look_again(op, &confirming),
    }
}

/// The answer to taking back what the payer did not confirm. Where it was confirmed at the last moment, an inquiry finds
/// the hold.
pub(crate) fn given_up(op: &Operation, reply: &Reply) -> Next {
    match reply.json::<Intent>() {
        Ok(intent) if reply.status() == 200 && intent.status == Status::Canceled => {
            if intent.mark(&op.id).is_some() {
                declined("payer.did_not_confirm", "the payer did not confirm in time")
            } else {
                other()
            }
        }
        Ok(_) | Err(_) => refusal::no_answer(reply),
    }
}

/// What an intent says about the hold of an operation; `None`: the payer has to confirm. `asked`: as the hub sent it; an
/// inquiry does not know it, and the mark does.
pub(crate) fn held(operation: &str, asked: Option<&Money>, intent: &Intent) -> Option<Next> {
    let Some(mark) = intent.mark(operation).filter(|mark| mark.kind == "hold") else { return Some(other()) };
    let Some(id) = segment(&intent.id) else {
        return Some(unknown("reply.reference_malformed", "Stripe's id cannot stand in a path"));
    };
    Some(match intent.status {
        Status::RequiresAction | Status::RequiresConfirmation => return None,
        Status::RequiresCapture => {
            match (intent.authorised(), intent.capturable()) {
                (Some(held), _) if asked.is_some_and(|asked| asked.currency() != held.currency()) => {
                    unknown("reply.currency_differs", "Stripe holds another currency")
                }
                // An inquiry may come when the hold was raised since.
                (Some(held), Some(open))
                    if held.minor() >= mark.minor
                        && open.minor() <= held.minor()
                        && asked.is_none_or(|asked| *asked == held && open == held) =>
                {
                    settled(id, Money::new(mark.minor, held.currency()))
                }
                (_, _) => unknown("reply.amount_differs", "Stripe holds another amount than was asked"),
            }
        }
        Status::RequiresPaymentMethod => refusal::failed(intent),
        Status::Canceled => declined(intent.over(), "the authorisation was taken back"),
        Status::Processing => unknown("provider.pending", "Stripe has not decided"),
        Status::Succeeded | Status::Other => {
            unknown("reply.state_unexpected", "the payment is in a state that no hold of this rail has")
        }
    })
}

/// The answer to a raise.
pub(crate) fn raised(op: &Operation, reply: &Reply) -> Next {
    let (Command::Raise(raise), 200) = (&op.command, reply.status()) else {
        return refusal::judge(op, reply, true);
    };
    match intent(reply, &raise.reference) {
        Ok(intent) if intent.mark(&op.id) == Some(Mark::new("raise", &raise.amount)) => {
            raised_as_marked(&intent, &raise.amount)
        }
        Ok(_) => other(),
        Err(fault) => unknown(fault.code, fault.message),
    }
}

/// A raise whose mark is there.
pub(crate) fn raised_as_marked(intent: &Intent, amount: &Money) -> Next {
    match intent.authorised() {
        Some(held) if held.currency() != amount.currency() => {
            unknown("reply.currency_differs", "Stripe holds another currency")
        }
        Some(_) if intent.authorised_as_marked() => settled(intent.id.as_str(), amount.clone()),
        Some(_) | None => {
            unknown("reply.amount_differs", "Stripe holds another amount than the hold and its raises add up to")
        }
    }
}

/// The answer to a capture.
pub(crate) fn captured(op: &Operation, reply: &Reply) -> Next {
    let dialect = Dialect::of_settings();
    let (Command::Capture(capture), 200) = (&op.command, reply.status()) else {
        return refusal::judge(op, reply, dialect.keys);
    };
    let intent = match intent(reply, &capture.reference) {
        Ok(intent) => intent,
        Err(fault) => return unknown(fault.code, fault.message),
    };
    if dialect.capture_metadata && intent.mark(&op.id) != Some(Mark::new("capture", &capture.amount)) {
        return other();
    }
    captured_as_marked(&intent, &capture.amount, dialect)
}

/// A capture whose mark is there, or the only capture of a far end that keeps no marks.
pub(crate) fn captured_as_marked(intent: &Intent, amount: &Money, dialect: Dialect) -> Next {
    let adds_up = match intent.captured() {
        Some(taken) if dialect.capture_metadata => taken.currency() == amount.currency() && intent.captured_as_marked(),
        Some(taken) => intent.status == Status::Succeeded && taken == *amount,
        None => false,
    };
    match intent.charge() {
        _ if !matches!(intent.status, Status::Succeeded | Status::RequiresCapture) => {
            unknown("reply.state_unexpected", "the payment is in a state that no capture leaves it in")
        }
        _ if !adds_up => unknown("reply.amount_differs", "Stripe captured another amount than was asked"),
        Some(charge) => settled(charge, amount.clone()),
        None => unknown("reply.reference_malformed", "Stripe names no charge for the capture"),
    }
}

/// The answer to a release.
pub(crate) fn released(op: &Operation, reply: &Reply) -> Next {
    let (Command::Release(release), 200) = (&op.command, reply.status()) else {
        return refusal::judge(op, reply, true);
    };
    match intent(reply, &release.reference) {
        Ok(intent) if is_given_back(&intent) => settled(intent.id.as_str(), release.amount.clone()),
        Ok(_) => unknown("reply.state_unexpected", "the authorisation is not taken back"),
        Err(fault) => unknown(fault.code, fault.message),
    }
}

/// Nothing can be captured any more.
pub(crate) fn is_given_back(intent: &Intent) -> bool {
    let nothing = intent.capturable().is_some_and(|open| open.minor() == 0);
    intent.status == Status::Canceled || (intent.status == Status::Succeeded && nothing)
}

/// The answer to a refund.
pub(crate) fn refunded(op: &Operation, reply: &Reply) -> Next {
    let (Command::Refund(asked), 200) = (&op.command, reply.status()) else {
        return refusal::judge(op, reply, true);
    };
    match reply.json::<Refund>() {
        Ok(refund) => refund_of(&op.id, &asked.reference, Some(&asked.amount), &refund),
        Err(fault) => unknown(fault.code, fault.message),
    }
}

/// What a refund says about the operation that asked for it.
pub(crate) fn refund_of(operation: &str, charge: &str, asked: Option<&Money>, refund: &Refund) -> Next {
    if !refund.is_of(operation) || refund.charge.as_deref() != Some(charge) {
        return other();
    }
    let Some(id) = segment(&refund.id) else {
        return unknown("reply.reference_malformed", "Stripe's id is none");
    };
    match (refund.status.as_deref(), refund.amount()) {
        (Some("succeeded"), Some(amount)) if asked.is_none_or(|asked| *asked == amount) => settled(id, amount),
        (Some("succeeded"), _) => unknown("reply.amount_differs", "Stripe refunded another amount than was asked"),
        (Some("failed" | "canceled"), _) => declined("refund.failed", "the payer's bank did not take the refund"),
        (_, _) => unknown("provider.pending", "Stripe has not decided about the refund"),
    }
}

fn asked(op: &Operation) -> Option<&Money> {
    if let Command::Hold(hold) = &op.command { Some(&hold.amount) } else { None }
}

pub(crate) fn other() -> Next {
    unknown(OTHER, ANOTHER)
}

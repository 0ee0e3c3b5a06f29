//! Stripe's refusals in the hub's words. Which of them say that nothing was done, and which decide nothing.

use tebura_plugin::{Command, Next, Operation, Reply, declined, unknown};

use crate::wire::{Intent, Reason, Refusal, Status};

/// What a reply other than 200 says about the operation.
///
/// Stripe's own words decide: a card error about this operation's intent, an invalid request, an object that is not
/// there. A key in use, a rate limit, wrong credentials, a 5xx and anything without Stripe's own words decide nothing:
/// an earlier attempt may have gone through.
pub(crate) fn judge(op: &Operation, reply: &Reply, with_intents: bool) -> Next {
    let Ok(Refusal { error }) = reply.json::<Refusal>() else { return no_answer(reply) };
    match (reply.status(), error.kind.as_str()) {
        (402, "card_error") if !with_intents || is_about(op, &error) => card_declined(&error),
        // A far end that calls a declined card an invalid request.
        (402, "invalid_request_error") if !with_intents => card_declined(&error),
        (400 | 404, "invalid_request_error") => invalid(op, &error),
        (_, _) => no_answer(reply),
    }
}

/// A payment that failed, as its intent tells it.
pub(crate) fn failed(intent: &Intent) -> Next {
    match &intent.last_payment_error {
        Some(reason) => card_declined(reason),
        None => declined("card.declined", "the payment failed and Stripe does not say why"),
    }
}

pub(crate) fn no_answer(reply: &Reply) -> Next {
    let status = reply.status();
    unknown("provider.no_answer", format!("Stripe answered {status}, which decides nothing about the operation"))
}

/// A card error names the intent, and the intent this operation; a raise names its hold's.
fn is_about(op: &Operation, error: &Reason) -> bool {
    let Some(intent) = &error.payment_intent else { return false };
    match &op.command {
        Command::Hold(_) => intent.mark(&op.id).is_some_and(|mark| mark.kind == "hold"),
        Command::Raise(raise) => intent.id == raise.reference,
        Command::Capture(capture) => intent.id == capture.reference,
        Command::Extend(_) | Command::Release(_) | Command::Refund(_) | Command::Inquire(_) | Command::Extension(_) => {
            false
        }
    }
}

fn card_declined(error: &Reason) -> Next {
    let word = error.decline_code.as_deref().or(error.code.as_deref()).unwrap_or_default();
    let (code, message) = match word {
        "insufficient_funds" => ("funds.insufficient", "the card has too little left"),
        "expired_card" => ("card.expired", "the card has expired"),
        "incorrect_cvc" | "invalid_cvc" => ("card.security_code_wrong", "the security code is wrong"),
        "card_velocity_exceeded" | "withdrawal_count_limit_exceeded" => {
            ("card.limit_exceeded", "the card's limit is reached")
        }
        "authentication_required" | "payment_intent_authentication_failure" | "authentication_not_handled" => {
            ("payer.authentication_required", "the issuer wants the payer to authenticate")
        }
        "currency_not_supported" => ("currency.unsupported", "the card does not pay in this currency"),
        "processing_error" | "issuer_not_available" | "try_again_later" | "reenter_transaction" => {
            ("card.issuer_unavailable", "the issuer could not be asked")
        }
        // Lost, stolen and suspected cards too: who holds one is not told that it is known.
        _ => ("card.declined", "the issuer declined"),
    };
    declined(code, message)
}

fn invalid(op: &Operation, error: &Reason) -> Next {
    let param = error.param.as_deref().unwrap_or_default();
    match error.code.as_deref().unwrap_or_default() {
        "payment_intent_unexpected_state" | "payment_intent_incompatible_payment_method" => unexpected_state(error),
        "charge_expired_for_capture" => declined("hold.expired", "the authorisation has expired"),
        "charge_already_captured" => declined("hold.closed", "the authorisation was captured"),
        "charge_already_refunded" => declined("refund.exceeds_capture", "the capture was refunded"),
        "amount_too_large" => too_large(op),
        "amount_too_small" => declined("amount.too_small", "Stripe takes no amount as small as that"),
        "resource_missing" => missing(op, param),
        "" if matches!(op.command, Command::Refund(_)) && param == "amount" => too_large(op),
        _ => declined("provider.refused", "Stripe refused the request as invalid; its own log says why"),
    }
}

/// The intent is not in a state for this: its own state says why.
fn unexpected_state(error: &Reason) -> Next {
    match &error.payment_intent {
        Some(intent) if intent.status == Status::Canceled => declined(intent.over(), "the authorisation is over"),
        Some(intent) if intent.status == Status::Succeeded => {
            declined("hold.closed", "nothing is left of the authorisation")
        }
        Some(_) | None => declined("provider.refused", "the authorisation is not in a state for this"),
    }
}

fn too_large(op: &Operation) -> Next {
    match &op.command {
        Command::Capture(_) => declined("hold.capture_exceeds_free", "less than that is authorised"),
        Command::Refund(_) => declined("refund.exceeds_capture", "less than that is left of the capture"),
        Command::Hold(_)
        | Command::Raise(_)
        | Command::Extend(_)
        | Command::Release(_)
        | Command::Inquire(_)
        | Command::Extension(_) => declined("amount.too_large", "Stripe takes no amount as large as that"),
    }
}

fn missing(op: &Operation, param: &str) -> Next {
    match &op.command {
        Command::Hold(_) if param.starts_with("payment_method") || param == "customer" => {
            declined("payer.not_found", "there is no such payment method")
        }
        Command::Refund(_) => declined("capture.not_found", "there is no such charge"),
        Command::Hold(_) => declined("provider.refused", "Stripe knows no such object"),
        Command::Raise(_)
        | Command::Extend(_)
        | Command::Capture(_)
        | Command::Release(_)
        | Command::Inquire(_)
        | Command::Extension(_) => declined("hold.not_found", "there is no such authorisation"),
    }
}

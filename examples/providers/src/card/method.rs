//! Test payment methods, by the names that Stripe gives them.

use serde_json::{Value, json};

/// What a card's issuer does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Issuer {
    Approves,
    /// With this `decline_code`.
    Declines(&'static str),
    /// Wants the payer to authenticate first.
    Asks,
    /// Approves; the payer contests the capture.
    Disputes,
}

/// What happens with a payment method; `None`: there is none of this name.
pub(crate) fn issuer(method: &str) -> Option<Issuer> {
    Some(match method {
        "pm_card_visa" | "pm_card_mastercard" | "pm_card_jcb" => Issuer::Approves,
        "pm_card_chargeDeclined" => Issuer::Declines("generic_decline"),
        "pm_card_chargeDeclinedInsufficientFunds" => Issuer::Declines("insufficient_funds"),
        "pm_card_chargeDeclinedLostCard" => Issuer::Declines("lost_card"),
        "pm_card_chargeDeclinedExpiredCard" => Issuer::Declines("expired_card"),
        "pm_card_chargeDeclinedProcessingError" => Issuer::Declines("processing_error"),
        "pm_card_authenticationRequired" | "pm_card_threeDSecure2Required" => Issuer::Asks,
        "pm_card_createDispute" => Issuer::Disputes,
        _ => return None,
    })
}

/// The error object of a card that its issuer declined.
pub(crate) fn card_error(decline_code: &str) -> Value {
    let code = match decline_code {
        "expired_card" | "processing_error" | "authentication_required" => decline_code,
        _ => "card_declined",
    };
    json!({"type": "card_error", "code": code, "decline_code": decline_code, "message": "the card was declined"})
}

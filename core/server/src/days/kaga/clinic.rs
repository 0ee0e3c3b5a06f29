//! What stands in the clinic beside the hub: the eligibility terminal with its folders, and the receipt computer that signs bills.

use std::net::Ipv4Addr;
use std::path::Path;

use ed25519_dalek::pkcs8::EncodePublicKey as _;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::{Value, json};
use tebura_providers::eligibility::{EligibilityConfig, EligibilityTerminal, Insured};
use tebura_providers::{Credential, system_clock};

use super::script::{INSURER, born, insured};
use super::services::{RECEIPTS, TERMINAL};
use crate::days::DayError;
use crate::days::site::credential;
use crate::demo::kaga::{CITIZENS, Life};
use crate::hex;

/// What the hub shows the terminal's connector. Nothing is behind it but this process.
const SECRET: &str = "play money only";

/// Starts the terminal, which knows the seniors' insurance, and leaves the hub what it needs to speak to it.
pub(super) async fn terminal(data: &Path, receipts: &SigningKey) -> Result<EligibilityTerminal, DayError> {
    let failed = |error: &dyn std::fmt::Display| DayError::FarEnd {
        what: "the eligibility terminal",
        reason: error.to_string(),
    };
    let public = receipts.verifying_key().to_public_key_pem(LineEnding::LF).map_err(|error| failed(&error))?;
    credential(data, RECEIPTS, &public)?;
    credential(data, TERMINAL, &format!("Bearer {SECRET}"))?;
    let folder = data.with_extension("clinic");
    std::fs::create_dir_all(&folder)?;
    let config = EligibilityConfig {
        bind: (Ipv4Addr::LOCALHOST, 0).into(),
        credential: Credential::new(SECRET),
        folder,
        clock: system_clock(),
        takes_ms: 0,
    };
    let terminal = EligibilityTerminal::start(config).await.map_err(|error| failed(&error))?;
    let seniors = CITIZENS.iter().filter(|own| own.life == Life::Senior);
    for (nth, senior) in seniors.enumerate() {
        let person = Insured {
            insurer: INSURER.to_owned(),
            symbol: "12".to_owned(),
            number: insured(nth),
            branch: "01".to_owned(),
            birthdate: born(nth).replace('-', ""),
            burden: 20,
            name: senior.name.to_owned(),
            ..Insured::default()
        };
        terminal.insure(person, None);
    }
    Ok(terminal)
}

/// A bill as the receipt computer signs it.
pub(in crate::days) fn bill(key: &SigningKey, number: &str, visit: &str, (patient, yen): (&str, i64)) -> Value {
    let signed = format!("tebura-bill-1\n1710123456\n{visit}\n{patient}\n{number}\n{yen}\n");
    let signature = hex::encode(&key.sign(signed.as_bytes()).to_bytes());
    json!({"bill": number, "visit": visit, "patient": patient, "amount": yen, "signature": signature})
}

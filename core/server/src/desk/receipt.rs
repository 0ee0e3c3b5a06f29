//! Receipts of consents, in the fields of ISO/IEC TS 27560: a document that the person keeps, signed by the hub.
//!
//! The signature is a compact JWS (EdDSA) whose payload is the receipt itself, so that any JOSE library reads both.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer, SigningKey};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tebura_hub::consent::{ConsentActor, ConsentEvent, ConsentState};
use utoipa::ToSchema;

use super::Notice;
use crate::hex;
use crate::wire::time::rfc3339;

/// The receipt's own version; `specs/schemas/consent-receipt-1.json` describes it.
const SCHEMA: &str = "urn:tebura:consent-receipt:1";

/// Signs receipts.
pub struct ReceiptKey(SigningKey);

/// A receipt with its signature.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ReceiptDocument {
    /// The receipt: `specs/schemas/consent-receipt-1.json`.
    #[schema(value_type = Object)]
    pub receipt: Value,
    /// `header.payload.signature` (RFC 7515); the payload is the receipt.
    pub jws: String,
    /// The public key as a JWK (RFC 8037).
    #[schema(value_type = Object)]
    pub key: Value,
}

impl ReceiptKey {
    /// The key that follows from the operator's: the same in every process, and in no file of its own.
    pub fn derive(operator_key: &[u8]) -> ReceiptKey {
        // HMAC takes a key of any length, so this never takes the first branch.
        let seed: [u8; 32] = Hmac::<Sha256>::new_from_slice(operator_key)
            .map_or([0; 32], |hmac| hmac.chain_update(b"tebura consent receipts 1").finalize().into_bytes().into());
        ReceiptKey(SigningKey::from_bytes(&seed))
    }

    /// The public half as a JWK.
    pub fn jwk(&self) -> Value {
        let x = URL_SAFE_NO_PAD.encode(self.0.verifying_key().as_bytes());
        // Members in the order of RFC 7638.
        let thumbprint = Sha256::digest(format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#));
        json!({"kty": "OKP", "crv": "Ed25519", "x": x, "kid": URL_SAFE_NO_PAD.encode(thumbprint)})
    }

    /// The receipt of everything that a person said about one purpose.
    ///
    /// `said`: oldest first, all about the same purpose; the last one is what the receipt is of.
    pub fn receipt(&self, notice: &Notice, said: &[ConsentEvent]) -> Option<ReceiptDocument> {
        let receipt = document(notice, said)?;
        let key = self.jwk();
        let header = json!({"alg": "EdDSA", "kid": key["kid"], "typ": "consent-receipt+jws"});
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&header), part(&receipt));
        let signature = URL_SAFE_NO_PAD.encode(self.0.sign(signed.as_bytes()).to_bytes());
        Some(ReceiptDocument { receipt, jws: format!("{signed}.{signature}"), key })
    }
}

fn document(notice: &Notice, said: &[ConsentEvent]) -> Option<Value> {
    let last = said.last()?;
    let purpose = notice.purpose(&last.purpose).filter(|purpose| purpose.version == last.version);
    let controller = &notice.controller;
    let events: Vec<Value> = said.iter().map(event).collect();
    Some(json!({
        "schema": SCHEMA,
        "receipt_id": last.id.to_string(),
        "pii_principal_id": last.person.to_string(),
        "issued_at": rfc3339(last.at),
        "state": last.state.name(),
        "processing": {
            "notice_sha256": hex::encode(&last.notice_sha256),
            "notice": "/notice",
            "language": last.language,
            "purpose": last.purpose,
            "purpose_version": last.version,
            // The words that were agreed to, while they are those of today; the digest above says which they were.
            "purpose_text": purpose.map(|purpose| &purpose.text),
            "lawful_basis": purpose.map_or("consent", |purpose| purpose.legal_basis.as_str()),
            "pii_types": purpose.map(|purpose| purpose.data_items.clone()).unwrap_or_default(),
            "recipients": purpose.map(|purpose| purpose.recipients.clone()).unwrap_or_default(),
            "retention": purpose.map(|purpose| &purpose.retention),
            "storage_region": notice.region,
            "collection_method": "entered and captured live by the person",
            "withdrawal_method": "on the enrolment page with a ticket from the desk, or at the desk; it counts at once",
        },
        "parties": [{
            "role": "pii_controller",
            "name": controller.name,
            "address": controller.address,
            "contact": controller.contact,
        }],
        "events": events,
    }))
}

fn event(row: &ConsentEvent) -> Value {
    let (entity, guardian) = match row.actor {
        ConsentActor::Person => ("pii_principal", None),
        ConsentActor::Staff => ("staff", None),
        ConsentActor::Guardian(guardian) => ("guardian", Some(guardian.to_string())),
    };
    let kind = match row.state {
        ConsentState::Given => "explicit",
        ConsentState::Refused | ConsentState::Withdrawn => "withdrawn_or_refused",
    };
    json!({
        "event_id": row.id.to_string(),
        "time": rfc3339(row.at),
        "type": kind,
        "state": row.state.name(),
        "entity": entity,
        "guardian": guardian,
    })
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::{Signature, VerifyingKey};
    use tebura_hub::ids::{ConsentId, PersonId};
    use tebura_ledger::{Timestamp, Uuid};

    use super::*;
    use crate::vpia::Privacy;

    fn said(state: ConsentState, number: u128) -> ConsentEvent {
        ConsentEvent {
            id: ConsentId::from_uuid(Uuid::from_u128(number)),
            person: PersonId::from_uuid(Uuid::from_u128(7)),
            purpose: "authenticate".to_owned(),
            version: "1".to_owned(),
            notice_sha256: [3; 32],
            language: "ja".to_owned(),
            state,
            actor: ConsentActor::Person,
            at: Timestamp::from_millis(1_700_000_000_000),
        }
    }

    #[test]
    fn pia_1_a_receipt_fits_its_schema_and_its_signature_covers_it() {
        let key = ReceiptKey::derive(b"operator");
        let notice = Notice::of(&Privacy::default());
        let all = [said(ConsentState::Given, 1), said(ConsentState::Withdrawn, 2)];
        let document = key.receipt(&notice, &all).unwrap();
        let schema: Value =
            serde_json::from_str(include_str!("../../../../specs/schemas/consent-receipt-1.json")).unwrap();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let faults: Vec<String> = validator.iter_errors(&document.receipt).map(|fault| fault.to_string()).collect();
        assert_eq!(faults, Vec::<String>::new());
        assert_eq!(document.receipt["state"], "withdrawn");
        assert_eq!(document.receipt["events"].as_array().unwrap().len(), 2);

        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).unwrap();
        let parts: Vec<&str> = document.jws.split('.').collect();
        let payload: Value = serde_json::from_slice(&decode(parts[1])).unwrap();
        assert_eq!(payload, document.receipt);
        let x: [u8; 32] = decode(document.key["x"].as_str().unwrap()).try_into().unwrap();
        let public = VerifyingKey::from_bytes(&x).unwrap();
        let signature = Signature::from_slice(&decode(parts[2])).unwrap();
        let signed = format!("{}.{}", parts[0], parts[1]);
        assert!(public.verify_strict(signed.as_bytes(), &signature).is_ok());
        assert!(public.verify_strict(signed.replace('e', "f").as_bytes(), &signature).is_err());
        assert!(key.receipt(&notice, &[]).is_none());
    }
}

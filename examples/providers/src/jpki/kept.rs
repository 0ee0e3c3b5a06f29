//! Roots and cards as files of a sandbox: JSON, with the private key in clear. Nothing real is ever kept so.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::card::{Card, Certifier};
use super::key::{Algorithm, Key};

/// A root of a sandbox.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptRoot {
    /// Of its key.
    pub algorithm: Algorithm,
    /// DER in base64: what an operator trusts.
    pub certificate: String,
    name: String,
    key_id: String,
    private_key: String,
}

/// A card of a sandbox.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptCard {
    /// Of its key.
    pub algorithm: Algorithm,
    /// The certificate's number, hexadecimal.
    pub serial: String,
    /// Whose card it is.
    pub holder: String,
    /// When its certificate ends, milliseconds since 1970.
    pub until_ms: i64,
    /// DER in base64.
    pub certificate: String,
    issuer: String,
    key_id: String,
    private_key: String,
}

impl KeptRoot {
    /// A root to be kept; `None`: its key cannot be written.
    #[must_use]
    pub fn of(root: &Certifier) -> Option<KeptRoot> {
        Some(KeptRoot {
            algorithm: root.key.algorithm(),
            certificate: STANDARD.encode(&root.certificate),
            name: STANDARD.encode(&root.name),
            key_id: STANDARD.encode(&root.key_id),
            private_key: STANDARD.encode(root.key.pkcs8()?),
        })
    }

    /// The root again; `None`: this is not what was kept.
    #[must_use]
    pub fn root(&self) -> Option<Certifier> {
        Some(Certifier {
            key: Key::of_pkcs8(self.algorithm, &read(&self.private_key)?)?,
            name: read(&self.name)?,
            key_id: read(&self.key_id)?,
            certificate: read(&self.certificate)?,
        })
    }
}

impl KeptCard {
    /// A card to be kept; `None`: its key cannot be written.
    #[must_use]
    pub fn of(card: &Card, serial: u64, holder: &str, until_ms: i64) -> Option<KeptCard> {
        Some(KeptCard {
            algorithm: card.key.algorithm(),
            serial: format!("{serial:x}"),
            holder: holder.to_owned(),
            until_ms,
            certificate: STANDARD.encode(&card.certificate),
            issuer: STANDARD.encode(&card.issuer),
            key_id: STANDARD.encode(&card.key_id),
            private_key: STANDARD.encode(card.key.pkcs8()?),
        })
    }

    /// The card again; `None`: this is not what was kept.
    #[must_use]
    pub fn card(&self) -> Option<Card> {
        Some(Card {
            key: Key::of_pkcs8(self.algorithm, &read(&self.private_key)?)?,
            issuer: read(&self.issuer)?,
            serial: u64::from_str_radix(&self.serial, 16).ok()?.to_be_bytes().to_vec(),
            key_id: read(&self.key_id)?,
            certificate: read(&self.certificate)?,
        })
    }
}

fn read(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::super::card::{CardPlan, CertifierPlan, Holder, SignPlan};
    use super::*;

    #[test]
    fn a_root_and_its_card_come_back_from_their_files_and_sign() {
        let now = 1_790_000_000_000;
        for algorithm in [Algorithm::Rsa2048, Algorithm::P384] {
            let root = Certifier::new(&CertifierPlan::new(algorithm, now));
            let text = serde_json::to_string(&KeptRoot::of(&root).unwrap()).unwrap();
            let again = serde_json::from_str::<KeptRoot>(&text).unwrap().root().unwrap();
            assert_eq!(again.certificate(), root.certificate());
            let plan = CardPlan::new(algorithm, 0x51, now);
            let card = again.issue(&Holder::hanako(), &plan);
            let kept = KeptCard::of(&card, 0x51, "加賀　花子", plan.until_ms).unwrap();
            let text = serde_json::to_string(&kept).unwrap();
            let again = serde_json::from_str::<KeptCard>(&text).unwrap().card().unwrap();
            assert_eq!((again.certificate(), again.serial.clone()), (card.certificate(), card.serial.clone()));
            let signed = again.sign(b"content", &SignPlan::default());
            assert!(signed.windows(7).any(|part| part == b"content"));
            if algorithm == Algorithm::Rsa2048 {
                // RSA signatures have no randomness: the key is the same.
                assert_eq!(signed, card.sign(b"content", &SignPlan::default()));
            }
        }
        let mut other = KeptRoot::of(&Certifier::new(&CertifierPlan::new(Algorithm::P384, now))).unwrap();
        other.algorithm = Algorithm::Rsa2048;
        assert!(other.root().is_none());
    }
}

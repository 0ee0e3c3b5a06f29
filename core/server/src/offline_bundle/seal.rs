//! Seals a bundle for its terminal.

use ed25519_dalek::SigningKey;
use hpke::{Deserializable, OpModeS, Serializable};
use tebura_face::Rotation;
use tebura_hub::services::OfflineBundle;
use tebura_hub::statements::jws;
use tebura_ledger::instant::rfc3339;

use super::{Aead, BundleHeader, Kdf, Kem, ROTATION, VERSION, encoded, people, signed_text, space_for_rotation};
use crate::wire::offline::OfflineBundleBody;

/// A bundle whose people nobody but its terminal can read, before the hub has signed it.
pub struct Sealed {
    header: String,
    encapsulated: Vec<u8>,
    sealed: Vec<u8>,
}

/// Seals a bundle; `None`: the terminal's key is none that can be sealed to, or the pack has templates of another length.
#[must_use]
pub fn seal(bundle: &OfflineBundle) -> Option<Sealed> {
    let header = BundleHeader {
        version: VERSION,
        id: bundle.id.clone(),
        service: bundle.service.clone(),
        device: bundle.device.to_string(),
        recipient: encoded(&bundle.recipient),
        pack: bundle.pack.clone(),
        dims: bundle.dims,
        sandbox: bundle.sandbox,
        people: bundle.people.len(),
        threshold: bundle.policy.threshold().value(),
        margin: bundle.policy.margin(),
        made_at: rfc3339(bundle.made_at),
        expires_at: rfc3339(bundle.expires_at),
    };
    let header = serde_json::to_string(&header).ok()?;
    let recipient = <Kem as hpke::Kem>::PublicKey::from_bytes(&bundle.recipient).ok()?;
    let sender = hpke::setup_sender::<Aead, Kdf, Kem>(&OpModeS::Base, &recipient, header.as_bytes());
    let (encapsulated, mut sender) = sender.ok()?;
    let mut random = space_for_rotation(bundle.dims);
    sender.export(ROTATION, &mut random).ok()?;
    let rotation = Rotation::drawn(bundle.dims, &random)?;
    let plain = people::write(&bundle.people, bundle.dims, &rotation)?;
    let sealed = sender.seal(&plain, b"").ok()?;
    Some(Sealed { header, encapsulated: encapsulated.to_bytes().to_vec(), sealed })
}

impl Sealed {
    /// The bundle as it is handed over, with the hub's signature.
    #[must_use]
    pub fn signed(self, key: &SigningKey, name: &str) -> OfflineBundleBody {
        let Sealed { header, encapsulated, sealed } = self;
        let signature = jws::sign(key, Some(name), signed_text(&header, &encapsulated, &sealed).as_bytes());
        OfflineBundleBody { header, encapsulated: encoded(&encapsulated), sealed: encoded(&sealed), signature }
    }
}

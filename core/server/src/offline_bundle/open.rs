//! Opens a bundle at its terminal, in memory only, and looks for a face in it.

use std::collections::BTreeMap;
use std::fmt;

use ed25519_dalek::VerifyingKey;
use hpke::{Deserializable, OpModeR};
use tebura_face::{Decision, Gallery, MatchPolicy, Rotation, Search, Template, decide};
use tebura_hub::ids::PersonId;
use tebura_hub::instant::parse_rfc3339;
use tebura_hub::statements::{SKEW_MS, jws};
use tebura_ledger::Timestamp;
use zeroize::Zeroizing;

use super::key::BundleKey;
use super::{
    Aead, BundleHeader, BundleRefusal, Kdf, Kem, ROTATION, VERSION, decoded, encoded, people, signed_text,
    space_for_rotation,
};
use crate::wire::offline::OfflineBundleBody;

/// Where a bundle is opened.
pub struct Terminal<'t> {
    /// The key that it was asked for with.
    pub key: &'t BundleKey,
    /// The hub's, which the terminal was given beforehand.
    pub hub: &'t VerifyingKey,
    /// `name@version` of the pack that the terminal has.
    pub pack: &'t str,
    /// The terminal's time; no earlier than what it has written before.
    pub now: Timestamp,
}

/// A bundle in memory: wiped when it is dropped, never written.
pub struct OpenBundle {
    header: BundleHeader,
    policy: MatchPolicy,
    pub(super) rotation: Rotation,
    gallery: Gallery,
    names: BTreeMap<u128, String>,
    expires_at: Timestamp,
}

/// What a face was taken for.
#[derive(Clone, PartialEq, Eq)]
pub enum Found {
    /// One person, clearly.
    Person {
        /// Who.
        person: PersonId,
        /// The first character and marks.
        masked_name: String,
    },
    /// Two people are too alike.
    Ambiguous,
    /// Nobody of the bundle.
    Nobody,
}

impl fmt::Debug for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Found::Person { person, .. } => f.debug_tuple("Person").field(person).finish(),
            Found::Ambiguous => f.write_str("Ambiguous"),
            Found::Nobody => f.write_str("Nobody"),
        }
    }
}

impl fmt::Debug for OpenBundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenBundle").field("id", &self.header.id).finish_non_exhaustive()
    }
}

/// Opens a bundle.
///
/// # Errors
/// [`BundleRefusal`], in its order: nothing is decrypted of a bundle that the hub did not sign, or that is not this terminal's.
pub fn open(body: &OfflineBundleBody, terminal: &Terminal<'_>) -> Result<OpenBundle, BundleRefusal> {
    let header: BundleHeader = serde_json::from_str(&body.header).map_err(|_| BundleRefusal::Malformed)?;
    let parts = || Some((decoded(&body.encapsulated)?, decoded(&body.sealed)?));
    let (encapsulated, sealed) = parts().filter(|_| header.version == VERSION).ok_or(BundleRefusal::Malformed)?;
    let signature = jws::Detached::read(&body.signature).map_err(|_| BundleRefusal::Malformed)?;
    let text = signed_text(&body.header, &encapsulated, &sealed);
    if !signature.is_by(terminal.hub, text.as_bytes()) {
        return Err(BundleRefusal::Altered);
    }
    if header.recipient != encoded(&terminal.key.public()) {
        return Err(BundleRefusal::OtherTerminal);
    }
    let times = parse_rfc3339(&header.made_at).zip(parse_rfc3339(&header.expires_at));
    let (made_at, expires_at) = times.ok_or(BundleRefusal::Malformed)?;
    if terminal.now.plus_ms(SKEW_MS) < made_at {
        return Err(BundleRefusal::NotYet);
    }
    if terminal.now >= expires_at {
        return Err(BundleRefusal::Expired);
    }
    if header.pack != terminal.pack {
        return Err(BundleRefusal::OtherPack);
    }
    let policy = MatchPolicy::new(header.threshold, header.margin).map_err(|_| BundleRefusal::Malformed)?;
    let encapsulated = <Kem as hpke::Kem>::EncappedKey::from_bytes(&encapsulated);
    let encapsulated = encapsulated.map_err(|_| BundleRefusal::Malformed)?;
    let info = body.header.as_bytes();
    let altered = |_| BundleRefusal::Altered;
    let receiver = hpke::setup_receiver::<Aead, Kdf, Kem>(&OpModeR::Base, terminal.key.private(), &encapsulated, info);
    let mut receiver = receiver.map_err(altered)?;
    let mut random = space_for_rotation(header.dims);
    receiver.export(ROTATION, &mut random).map_err(altered)?;
    let rotation = Rotation::drawn(header.dims, &random).ok_or(BundleRefusal::Malformed)?;
    let plain = Zeroizing::new(receiver.open(&sealed, b"").map_err(altered)?);
    let gallery = Gallery::new(header.dims);
    let mut names = BTreeMap::new();
    for person in people::read(&plain, header.dims).ok_or(BundleRefusal::Malformed)? {
        let subject = person.person.uuid().as_u128();
        for template in &person.templates {
            gallery.insert(subject, template).map_err(|_| BundleRefusal::Malformed)?;
        }
        names.insert(subject, person.masked_name);
    }
    Ok(OpenBundle { header, policy, rotation, gallery, names, expires_at })
}

impl OpenBundle {
    /// What everybody may read of it.
    #[must_use]
    pub fn header(&self) -> &BundleHeader {
        &self.header
    }

    /// Whose face it is.
    ///
    /// # Errors
    /// [`BundleRefusal::Expired`], however long it has been open.
    pub fn find(&self, face: &Template, now: Timestamp) -> Result<Found, BundleRefusal> {
        if now >= self.expires_at {
            return Err(BundleRefusal::Expired);
        }
        let Some(probe) = face.turned(&self.rotation) else { return Err(BundleRefusal::OtherPack) };
        let candidates = self.gallery.search(&probe, &Search::everybody().not_below(self.policy.floor()));
        Ok(match decide(&candidates, &self.policy) {
            Decision::Recognised { subject, .. } => Found::Person {
                person: PersonId::from_uuid(uuid::Uuid::from_u128(subject)),
                masked_name: self.names.get(&subject).cloned().unwrap_or_default(),
            },
            Decision::Ambiguous { .. } => Found::Ambiguous,
            Decision::NotRecognised => Found::Nobody,
        })
    }
}

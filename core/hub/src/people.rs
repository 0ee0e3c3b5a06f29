//! People, their instruments and their enrolled faces, as records. No image, ever.

use tebura_face::{FRAMES, Prompt, Shot, Template};
use tebura_ledger::{AccountId, RailId, Timestamp};

use crate::ids::{CaptureSessionId, InstrumentId, PersonId, ReferenceId};

/// A person. The name is personal data: stored encrypted with the person's key, never logged.
#[derive(Clone, PartialEq, Eq)]
pub struct Person {
    pub id: PersonId,
    /// As the person writes it, 1 to 100 characters.
    pub name: String,
    /// argon2id in PHC string form, when a PIN was chosen.
    pub pin_hash: Option<String>,
    pub created_at: Timestamp,
}

impl Person {
    /// What a till may show: the first character, and a mark for each of at most four others.
    ///
    /// ```
    /// # use tebura_hub::people::masked;
    /// assert_eq!(masked("山田 花子"), "山＊＊＊");
    /// ```
    pub fn masked_name(&self) -> String {
        masked(&self.name)
    }
}

impl std::fmt::Debug for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Person").field("id", &self.id).finish_non_exhaustive()
    }
}

/// See [`Person::masked_name`].
pub fn masked(name: &str) -> String {
    let mut characters = name.chars().filter(|c| !c.is_whitespace());
    let first = characters.next();
    first.into_iter().chain(characters.take(4).map(|_| '＊')).collect()
}

/// A means to pay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instrument {
    pub id: InstrumentId,
    pub person: PersonId,
    pub rail: RailId,
    /// The ledger account: a house wallet, or the mirror of an account at the rail.
    pub account: AccountId,
    /// The vault reference that the far end knows. Never a card or account number.
    pub token: String,
    /// What the person calls it.
    pub label: String,
    /// Chosen as the default when it was added; the newest such instrument is paid with.
    pub is_default: bool,
    /// Nothing new is paid with it since then. What was begun before goes on.
    pub removed_at: Option<Timestamp>,
}

/// Permission to enrol one live face, once, for a short time, from the device that opened it.
#[derive(Clone, Debug, PartialEq)]
pub struct CaptureSession {
    pub id: CaptureSessionId,
    pub person: PersonId,
    /// SHA-256 of what the opener is known by: frames of anybody else are refused.
    pub device: [u8; 32],
    /// What the person is asked to do, one prompt a frame.
    pub prompts: [Prompt; FRAMES],
    /// Staff have seen that this is somebody else than who looks like her: twins are enrolled so.
    pub look_alike: bool,
    /// The frames that were accepted so far; encrypted by the store with the person's key, and gone when it is over.
    pub shots: Vec<Shot>,
    /// Frames that were looked at, accepted or not.
    pub looks: u32,
    pub expires_at: Timestamp,
    pub used_at: Option<Timestamp>,
    /// Counts up with every write; a writer names the one it read.
    pub revision: u32,
}

impl CaptureSession {
    /// What the next frame has to show; `None` when all were taken.
    pub fn prompt(&self) -> Option<Prompt> {
        self.prompts.get(self.shots.len()).copied()
    }
}

/// An enrolled template.
#[derive(Clone)]
pub struct FaceReference {
    pub id: ReferenceId,
    pub person: PersonId,
    /// `name@version` of the pack that made it: templates of different packs are never compared.
    pub pack: String,
    pub template: Template,
    pub created_at: Timestamp,
}

/// That a template is enrolled, without the template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnrolledTemplate {
    pub id: ReferenceId,
    pub pack: String,
    pub created_at: Timestamp,
}

impl EnrolledTemplate {
    pub(crate) fn of(row: &FaceReference) -> Self {
        EnrolledTemplate { id: row.id, pack: row.pack.clone(), created_at: row.created_at }
    }
}

impl std::fmt::Debug for FaceReference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FaceReference").field("id", &self.id).field("person", &self.person).finish_non_exhaustive()
    }
}

//! Enrols a face: a short permission to send one live image, then its template. The image itself is never kept.

use tebura_face::{LivenessPolicy, SampleRefusal};

use crate::galleries::pack_name;
use crate::hub::Hub;
use crate::ids::{CaptureSessionId, PersonId, ReferenceId};
use crate::people::{CaptureSession, FaceReference};
use crate::perform::KeyRequest;
use crate::ports::{CommitError, Committed, ReadError, Unit, Write};

/// How long a capture session is good for: a person looks into a camera at once, or starts again.
pub const SESSION_MS: i64 = 5 * 60_000;
/// Templates that are read at a time.
const PAGE: u16 = 1_000;

/// Why no face was enrolled.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum EnrollFaceError {
    #[error("there is no person {0}; register the person first")]
    PersonNotFound(PersonId),
    #[error("there is no capture session {0}; open one with POST /v1/people/…/capture-sessions")]
    SessionNotFound(CaptureSessionId),
    #[error("the capture session was used or has expired; open a new one")]
    SessionOver,
    #[error(transparent)]
    Sample(#[from] SampleRefusal),
    #[error("the picture does not pass the liveness check ({0}); take it live, with the face alone")]
    Liveness(&'static str),
    #[error("this Idempotency-Key was used for another request; choose a new key")]
    KeyReused,
    #[error(transparent)]
    Commit(#[from] CommitError),
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// A face that can be recognised from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrolled {
    pub reference: ReferenceId,
    pub person: PersonId,
    /// `name@version` of the pack that made it.
    pub pack: String,
    /// The key was used before with the same image.
    pub replayed: bool,
}

/// What was found in the store at start-up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Loaded {
    /// Templates that are searched from now on.
    pub searchable: usize,
    /// Made by another pack than the one that runs: their people have to be enrolled again.
    pub of_other_packs: usize,
    /// Rows that do not open.
    pub damaged: usize,
}

impl Hub {
    /// Opens a capture session for a person.
    pub async fn open_capture_session(
        &self,
        key: KeyRequest,
        person: PersonId,
    ) -> Result<CaptureSession, EnrollFaceError> {
        self.store.person(person).await?.ok_or(EnrollFaceError::PersonNotFound(person))?;
        let (now, shard) = (self.now(), self.key_shard(&key));
        let id = CaptureSessionId::from_uuid(self.ids.next(shard));
        let session = CaptureSession { id, person, expires_at: now.plus_ms(SESSION_MS), used_at: None };
        let write = Write::CaptureSession { session: session.clone(), expected_unused: false };
        let unit = Unit { key: Some(key.claim(id)), writes: vec![write], ..Unit::default() };
        match self.store.commit(shard, now, unit).await? {
            Committed::Done(_) => Ok(session),
            Committed::Replayed { target } => {
                let id = target.parse().map_err(|_| EnrollFaceError::KeyReused)?;
                self.store.capture_session(id).await?.ok_or(EnrollFaceError::SessionNotFound(id))
            }
        }
    }

    /// Enrols the face in a live image. A picture that is refused leaves the session open for another try; a repeat
    /// with the same key is told of the face that was enrolled, and looks at no picture.
    pub async fn enroll_face(
        &self,
        key: KeyRequest,
        session: CaptureSessionId,
        image: Vec<u8>,
    ) -> Result<Enrolled, EnrollFaceError> {
        let found = self.store.capture_session(session).await?;
        let session = found.ok_or(EnrollFaceError::SessionNotFound(session))?;
        let (shard, pack) = (session.id.shard(), pack_name(self.pack()));
        let enrolled =
            |reference, replayed| Enrolled { reference, person: session.person, pack: pack.clone(), replayed };
        if let Some(claimed) = self.store.claimed_key(&key.scope, &key.key).await? {
            let target = key.matches(&claimed).then_some(claimed.target).ok_or(EnrollFaceError::KeyReused)?;
            return Ok(enrolled(target.parse().map_err(|_| EnrollFaceError::KeyReused)?, true));
        }
        if session.used_at.is_some() || self.now() >= session.expires_at {
            return Err(EnrollFaceError::SessionOver);
        }
        let sample = self.faces.examine(image).await?;
        sample
            .liveness
            .admit(LivenessPolicy::WhenClaimed)
            .map_err(|refusal| EnrollFaceError::Liveness(refusal.code()))?;
        let now = self.now();
        let reference = FaceReference {
            id: ReferenceId::from_uuid(self.ids.next(session.person.shard())),
            person: session.person,
            pack: pack.clone(),
            template: sample.template,
            created_at: now,
        };
        let used = CaptureSession { used_at: Some(now), ..session.clone() };
        let unit = Unit {
            key: Some(key.claim(reference.id)),
            writes: vec![
                Write::CaptureSession { session: used, expected_unused: true },
                Write::FaceReference(reference.clone()),
            ],
            ..Unit::default()
        };
        match self.store.commit(shard, now, unit).await {
            Ok(Committed::Done(_)) => {}
            Ok(Committed::Replayed { target }) => {
                return Ok(enrolled(target.parse().map_err(|_| EnrollFaceError::KeyReused)?, true));
            }
            Err(CommitError::KeyReused) => return Err(EnrollFaceError::KeyReused),
            Err(CommitError::Stale) => return Err(EnrollFaceError::SessionOver),
            Err(error) => return Err(error.into()),
        }
        let answer = enrolled(reference.id, false);
        self.galleries.enrol(reference);
        Ok(answer)
    }

    /// Fills the galleries from the store; called once at start-up, and tells after each page how far it is.
    pub async fn load_galleries(&self, progress: impl Fn(&Loaded) + Send) -> Result<Loaded, ReadError> {
        // Before anything is read: what is stored meanwhile is followed, and to see it twice changes nothing.
        self.begin_to_follow().await?;
        for (gallery, person) in self.store.gallery_members().await? {
            self.galleries.set_member(gallery, person, true);
        }
        let (mut loaded, mut after) = (Loaded::default(), None);
        loop {
            let page = self.store.face_references(after, PAGE).await?;
            for reference in page.rows {
                let count =
                    if self.galleries.enrol(reference) { &mut loaded.searchable } else { &mut loaded.of_other_packs };
                *count += 1;
            }
            for reference in page.damaged {
                tracing::error!(%reference, "a template does not open: restore its row, or enrol the person again");
                loaded.damaged += 1;
            }
            progress(&loaded);
            match page.last {
                Some(last) => after = Some(last),
                None => return Ok(loaded),
            }
        }
    }
}

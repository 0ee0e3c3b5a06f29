//! Enrols a face: a short permission, three live frames that follow prompts, then one template. No image is kept, and a
//! picture that was taken before follows no prompt.

use sha2::{Digest, Sha256};
use tebura_face::{FRAMES, FrameRefusal, LivenessPolicy, Prompt, SampleRefusal, Shot, judge};

use crate::consent::AUTHENTICATE;
use crate::galleries::pack_name;
use crate::hub::Hub;
use crate::ids::{CaptureSessionId, PersonId, ReferenceId};
use crate::people::{CaptureSession, FaceReference};
use crate::perform::KeyRequest;
use crate::ports::{ClaimedKey, CommitError, Committed, ReadError, Unit, Write};
use crate::privacy::{Outlived, PrivacyWrite};

/// How long a capture session is good for: a person looks into a camera at once, or starts again.
pub const SESSION_MS: i64 = 5 * 60_000;
/// Templates that are read at a time.
const PAGE: u16 = 1_000;
/// Frames that are looked at in a session: two a second for a minute. More is nobody who tries to look into a camera.
pub const MAX_LOOKS: u32 = 120;

/// Why no face was enrolled.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum EnrollFaceError {
    #[error("there is no person {0}; register the person first")]
    PersonNotFound(PersonId),
    #[error("the person has not agreed to face recognition; record the consent to `{AUTHENTICATE}` first")]
    ConsentMissing,
    #[error("there is no capture session {0}; open one with POST /v1/people/…/capture-sessions")]
    SessionNotFound(CaptureSessionId),
    #[error("the capture session was opened by another device or key; go on there, or open a new one here")]
    OtherDevice,
    #[error("the capture session was used or has expired; open a new one")]
    SessionOver,
    #[error("{MAX_LOOKS} frames did not lead to a face; open a new session, with more light and the face alone")]
    TooManyFrames,
    #[error(
        "this face seems to be enrolled under another name; ask the staff, who look at a document and open a session with `look_alike`; pay and check in by code or card meanwhile"
    )]
    FaceKnown,
    #[error(transparent)]
    Sample(#[from] SampleRefusal),
    #[error(transparent)]
    Frame(#[from] FrameRefusal),
    #[error("this Idempotency-Key was used for another request; choose a new key")]
    KeyReused,
    #[error(transparent)]
    Commit(#[from] CommitError),
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// What a frame led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// It counts; the next one has to show this.
    Next { prompt: Prompt, taken: usize, replayed: bool },
    /// It was the last one.
    Enrolled(Enrolled),
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
    /// Opens a capture session for a person who agreed. Only who opened it may send frames. `look_alike`: the face may be
    /// as similar to somebody else's as it likes, since staff know that they are two.
    pub async fn open_capture_session(
        &self,
        key: KeyRequest,
        person: PersonId,
        look_alike: bool,
    ) -> Result<CaptureSession, EnrollFaceError> {
        self.store.person(person).await?.ok_or(EnrollFaceError::PersonNotFound(person))?;
        if !self.agreed(person, &[AUTHENTICATE]).await? {
            return Err(EnrollFaceError::ConsentMissing);
        }
        let (now, shard) = (self.now(), self.key_shard(&key));
        let session = CaptureSession {
            id: CaptureSessionId::from_uuid(self.ids.next(shard)),
            person,
            device: device_of(&key),
            prompts: Prompt::drawn(self.ids.secret()[0]),
            look_alike,
            shots: Vec::new(),
            looks: 0,
            expires_at: now.plus_ms(SESSION_MS),
            used_at: None,
            revision: 1,
        };
        let write = Write::CaptureSession { session: session.clone(), expected: 0 };
        let unit = Unit { key: Some(key.claim(session.id)), writes: vec![write], ..Unit::default() };
        match self.store.commit(shard, now, unit).await? {
            Committed::Done(_) => Ok(session),
            Committed::Replayed { target } => {
                let id = target.parse().map_err(|_| EnrollFaceError::KeyReused)?;
                self.store.capture_session(id).await?.ok_or(EnrollFaceError::SessionNotFound(id))
            }
        }
    }

    /// Looks at one frame of a session. A frame that is refused leaves the session where it was; the last one enrols the
    /// face, in place of what was enrolled of the person before. A repeat with the same key is told what its first call
    /// led to, and looks at no picture.
    pub async fn take_frame(
        &self,
        key: KeyRequest,
        session: CaptureSessionId,
        image: Vec<u8>,
    ) -> Result<Frame, EnrollFaceError> {
        let found = self.store.capture_session(session).await?;
        let session = found.ok_or(EnrollFaceError::SessionNotFound(session))?;
        if session.device != device_of(&key) {
            return Err(EnrollFaceError::OtherDevice);
        }
        if let Some(claimed) = self.store.claimed_key(&key.scope, &key.key).await? {
            return self.frame_before(&key, &claimed, &session);
        }
        if session.used_at.is_some() || self.now() >= session.expires_at {
            return Err(EnrollFaceError::SessionOver);
        }
        let prompt = session.prompt().ok_or(EnrollFaceError::SessionOver)?;
        if session.looks >= MAX_LOOKS {
            return Err(EnrollFaceError::TooManyFrames);
        }
        // It may have been withdrawn since the session was opened.
        if !self.agreed(session.person, &[AUTHENTICATE]).await? {
            return Err(EnrollFaceError::ConsentMissing);
        }
        let judged = match self.faces.examine(image).await {
            // Nobody looked at it.
            Err(busy @ SampleRefusal::EngineBusy { .. }) => return Err(busy.into()),
            Err(refusal) => Err(EnrollFaceError::Sample(refusal)),
            Ok(sample) => {
                let judged = judge(prompt, &session.shots, &sample, LivenessPolicy::WhenClaimed, self.pack().verify);
                judged.map(|()| Shot::of(&sample)).map_err(EnrollFaceError::Frame)
            }
        };
        let looks = session.looks + 1;
        let revision = session.revision + 1;
        match judged {
            Ok(shot) if session.shots.len() + 1 == FRAMES => {
                let used = CaptureSession { shots: Vec::new(), looks, revision, ..session.clone() };
                let first = session.shots.into_iter().next().unwrap_or(shot);
                self.enrol_shot(key, used, first).await
            }
            Ok(shot) => {
                let shots = session.shots.iter().cloned().chain([shot]).collect();
                self.keep_shot(key, CaptureSession { shots, looks, revision, ..session }).await
            }
            Err(error) => {
                self.count_look(CaptureSession { looks, revision, ..session }).await?;
                Err(error)
            }
        }
    }

    /// What the first call with this key led to.
    fn frame_before(
        &self,
        key: &KeyRequest,
        claimed: &ClaimedKey,
        session: &CaptureSession,
    ) -> Result<Frame, EnrollFaceError> {
        if !key.matches(claimed) {
            return Err(EnrollFaceError::KeyReused);
        }
        if let Ok(reference) = claimed.target.parse() {
            return Ok(Frame::Enrolled(self.enrolled(reference, session.person, true)));
        }
        let taken = claimed.target.strip_prefix(&format!("{} ", session.id)).and_then(|taken| taken.parse().ok());
        let taken: usize = taken.ok_or(EnrollFaceError::KeyReused)?;
        let prompt = session.prompts.get(taken).copied().ok_or(EnrollFaceError::KeyReused)?;
        Ok(Frame::Next { prompt, taken, replayed: true })
    }

    async fn keep_shot(&self, key: KeyRequest, session: CaptureSession) -> Result<Frame, EnrollFaceError> {
        let (taken, now) = (session.shots.len(), self.now());
        let prompt = session.prompt().ok_or(EnrollFaceError::SessionOver)?;
        let claim = key.clone().claim(format!("{} {taken}", session.id));
        let expected = session.revision - 1;
        let (shard, before) = (session.id.shard(), session.clone());
        let unit =
            Unit { key: Some(claim), writes: vec![Write::CaptureSession { session, expected }], ..Unit::default() };
        match self.store.commit(shard, now, unit).await {
            Ok(Committed::Done(_)) => Ok(Frame::Next { prompt, taken, replayed: false }),
            Ok(Committed::Replayed { target }) => {
                self.frame_before(&key, &ClaimedKey { fingerprint: key.fingerprint, target }, &before)
            }
            Err(CommitError::KeyReused) => Err(EnrollFaceError::KeyReused),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes the first frame's template the person's. What was enrolled before is forgotten in the same transaction.
    async fn enrol_shot(
        &self,
        key: KeyRequest,
        session: CaptureSession,
        first: Shot,
    ) -> Result<Frame, EnrollFaceError> {
        let (now, person, shard) = (self.now(), session.person, session.id.shard());
        if !session.look_alike && self.galleries.knows_another(person, &first.template, self.same_face()) {
            self.count_look(CaptureSession { used_at: Some(now), ..session }).await?;
            return Err(EnrollFaceError::FaceKnown);
        }
        let before = self.store.references_of(person).await?;
        let reference = FaceReference {
            id: ReferenceId::from_uuid(self.ids.next(person.shard())),
            person,
            pack: pack_name(self.pack()),
            template: first.template,
            created_at: now,
        };
        let expected = session.revision - 1;
        let used = CaptureSession { used_at: Some(now), ..session.clone() };
        let mut writes = vec![Write::CaptureSession { session: used, expected }];
        // Those of another pack are another hub's, until it has swapped its pack as well.
        let before = before.iter().filter(|old| old.pack == reference.pack);
        let old = before.map(|old| Outlived::Template { person, reference: old.id });
        writes.extend(old.map(|old| Write::Privacy(PrivacyWrite::Forget(old))));
        writes.push(Write::FaceReference(reference.clone()));
        let unit = Unit { key: Some(key.clone().claim(reference.id)), writes, ..Unit::default() };
        match self.store.commit(shard, now, unit).await {
            Ok(Committed::Done(_)) => {}
            Ok(Committed::Replayed { target }) => {
                return self.frame_before(&key, &ClaimedKey { fingerprint: key.fingerprint, target }, &session);
            }
            Err(CommitError::KeyReused) => return Err(EnrollFaceError::KeyReused),
            Err(CommitError::Stale) => return Err(EnrollFaceError::SessionOver),
            Err(error) => return Err(error.into()),
        }
        let id = reference.id;
        self.galleries.forget(person);
        self.galleries.enrol(reference);
        Ok(Frame::Enrolled(self.enrolled(id, person, false)))
    }

    /// Counts a frame that was refused. When another frame of the session came first, that one counted.
    async fn count_look(&self, session: CaptureSession) -> Result<(), CommitError> {
        let (shard, expected) = (session.id.shard(), session.revision - 1);
        let unit = Unit { writes: vec![Write::CaptureSession { session, expected }], ..Unit::default() };
        match self.store.commit(shard, self.now(), unit).await {
            Ok(_) | Err(CommitError::Stale) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn enrolled(&self, reference: ReferenceId, person: PersonId, replayed: bool) -> Enrolled {
        Enrolled { reference, person, pack: pack_name(self.pack()), replayed }
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

/// Who opened a session: the owner of the key, or the enrolment page's own session.
fn device_of(key: &KeyRequest) -> [u8; 32] {
    Sha256::new().chain_update(b"tebura device 1 ").chain_update(key.scope.as_bytes()).finalize().into()
}

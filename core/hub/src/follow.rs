//! How every hub process comes to the same galleries: it follows the log of what was stored, a few times a second, and takes
//! out whose term is over.
//!
//! What this process stored itself it has shown already; to see it again changes nothing. Absent: the first load.

use tebura_ledger::{Shard, Timestamp};

use crate::gallery_rules::unread;
use crate::hub::Hub;
use crate::ids::{GalleryId, PersonId, ReferenceId};
use crate::ports::{CommitError, ReadError, References, Unit, Write};
use crate::recognition::{FaceChange, RecognitionWrite};

/// Members taken out in one transaction.
const BATCH: u16 = 500;

/// Up to where this process has followed each shard's log; a shard that is not named: not at all.
pub(crate) type Place = Vec<(Shard, u64)>;

/// What was done to galleries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tended {
    /// Members whose term was over.
    pub expired: usize,
    /// Changes of other processes, and own ones seen again.
    pub followed: usize,
}

impl Hub {
    /// Takes out whose term is over, and shows to this process's searches what was stored since it last looked. Called a
    /// few times a second: that is how soon a change of one hub process counts in every other.
    pub async fn tend_galleries(&self) -> Result<Tended, CommitError> {
        let expired = self.expire_terms(self.now()).await?;
        let followed = self.follow_log().await.map_err(unread)?;
        Ok(Tended { expired, followed })
    }

    async fn expire_terms(&self, at: Timestamp) -> Result<usize, CommitError> {
        let due = self.store.due_gallery_terms(at, BATCH).await.map_err(unread)?;
        let mut by_shard: std::collections::BTreeMap<Shard, Vec<Write>> = std::collections::BTreeMap::new();
        for (gallery, person) in &due {
            let expire = RecognitionWrite::Expire { gallery: *gallery, person: *person, at };
            by_shard.entry(gallery.shard()).or_default().push(Write::Recognition(expire));
        }
        for (shard, writes) in by_shard {
            self.store.commit(shard, at, Unit { writes, ..Unit::default() }).await?;
        }
        Ok(due.len())
    }

    /// Begins to follow: what is stored from here on will be seen.
    pub(crate) async fn begin_to_follow(&self) -> Result<(), ReadError> {
        let heads = self.store.face_changes(None).await?.heads;
        *self.followed.lock().await = heads;
        Ok(())
    }

    async fn follow_log(&self) -> Result<usize, ReadError> {
        let mut place = self.followed.lock().await;
        let mut count = 0;
        loop {
            let page = self.store.face_changes(Some(&place)).await?;
            for change in &page.changes {
                self.follow_one(*change).await?;
            }
            count += page.changes.len();
            *place = page.heads;
            if !page.more {
                return Ok(count);
            }
        }
    }

    async fn follow_one(&self, change: FaceChange) -> Result<(), ReadError> {
        match change {
            FaceChange::Member { gallery, person } => self.follow_member(gallery, person).await?,
            FaceChange::Enrolled(id) => self.follow_reference(id).await?,
            FaceChange::Removed(id) => {
                if let Some(person) = self.galleries.person_of(id) {
                    self.reload_faces(person).await?;
                }
            }
            FaceChange::Erased(person) => self.galleries.forget(person),
        }
        Ok(())
    }

    /// Shows whether somebody is in a gallery now.
    async fn follow_member(&self, gallery: GalleryId, person: PersonId) -> Result<(), ReadError> {
        loop {
            let shown = self.galleries.shown();
            let present = self.store.gallery_membership(gallery, person).await?.is_some();
            if self.galleries.follow_member((gallery, person), present, shown) {
                return Ok(());
            }
        }
    }

    async fn follow_reference(&self, id: ReferenceId) -> Result<(), ReadError> {
        if self.galleries.person_of(id).is_some() {
            return Ok(());
        }
        let found = self.store.face_reference(id).await?;
        self.show_faces(found);
        Ok(())
    }

    /// Shows a person's faces as they are stored now.
    pub(crate) async fn reload_faces(&self, person: PersonId) -> Result<(), ReadError> {
        let found = self.store.face_references_of(person).await?;
        self.galleries.forget(person);
        self.show_faces(found);
        Ok(())
    }

    fn show_faces(&self, found: References) {
        for reference in found.damaged {
            tracing::error!(%reference, "a template does not open: restore its row, or enrol the person again");
        }
        for reference in found.rows {
            self.galleries.enrol(reference);
        }
    }
}

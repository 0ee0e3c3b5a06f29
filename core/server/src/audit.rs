//! Signs the heads of the logs with a key that is not in the database, and keeps them in a file beside it.
//!
//! Who can write to the database can link a log anew; the heads in the file then contradict it. Copy the file elsewhere,
//! or give it to another city: a head says nothing about anybody.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePublicKey, EncodePublicKey};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};
use tebura_hub::audit::{Head, HeadPlace, Link, Log, SignedHead};
use tebura_hub::ports::{Clock, CommitError, ReadError, Store, Unit, Write};
use tebura_ledger::Shard;
use tebura_store::SqlStore;
use tokio::sync::{Mutex, watch};
use tokio::task::JoinHandle;

use crate::clock::SystemClock;
use crate::key_file::{self, KeyFileError};
use crate::offline_bundle::Sealed;
use crate::wire::audit::HeadBody;
use crate::wire::offline::OfflineBundleBody;

/// How often heads are signed. What was written since the last time is protected by the chain, not yet by a signature.
const EVERY: Duration = Duration::from_secs(60);
/// The signing key, in the data folder.
const KEY: &str = "audit.key";
/// Its public half, to give away.
const PUBLIC: &str = "audit.pub";
/// The heads, one JSON object a line.
const HEADS: &str = "audit-heads.jsonl";

/// Why logs are not signed or not verified.
#[derive(Debug, thiserror::Error)]
pub enum SigningError {
    /// A file of the data folder.
    #[error("{path} cannot be used ({source}); check the data folder")]
    File {
        /// Which one.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The private key's file.
    #[error(transparent)]
    KeyFile(#[from] KeyFileError),
    /// The public key's file has another shape.
    #[error("{path} is not an ed25519 public key in PEM; restore it, or verify with the copy that you kept")]
    Key {
        /// Which one.
        path: PathBuf,
    },
    /// A line of the heads' file.
    #[error("line {line} of {path} is not a signed head; restore the file from a copy")]
    Line {
        /// Which file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
    },
    /// Reading heads failed.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Keeping heads failed.
    #[error(transparent)]
    Commit(#[from] CommitError),
}

/// The key that signs heads.
pub struct AuditKey(SigningKey);

impl AuditKey {
    /// The data folder's key, made when there is none, with its public half beside it.
    ///
    /// # Errors
    /// [`SigningError::KeyFile`], [`SigningError::File`].
    pub fn open_or_create(data: &Path, secret: impl FnOnce() -> [u8; 32]) -> Result<AuditKey, SigningError> {
        let path = data.join(KEY);
        if let Some(key) = key_file::read(&path)? {
            return Ok(AuditKey(key));
        }
        let key = key_file::create(&path, secret())?;
        let file = |source| SigningError::File { path: data.join(PUBLIC), source };
        let public = key.verifying_key().to_public_key_pem(LineEnding::LF).map_err(|_| broken_public(&path))?;
        std::fs::write(data.join(PUBLIC), public).map_err(file)?;
        Ok(AuditKey(key))
    }

    fn sign(&self, head: Head) -> SignedHead {
        let signature = self.0.sign(head.text().as_bytes()).to_bytes();
        SignedHead { head, key: name_of(&self.0.verifying_key()), signature }
    }
}

/// The public key of a data folder, or of the file that was given away.
///
/// # Errors
/// [`SigningError::File`], [`SigningError::Key`].
pub fn public_key(path: &Path) -> Result<VerifyingKey, SigningError> {
    let path = if path.is_dir() { path.join(PUBLIC) } else { path.to_owned() };
    let missing = || std::io::Error::from(std::io::ErrorKind::NotFound);
    let pem = read(&path)?.ok_or_else(|| SigningError::File { path: path.clone(), source: missing() })?;
    VerifyingKey::from_public_key_pem(&pem).map_err(|_| broken_public(&path))
}

fn broken_public(path: &Path) -> SigningError {
    SigningError::Key { path: path.to_owned() }
}

/// Whether a head was signed with the key of `public`.
pub fn is_genuine(public: &VerifyingKey, signed: &SignedHead) -> bool {
    let signature = Signature::from_bytes(&signed.signature);
    signed.key == name_of(public) && public.verify_strict(signed.head.text().as_bytes(), &signature).is_ok()
}

fn name_of(key: &VerifyingKey) -> String {
    let digest = Link(Sha256::digest(key.as_bytes()).into()).to_string();
    digest.get(..16).unwrap_or_default().to_owned()
}

/// The heads of a data folder's file; none when there is no file yet.
///
/// # Errors
/// [`SigningError::File`], [`SigningError::Line`].
pub fn heads_of(path: &Path) -> Result<Vec<SignedHead>, SigningError> {
    let path = if path.is_dir() { path.join(HEADS) } else { path.to_owned() };
    let text = read(&path)?.unwrap_or_default();
    let head = |(nth, line): (usize, &str)| {
        let body = serde_json::from_str(line).ok().and_then(HeadBody::signed);
        body.ok_or(SigningError::Line { path: path.clone(), line: nth + 1 })
    };
    text.lines().enumerate().map(head).collect()
}

fn read(path: &Path) -> Result<Option<String>, SigningError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(SigningError::File { path: path.to_owned(), source }),
    }
}

/// Signs the heads of a hub's logs for as long as it runs.
pub struct HeadKeeper {
    heads: Arc<Heads>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

/// The signed heads of a hub's logs, and the key that signs them.
pub struct Heads {
    store: Arc<SqlStore>,
    public: VerifyingKey,
    keeping: Mutex<Keeping>,
}

struct Keeping {
    key: AuditKey,
    path: PathBuf,
    file: File,
    /// The head of each shard that was signed last.
    signed: BTreeMap<Shard, SignedHead>,
}

impl HeadKeeper {
    /// Signs now, and every minute.
    ///
    /// # Errors
    /// [`SigningError`].
    pub async fn start(store: Arc<SqlStore>, key: AuditKey, data: &Path) -> Result<HeadKeeper, SigningError> {
        let path = data.join(HEADS);
        let file = OpenOptions::new().create(true).append(true).mode(0o600).open(&path);
        let file = file.map_err(|source| SigningError::File { path: path.clone(), source })?;
        // Oldest first, so that the newest of a shard stays.
        let signed = store.kept_heads().await?.into_iter().map(|kept| (kept.head.shard, kept)).collect();
        let public = key.0.verifying_key();
        let heads = Arc::new(Heads { store, public, keeping: Mutex::new(Keeping { key, path, file, signed }) });
        heads.sign().await?;
        let (stop, mut stopping) = watch::channel(false);
        let kept = heads.clone();
        let task = tokio::spawn(async move {
            let mut clock = tokio::time::interval(EVERY);
            clock.reset();
            let mut goes_on = true;
            while goes_on {
                tokio::select! {
                    _ = clock.tick() => {}
                    _ = stopping.wait_for(|stop| *stop) => goes_on = false,
                }
                if let Err(error) = kept.sign().await {
                    tracing::error!(%error, "the logs' heads were not signed");
                }
            }
        });
        Ok(HeadKeeper { heads, stop, task })
    }

    /// The heads, to show and to sign at once.
    pub fn heads(&self) -> Arc<Heads> {
        self.heads.clone()
    }

    /// Signs once more and ends. Call it when nothing is written any more.
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        if self.task.await.is_err() {
            tracing::error!("signing the logs' heads panicked; the next start signs them");
        }
    }
}

impl Heads {
    /// The public half of the key that signs.
    pub fn public_key(&self) -> &VerifyingKey {
        &self.public
    }

    /// Signs something that the hub hands out, which is no head.
    pub async fn sign_bundle(&self, sealed: Sealed) -> OfflineBundleBody {
        let keeping = self.keeping.lock().await;
        sealed.signed(&keeping.key.0, &name_of(&self.public))
    }

    /// Kept heads, the newest first: those behind a place, at most `limit`.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn latest(&self, after: Option<HeadPlace>, limit: u16) -> Result<Vec<SignedHead>, ReadError> {
        self.store.latest_heads(after, limit).await
    }

    /// Signs every head that moved since it was signed last. Returns the last one of each shard: together they cover
    /// everything that was written before the call.
    ///
    /// # Errors
    /// [`SigningError`].
    pub async fn sign(&self) -> Result<Vec<SignedHead>, SigningError> {
        let mut keeping = self.keeping.lock().await;
        let now = SystemClock::default().now();
        for head in self.store.heads(now).await? {
            let (shard, seq) = (head.shard, head.seq);
            if seq == keeping.signed.get(&shard).map_or(0, |before| before.head.seq) {
                continue;
            }
            let signed = keeping.key.sign(head);
            let line = serde_json::to_string(&HeadBody::from(&signed)).unwrap_or_default() + "\n";
            let written = keeping.file.write_all(line.as_bytes()).and_then(|()| keeping.file.sync_data());
            written.map_err(|source| SigningError::File { path: keeping.path.clone(), source })?;
            let unit = Unit { writes: vec![Write::AuditHead(signed.clone())], ..Unit::default() };
            self.store.commit(shard, now, unit).await?;
            keeping.signed.insert(shard, signed);
        }
        Ok(keeping.signed.values().cloned().collect())
    }
}

#[cfg(test)]
mod tests {
    use tebura_ledger::Timestamp;

    use super::*;

    fn head(seq: u64) -> Head {
        Head { shard: Shard::new(2), seq, link: Link([7; 32]), at: Timestamp::from_millis(5) }
    }

    #[test]
    fn a_head_survives_its_line_and_is_genuine_only_unchanged() {
        let folder = tempfile::tempdir().unwrap();
        let key = AuditKey::open_or_create(folder.path(), || [1; 32]).unwrap();
        let again = AuditKey::open_or_create(folder.path(), || panic!("the key is there")).unwrap();
        let public = public_key(folder.path()).unwrap();
        let signed = again.sign(head(3));
        let line = serde_json::to_string(&HeadBody::from(&signed)).unwrap();
        std::fs::write(folder.path().join(HEADS), line + "\n").unwrap();
        assert_eq!(heads_of(folder.path()).unwrap(), std::slice::from_ref(&signed));
        assert!(is_genuine(&public, &signed));
        assert!(!is_genuine(&public, &SignedHead { head: head(4), ..key.sign(head(3)) }));
        assert!(!is_genuine(&public, &AuditKey(SigningKey::from_bytes(&[2; 32])).sign(head(3))));
    }

    #[test]
    fn a_line_that_is_no_head_is_named() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(HEADS), "{}\n").unwrap();
        assert!(matches!(heads_of(folder.path()), Err(SigningError::Line { line: 1, .. })));
    }
}

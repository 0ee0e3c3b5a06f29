//! Puts a hub together from concrete adapters, and takes it apart again. The only place that names them.

mod embedded;
pub mod faces;
pub mod plugin_keys;
pub mod rails;
pub(crate) mod worker;

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tebura_hub::enroll_face::Loaded;
use tebura_hub::ports::{Clock, Egress, Ids, ReadError, Store};
use tebura_hub::{Hub, Ports};
use tebura_store::{FileKek, FileKekError, OpenError, SqlStore, StoreConfig};
use zeroize::Zeroizing;

pub(crate) use embedded::{DRAWN_DEMO, SDK, wallet_package};
pub(crate) use worker::Worker;

use crate::audit::{AuditKey, HeadKeeper, SigningError};
use crate::clock::{SystemClock, SystemIds};
use faces::{FacesError, FacesStarted};
use rails::RailsError;

/// Why a hub did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data folder cannot be made or written.
    #[error("the data folder {path} cannot be used ({source}); choose another with --data")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Another process.
    #[error("another hub uses the data folder {path}; stop it, or choose another folder with --data")]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// The operator's key.
    #[error(transparent)]
    Kek(#[from] FileKekError),
    /// The database.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// The face engine.
    #[error(transparent)]
    Faces(#[from] FacesError),
    /// Plugins and their bindings.
    #[error(transparent)]
    Rails(#[from] RailsError),
    /// The key or the file of the logs' heads.
    #[error(transparent)]
    Signing(#[from] SigningError),
    /// The store does not answer.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// The operator's key and the store that it opens.
pub struct Opened {
    /// The store.
    pub store: Arc<SqlStore>,
    /// The operator's key, for deriving others.
    pub operator_key: Zeroizing<Vec<u8>>,
}

impl Opened {
    /// Begins to sign the heads of the logs, with the key of the data folder.
    ///
    /// # Errors
    /// [`StartError::Signing`].
    pub async fn keep_heads(&self, data: &Path) -> Result<HeadKeeper, StartError> {
        let key = AuditKey::open_or_create(data, || SystemIds.secret())?;
        Ok(HeadKeeper::start(self.store.clone(), key, data).await?)
    }
}

/// Opens the data folder's key and the database: the folder's own SQLite file when no other is named.
///
/// # Errors
/// Names what cannot be opened and what to do.
pub async fn open_store(data: &Path, database_url: Option<&str>) -> Result<Opened, StartError> {
    let folder = |source| StartError::Folder { path: data.to_owned(), source };
    private_folder(data).map_err(folder)?;
    let key_file = data.join("operator.key");
    let kek = FileKek::open_or_create(&key_file)?;
    let operator_key = Zeroizing::new(std::fs::read(&key_file).map_err(folder)?);
    let url =
        database_url.map_or_else(|| format!("sqlite://{}?mode=rwc", data.join("tebura.db").display()), str::to_owned);
    let store = Arc::new(SqlStore::open(StoreConfig::new(url, Arc::new(kek))).await?);
    Ok(Opened { store, operator_key })
}

/// Keeps a data folder to one hub for as long as the file is open: what was cut off is sent again at the start, and a
/// second hub must not do so while the first one sends.
///
/// # Errors
/// [`StartError::InUse`] while another hub has it.
pub fn occupy(data: &Path) -> Result<File, StartError> {
    let folder = |source| StartError::Folder { path: data.to_owned(), source };
    private_folder(data).map_err(folder)?;
    let file = File::create(data.join("hub.lock")).map_err(folder)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StartError::InUse { path: data.to_owned() }),
        Err(TryLockError::Error(source)) => Err(folder(source)),
    }
}

/// A folder that only its owner may read.
fn private_folder(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Says now and then how far the galleries are filled.
fn tell_progress(loaded: &Loaded) {
    if loaded.searchable > 0 && loaded.searchable.is_multiple_of(100_000) {
        tracing::info!(faces = loaded.searchable, "filling the galleries");
    }
}

/// Puts the hub together, loads the faces and takes up what an earlier process left.
///
/// `alone`: no other hub process uses this store.
///
/// # Errors
/// When the store does not answer.
pub async fn assemble(
    store: Arc<SqlStore>,
    faces: &FacesStarted,
    egress: Arc<dyn Egress>,
    rails: Vec<Arc<dyn tebura_hub::ports::Rail>>,
    alone: bool,
) -> Result<Arc<Hub>, StartError> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
    let store: Arc<dyn Store> = store;
    let hub = Hub::new(Ports { store, faces: faces.workers.clone(), egress, clock, ids: Arc::new(SystemIds) });
    for rail in rails {
        hub.add_rail(rail);
    }
    let loaded = hub.load_galleries(tell_progress).await?;
    if loaded.of_other_packs > 0 {
        let faces = loaded.of_other_packs;
        tracing::warn!(faces, "faces of another model pack are not searched; enrol these people again");
    }
    let recovered = hub.recover(alone).await?;
    tracing::info!(loaded.searchable, loaded.damaged, recovered, "the hub is assembled");
    Ok(Arc::new(hub))
}

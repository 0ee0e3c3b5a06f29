//! Services from files: checked, explained, compared, and changed while the hub runs.
//!
//! A clerk writes one file a service. What runs is a version of all of them in the store: applied whole or not at all, and
//! come to by every process of the hub. Files on a disk are drafts until they are applied.

mod apply;
mod check;
mod diff;
mod explain;
mod follow;
mod packaged;
mod schema;
mod wrong;

pub use apply::{Applied, ApplyError, Look, Next, Running, Services};
pub use check::{Against, Checked, Files, Installed, check};
pub use diff::Change;
pub use explain::explain;
pub(crate) use follow::Follower;
pub use packaged::{Packaged, PackagedError};
pub use schema::published;
pub use wrong::Told;

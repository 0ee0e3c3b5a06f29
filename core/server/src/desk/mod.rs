//! What people are told about their data, and what they are given in writing: the notice, made from the configuration,
//! and signed receipts. Absent: what follows from a consent, which is the hub's.

mod notice;
mod receipt;

pub use notice::{Notice, NoticePurpose};
pub use receipt::{ReceiptDocument, ReceiptKey};

use tebura_hub::consent::{Purpose, Purposes};
use tebura_hub::rights::Retention;

use crate::vpia::Privacy;

/// Notice, rules and the key that signs receipts.
pub struct Desk {
    /// What people are told.
    pub notice: Notice,
    /// How long things are kept, and how soon people are answered.
    pub retention: Retention,
    /// Signs receipts.
    pub receipts: ReceiptKey,
}

/// Why a desk cannot be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeskError {
    /// A period that the hub shall enforce and cannot read.
    #[error(
        "privacy.data.{item}.retention.period is {period:?}; write years, months and days as in P3Y, P6M or P30D, or none"
    )]
    Period {
        /// The data item.
        item: String,
        /// As it was written.
        period: String,
    },
}

impl Desk {
    /// A desk under the configuration, with a key that follows from the operator's.
    ///
    /// # Errors
    /// [`DeskError`].
    pub fn open(operator_key: &[u8], privacy: &Privacy) -> Result<Desk, DeskError> {
        let notice = Notice::of(privacy);
        let retention = notice::retention(privacy)?;
        Ok(Desk { notice, retention, receipts: ReceiptKey::derive(operator_key) })
    }

    /// What the hub has to know of the notice.
    pub fn purposes(&self) -> Purposes {
        let purpose = |row: &NoticePurpose| Purpose { id: row.id.clone(), version: row.version.clone() };
        Purposes { list: self.notice.purposes.iter().map(purpose).collect(), notice_sha256: self.notice.sha256() }
    }
}

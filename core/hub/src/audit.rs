//! The audit chain: what happened, linked so that no entry can be changed, put in, taken out or cut off unseen.
//!
//! A shard has one log. An entry's link is SHA-256 over the link before it and the entry's own canonical text (RFC 8785).
//! Whoever can write to the database can also link everything anew, so heads are signed with a key that is not in it
//! and kept elsewhere as well. Absent: signing, storing.

mod entry;
mod verify;

use std::fmt;

use sha2::{Digest, Sha256};
use tebura_ledger::{Shard, Timestamp};

pub use entry::{Entry, Record};
pub use verify::{AuditError, Broken, Report, Unsigned, Walk, verify};

use crate::ports::ReadError;

/// SHA-256 over everything up to an entry.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Link(pub [u8; 32]);

/// Where a shard's log stands: what a signature covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    pub shard: Shard,
    /// Number of entries.
    pub seq: u64,
    /// Link of the last one.
    pub link: Link,
    /// When it was read.
    pub at: Timestamp,
}

/// A head's place among all: the newest first; of one moment the lowest shard, of one shard the longest log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeadPlace {
    pub at: Timestamp,
    pub shard: Shard,
    pub seq: u64,
}

/// A head with the signature that keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedHead {
    pub head: Head,
    /// Names the ed25519 key: the first 16 hexadecimal digits of SHA-256 of the public key.
    pub key: String,
    /// Over [`Head::text`].
    pub signature: [u8; 64],
}

impl Link {
    /// What the first entry of a shard's log is linked to.
    pub fn genesis(shard: Shard) -> Link {
        Link(Sha256::new().chain_update(b"tebura audit 1 ").chain_update([shard.number()]).finalize().into())
    }

    /// The link of the entry that says `text` after this one.
    pub fn then(&self, text: &str) -> Link {
        Link(Sha256::new().chain_update(self.0).chain_update(text).finalize().into())
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Head {
    /// Its place among all.
    pub fn place(&self) -> HeadPlace {
        HeadPlace { at: self.at, shard: self.shard, seq: self.seq }
    }

    /// The canonical text that is signed.
    pub fn text(&self) -> String {
        let Head { shard, seq, link, at } = self;
        format!(
            r#"{{"at":{},"link":"{link}","seq":{seq},"shard":{},"tebura":"audit-head-1"}}"#,
            at.millis(),
            shard.number()
        )
    }
}

/// What a store offers to whoever audits it.
#[async_trait::async_trait]
pub trait Log: Send + Sync {
    /// Where each shard's log stands.
    async fn heads(&self, now: Timestamp) -> Result<Vec<Head>, ReadError>;
    /// Entries of a shard after a position, in order, each with the link that is stored beside it.
    async fn entries(&self, shard: Shard, after: u64, limit: u16) -> Result<Vec<(Entry, Link)>, ReadError>;
    /// Every record that is logged by its row, as it is now.
    async fn records(&self) -> Result<Vec<Record>, ReadError>;
    /// Accounts whose balances are not what their transfers and open holds add up to, and operations whose transfers are
    /// not what the log says was moved; as text.
    async fn contradictions(&self) -> Result<Vec<String>, ReadError>;
    /// The heads that were kept ([`Write::AuditHead`](crate::ports::Write::AuditHead)), oldest first.
    async fn kept_heads(&self) -> Result<Vec<SignedHead>, ReadError>;
    /// The same a page at a time, the newest first: those behind `after`, at most `limit`.
    async fn latest_heads(&self, after: Option<HeadPlace>, limit: u16) -> Result<Vec<SignedHead>, ReadError>;
}

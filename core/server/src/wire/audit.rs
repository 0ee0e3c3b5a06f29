//! Signed heads of the logs.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use tebura_hub::audit::{Head, Link, SignedHead};
use tebura_ledger::{Shard, Timestamp};
use utoipa::ToSchema;

/// A signed head as a line of the file, and as the API shows it. The signature is Ed25519 over
/// `{"at":<at>,"link":"<link>","seq":<seq>,"shard":<shard>,"tebura":"audit-head-1"}`, without spaces.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
pub struct HeadBody {
    /// Which log.
    #[schema(example = 0)]
    shard: u8,
    /// Number of entries.
    #[schema(example = 42)]
    seq: u64,
    /// SHA-256 over everything up to the last entry, in hexadecimal digits.
    link: String,
    /// When it was read, milliseconds since the Unix epoch.
    at: i64,
    /// Names the key: the first 16 hexadecimal digits of SHA-256 of the public key.
    key: String,
    /// Base64.
    signature: String,
}

/// A page of signed heads.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct HeadListBody {
    /// The newest first.
    pub items: Vec<HeadBody>,
    /// Give it as `after` to get older ones; missing: there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// The key that signs now, 32 bytes in base64. Take it from here once, or better from the operator, and keep it.
    pub public_key: String,
}

impl From<&SignedHead> for HeadBody {
    fn from(signed: &SignedHead) -> HeadBody {
        let Head { shard, seq, link, at } = &signed.head;
        HeadBody {
            shard: shard.number(),
            seq: *seq,
            link: link.to_string(),
            at: at.millis(),
            key: signed.key.clone(),
            signature: STANDARD.encode(signed.signature),
        }
    }
}

impl HeadBody {
    /// The head, when every part can be read.
    pub fn signed(self) -> Option<SignedHead> {
        let link = crate::hex::decode(&self.link)?.try_into().ok()?;
        let head = Head {
            shard: Shard::new(self.shard),
            seq: self.seq,
            link: Link(link),
            at: Timestamp::from_millis(self.at),
        };
        let signature = STANDARD.decode(self.signature).ok()?.try_into().ok()?;
        Some(SignedHead { head, key: self.key, signature })
    }
}

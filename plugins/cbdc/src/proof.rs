//! What lets a lock's money go: the terms when it is made, the proof when it is completed or given back.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tebura_plugin::{Fault, config, crypto, hex};

use crate::{Sign, letter};

/// The keys in `plugin.toml`.
const ARBITER_KEY: &str = "arbiter";
const PREIMAGE_KEY: &str = "preimage";

/// The setting `lock`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LockKind {
    TwoParty,
    ThreeParty,
    HashTime,
}

impl LockKind {
    /// `three_party` where nothing is set: it needs no good will of the payee's side.
    pub(crate) fn of_settings() -> Result<LockKind, Fault> {
        match config::get("lock").as_deref() {
            None | Some("three_party") => Ok(LockKind::ThreeParty),
            Some("two_party") => Ok(LockKind::TwoParty),
            Some("hash_time") => Ok(LockKind::HashTime),
            Some(_) => Err(Fault::new("setting.malformed", "`lock` is `three_party`, `two_party` or `hash_time`")),
        }
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            LockKind::TwoParty => "two_party",
            LockKind::ThreeParty => "three_party",
            LockKind::HashTime => "hash_time",
        }
    }
}

/// Whether new locks have no deadline of their own: the setting `standing_locks`, for three-party locks alone.
pub(crate) fn stands(kind: LockKind) -> Result<bool, Fault> {
    let malformed = |message| Err(Fault::new("setting.malformed", message));
    match config::get("standing_locks").as_deref() {
        None | Some("off") => Ok(false),
        Some("on") if kind == LockKind::ThreeParty => Ok(true),
        Some("on") => malformed(
            "`standing_locks` is for `lock` = `three_party`: only an arbiter can end a lock without a deadline",
        ),
        Some(_) => malformed("`standing_locks` is `on` or `off`"),
    }
}

/// What a new lock says.
pub(crate) struct Terms {
    pub(crate) arbiter: Option<String>,
    /// SHA-256 of the preimage, hex.
    pub(crate) hash: Option<String>,
}

pub(crate) fn terms(kind: LockKind, lock: &str) -> Result<Terms, Fault> {
    match kind {
        LockKind::TwoParty => Ok(Terms { arbiter: None, hash: None }),
        LockKind::ThreeParty => Ok(Terms { arbiter: Some(letter::service()?), hash: None }),
        LockKind::HashTime => Ok(Terms { arbiter: None, hash: Some(hex(&crypto::sha256(&preimage(lock)?))) }),
    }
}

/// What a completion shows.
pub(crate) struct Proof {
    pub(crate) signature: Option<String>,
    pub(crate) preimage: Option<String>,
}

/// Everything that the bound keys can show: the setting may have been another when the lock was made. What the present
/// setting needs has to be there.
pub(crate) fn of_capture(sign: Sign, word: &str, lock: &str, amount: u64, request: &str) -> Result<Proof, Fault> {
    let kind = LockKind::of_settings()?;
    let signature = needed(kind == LockKind::ThreeParty, arbitrate(sign, word, lock, amount, request))?;
    let preimage = needed(kind == LockKind::HashTime, preimage(lock).map(|preimage| hex(&preimage)))?;
    Ok(Proof { signature, preimage })
}

/// The arbiter's word for giving back. A preimage is never shown for that.
pub(crate) fn of_release(sign: Sign, lock: &str, amount: u64, request: &str) -> Result<Option<String>, Fault> {
    let kind = LockKind::of_settings()?;
    needed(kind == LockKind::ThreeParty, arbitrate(sign, "return", lock, amount, request))
}

fn needed<T>(is_needed: bool, made: Result<T, Fault>) -> Result<Option<T>, Fault> {
    match made {
        Ok(made) => Ok(Some(made)),
        Err(fault) if is_needed => Err(fault),
        Err(_) => Ok(None),
    }
}

fn arbitrate(sign: Sign, word: &str, lock: &str, amount: u64, request: &str) -> Result<String, Fault> {
    let text = format!("cbdc lock v1\n{word}\n{lock}\n{amount}\n{request}");
    Ok(STANDARD.encode(sign(ARBITER_KEY, text.as_bytes())?))
}

/// Made again whenever it is needed, and nowhere kept: 32 bytes that only the holder of the key can make.
fn preimage(lock: &str) -> Result<Vec<u8>, Fault> {
    crypto::mac(PREIMAGE_KEY, format!("cbdc preimage v1\n{lock}").as_bytes())
}

//! The memorised secret beside the face: four to eight digits, argon2id, five tries.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use tebura_ledger::Timestamp;

use crate::hub::Hub;
use crate::ids::PersonId;
use crate::ports::{CommitError, PinRecord, ReadError, Unit, Write};
use crate::recognition::RecognitionWrite;

/// Wrong tries before the PIN is locked: one in two thousand for a guesser of four digits.
const MAX_TRIES: u32 = 5;
/// How often a count is begun anew when other tries come in between; more at once are sent away.
const ROUNDS: usize = 16;
/// When they may come back.
const BUSY_MS: u32 = 200;
/// How long a locked PIN stays locked: long enough to make guessing useless, short enough for a shopping trip.
const LOCK_MS: i64 = 30 * 60_000;

/// A PIN as typed. Never logged.
#[derive(Clone)]
pub struct Pin(String);

/// The text is not a PIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a PIN has four to eight digits 0–9")]
pub struct PinFormatError;

impl Pin {
    /// Takes four to eight ASCII digits.
    pub fn new(text: &str) -> Result<Self, PinFormatError> {
        if (4..=8).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()) {
            Ok(Pin(text.to_owned()))
        } else {
            Err(PinFormatError)
        }
    }

    /// The PHC string to store.
    ///
    /// `salt`: unguessable. argon2 takes tens of milliseconds by design: not on a thread that serves others.
    pub(crate) async fn hash(self, salt: [u8; 32]) -> Result<String, PinHashError> {
        let hashed = tokio::task::spawn_blocking(move || {
            Argon2::default()
                .hash_password_with_salt(self.0.as_bytes(), &salt)
                .map(|hash| hash.to_string())
                .map_err(|error| PinHashError(error.to_string()))
        });
        hashed.await.unwrap_or_else(|stopped| Err(PinHashError(stopped.to_string())))
    }

    fn matches(&self, stored: &str) -> bool {
        PasswordHash::new(stored)
            .is_ok_and(|stored| Argon2::default().verify_password(self.0.as_bytes(), &stored).is_ok())
    }
}

impl std::fmt::Debug for Pin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pin(…)")
    }
}

/// The hash could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the PIN could not be hashed: {0}")]
pub struct PinHashError(String);

/// What a PIN that was offered, or not, leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PinVerdict {
    Right,
    /// A PIN is needed and none was offered.
    Needed,
    /// The person chose none: another way to pay is needed.
    NoneChosen,
    Wrong {
        tries_left: u32,
    },
    Locked {
        until: Timestamp,
    },
}

/// Why a PIN could not be checked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckPinError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Commit(#[from] CommitError),
}

impl Hub {
    /// Checks a PIN. A try is counted before it is made, so that many at once are as many tries.
    pub(crate) async fn check_pin(&self, person: PersonId, offered: Option<Pin>) -> Result<PinVerdict, CheckPinError> {
        for _ in 0..ROUNDS {
            let now = self.now();
            let Some(PinRecord { hash: Some(hash), failed, locked_until }) = self.store.pin(person).await? else {
                return Ok(PinVerdict::NoneChosen);
            };
            if let Some(until) = locked_until.filter(|until| now < *until) {
                return Ok(PinVerdict::Locked { until });
            }
            let Some(pin) = &offered else { return Ok(PinVerdict::Needed) };
            let tries = if locked_until.is_some() { 1 } else { failed + 1 };
            let locked_until = (tries >= MAX_TRIES).then(|| now.plus_ms(LOCK_MS));
            let counted = RecognitionWrite::PinTry { person, expected: failed, failed: tries, locked_until };
            let unit = Unit { writes: vec![Write::Recognition(counted)], ..Unit::default() };
            match self.store.commit(person.shard(), now, unit).await {
                Ok(_) => {}
                // Another try was counted meanwhile.
                Err(CommitError::Stale) => continue,
                Err(error) => return Err(error.into()),
            }
            let pin = pin.clone();
            if tokio::task::spawn_blocking(move || pin.matches(&hash)).await.unwrap_or(false) {
                self.forget_tries(person).await?;
                return Ok(PinVerdict::Right);
            }
            return Ok(match locked_until {
                Some(until) => PinVerdict::Locked { until },
                None => PinVerdict::Wrong { tries_left: MAX_TRIES - tries },
            });
        }
        Err(CheckPinError::Commit(CommitError::Busy { retry_after_ms: BUSY_MS }))
    }

    pub(crate) async fn forget_tries(&self, person: PersonId) -> Result<(), CommitError> {
        let write = Write::PinTries { person, failed: 0, locked_until: None };
        self.store.commit(person.shard(), self.now(), Unit { writes: vec![write], ..Unit::default() }).await?;
        Ok(())
    }
}

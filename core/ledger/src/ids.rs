//! Typed ids: sixteen bytes, a prefix in text, and the shard in the last byte.
//!
//! Nothing here makes an id; the caller passes them in.

use thiserror::Error;

/// The part of the data that one writer owns; first key column of every hot table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shard(u8);

impl Shard {
    /// Takes a shard's number, 0..=255.
    pub const fn new(number: u8) -> Self {
        Self(number)
    }

    /// The shard's number, 0..=255.
    pub const fn number(self) -> u8 {
        self.0
    }
}

/// Why a text is not an id of the wanted kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum IdError {
    /// The text starts with something else.
    #[error("the id must start with {expected}: check that an id of another kind was not passed")]
    WrongPrefix {
        /// The prefix of this kind of id.
        expected: &'static str,
    },
    /// What follows the prefix is not 32 lower-case hexadecimal digits.
    #[error("after {expected} an id has exactly 32 lower-case hexadecimal digits: copy the id whole")]
    Malformed {
        /// The prefix of this kind of id.
        expected: &'static str,
    },
}

/// Reads `prefix` + 32 lower-case hexadecimal digits.
///
/// Public for [`typed_id!`]; call the typed id's `parse` instead.
#[doc(hidden)]
pub fn parse_id(text: &str, prefix: &'static str) -> Result<uuid::Uuid, IdError> {
    let digits = text.strip_prefix(prefix).ok_or(IdError::WrongPrefix { expected: prefix })?;
    let lower_hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    if digits.len() != 32 || !digits.bytes().all(lower_hex) {
        return Err(IdError::Malformed { expected: prefix });
    }
    uuid::Uuid::try_parse(digits).map_err(|_| IdError::Malformed { expected: prefix })
}

/// Declares a typed id: `typed_id!(/// Names an account. AccountId, "acct_");`
///
/// Text form: prefix + 32 lower-case hexadecimal digits. The last byte is the shard.
#[macro_export]
macro_rules! typed_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name($crate::Uuid);

        impl $name {
            /// What the text form starts with.
            pub const PREFIX: &'static str = $prefix;

            /// Takes the sixteen bytes as a UUID.
            pub const fn from_uuid(uuid: $crate::Uuid) -> Self {
                Self(uuid)
            }

            /// The id without its type.
            pub const fn uuid(self) -> $crate::Uuid {
                self.0
            }

            /// The shard that the id routes to: its last byte.
            pub const fn shard(self) -> $crate::Shard {
                $crate::Shard::new(self.0.as_bytes()[15])
            }
        }

        impl ::core::fmt::Display for $name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                write!(f, "{}{}", $prefix, self.0.as_simple())
            }
        }

        impl ::core::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                ::core::fmt::Display::fmt(self, f)
            }
        }

        impl ::core::str::FromStr for $name {
            type Err = $crate::IdError;

            fn from_str(text: &str) -> ::core::result::Result<Self, Self::Err> {
                $crate::parse_id(text, $prefix).map(Self)
            }
        }
    };
}

typed_id!(
    /// Names an account; its shard is the account's home.
    AccountId,
    "acct_"
);
typed_id!(
    /// Names a hold; carries the payer's shard.
    HoldId,
    "hold_"
);
typed_id!(
    /// Names one attempt to change a hold; carries the payer's shard and is the idempotency id towards the rail.
    OperationId,
    "op_"
);
typed_id!(
    /// A request to a city or merchant service, which events are told of.
    ServiceRequestId,
    "req_"
);
typed_id!(
    /// Names one double entry; carries the payer's shard.
    TransferId,
    "tr_"
);

//! Who is paid and where: merchants, tills, galleries, API keys, as records.

use tebura_ledger::{AccountId, RailId, Timestamp};

use crate::ids::{ApiKeyId, GalleryId, MerchantId, TillId};

/// A shop or office that is paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merchant {
    pub id: MerchantId,
    pub name: String,
    /// Play money and drawn faces only.
    pub sandbox: bool,
}

/// A merchant's account on one rail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payee {
    pub merchant: MerchantId,
    pub rail: RailId,
    pub account: AccountId,
    /// How the rail's far end names the merchant.
    pub token: String,
}

/// A device where people pay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Till {
    pub id: TillId,
    pub merchant: MerchantId,
    pub name: String,
    /// Among whom this till may look. A person outside is never matched.
    pub gallery: GalleryId,
    /// Above this amount (minor units) the face alone does not pay: a PIN is asked.
    pub pin_above: i64,
    /// Largest amount of one payment (minor units).
    pub max_amount: i64,
}

/// A set of people, by rule or by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gallery {
    pub id: GalleryId,
    pub name: String,
}

/// What a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Set up people, merchants, tills and keys.
    Admin,
    /// Read holds, payments, events and balances of its merchant.
    Read,
    /// Place, capture, release and refund holds for its merchant.
    Holds,
    /// Pay by face at its till.
    Pay,
    /// Ask services of its merchant.
    Services,
    /// Issue tickets for the enrolment page.
    Enrol,
    /// Hint that a rail has news. For a provider's webhooks; can do nothing else.
    Notices,
}

impl Scope {
    /// Every scope, for parsing and for help texts.
    pub const ALL: [Scope; 7] =
        [Scope::Admin, Scope::Read, Scope::Holds, Scope::Pay, Scope::Services, Scope::Enrol, Scope::Notices];

    /// The word in the API.
    pub fn name(self) -> &'static str {
        match self {
            Scope::Admin => "admin",
            Scope::Read => "read",
            Scope::Holds => "holds",
            Scope::Pay => "pay",
            Scope::Services => "services",
            Scope::Enrol => "enrol",
            Scope::Notices => "notices",
        }
    }
}

/// A caller's key: only the SHA-256 of its secret is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey {
    pub id: ApiKeyId,
    pub secret_sha256: [u8; 32],
    /// `None` only for an operator's key.
    pub merchant: Option<MerchantId>,
    /// Set for a till's key.
    pub till: Option<TillId>,
    pub scopes: Vec<Scope>,
    pub revoked_at: Option<Timestamp>,
}

impl std::fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ApiKey").field("id", &self.id).field("scopes", &self.scopes).finish_non_exhaustive()
    }
}

//! Sets up who is paid, where and by whom: merchants, payees, tills, galleries, people, instruments, keys.
//!
//! Each verb makes one row (and the ledger accounts that it needs) in one transaction with the caller's key; a repeat
//! answers the row that the first call made.

use tebura_face::BudgetError;
use tebura_ledger::{
    AccountId, Command, Currency, Floor, Fund, Money, OpenAccount, OperationId, RailId, Refusal, Shard, Timestamp,
    TransferId,
};

use crate::card_number::is_like_a_card_number;
use crate::gallery_rules::GalleryRule;
use crate::house_rail::HOUSE;
use crate::hub::Hub;
use crate::ids::{ApiKeyId, GalleryId, InstrumentId, MerchantId, PersonId, TillId};
use crate::people::{Instrument, Person};
use crate::perform::KeyRequest;
use crate::pin::{Pin, PinHashError};
use crate::ports::{CommitError, Committed, ReadError, Unit, Write};
use crate::recognition::RecognitionWrite;
use crate::shards::key_home;
use crate::sites::{ApiKey, Gallery, Merchant, Payee, Scope, Till};

/// Longest name of anything, in characters.
pub const MAX_NAME: usize = 100;

/// Why nothing was set up.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SetUpError {
    #[error("a name has 1 to {MAX_NAME} characters and no control characters")]
    NameInvalid,
    #[error("there is no {what} {id}; create it first")]
    NotFound { what: &'static str, id: String },
    #[error("the rail {0} is not installed; GET /v1/rails lists what is")]
    RailUnknown(RailId),
    #[error("a token at the rail {0} is needed: it is how the rail names this account")]
    TokenMissing(RailId),
    #[error("a token must not look like a card or account number; use the rail's own token")]
    TokenIsCardNumber,
    #[error("limits must be whole, positive and pin_above not above max_amount")]
    LimitsInvalid,
    #[error("{0} fills itself by its rule; admit people to another gallery, or change what the rule goes by")]
    GalleryByRule(GalleryId),
    #[error("the term has to end after now; leave it out for one without an end")]
    TermOver,
    /// The till would search among too many people.
    #[error(transparent)]
    Search(#[from] BudgetError),
    #[error(transparent)]
    Pin(#[from] PinHashError),
    #[error(
        "{0} mirrors an account at a rail, or is a merchant's: money is issued into wallets of the hub's own books"
    )]
    NotAWallet(AccountId),
    #[error("this Idempotency-Key was used for another request; choose a new key")]
    KeyReused,
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error(transparent)]
    Commit(CommitError),
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl From<CommitError> for SetUpError {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::KeyReused => SetUpError::KeyReused,
            CommitError::Refused(refusal) => SetUpError::Refused(refusal),
            CommitError::Stale
            | CommitError::Busy { .. }
            | CommitError::Rejected { .. }
            | CommitError::Unavailable { .. } => SetUpError::Commit(error),
        }
    }
}

/// What was made, or had been made by the same request before.
#[derive(Clone, Debug)]
pub struct Made<T> {
    pub row: T,
    pub replayed: bool,
}

/// A till to set up.
#[derive(Clone, Debug)]
pub struct NewTill {
    pub merchant: MerchantId,
    pub name: String,
    pub gallery: GalleryId,
    pub pin_above: i64,
    pub max_amount: i64,
}

/// An instrument to link to a person.
#[derive(Clone, Debug)]
pub struct NewInstrument {
    pub person: PersonId,
    pub rail: RailId,
    /// The rail's name of the account; not for the house rail.
    pub token: Option<String>,
    pub label: String,
    pub is_default: bool,
    pub currency: Currency,
}

impl Hub {
    /// A person without a face or an instrument.
    pub async fn register_person(
        &self,
        key: KeyRequest,
        name: &str,
        pin: Option<Pin>,
    ) -> Result<Made<Person>, SetUpError> {
        let name = checked_name(name)?;
        let pin_hash = match pin {
            Some(pin) => Some(pin.hash(self.ids.secret()).await?),
            None => None,
        };
        let shard = self.key_shard(&key);
        let id = PersonId::from_uuid(self.ids.next(shard));
        let person = Person { id, name, pin_hash, created_at: self.now() };
        let unit = writes([Write::Person(person.clone())]);
        match self.claim(key, shard, id, unit).await? {
            None => Ok(Made::new(person)),
            Some(target) => Made::again(self.store.person(parsed(&target)?).await?, target),
        }
    }

    /// A means to pay, with its account in the ledger.
    pub async fn add_instrument(&self, key: KeyRequest, new: NewInstrument) -> Result<Made<Instrument>, SetUpError> {
        let NewInstrument { person, rail, token, label, is_default, currency } = new;
        let label = checked_name(&label)?;
        let token = self.checked_token(&rail, token)?;
        self.store.person(person).await?.ok_or_else(|| not_found("person", person))?;
        let shard = self.key_shard(&key);
        let account = AccountId::from_uuid(self.ids.next(shard));
        let floor = if self.in_house(&rail) { Floor::Zero } else { Floor::Unlimited };
        let id = InstrumentId::from_uuid(self.ids.next(shard));
        let token = token.unwrap_or_else(|| account.to_string());
        let instrument = Instrument { id, person, rail, account, token, label, is_default, removed_at: None };
        let unit = Unit {
            ledger: vec![Command::OpenAccount(OpenAccount { id: account, currency, floor })],
            ..writes([Write::Instrument(instrument.clone())])
        };
        match self.claim(key, shard, id, unit).await? {
            None => Ok(Made::new(instrument)),
            Some(target) => Made::again(self.store.instrument(parsed(&target)?).await?, target),
        }
    }

    /// A merchant, paid on the house rail; see [`Hub::add_payee`] for other rails.
    pub async fn create_merchant(
        &self,
        key: KeyRequest,
        name: &str,
        sandbox: bool,
        currency: Currency,
    ) -> Result<Made<Merchant>, SetUpError> {
        let shard = self.key_shard(&key);
        let id = MerchantId::from_uuid(self.ids.next(shard));
        let account = AccountId::from_uuid(self.ids.next(shard));
        let merchant = Merchant { id, name: checked_name(name)?, sandbox };
        let rail = RailId::new(HOUSE).map_err(|_| SetUpError::NameInvalid)?;
        let payee = Payee { merchant: id, rail, account, token: id.to_string() };
        let unit = Unit {
            ledger: vec![Command::OpenAccount(OpenAccount { id: account, currency, floor: Floor::Unlimited })],
            ..writes([Write::Merchant(merchant.clone()), Write::Payee(payee)])
        };
        match self.claim(key, shard, id, unit).await? {
            None => Ok(Made::new(merchant)),
            Some(target) => Made::again(self.store.merchant(parsed(&target)?).await?, target),
        }
    }

    /// A merchant's account on one more rail.
    pub async fn add_payee(
        &self,
        key: KeyRequest,
        merchant: MerchantId,
        rail: RailId,
        token: Option<String>,
        currency: Currency,
    ) -> Result<Made<Payee>, SetUpError> {
        let token = self.checked_token(&rail, token)?.unwrap_or_else(|| merchant.to_string());
        self.store.merchant(merchant).await?.ok_or_else(|| not_found("merchant", merchant))?;
        let shard = self.key_shard(&key);
        let account = AccountId::from_uuid(self.ids.next(shard));
        let payee = Payee { merchant, rail, account, token };
        let unit = Unit {
            ledger: vec![Command::OpenAccount(OpenAccount { id: account, currency, floor: Floor::Unlimited })],
            ..writes([Write::Payee(payee.clone())])
        };
        match self.claim(key, shard, account, unit).await? {
            None => Ok(Made::new(payee)),
            Some(target) => {
                let payees = self.store.payees(merchant).await?;
                Made::again(payees.into_iter().find(|payee| payee.account.to_string() == target), target)
            }
        }
    }

    /// A set of people, empty at first.
    pub async fn create_gallery(&self, key: KeyRequest, name: &str) -> Result<Made<Gallery>, SetUpError> {
        self.create_gallery_by(key, name, None).await
    }

    /// A set of people by a rule, filled with whom it takes in now.
    pub async fn create_gallery_by(
        &self,
        key: KeyRequest,
        name: &str,
        rule: Option<GalleryRule>,
    ) -> Result<Made<Gallery>, SetUpError> {
        if let Some(GalleryRule::FamilyOf(of)) = &rule {
            self.store.gallery(*of).await?.ok_or_else(|| not_found("gallery", of))?;
        }
        let shard = self.key_shard(&key);
        let gallery = Gallery { id: GalleryId::from_uuid(self.ids.next(shard)), name: checked_name(name)? };
        let mut unit = writes([Write::Gallery(gallery.clone())]);
        let rule = rule.map(|rule| RecognitionWrite::Rule { gallery: gallery.id, rule });
        unit.writes.extend(rule.map(Write::Recognition));
        match self.claim(key, shard, gallery.id, unit).await? {
            None => {
                self.fill_gallery(gallery.id).await?;
                Ok(Made::new(gallery))
            }
            Some(target) => Made::again(self.store.gallery(parsed(&target)?).await?, target),
        }
    }

    /// Admits a person to a gallery, or takes her out. Doing it twice is doing it once.
    pub async fn set_gallery_member(
        &self,
        gallery: GalleryId,
        person: PersonId,
        present: bool,
    ) -> Result<(), SetUpError> {
        self.set_gallery_member_until(gallery, person, present, None).await
    }

    /// The same with the moment at which she is taken out again; `None`: by the gallery's rule.
    pub async fn set_gallery_member_until(
        &self,
        gallery: GalleryId,
        person: PersonId,
        present: bool,
        until: Option<Timestamp>,
    ) -> Result<(), SetUpError> {
        self.store.gallery(gallery).await?.ok_or_else(|| not_found("gallery", gallery))?;
        self.store.person(person).await?.ok_or_else(|| not_found("person", person))?;
        let rules = self.store.gallery_rules().await?;
        if rules.iter().any(|(of, rule)| *of == gallery && !matches!(rule, GalleryRule::Day(_))) {
            return Err(SetUpError::GalleryByRule(gallery));
        }
        if until.is_some_and(|until| until <= self.now()) {
            return Err(SetUpError::TermOver);
        }
        let admissions = self.admissions(gallery, person, present, until).await?;
        let unit = Unit { writes: Hub::admission_writes(&admissions), ..Unit::default() };
        self.store.commit(gallery.shard(), self.now(), unit).await?;
        self.show_admissions(&admissions);
        Ok(())
    }

    /// A device where people pay.
    pub async fn create_till(&self, key: KeyRequest, new: NewTill) -> Result<Made<Till>, SetUpError> {
        let NewTill { merchant, name, gallery, pin_above, max_amount } = new;
        if !(0..=max_amount).contains(&pin_above) || max_amount == 0 {
            return Err(SetUpError::LimitsInvalid);
        }
        let name = checked_name(&name)?;
        self.store.merchant(merchant).await?.ok_or_else(|| not_found("merchant", merchant))?;
        self.store.gallery(gallery).await?.ok_or_else(|| not_found("gallery", gallery))?;
        let shard = self.key_shard(&key);
        let id = TillId::from_uuid(self.ids.next(shard));
        let till = Till { id, merchant, name, gallery, pin_above, max_amount };
        self.check_till_search(&till)?;
        match self.claim(key, shard, id, writes([Write::Till(till.clone())])).await? {
            None => Ok(Made::new(till)),
            Some(target) => Made::again(self.store.till(parsed(&target)?).await?, target),
        }
    }

    /// An API key. The secret is known to the caller only; its SHA-256 is stored.
    pub async fn create_api_key(
        &self,
        key: KeyRequest,
        secret_sha256: [u8; 32],
        merchant: Option<MerchantId>,
        till: Option<TillId>,
        scopes: Vec<Scope>,
    ) -> Result<Made<ApiKey>, SetUpError> {
        let shard = self.key_shard(&key);
        let id = ApiKeyId::from_uuid(self.ids.next(shard));
        let row = ApiKey { id, secret_sha256, merchant, till, scopes, revoked_at: None };
        match self.claim(key, shard, id, writes([Write::ApiKey(row.clone())])).await? {
            None => Ok(Made::new(row)),
            Some(target) => Made::again(self.store.api_key(parsed(&target)?).await?, target),
        }
    }

    /// Ends a key at once in this process, and within a second in every other.
    pub async fn revoke_api_key(&self, id: ApiKeyId) -> Result<ApiKey, SetUpError> {
        let mut row = self.store.api_key(id).await?.ok_or_else(|| not_found("API key", id))?;
        row.revoked_at.get_or_insert(self.now());
        self.store.commit(id.shard(), self.now(), writes([Write::ApiKey(row.clone())])).await?;
        self.forget_api_key(&row);
        Ok(row)
    }

    /// Issues money or things of the hub's own books into a wallet that it keeps. Each currency has one issuing account,
    /// which goes down by what was issued, so that all accounts together stay at zero.
    pub async fn issue(&self, key: KeyRequest, to: AccountId, amount: Money) -> Result<(), SetUpError> {
        let account = self.store.account(to).await?.ok_or_else(|| not_found("account", to))?;
        if account.floor() != Floor::Zero {
            return Err(SetUpError::NotAWallet(to));
        }
        let (given, expected) = (amount.currency(), account.currency());
        if given != expected {
            return Err(Refusal::CurrencyMismatch { given, expected }.into());
        }
        let issuer = KeyRequest { scope: "issuer".to_owned(), key: given.code().to_owned(), fingerprint: [0; 32] };
        let issuer = self.open_issuer(issuer, given).await?;
        self.fund(key, issuer, to, amount).await
    }

    /// Puts house money into an account, from the account that issues it.
    pub async fn fund(
        &self,
        key: KeyRequest,
        issuer: AccountId,
        to: AccountId,
        amount: Money,
    ) -> Result<(), SetUpError> {
        let shard = to.shard();
        let operation = OperationId::from_uuid(self.ids.next(shard));
        let transfer = TransferId::from_uuid(self.ids.next(shard));
        let unit = Unit {
            ledger: vec![Command::Fund(Fund { transfer, operation, from: issuer, to, amount })],
            ..Unit::default()
        };
        self.claim(key, shard, operation, unit).await.map(drop)
    }

    /// The account that issues house money of a currency.
    pub async fn open_issuer(&self, key: KeyRequest, currency: Currency) -> Result<AccountId, SetUpError> {
        let shard = self.key_shard(&key);
        let id = AccountId::from_uuid(self.ids.next(shard));
        let open = OpenAccount { id, currency, floor: Floor::Unlimited };
        let unit = Unit { ledger: vec![Command::OpenAccount(open)], ..Unit::default() };
        match self.claim(key, shard, id, unit).await? {
            None => Ok(id),
            Some(target) => parsed(&target),
        }
    }

    /// Keys of set-up route by themselves: a repeat has to find its key whatever id it would choose.
    pub(crate) fn key_shard(&self, key: &KeyRequest) -> Shard {
        key_home(&key.scope, &key.key, self.store.shards())
    }

    /// What an earlier request with this key made; refused where that request was another.
    pub(crate) async fn made_before<E>(&self, key: &KeyRequest) -> Result<Option<String>, E>
    where
        E: From<ReadError> + From<CommitError>,
    {
        match self.store.claimed_key(&key.scope, &key.key).await? {
            Some(claimed) if key.matches(&claimed) => Ok(Some(claimed.target)),
            Some(_) => Err(CommitError::KeyReused.into()),
            None => Ok(None),
        }
    }

    /// Commits a unit under its key: `None`, or what the key had made before.
    async fn claim(
        &self,
        key: KeyRequest,
        shard: Shard,
        target: impl ToString,
        unit: Unit,
    ) -> Result<Option<String>, SetUpError> {
        let unit = Unit { key: Some(key.claim(target)), ..unit };
        match self.store.commit(shard, self.now(), unit).await? {
            Committed::Done(_) => Ok(None),
            Committed::Replayed { target } => Ok(Some(target)),
        }
    }

    fn checked_token(&self, rail: &RailId, token: Option<String>) -> Result<Option<String>, SetUpError> {
        self.rail(rail).ok_or_else(|| SetUpError::RailUnknown(rail.clone()))?;
        match token {
            Some(token) if is_like_a_card_number(&token) => Err(SetUpError::TokenIsCardNumber),
            Some(token) if token.is_empty() || token.len() > 200 => Err(SetUpError::TokenMissing(rail.clone())),
            None if !self.in_house(rail) => Err(SetUpError::TokenMissing(rail.clone())),
            token => Ok(token),
        }
    }
}

impl<T> Made<T> {
    fn new(row: T) -> Self {
        Made { row, replayed: false }
    }

    fn again(row: Option<T>, target: String) -> Result<Self, SetUpError> {
        let row = row.ok_or(SetUpError::NotFound { what: "record of the earlier request", id: target })?;
        Ok(Made { row, replayed: true })
    }
}

fn writes<const N: usize>(writes: [Write; N]) -> Unit {
    Unit { writes: writes.into(), ..Unit::default() }
}

fn not_found(what: &'static str, id: impl ToString) -> SetUpError {
    SetUpError::NotFound { what, id: id.to_string() }
}

/// A key that was claimed for a row of another kind was used for another request.
fn parsed<T: std::str::FromStr>(target: &str) -> Result<T, SetUpError> {
    target.parse().map_err(|_| SetUpError::KeyReused)
}

pub(crate) fn checked_name(name: &str) -> Result<String, SetUpError> {
    let name = name.trim();
    let fits = (1..=MAX_NAME).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    fits.then(|| name.to_owned()).ok_or(SetUpError::NameInvalid)
}

//! Leaves: stops the use of a face, or erases a person. Both are done in one transaction and seen by the next search.

use tebura_ledger::{AccountId, Floor};

use super::{RightsKind, RightsRequest, RightsState};
use crate::consent::{ConsentActor, ConsentEvent, ConsentState};
use crate::hub::Hub;
use crate::ids::{ConsentId, PersonId};
use crate::perform::KeyRequest;
use crate::ports::{CommitError, Committed, ReadError, Unit, Write};
use crate::privacy::PrivacyWrite;

/// Why a person was not erased, or her face is still used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EraseError {
    #[error("there is no person {0}; nothing is held that leads to her")]
    PersonNotFound(PersonId),
    #[error("a payment is under way on {0}; wait for its end, or release it, and ask again")]
    PaymentUnderWay(AccountId),
    #[error("there is money in {0}, which nobody could spend any more; spend it or have it paid out, and ask again")]
    MoneyLeft(AccountId),
    #[error("this Idempotency-Key was used for another request; choose a new key")]
    KeyReused,
    #[error(transparent)]
    Commit(#[from] CommitError),
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl Hub {
    /// Uses a person's face no more: takes back every consent and deletes her templates. She stays registered, with her
    /// means to pay.
    pub async fn stop_using(
        &self,
        key: KeyRequest,
        person: PersonId,
        actor: ConsentActor,
    ) -> Result<RightsRequest, EraseError> {
        self.store.person(person).await?.ok_or(EraseError::PersonNotFound(person))?;
        let mut writes = self.withdrawals(person, actor).await?;
        writes.extend(self.forget_templates(person).await?);
        self.leave(key, person, RightsKind::Stop, writes).await
    }

    /// Erases a person: her key is destroyed, and with it her name, her templates, what she has proven and asked. Money
    /// that moved stays in the books, under accounts that lead to nobody.
    pub async fn erase_person(
        &self,
        key: KeyRequest,
        person: PersonId,
        actor: ConsentActor,
    ) -> Result<RightsRequest, EraseError> {
        if let Some(claimed) = self.store.claimed_key(&key.scope, &key.key).await? {
            let target = key.matches(&claimed).then_some(claimed.target).ok_or(EraseError::KeyReused)?;
            return self.left_before(person, &target).await;
        }
        self.store.person(person).await?.ok_or(EraseError::PersonNotFound(person))?;
        for instrument in self.store.instruments(person).await? {
            let Some(account) = self.store.account(instrument.account).await? else { continue };
            if account.held().minor() != 0 {
                return Err(EraseError::PaymentUnderWay(account.id()));
            }
            if account.floor() == Floor::Zero && account.posted().minor() != 0 {
                return Err(EraseError::MoneyLeft(account.id()));
            }
        }
        let mut writes = self.withdrawals(person, actor).await?;
        writes.push(Write::Privacy(PrivacyWrite::Erase(person)));
        self.leave(key, person, RightsKind::Deletion, writes).await
    }

    /// Takes back whatever was given.
    async fn withdrawals(&self, person: PersonId, actor: ConsentActor) -> Result<Vec<Write>, ReadError> {
        let (now, purposes) = (self.now(), self.purposes());
        let given = self.consents(person).await?.into_iter().filter_map(|(_, last, _)| last);
        let given = given.filter(|last| last.state == ConsentState::Given);
        let taken_back = given.map(|last| ConsentEvent {
            id: ConsentId::from_uuid(self.ids.next(person.shard())),
            state: ConsentState::Withdrawn,
            notice_sha256: purposes.notice_sha256,
            actor,
            at: now,
            ..last
        });
        Ok(taken_back.map(|row| Write::Privacy(PrivacyWrite::Consent(row))).collect())
    }

    async fn leave(
        &self,
        key: KeyRequest,
        person: PersonId,
        kind: RightsKind,
        writes: Vec<Write>,
    ) -> Result<RightsRequest, EraseError> {
        let now = self.now();
        let row = RightsRequest { state: RightsState::Done { at: now }, ..self.new_request(person, kind, None) };
        let request = PrivacyWrite::Request { request: row.clone(), expected: 0 };
        let mut all = vec![Write::Privacy(request)];
        all.extend(writes);
        let unit = Unit { key: Some(key.claim(row.id)), writes: all, ..Unit::default() };
        match self.store.commit(person.shard(), now, unit).await {
            Ok(Committed::Done(_)) => {}
            Ok(Committed::Replayed { target }) => return self.left_before(person, &target).await,
            Err(CommitError::KeyReused) => return Err(EraseError::KeyReused),
            Err(error) => return Err(error.into()),
        }
        self.galleries.forget(person);
        Ok(row)
    }

    async fn left_before(&self, person: PersonId, target: &str) -> Result<RightsRequest, EraseError> {
        let id = target.parse().map_err(|_| EraseError::KeyReused)?;
        let row = self.store.rights_request(id).await?.filter(|row| row.person == person);
        row.ok_or(EraseError::KeyReused)
    }
}

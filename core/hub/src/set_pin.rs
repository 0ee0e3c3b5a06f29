//! Sets a person's PIN: the equal other way beside the face. Wrong tries are forgotten, a lock is lifted.

use crate::hub::Hub;
use crate::ids::PersonId;
use crate::people::Person;
use crate::perform::KeyRequest;
use crate::pin::Pin;
use crate::ports::{Committed, Unit, Write};
use crate::set_up::{Made, SetUpError};

impl Hub {
    /// Sets or replaces a PIN. A repeat with the same key sets nothing again.
    pub async fn set_pin(&self, key: KeyRequest, person: PersonId, pin: Pin) -> Result<Made<Person>, SetUpError> {
        let found = self.store.person(person).await?;
        let missing = || SetUpError::NotFound { what: "person", id: person.to_string() };
        let pin_hash = pin.hash(self.ids.secret()).await?;
        let changed = Person { pin_hash: Some(pin_hash), ..found.ok_or_else(missing)? };
        let tries = Write::PinTries { person, failed: 0, locked_until: None };
        let writes = vec![Write::Person(changed.clone()), tries];
        let unit = Unit { key: Some(key.claim(person)), writes, ..Unit::default() };
        match self.store.commit(person.shard(), self.now(), unit).await? {
            Committed::Done(_) => Ok(Made { row: changed, replayed: false }),
            Committed::Replayed { .. } => {
                let row = self.store.person(person).await?.ok_or_else(missing)?;
                Ok(Made { row, replayed: true })
            }
        }
    }

    /// Lets a locked PIN be tried again before its time: staff have seen who it is. Wrong tries are forgotten.
    pub async fn release_pin(&self, person: PersonId) -> Result<(), SetUpError> {
        let missing = || SetUpError::NotFound { what: "person", id: person.to_string() };
        self.store.pin(person).await?.ok_or_else(missing)?;
        Ok(self.forget_tries(person).await?)
    }
}

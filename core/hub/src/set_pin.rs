//! Sets a person's PIN: the equal other way beside the face. Wrong tries are forgotten, a lock is lifted.

use crate::hub::Hub;
use crate::ids::PersonId;
use crate::people::Person;
use crate::pin::Pin;
use crate::ports::{Unit, Write};
use crate::set_up::SetUpError;

impl Hub {
    /// Sets or replaces a PIN. Doing it twice is doing it once.
    pub async fn set_pin(&self, person: PersonId, pin: Pin) -> Result<Person, SetUpError> {
        let found = self.store.person(person).await?;
        let missing = || SetUpError::NotFound { what: "person", id: person.to_string() };
        let pin_hash = pin.hash(self.ids.secret()).await?;
        let changed = Person { pin_hash: Some(pin_hash), ..found.ok_or_else(missing)? };
        let tries = Write::PinTries { person, failed: 0, locked_until: None };
        let unit = Unit { writes: vec![Write::Person(changed.clone()), tries], ..Unit::default() };
        self.store.commit(person.shard(), self.now(), unit).await?;
        Ok(changed)
    }
}

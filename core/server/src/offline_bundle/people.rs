//! The part of a bundle that is sealed: people with a masked name and their turned templates, as bytes that are wiped.
//!
//! For each person: 16 bytes of id, a length and the masked name in UTF-8, a count, and that many templates.

use tebura_face::{Rotation, Template};
use tebura_hub::ids::PersonId;
use tebura_hub::services::BundledPerson;
use zeroize::Zeroizing;

/// Somebody of a bundle that was opened.
pub(super) struct ReadPerson {
    pub(super) person: PersonId,
    pub(super) masked_name: String,
    /// In the bundle's space.
    pub(super) templates: Vec<Template>,
}

/// `None`: a template is of another length than the rotation, or a name or a count does not fit.
pub(super) fn write(people: &[BundledPerson], dims: usize, rotation: &Rotation) -> Option<Zeroizing<Vec<u8>>> {
    let of = |person: &BundledPerson| 18 + person.masked_name.len() + person.templates.len() * dims * 4;
    // All of it at once: a vector that grows leaves copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(people.iter().map(of).sum()));
    for BundledPerson { person, masked_name, templates } in people {
        bytes.extend_from_slice(person.uuid().as_bytes());
        bytes.push(u8::try_from(masked_name.len()).ok()?);
        bytes.extend_from_slice(masked_name.as_bytes());
        bytes.push(u8::try_from(templates.len()).ok()?);
        for template in templates {
            bytes.extend_from_slice(&template.turned(rotation)?.to_bytes());
        }
    }
    Some(bytes)
}

/// `None`: these are not such bytes.
pub(super) fn read(mut bytes: &[u8], dims: usize) -> Option<Vec<ReadPerson>> {
    let mut people = Vec::new();
    while !bytes.is_empty() {
        let id = uuid::Uuid::from_slice(take(&mut bytes, 16)?).ok()?;
        let length = *take(&mut bytes, 1)?.first()?;
        let masked_name = std::str::from_utf8(take(&mut bytes, usize::from(length))?).ok()?.to_owned();
        let count = *take(&mut bytes, 1)?.first()?;
        let templates = (0..count).map(|_| Template::from_bytes(take(&mut bytes, dims.checked_mul(4)?)?).ok());
        let templates = templates.collect::<Option<Vec<_>>>()?;
        people.push(ReadPerson { person: PersonId::from_uuid(id), masked_name, templates });
    }
    Some(people)
}

fn take<'b>(bytes: &mut &'b [u8], count: usize) -> Option<&'b [u8]> {
    let (taken, rest) = bytes.split_at_checked(count)?;
    *bytes = rest;
    Some(taken)
}

//! Where an operation stands between two steps: a word and a value, as the bytes that the hub keeps.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::http::Fault;

/// The hub refuses more.
pub const MAX_STATE_BYTES: usize = 8 * 1024;

/// Layout of the bytes: version, length of the name, name, JSON of the value.
const VERSION: u8 = 1;

/// The word given to `then`, and the value given with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    name: String,
    json: Vec<u8>,
}

impl Tag {
    /// A tag to be kept until the next event.
    ///
    /// Errors: `state.name_too_long` (over 255 bytes), `state.unserialisable`, `state.too_large` (over 8 KiB).
    pub fn new<T: Serialize + ?Sized>(name: &str, value: &T) -> Result<Tag, Fault> {
        if name.len() > usize::from(u8::MAX) {
            return Err(Fault::new("state.name_too_long", "a tag is a short word, at most 255 bytes"));
        }
        let json = serde_json::to_vec(value)
            .map_err(|_| Fault::new("state.unserialisable", "the value kept with the tag cannot be written as JSON"))?;
        let size = 2 + name.len() + json.len();
        if size > MAX_STATE_BYTES {
            return Err(Fault::new(
                "state.too_large",
                format!("state is {size} bytes, the hub keeps {MAX_STATE_BYTES}"),
            ));
        }
        Ok(Tag { name: name.to_owned(), json })
    }

    /// The word to match on.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value that was kept.
    ///
    /// Errors: `state.unreadable`, when it is of another shape than `T`.
    pub fn value<T: DeserializeOwned>(&self) -> Result<T, Fault> {
        serde_json::from_slice(&self.json).map_err(|_| {
            Fault::new("state.unreadable", format!("the value kept under {:?} has another shape", self.name))
        })
    }

    /// The bytes that the hub keeps.
    pub fn to_bytes(&self) -> Vec<u8> {
        let length = u8::try_from(self.name.len()).unwrap_or(u8::MAX);
        [&[VERSION, length], self.name.as_bytes(), &self.json].concat()
    }

    /// Reads bytes that [`Tag::to_bytes`] made.
    ///
    /// Errors: `state.unreadable`, for another version or a damaged layout.
    pub fn from_bytes(bytes: &[u8]) -> Result<Tag, Fault> {
        let unreadable = |why: &str| Fault::new("state.unreadable", why);
        let [version, length, rest @ ..] = bytes else {
            return Err(unreadable("state is shorter than its header"));
        };
        if *version != VERSION {
            return Err(unreadable("state was written by another version of the SDK"));
        }
        let (name, json) =
            rest.split_at_checked(usize::from(*length)).ok_or_else(|| unreadable("state ends inside its tag"))?;
        let name = std::str::from_utf8(name).map_err(|_| unreadable("the tag is not UTF-8"))?;
        Ok(Tag { name: name.to_owned(), json: json.to_vec() })
    }
}

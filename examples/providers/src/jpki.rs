//! A My Number card and a platform operator, for tests and sandboxes: roots, certificates and signed messages in the profile of JPKI, with
//! invented people, and the far end that says whether a certificate is revoked.
//!
//! Every root has TEST ONLY in its name. What a card or a root can be made to do wrong is a field of its making. Absent:
//! real certificates, PINs, reading cards, and the Individual Number, which certificates do not have.

mod card;
mod der;
mod kept;
mod key;
mod platform;

pub use card::{Card, CardPlan, Certifier, CertifierPlan, Holder, SignPlan};
pub use kept::{KeptCard, KeptRoot};
pub use key::Algorithm;
pub use platform::Platform;

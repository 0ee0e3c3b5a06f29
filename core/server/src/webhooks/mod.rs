//! Events on their way to merchants, as [Standard Webhooks](https://www.standardwebhooks.com) 1.0.
//!
//! Here are the signature, the body and the clockwork; what is delivered when is the hub's, how it is sent the egress's.

mod driver;
mod refusals;
mod sender;
mod sign;

pub use driver::Deliveries;
pub use sender::{SignedPost, client};
pub use sign::{asymmetric_signature, public_text, secret_text, signature};

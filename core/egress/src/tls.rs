//! How an `https` far end is known, and how it knows the hub.

use std::fmt;

use reqwest::{Certificate, Identity};
use zeroize::Zeroizing;

/// What an operator gives for one endpoint besides its address, in PEM.
#[derive(Clone, Default)]
pub struct Tls {
    /// Certificates of those who may vouch for the far end, in place of the public ones. Empty: the public ones.
    pub roots: Option<String>,
    /// The hub's own certificate, those above it, and its private key, one after the other.
    pub identity: Option<Zeroizing<String>>,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (roots, identity) = (self.roots.is_some(), self.identity.is_some());
        f.debug_struct("Tls").field("roots", &roots).field("identity", &identity).finish()
    }
}

/// Why these do not make a connection. Never repeats what was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlsError {
    /// Given for an origin without TLS.
    #[error("certificates mean nothing to an http:// origin; use https, or leave them out")]
    NotHttps,
    /// Not PEM, or nothing in it.
    #[error("the roots hold no certificate in PEM; copy the far end's CA certificate again")]
    Roots,
    /// Not PEM, or one of the two is missing.
    #[error("the identity needs the hub's certificate and its private key, both in PEM, in one file")]
    Identity,
}

/// The same, read.
#[derive(Clone, Debug, Default)]
pub(crate) struct CheckedTls {
    pub(crate) roots: Option<Vec<Certificate>>,
    pub(crate) identity: Option<Identity>,
}

impl Tls {
    pub(crate) fn check(&self, scheme: &str) -> Result<CheckedTls, TlsError> {
        if scheme != "https" && (self.roots.is_some() || self.identity.is_some()) {
            return Err(TlsError::NotHttps);
        }
        let roots = |pem: &String| match Certificate::from_pem_bundle(pem.as_bytes()) {
            Ok(roots) if !roots.is_empty() => Ok(roots),
            Ok(_) | Err(_) => Err(TlsError::Roots),
        };
        let identity = |pem: &Zeroizing<String>| Identity::from_pem(pem.as_bytes()).map_err(|_| TlsError::Identity);
        Ok(CheckedTls {
            roots: self.roots.as_ref().map(roots).transpose()?,
            identity: self.identity.as_ref().map(identity).transpose()?,
        })
    }
}

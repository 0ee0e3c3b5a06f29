//! The hub's imports: log, config, keys, and reads of the plugin's own data. Writes travel with the step.
//!
//! Natively there is no hub: [`NativeHost`] answers instead, one for each thread.

#[cfg(not(target_arch = "wasm32"))]
pub use native::NativeHost;

/// Lines for the operator. Counted, truncated and tagged by the hub. Never a secret, a name or a reply's text.
pub mod log {
    /// For the plugin's author.
    pub fn debug(message: &str) {
        super::far::log("debug", message);
    }

    /// Worth keeping.
    pub fn info(message: &str) {
        super::far::log("info", message);
    }

    /// The far end does something that it should not.
    pub fn warn(message: &str) {
        super::far::log("warn", message);
    }

    /// Somebody has to look.
    pub fn error(message: &str) {
        super::far::log("error", message);
    }
}

/// Operator settings of this installation. Secrets are never here.
pub mod config {
    /// The setting's value, where the operator gave one.
    pub fn get(key: &str) -> Option<String> {
        super::far::config(key)
    }
}

/// The plugin's own namespace, as of the start of the call. Write with [`crate::Next::put`].
pub mod kv {
    /// The value, where there is one.
    pub fn get(key: &str) -> Option<Vec<u8>> {
        super::far::kv(key)
    }
}

/// Sums and signatures. Keys stay in the hub: a rail names them as `[keys]` of `plugin.toml` does, and the operator binds
/// the bytes.
///
/// ```
/// use tebura_plugin::{NativeHost, crypto};
///
/// NativeHost::with(|host| drop(host.keys.insert("partner".to_owned(), b"Jefe".to_vec())));
/// let mac = crypto::mac("partner", b"what do ya want for nothing?").unwrap();
/// assert_eq!(mac[..4], [0x5b, 0xdc, 0xc1, 0x46]); // RFC 4231, test case 2
/// assert!(crypto::verify("partner", b"something else", &mac).is_err());
/// assert_eq!(crypto::mac("unknown", b"").unwrap_err().code, "crypto.key_not_bound");
/// ```
pub mod crypto {
    use crate::http::Fault;

    /// SHA-256 of `data`, 32 bytes.
    pub fn sha256(data: &[u8]) -> Vec<u8> {
        super::far::sha256(data)
    }

    /// A message authentication code under an `hmac-sha256` key, 32 bytes.
    ///
    /// Errors: `crypto.key_not_bound`, `crypto.use_not_listed` (add `mac` to the key's `use`).
    pub fn mac(key: &str, data: &[u8]) -> Result<Vec<u8>, Fault> {
        super::far::mac(key, data)
    }

    /// A signature under an `ed25519` key, 64 bytes. Natively every key is an `hmac-sha256` key, so this is
    /// `crypto.use_not_listed` there.
    ///
    /// Errors: as [`mac`].
    pub fn sign(key: &str, data: &[u8]) -> Result<Vec<u8>, Fault> {
        super::far::sign(key, data)
    }

    /// Checks a code or a signature, by the algorithm of the key.
    ///
    /// Errors: as [`mac`], and `crypto.bad_signature`.
    pub fn verify(key: &str, data: &[u8], signature: &[u8]) -> Result<(), Fault> {
        super::far::verify(key, data, signature)
    }
}

#[cfg(target_arch = "wasm32")]
mod far {
    use crate::guest::bindings::tebura::host;
    use crate::http::Fault;

    pub(super) fn log(level: &str, message: &str) {
        let level = match level {
            "debug" => host::log::Level::Debug,
            "info" => host::log::Level::Info,
            "warn" => host::log::Level::Warn,
            _ => host::log::Level::Error,
        };
        host::log::write(level, message);
    }

    pub(super) fn config(key: &str) -> Option<String> {
        host::config::get(key)
    }

    pub(super) fn kv(key: &str) -> Option<Vec<u8>> {
        host::kv::get(key)
    }

    pub(super) fn sha256(data: &[u8]) -> Vec<u8> {
        host::crypto::sha256(data)
    }

    pub(super) fn mac(key: &str, data: &[u8]) -> Result<Vec<u8>, Fault> {
        host::crypto::mac(key, data).map_err(fault)
    }

    pub(super) fn sign(key: &str, data: &[u8]) -> Result<Vec<u8>, Fault> {
        host::crypto::sign(key, data).map_err(fault)
    }

    pub(super) fn verify(key: &str, data: &[u8], signature: &[u8]) -> Result<(), Fault> {
        host::crypto::verify(key, data, signature).map_err(fault)
    }

    fn fault(fault: host::types::Fault) -> Fault {
        Fault { code: fault.code, message: fault.message }
    }
}

#[cfg(not(target_arch = "wasm32"))]
use native as far;

#[cfg(not(target_arch = "wasm32"))]
mod native {
    use std::cell::RefCell;
    use std::collections::BTreeMap;

    use hmac::{Hmac, KeyInit as _, Mac as _};
    use sha2::{Digest as _, Sha256};

    use crate::http::Fault;

    thread_local! {
        static HOST: RefCell<NativeHost> = RefCell::new(NativeHost::default());
    }

    /// What the hub would answer, for native tests on this thread.
    #[derive(Clone, Debug, Default)]
    pub struct NativeHost {
        /// Answers to `config::get`.
        pub config: BTreeMap<String, String>,
        /// Answers to `kv::get`.
        pub kv: BTreeMap<String, Vec<u8>>,
        /// The `hmac-sha256` keys behind `crypto`.
        pub keys: BTreeMap<String, Vec<u8>>,
        /// Level and message of each line.
        pub logged: Vec<(String, String)>,
    }

    impl NativeHost {
        /// Reads or changes this thread's host. Not to be called from within.
        pub fn with<T>(act: impl FnOnce(&mut NativeHost) -> T) -> T {
            HOST.with_borrow_mut(act)
        }
    }

    pub(super) fn log(level: &str, message: &str) {
        NativeHost::with(|host| host.logged.push((level.to_owned(), message.to_owned())));
    }

    pub(super) fn config(key: &str) -> Option<String> {
        NativeHost::with(|host| host.config.get(key).cloned())
    }

    pub(super) fn kv(key: &str) -> Option<Vec<u8>> {
        NativeHost::with(|host| host.kv.get(key).cloned())
    }
    pub(super) fn sha256(data: &[u8]) -> Vec<u8> {
        Sha256::digest(data).to_vec()
    }

    pub(super) fn mac(key: &str, data: &[u8]) -> Result<Vec<u8>, Fault> {
        Ok(hmac(key, data)?.finalize().into_bytes().to_vec())
    }

    pub(super) fn sign(key: &str, _data: &[u8]) -> Result<Vec<u8>, Fault> {
        hmac(key, b"")?;
        Err(Fault::new("crypto.use_not_listed", format!("natively {key:?} is an hmac-sha256 key, which does not sign")))
    }

    pub(super) fn verify(key: &str, data: &[u8], signature: &[u8]) -> Result<(), Fault> {
        let wrong = |_| Fault::new("crypto.bad_signature", "the code does not fit the data");
        hmac(key, data)?.verify_slice(signature).map_err(wrong)
    }

    fn hmac(key: &str, data: &[u8]) -> Result<Hmac<Sha256>, Fault> {
        let missing = || {
            Fault::new("crypto.key_not_bound", format!("this test's NativeHost has no key {key:?}; put one into keys"))
        };
        let secret = NativeHost::with(|host| host.keys.get(key).cloned()).ok_or_else(missing)?;
        let mut code = Hmac::<Sha256>::new_from_slice(&secret).map_err(|_| missing())?;
        code.update(data);
        Ok(code)
    }
}

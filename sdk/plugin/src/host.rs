//! The hub's imports: log, config, and reads of the plugin's own data. Writes travel with the step.
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

#[cfg(target_arch = "wasm32")]
mod far {
    use crate::guest::bindings::tebura::host;

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
}

#[cfg(not(target_arch = "wasm32"))]
use native as far;

#[cfg(not(target_arch = "wasm32"))]
mod native {
    use std::cell::RefCell;
    use std::collections::BTreeMap;

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
}

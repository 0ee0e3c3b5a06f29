//! `keyring.toml`: whose signatures count, for what and until when. Holds public keys only.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::VerifyingKey;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use tebura_hub::rail::PluginId;
use tebura_ledger::Timestamp;
use toml::value::Datetime;

const MS_PER_DAY: i64 = 86_400_000;

/// The name of a key in the keyring and in `plugin.sig`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(transparent)]
pub struct KeyId(pub String);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.escape_default())
    }
}

/// What a key's signature says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// "I made this."
    Publisher,
    /// "I read this and ran the checks."
    Reviewer,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Role::Publisher => "publisher",
            Role::Reviewer => "reviewer",
        })
    }
}

/// A public key and what it may sign.
#[derive(Clone, Debug)]
pub struct Key {
    pub(crate) role: Role,
    pub(crate) public: VerifyingKey,
    /// Plugin ids; a trailing `*` stands for any ending.
    plugins: Vec<String>,
    /// Worlds; empty: all.
    worlds: Vec<String>,
    /// First moment.
    from: Timestamp,
    /// First moment after.
    until: Timestamp,
    revoked: Option<String>,
    demo: bool,
}

/// Whether keys marked `demo` count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DemoKeys {
    /// Everywhere but in demonstrations and tests.
    Refuse,
    /// With `--demo`.
    Allow,
}

/// What a key is asked to vouch for.
#[derive(Clone, Debug)]
pub struct Claim<'c> {
    pub plugin: &'c PluginId,
    pub world: &'c str,
    pub now: Timestamp,
    pub demo: DemoKeys,
}

/// Why a key does not vouch.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyRefusal {
    #[error("key {key} is not in the keyring; ask its owner for the public key, check it, and add it to keyring.toml")]
    Unknown { key: KeyId },
    #[error("key {key} was revoked ({reason}); install a version that is signed with another key")]
    Revoked { key: KeyId, reason: String },
    #[error(
        "key {key} is a demonstration key, whose private half is public; start with --demo, or have the plugin signed with a real key"
    )]
    Demo { key: KeyId },
    #[error("key {key} is not valid yet; check the clock, or wait until its `valid_from`")]
    NotYetValid { key: KeyId },
    #[error("key {key} has expired; install a version that is signed with a current key")]
    Expired { key: KeyId },
    #[error("key {key} may not sign {what}; widen its `plugins` or `worlds` in keyring.toml if its owner may")]
    OutOfScope { key: KeyId, what: String },
}

/// Why a text is not a keyring.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyringError {
    #[error("keyring.toml is not valid: {reason}; correct it")]
    Malformed { reason: String },
    #[error("keyring.toml names key {key} twice; remove one")]
    Twice { key: KeyId },
    #[error("key {key}: `public_key` is not an ed25519 public key in base64; copy it again from its owner")]
    PublicKey { key: KeyId },
    #[error("key {key}: `{field}` is not a day such as 2026-11-22; write it without quotes and without a time")]
    Day { key: KeyId, field: &'static str },
}

/// Public keys by name.
#[derive(Clone, Debug, Default)]
pub struct Keyring {
    keys: BTreeMap<KeyId, Key>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireKeyring {
    version: u32,
    #[serde(default)]
    key: Vec<WireKey>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireKey {
    id: KeyId,
    role: Role,
    algorithm: String,
    public_key: String,
    plugins: Vec<String>,
    #[serde(default)]
    worlds: Vec<String>,
    valid_from: Datetime,
    valid_until: Datetime,
    revoked: Option<String>,
    #[serde(default)]
    demo: bool,
}

impl Keyring {
    /// Reads `keyring.toml`.
    ///
    /// # Errors
    /// [`KeyringError`] with what to correct.
    pub fn parse(text: &str) -> Result<Self, KeyringError> {
        let wire: WireKeyring =
            toml::from_str(text).map_err(|error| KeyringError::Malformed { reason: error.to_string() })?;
        if wire.version != 1 {
            let reason = format!("version {} is not known; this hub reads version 1", wire.version);
            return Err(KeyringError::Malformed { reason });
        }
        let mut keys = BTreeMap::new();
        for wire in wire.key {
            let id = wire.id.clone();
            if keys.insert(id.clone(), Key::read(wire)?).is_some() {
                return Err(KeyringError::Twice { key: id });
            }
        }
        Ok(Self { keys })
    }

    /// The key named `id`, if it vouches for `claim`.
    ///
    /// # Errors
    /// [`KeyRefusal`] in the order of its variants.
    pub fn check(&self, id: &KeyId, claim: &Claim<'_>) -> Result<&Key, KeyRefusal> {
        let Some(key) = self.keys.get(id) else { return Err(KeyRefusal::Unknown { key: id.clone() }) };
        key.check(id, claim)?;
        Ok(key)
    }

    /// Every key, by name, with its fingerprint.
    pub fn fingerprints(&self) -> impl Iterator<Item = (&KeyId, String)> {
        self.keys.iter().map(|(id, key)| (id, fingerprint(&key.public)))
    }

    /// Whether it has a key of that name.
    pub(crate) fn has(&self, id: &KeyId) -> bool {
        self.keys.contains_key(id)
    }

    /// Whether its keys may publish one plugin and do nothing else.
    ///
    /// # Errors
    /// What else they may do.
    pub fn only_publishes(&self, plugin: &PluginId) -> Result<(), String> {
        for (id, key) in &self.keys {
            if key.role != Role::Publisher {
                return Err(format!("key {id} as a {}", key.role));
            }
            if let Some(other) = key.plugins.iter().find(|scope| **scope != plugin.0) {
                return Err(format!("key {id} for {}", other.escape_default()));
            }
            if key.plugins.is_empty() {
                return Err(format!("key {id} for nothing"));
            }
        }
        Ok(())
    }

    /// Takes the keys of another keyring too.
    pub(crate) fn add(&mut self, more: Self) -> Result<(), KeyringError> {
        let differs = |(id, key): &(&KeyId, &Key)| self.keys.get(*id).is_some_and(|own| own.public != key.public);
        if let Some((id, _)) = more.keys.iter().find(differs) {
            return Err(KeyringError::Twice { key: id.clone() });
        }
        for (id, key) in more.keys {
            // A key that is there keeps its scope: the narrower word is not widened by a second one.
            self.keys.entry(id).or_insert(key);
        }
        Ok(())
    }

    /// Keeps what was withdrawn from `older`: a file that was read again does not bring a key back.
    pub(crate) fn keep_revocations(&mut self, older: &Self) {
        for (id, key) in &older.keys {
            if let Some(reason) = &key.revoked {
                self.revoke(id, reason);
            }
        }
    }

    /// Withdraws a key; whether it was there.
    pub(crate) fn revoke(&mut self, id: &KeyId, reason: &str) -> bool {
        let found = self.keys.get_mut(id);
        if let Some(key) = found {
            key.revoked.get_or_insert_with(|| reason.to_owned());
            return true;
        }
        false
    }
}

impl Key {
    fn read(wire: WireKey) -> Result<Self, KeyringError> {
        if wire.algorithm != "ed25519" {
            let reason = format!("key {}: algorithm `{}` is not known; only ed25519 is", wire.id, wire.algorithm);
            return Err(KeyringError::Malformed { reason });
        }
        let public = decode_public(&wire.public_key).ok_or_else(|| KeyringError::PublicKey { key: wire.id.clone() })?;
        let day = |date: &Datetime, field| {
            start_of_day(date).ok_or_else(|| KeyringError::Day { key: wire.id.clone(), field })
        };
        let from = day(&wire.valid_from, "valid_from")?;
        let until = day(&wire.valid_until, "valid_until")?.plus_ms(MS_PER_DAY);
        Ok(Self {
            role: wire.role,
            public,
            plugins: wire.plugins,
            worlds: wire.worlds,
            from,
            until,
            revoked: wire.revoked,
            demo: wire.demo,
        })
    }

    fn check(&self, id: &KeyId, claim: &Claim<'_>) -> Result<(), KeyRefusal> {
        let key = id.clone();
        if let Some(reason) = &self.revoked {
            return Err(KeyRefusal::Revoked { key, reason: reason.clone() });
        }
        if self.demo && claim.demo == DemoKeys::Refuse {
            return Err(KeyRefusal::Demo { key });
        }
        if claim.now < self.from {
            return Err(KeyRefusal::NotYetValid { key });
        }
        if claim.now >= self.until {
            return Err(KeyRefusal::Expired { key });
        }
        if !self.plugins.iter().any(|scope| in_scope(scope, &claim.plugin.0)) {
            return Err(KeyRefusal::OutOfScope { key, what: format!("plugin {}", claim.plugin.0) });
        }
        if !self.worlds.is_empty() && !self.worlds.iter().any(|world| world == claim.world) {
            return Err(KeyRefusal::OutOfScope { key, what: format!("world {}", claim.world) });
        }
        Ok(())
    }
}

/// What two people read to each other: the first 16 bytes of SHA-256 over the public key, as groups of hex digits.
pub fn fingerprint(public: &VerifyingKey) -> String {
    let digest: [u8; 32] = Sha256::digest(public.as_bytes()).into();
    let groups: Vec<String> = digest[..16].chunks(2).map(|pair| format!("{:02x}{:02x}", pair[0], pair[1])).collect();
    groups.join(" ")
}

fn decode_public(text: &str) -> Option<VerifyingKey> {
    let bytes: [u8; 32] = STANDARD.decode(text).ok()?.try_into().ok()?;
    VerifyingKey::from_bytes(&bytes).ok().filter(|key| !key.is_weak())
}

fn in_scope(scope: &str, plugin: &str) -> bool {
    match scope.strip_suffix('*') {
        Some(start) => plugin.starts_with(start),
        None => scope == plugin,
    }
}

/// Midnight UTC of a local date; `None` for anything else.
fn start_of_day(date: &Datetime) -> Option<Timestamp> {
    let (Some(day), None, None) = (date.date, date.time, date.offset) else { return None };
    Some(Timestamp::from_millis(
        days_from_epoch(i64::from(day.year), i64::from(day.month), i64::from(day.day)) * MS_PER_DAY,
    ))
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar. Years begin in March here, so that the leap day is last.
fn days_from_epoch(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let before_year = 365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    let before_month = (153 * month + 2) / 5;
    before_year + before_month + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_from_the_epoch() {
        for (year, month, day, expected) in
            [(1970, 1, 1, 0), (1970, 12, 31, 364), (2000, 2, 29, 11_016), (2000, 3, 1, 11_017), (2026, 11, 22, 20_779)]
        {
            assert_eq!(days_from_epoch(year, month, day), expected, "{year}-{month}-{day}");
        }
    }

    const KEYRING: &str = r#"version = 1
[[key]]
id = "acme-2026"
role = "publisher"
algorithm = "ed25519"
public_key = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
plugins = ["jp.acme.*", "jp.other.one"]
worlds = ["tebura:rail/rail-plugin@1.0.0"]
valid_from = 2026-01-01
valid_until = 2026-12-31
demo = true
"#;

    #[track_caller]
    fn check(
        edit: (&str, &str),
        plugin: &str,
        world: &str,
        now_day: i64,
        demo: DemoKeys,
        expected: Result<(), KeyRefusal>,
    ) {
        let keyring = Keyring::parse(&KEYRING.replace(edit.0, edit.1)).unwrap();
        let plugin = PluginId(plugin.to_owned());
        let now = Timestamp::from_millis(now_day * MS_PER_DAY);
        let claim = Claim { plugin: &plugin, world, now, demo };
        assert_eq!(keyring.check(&KeyId("acme-2026".to_owned()), &claim).map(|_| ()), expected);
    }

    #[test]
    fn a_key_vouches_within_its_scope_and_time() {
        let key = || KeyId("acme-2026".to_owned());
        let world = "tebura:rail/rail-plugin@1.0.0";
        let none = ("", "");
        check(none, "jp.acme.pay", world, 20_779, DemoKeys::Allow, Ok(()));
        check(none, "jp.other.one", world, 20_779, DemoKeys::Allow, Ok(()));
        check(none, "jp.acme.pay", world, 20_453, DemoKeys::Allow, Err(KeyRefusal::NotYetValid { key: key() }));
        check(none, "jp.acme.pay", world, 20_454, DemoKeys::Allow, Ok(()));
        check(none, "jp.acme.pay", world, 20_818, DemoKeys::Allow, Ok(()));
        check(none, "jp.acme.pay", world, 20_819, DemoKeys::Allow, Err(KeyRefusal::Expired { key: key() }));
        check(none, "jp.acme.pay", world, 20_779, DemoKeys::Refuse, Err(KeyRefusal::Demo { key: key() }));
        let what = "plugin jp.other.one.more".to_owned();
        check(
            none,
            "jp.other.one.more",
            world,
            20_779,
            DemoKeys::Allow,
            Err(KeyRefusal::OutOfScope { key: key(), what }),
        );
        let what = "world tebura:rail/other@1.0.0".to_owned();
        check(
            none,
            "jp.acme.pay",
            "tebura:rail/other@1.0.0",
            20_779,
            DemoKeys::Allow,
            Err(KeyRefusal::OutOfScope { key: key(), what }),
        );
        let revoked = ("demo = true", "revoked = \"lost laptop\"");
        let reason = "lost laptop".to_owned();
        check(revoked, "jp.acme.pay", world, 20_779, DemoKeys::Allow, Err(KeyRefusal::Revoked { key: key(), reason }));
    }

    #[test]
    fn an_unusable_keyring_says_what_to_correct() {
        let key = || KeyId("acme-2026".to_owned());
        let parse = |from: &str, to: &str| Keyring::parse(&KEYRING.replace(from, to)).unwrap_err();
        assert_eq!(parse("11qY", "11q"), KeyringError::PublicKey { key: key() });
        // The all-zero point has a small order: every message has a valid signature under it.
        let weak = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        assert_eq!(parse("11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", weak), KeyringError::PublicKey { key: key() });
        assert_eq!(parse("2026-12-31", "2026-12-31T10:00:00Z"), KeyringError::Day { key: key(), field: "valid_until" });
        assert!(matches!(parse("demo = true", "deom = true"), KeyringError::Malformed { .. }));
        assert!(matches!(parse("\"ed25519\"", "\"rsa\""), KeyringError::Malformed { .. }));
        assert!(matches!(parse("version = 1", "version = 2"), KeyringError::Malformed { .. }));
        let twice = format!("{KEYRING}{}", &KEYRING[KEYRING.find("[[key]]").unwrap()..]);
        assert_eq!(Keyring::parse(&twice).unwrap_err(), KeyringError::Twice { key: key() });
    }
}

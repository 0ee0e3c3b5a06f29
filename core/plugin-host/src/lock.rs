//! `plugins.lock`: what the operator approved, by digest. A plugin that changed, or asks for more, does not start.

use serde::{Deserialize, Serialize};
use tebura_hub::rail::ComponentDigest;

use crate::capability::{asks_more, capabilities};
use crate::manifest::Manifest;
use crate::statement::{digest_text, manifest_digest};

/// Approvals by plugin.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LockFile {
    version: u32,
    #[serde(default, rename = "plugin")]
    plugins: Vec<Approval>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Approval {
    id: String,
    version: String,
    component: String,
    manifest: String,
    approved: Vec<String>,
}

/// Why a lock file does not carry a plugin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LockError {
    #[error("plugins.lock cannot be read: {reason}; restore it from a backup, or approve the plugins again")]
    Malformed { reason: String },
    #[error("plugins.lock does not name {plugin}; read what it asks for with `tebura plugin inspect`, then approve it")]
    NotApproved { plugin: String },
    #[error(
        "plugins.lock approved {plugin} {approved}, and this is the older {found}; install {approved}, or allow the step back with --step-back"
    )]
    Older { plugin: String, approved: String, found: String },
    #[error("{plugin} asks for more than was approved: {}; approve it if that is wanted", .more.join(", "))]
    AsksMore { plugin: String, more: Vec<String> },
    #[error(
        "the {part} of {plugin} is not the one that was approved (approved {approved}, found {found}); install the approved one, or approve this one"
    )]
    Changed { plugin: String, part: &'static str, approved: String, found: String },
}

impl LockFile {
    /// Reads `plugins.lock`.
    ///
    /// # Errors
    /// [`LockError::Malformed`].
    pub fn parse(text: &str) -> Result<Self, LockError> {
        let file: Self = toml::from_str(text).map_err(|error| LockError::Malformed { reason: error.to_string() })?;
        if file.version != 1 {
            let reason = format!("version {} is not known; this hub reads version 1", file.version);
            return Err(LockError::Malformed { reason });
        }
        Ok(file)
    }

    /// The file's text.
    ///
    /// # Errors
    /// [`LockError::Malformed`] when it cannot be written as TOML.
    pub fn text(&self) -> Result<String, LockError> {
        let body = toml::to_string_pretty(self).map_err(|error| LockError::Malformed { reason: error.to_string() })?;
        Ok(format!(
            "# What the operator approved. Written by `tebura plugin approve`; read the difference before you commit it.\n{body}"
        ))
    }

    /// Approves exactly this manifest and component, in place of what was approved for the plugin.
    pub fn approve(&mut self, manifest: &Manifest, component: ComponentDigest) {
        self.version = 1;
        self.plugins.retain(|approval| approval.id != manifest.id.0);
        self.plugins.push(Approval {
            id: manifest.id.0.clone(),
            version: manifest.version.clone(),
            component: digest_text(&component.0),
            manifest: digest_text(&manifest_digest(manifest)),
            approved: capabilities(manifest),
        });
        self.plugins.sort_by(|one, other| one.id.cmp(&other.id));
    }

    /// What a manifest asks for beyond what was approved for its plugin; all of it where nothing was.
    pub fn more(&self, manifest: &Manifest) -> Vec<String> {
        let approved = self.approval(&manifest.id.0).map(|approval| approval.approved.as_slice());
        asks_more(approved.unwrap_or_default(), &capabilities(manifest))
    }

    /// Whether a manifest's version is at least the one that was approved: versions only rise by themselves.
    ///
    /// # Errors
    /// [`LockError::Older`].
    pub fn rises(&self, manifest: &Manifest) -> Result<(), LockError> {
        match self.approval(&manifest.id.0) {
            Some(approval) => approval.rises(manifest),
            None => Ok(()),
        }
    }

    /// Whether anything was approved for a plugin, and in which version.
    pub fn approved_version(&self, plugin: &str) -> Option<&str> {
        self.approval(plugin).map(|approval| approval.version.as_str())
    }

    fn approval(&self, plugin: &str) -> Option<&Approval> {
        self.plugins.iter().find(|approval| approval.id == plugin)
    }

    /// Whether the operator approved exactly this.
    ///
    /// # Errors
    /// [`LockError`] in the order of its variants.
    pub fn check(&self, manifest: &Manifest, component: ComponentDigest) -> Result<(), LockError> {
        let plugin = || manifest.id.0.clone();
        let approval = self.approval(&manifest.id.0).ok_or_else(|| LockError::NotApproved { plugin: plugin() })?;
        approval.rises(manifest)?;
        let more = asks_more(&approval.approved, &capabilities(manifest));
        if !more.is_empty() {
            return Err(LockError::AsksMore { plugin: plugin(), more });
        }
        let same = |part, approved: &String, found: String| {
            if *approved == found {
                return Ok(());
            }
            Err(LockError::Changed { plugin: plugin(), part, approved: approved.clone(), found })
        };
        same("manifest", &approval.manifest, digest_text(&manifest_digest(manifest)))?;
        same("component", &approval.component, digest_text(&component.0))
    }
}

impl Approval {
    fn rises(&self, manifest: &Manifest) -> Result<(), LockError> {
        if numbers(&manifest.version) >= numbers(&self.version) {
            return Ok(());
        }
        let (approved, found) = (self.version.clone(), manifest.version.clone());
        Err(LockError::Older { plugin: self.id.clone(), approved, found })
    }
}

/// `1.4.0` as numbers; the schema has passed the shape.
fn numbers(version: &str) -> Vec<u64> {
    version.split('.').map(|number| number.parse().unwrap_or_default()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::tests::WHOLE;

    const DIGEST: ComponentDigest = ComponentDigest([7; 32]);

    #[test]
    fn a_manifest_that_asks_for_less_is_still_another_one() {
        let mut lock = LockFile::default();
        lock.approve(&Manifest::parse(WHOLE.as_bytes()).unwrap(), DIGEST);
        let less = Manifest::parse(WHOLE.replace("100_000", "90_000").as_bytes()).unwrap();
        assert!(matches!(lock.check(&less, DIGEST), Err(LockError::Changed { part: "manifest", .. })));
        lock.approve(&less, DIGEST);
        assert_eq!(lock.check(&less, DIGEST), Ok(()));
    }

    #[track_caller]
    fn check(edits: &[(&str, &str)], component: ComponentDigest, expected: &str) {
        let mut lock = LockFile::default();
        lock.approve(&Manifest::parse(WHOLE.as_bytes()).unwrap(), DIGEST);
        let lock = LockFile::parse(&lock.text().unwrap()).unwrap();
        let text = edits.iter().fold(WHOLE.to_owned(), |text, (from, to)| text.replacen(from, to, 1));
        let result = lock.check(&Manifest::parse(text.as_bytes()).unwrap(), component);
        assert_eq!(result.err().map(|error| error.to_string()).unwrap_or_default(), expected);
    }

    #[test]
    fn exactly_what_was_approved_starts() {
        check(&[], DIGEST, "");
        check(&[("title = \"Machi Pay\"", "# only a comment\ntitle = \"Machi Pay\"")], DIGEST, "");
    }

    #[test]
    fn what_changed_or_asks_for_more_does_not() {
        check(
            &[("machi-pay", "other-pay")],
            DIGEST,
            "plugins.lock does not name jp.example.other-pay; read what it asks for with `tebura plugin inspect`, then approve it",
        );
        check(
            &[("1.4.0", "1.3.9")],
            DIGEST,
            "plugins.lock approved jp.example.machi-pay 1.4.0, and this is the older 1.3.9; install 1.4.0, or allow the step back with --step-back",
        );
        check(
            &[
                ("\"GET /v1/holds/*\"", "\"GET /v1/holds/*\", \"GET /v1/users\""),
                ("100_000", "100_001"),
                ("\"JPY\"", "\"USD\""),
            ],
            DIGEST,
            "jp.example.machi-pay asks for more than was approved: call gateway: GET /v1/users, money up to: 100001, money: USD; approve it if that is wanted",
        );
        check(
            &[],
            ComponentDigest([8; 32]),
            &format!(
                "the component of jp.example.machi-pay is not the one that was approved (approved sha256:{}, found sha256:{}); install the approved one, or approve this one",
                "07".repeat(32),
                "08".repeat(32)
            ),
        );
    }
}

//! `tebura plugin sign`: a signature over manifest and component, and a key of the author's own where there is none.
//!
//! The private half never lies in the plugin's folder, which is what an author sends away.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey};
use tebura_hub::ports::{Clock, Ids};
use tebura_plugin_host::{KeyId, Package, component_digest, fingerprint, sign};

use super::super::{Failure, Outcome, print};
use super::manifest_of;
use crate::clock::{SystemClock, SystemIds};
use crate::wire::time::rfc3339;

/// The public half, as a keyring of one, beside `plugin.sig`.
pub(super) const PUBLISHER: &str = "publisher.toml";

#[derive(Args)]
pub(in crate::cli) struct SignArguments {
    /// The package's folder.
    pub(super) folder: PathBuf,
    /// The private key, ed25519 in PKCS#8 PEM; made where there is none. `publisher.pem` of tebura's folder among your
    /// configuration files when it is left out.
    #[arg(long, env = "TEBURA_PUBLISHER_KEY")]
    pub(super) key: Option<PathBuf>,
    /// The key's name in keyrings; `publisher-` and the beginning of its fingerprint when it is left out.
    #[arg(long)]
    pub(super) key_id: Option<String>,
}

pub(super) fn run(arguments: &SignArguments) -> Outcome {
    let folder = &arguments.folder;
    let (_, manifest) = manifest_of(folder)?;
    let package = Package::read(folder)?;
    let path = match &arguments.key {
        Some(path) => path.clone(),
        None => default_path()?,
    };
    let (key, made) = read_or_make(&path)?;
    let public = key.verifying_key();
    let fingerprint = fingerprint(&public);
    let id =
        arguments.key_id.clone().unwrap_or_else(|| format!("publisher-{}", fingerprint.replace(' ', "").split_at(8).0));
    let digest = component_digest(&package.component);
    let signed = sign(&manifest, digest, (&KeyId(id.clone()), &key), package.signatures.as_deref())?;
    std::fs::write(folder.join("plugin.sig"), signed)?;
    let today = rfc3339(SystemClock::default().now()).chars().take(10).collect::<String>();
    let keyring = format!(
        "# The public half of the key that signed this plugin. Tell its fingerprint to the operator another way:\n# {fingerprint}\n\
         version = 1\n\n[[key]]\nid = \"{id}\"\nrole = \"publisher\"\nalgorithm = \"ed25519\"\npublic_key = \"{}\"\n\
         plugins = [\"{}\"]\nvalid_from = {today}\nvalid_until = {}\n",
        STANDARD.encode(public.to_bytes()),
        manifest.id.0,
        in_two_years(&today)
    );
    let beside = folder.join(PUBLISHER);
    // Its first day stays that of the first signature.
    if !std::fs::read_to_string(&beside).is_ok_and(|text| text.contains(&format!("id = \"{id}\""))) {
        std::fs::write(&beside, keyring)?;
    }
    if made {
        print::line(&format!("made a key: {}; keep a copy in a safe place and give it to nobody", path.display()));
    }
    print::line(&format!("signed {} {} {digest:?}", manifest.id.0, manifest.version));
    print::line(&format!("key {id}, fingerprint {fingerprint}"));
    print::line(&format!("Next: tebura plugin install {}", folder.display()));
    Ok(())
}

fn default_path() -> Result<PathBuf, String> {
    let folder = std::env::var_os("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".config")));
    let folder = folder.ok_or("there is no home folder; say where the key is with --key")?;
    Ok(folder.join("tebura/publisher.pem"))
}

/// The key of a file, and whether it was made for this.
fn read_or_make(path: &Path) -> Result<(SigningKey, bool), Failure> {
    match std::fs::read_to_string(path) {
        Ok(text) => {
            let wrong = |error| format!("{} holds no ed25519 key in PKCS#8 PEM ({error})", path.display());
            Ok((SigningKey::from_pkcs8_pem(&text).map_err(wrong)?, false))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let key = SigningKey::from_bytes(&SystemIds.secret());
            let text = key.to_pkcs8_pem(LineEnding::LF)?;
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder)?;
            }
            let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            Ok((key, true))
        }
        Err(error) => Err(format!("{} cannot be read: {error}", path.display()).into()),
    }
}

/// `2026-11-22` to `2028-11-22`; the last of February of a leap year to the 28th.
fn in_two_years(day: &str) -> String {
    let (year, rest) = day.split_once('-').unwrap_or((day, "01-01"));
    let rest = if rest == "02-29" { "02-28" } else { rest };
    format!("{}-{rest}", year.parse::<u32>().unwrap_or(2026) + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_readable_by_its_owner_only() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys/publisher.pem");
        let (first, made) = read_or_make(&path).unwrap();
        let (second, again) = read_or_make(&path).unwrap();
        assert!(made && !again && first == second);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::write(&path, "nonsense").unwrap();
        assert!(read_or_make(&path).is_err());
    }

    #[test]
    fn two_years_later_is_a_day_too() {
        assert_eq!(in_two_years("2026-11-22"), "2028-11-22");
        assert_eq!(in_two_years("2028-02-29"), "2030-02-28");
    }
}

//! A hostile guest from its folder: WebAssembly text to a component, a manifest, its author's signature. Shared with the
//! benchmark of plugins.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::SigningKey;
use tebura_plugin_host::{KeyId, Manifest, Package, component_digest, encode_component, sign};
use wit_component::StringEncoding;
use wit_parser::Resolve;

pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().find(|path| path.join("specs/wit").is_dir()).unwrap().to_owned()
}

pub(crate) fn evil() -> PathBuf {
    repository().join("tests/src/evil")
}

pub(crate) fn read(path: PathBuf) -> String {
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The component of a guest: whole as it is written, or the prelude and what the guest does instead.
pub(crate) fn component(guest: &str) -> Vec<u8> {
    let text = read(evil().join("guests").join(guest).join("guest.wat"));
    if text.lines().any(|line| line.starts_with("(component")) {
        return wat::parse_str(&text).unwrap();
    }
    let (imports, rest): (Vec<&str>, Vec<&str>) = text.lines().partition(|line| line.starts_with("(import"));
    let prelude = read(evil().join("prelude.wat"));
    let module = format!("(module\n{}\n{prelude}\n{}\n)", imports.join("\n"), rest.join("\n"));
    let mut core = wat::parse_str(&module).unwrap_or_else(|error| panic!("{guest}: {error}"));
    let mut resolve = Resolve::default();
    resolve.push_dir(repository().join("specs/wit/host/1.0.0")).unwrap();
    let (rail, _) = resolve.push_dir(repository().join("specs/wit/rail/1.0.0")).unwrap();
    let world = if text.contains("#identify") { "rail-plugin-with-notices" } else { "rail-plugin" };
    let world = resolve.select_world(&[rail], Some(world)).unwrap();
    wit_component::embed_component_metadata(&mut core, &resolve, world, StringEncoding::UTF8).unwrap();
    encode_component(&core).unwrap_or_else(|error| panic!("{guest}: {error}"))
}

pub(crate) fn manifest(guest: &str) -> String {
    let own = evil().join("guests").join(guest).join("plugin.toml");
    read(if own.is_file() { own } else { evil().join("plugin.toml") })
}

pub(crate) fn author() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

pub(crate) fn signed(manifest: &str, component: Vec<u8>) -> Package {
    let parsed = Manifest::parse(manifest.as_bytes()).unwrap();
    let key = (&KeyId("author".to_owned()), &author());
    let signatures = sign(&parsed, component_digest(&component), key, None).unwrap();
    Package { manifest: manifest.as_bytes().to_vec(), component, signatures: Some(signatures) }
}

/// The author's key as an entry of a keyring.
pub(crate) fn author_key() -> String {
    let public = STANDARD.encode(author().verifying_key().to_bytes());
    format!(
        "[[key]]\nid = \"author\"\nrole = \"publisher\"\nalgorithm = \"ed25519\"\npublic_key = \"{public}\"\nplugins = [\"jp.tebura.*\"]\nvalid_from = 2026-01-01\nvalid_until = 2027-12-31\n"
    )
}

/// The same guest under an id of its own.
pub(crate) fn renamed(guest: &str) -> Package {
    let manifest = manifest(guest).replace("jp.tebura.evil", &format!("jp.tebura.{guest}"));
    signed(&manifest, component(guest))
}

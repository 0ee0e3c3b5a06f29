use std::collections::BTreeMap;

use zeroize::Zeroizing;

use super::*;
use crate::bindings::BoundKey;
use crate::manifest::tests::WHOLE;

fn folder(files: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in files {
        std::fs::write(folder.path().join(name), name).unwrap();
    }
    folder
}

#[test]
fn a_folder_is_read_as_three_files() {
    let whole = folder(&["plugin.toml", "wallet.wasm", "plugin.sig", "README.md"]);
    let package = Package::read(whole.path()).unwrap();
    assert_eq!(package.manifest, b"plugin.toml");
    assert_eq!(package.component, b"wallet.wasm");
    assert_eq!(package.signatures.as_deref(), Some(&b"plugin.sig"[..]));
    let unsigned = folder(&["plugin.toml", "wallet.wasm"]);
    assert_eq!(Package::read(unsigned.path()).unwrap().signatures, None);
}

#[test]
fn a_folder_that_is_no_plugin_says_what_is_wrong() {
    for (files, found) in [(&["plugin.toml"][..], 0), (&["plugin.toml", "a.wasm", "b.wasm"][..], 2)] {
        let folder = folder(files);
        let error = Package::read(folder.path()).unwrap_err();
        assert!(matches!(error, PackageError::Components { found: count, .. } if count == found), "{error}");
    }
    let no_manifest = folder(&["a.wasm"]);
    let error = Package::read(no_manifest.path()).unwrap_err();
    assert!(error.to_string().contains("plugin.toml cannot be read"), "{error}");
    assert!(matches!(Package::read(&no_manifest.path().join("none")), Err(PackageError::Unreadable { .. })));
}

#[track_caller]
fn bound(settings: &[&str], keys: &[(&str, BoundKey)], expected: Result<(), &str>) {
    let manifest = Manifest::parse(WHOLE.as_bytes()).unwrap();
    let settings = settings.iter().map(|name| ((*name).to_owned(), "value".to_owned())).collect();
    let keys: BTreeMap<_, _> = keys.iter().map(|(name, key)| ((*name).to_owned(), key.clone())).collect();
    let checked = Bindings { settings, keys, ..Bindings::default() }.check(&manifest);
    assert_eq!(checked.map_err(|error| error.to_string()), expected.map_err(str::to_owned));
}

#[test]
fn an_operator_binds_what_the_manifest_names() {
    let hmac = || BoundKey::HmacSha256(Zeroizing::new(vec![1; 32]));
    let ed25519 = || BoundKey::Ed25519(ed25519_dalek::SigningKey::from_bytes(&[1; 32]));
    bound(&[], &[], Ok(()));
    bound(&["merchant_code"], &[("webhook", hmac())], Ok(()));
    bound(
        &["merchant_cod"],
        &[],
        Err("the setting `merchant_cod` is not one that jp.example.machi-pay reads; remove it, or correct its name"),
    );
    bound(
        &[],
        &[("webhok", hmac())],
        Err("the key `webhok` is not one that jp.example.machi-pay uses; remove it, or correct its name"),
    );
    bound(
        &[],
        &[("webhook", ed25519())],
        Err(
            "the key `webhook` of jp.example.machi-pay has another algorithm than its manifest says; bind a key of that algorithm",
        ),
    );
}

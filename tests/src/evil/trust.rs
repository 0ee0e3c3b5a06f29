//! An honest plugin whose files, keys or approvals are not in order.

use ed25519_dalek::SigningKey;
use expect_test::{Expect, expect};
use tebura_hub::ports::Rail as _;
use tebura_hub::rail::PluginId;
use tebura_plugin_host::{
    Bindings, DemoKeys, Input, KeyId, Keyring, LockFile, Manifest, Package, PluginHost, Trust, Vouching,
    component_digest, encode_component, inspect, sign,
};

use super::guest::{component, manifest, signed};
use super::{NOW, hold, host, keyring, options, package, rail_of, shown};

#[track_caller]
fn check(keyring: Keyring, lock: Option<LockFile>, package: &Package, expected: Expect) {
    let installed = host(keyring, lock, options()).install(package, Bindings::default(), NOW);
    expected.assert_eq(&installed.err().map(|error| error.to_string()).unwrap_or_default());
}

#[test]
fn the_honest_one_is_installed() {
    check(keyring(""), None, &package("honest"), expect![""]);
}

#[test]
fn unsigned() {
    let package = Package { signatures: None, ..package("honest") };
    check(
        keyring(""),
        None,
        &package,
        expect!["the plugin is not signed; run `tebura plugin sign`, or get the plugin.sig that belongs to it"],
    );
}

#[test]
fn one_byte_changed() {
    let mut package = package("honest");
    *package.component.last_mut().unwrap() ^= 1;
    check(
        keyring(""),
        None,
        &package,
        expect![
            "the signature of key author does not fit this manifest and component: one of the three was changed; get all three again from the publisher"
        ],
    );
}

#[test]
fn one_word_of_the_manifest_changed() {
    let mut package = package("honest");
    package.manifest = manifest("honest").replace("100_000", "900_000").into_bytes();
    check(
        keyring(""),
        None,
        &package,
        expect![
            "the signature of key author does not fit this manifest and component: one of the three was changed; get all three again from the publisher"
        ],
    );
}

#[test]
fn signed_by_nobody_we_know() {
    let parsed = Manifest::parse(manifest("honest").as_bytes()).unwrap();
    let mut package = package("honest");
    let stranger = (&KeyId("stranger".to_owned()), &SigningKey::from_bytes(&[9; 32]));
    package.signatures = Some(sign(&parsed, component_digest(&package.component), stranger, None).unwrap());
    check(
        keyring(""),
        None,
        &package,
        expect![
            "key stranger is not in the keyring; ask its owner for the public key, check it, and add it to keyring.toml"
        ],
    );
}

#[test]
fn signed_with_a_revoked_key() {
    check(
        keyring("revoked = \"laptop lost\""),
        None,
        &package("honest"),
        expect!["key author was revoked (laptop lost); install a version that is signed with another key"],
    );
}

#[test]
fn signed_with_a_demonstration_key() {
    check(
        keyring("demo = true"),
        None,
        &package("honest"),
        expect![
            "key author is a demonstration key, whose private half is public; start with --demo, or have the plugin signed with a real key"
        ],
    );
    let trust = Trust::new(keyring("demo = true"), DemoKeys::Allow, Vouching::Publisher);
    let host = PluginHost::new(trust, None, options()).unwrap();
    assert!(host.install(&package("honest"), Bindings::default(), NOW).is_ok());
    assert!(host.notes().iter().any(|note| note.starts_with("demonstration keys count")), "{:?}", host.notes());
}

#[test]
fn without_a_reviewer() {
    let trust = Trust::new(keyring(""), DemoKeys::Refuse, Vouching::PublisherAndReviewer);
    let host = PluginHost::new(trust, None, options()).unwrap();
    let error = host.install(&package("honest"), Bindings::default(), NOW).unwrap_err();
    expect!["no reviewer has signed; ask for the signature of a key with that role"].assert_eq(&error.to_string());
}

#[test]
fn other_than_approved() {
    let parsed = Manifest::parse(manifest("honest").as_bytes()).unwrap();
    let approved = || {
        let mut lock = LockFile::default();
        lock.approve(&parsed, component_digest(&package("honest").component));
        Some(lock)
    };
    check(keyring(""), approved(), &package("honest"), expect![""]);
    check(
        keyring(""),
        Some(LockFile::default()),
        &package("honest"),
        expect![
            "plugins.lock does not name jp.tebura.evil; read what it asks for with `tebura plugin inspect`, then approve it"
        ],
    );
    let wider = manifest("honest").replace("\"GET /v1/holds/*\"", "\"GET /v1/holds/*\", \"GET /v1/users\"");
    let wider = signed(&wider, package("honest").component);
    check(
        keyring(""),
        approved(),
        &wider,
        expect![
            "jp.tebura.evil asks for more than was approved: call provider: GET /v1/users; approve it if that is wanted"
        ],
    );
    let other = signed(&manifest("honest"), component("burns-fuel"));
    let error = host(keyring(""), approved(), options()).install(&other, Bindings::default(), NOW).unwrap_err();
    assert!(error.to_string().starts_with("the component of jp.tebura.evil is not the one that was approved"));
}

#[test]
fn not_a_component() {
    check(
        keyring(""),
        None,
        &signed(&manifest("honest"), b"hello".to_vec()),
        expect![
            "this is not WebAssembly (magic header not detected: bad magic number at byte 0); build it with `tebura plugin build`"
        ],
    );
    let core = wat::parse_str("(module)").unwrap();
    check(
        keyring(""),
        None,
        &signed(&manifest("honest"), core.clone()),
        expect!["this is a core module, not a component; encode it with `tebura plugin build`"],
    );
    expect!["this is not a module that was built with the plugin SDK (it does not name its world); export a rail with the SDK's macro and build for wasm32-unknown-unknown"].assert_eq(&encode_component(&core).unwrap_err().to_string());
    let large = signed(&manifest("honest"), vec![0; (4 << 20) + 1]);
    check(
        keyring(""),
        None,
        &large,
        expect![[r#"the component has 4194305 bytes, more than 4194304; build with opt-level = "s", lto and strip"#]],
    );
}

#[test]
fn installed_twice() {
    let host = host(keyring(""), None, options());
    assert!(host.install(&package("honest"), Bindings::default(), NOW).is_ok());
    let error = host.install(&package("honest"), Bindings::default(), NOW).unwrap_err();
    expect!["jp.tebura.evil is installed already; remove one of the two"].assert_eq(&error.to_string());
}

#[test]
fn revocation_counts_from_the_next_call() {
    let host = host(keyring(""), None, options());
    let (rail, _) = rail_of(host.install(&package("honest"), Bindings::default(), NOW));
    let start = || shown(&rail.run(&hold(), Input::Start).result);
    expect!["call provider POST /v1/holds"].assert_eq(&start());

    let plugin = PluginId("jp.tebura.evil".to_owned());
    host.disable(&plugin, "declines everything");
    expect!["the plugin is not allowed to run: it was switched off by the operator: declines everything"]
        .assert_eq(&start());
    assert!(host.enable(&plugin));
    expect!["call provider POST /v1/holds"].assert_eq(&start());

    host.replace_keyring(Keyring::default());
    expect!["the plugin is not allowed to run: key author is not in the keyring; ask its owner for the public key, check it, and add it to keyring.toml"].assert_eq(&start());
    host.replace_keyring(keyring(""));
    expect!["call provider POST /v1/holds"].assert_eq(&start());

    assert!(host.revoke_key(&KeyId("author".to_owned()), "laptop lost"));
    expect!["the plugin is not allowed to run: key author was revoked (laptop lost); install a version that is signed with another key"].assert_eq(&start());
    host.replace_keyring(keyring(""));
    expect!["the plugin is not allowed to run: key author was revoked (laptop lost); install a version that is signed with another key"].assert_eq(&start());
}

#[test]
fn an_expired_key_stops_its_plugins() {
    let host = host(keyring(""), None, options());
    let (rail, _) = rail_of(host.install(&package("honest"), Bindings::default(), NOW));
    let mut operation = hold();
    operation.now = NOW.plus_ms(500 * 86_400_000);
    expect![
        "the plugin is not allowed to run: key author has expired; install a version that is signed with a current key"
    ]
    .assert_eq(&shown(&rail.run(&operation, Input::Start).result));
}

#[test]
fn expo_19_what_the_manifest_does_not_cover_never_reaches_the_guest() {
    let host = host(keyring(""), None, options());
    let only_captures =
        manifest("honest").replace("[\"hold\", \"capture\", \"release\", \"refund\", \"inquire\"]", "[\"capture\"]");
    let (rail, _) =
        rail_of(host.install(&signed(&only_captures, package("honest").component), Bindings::default(), NOW));
    expect!["fault rail.command_unsupported: the plugin does not take `hold`; its manifest lists capture"]
        .assert_eq(&shown(&rail.run(&hold(), Input::Start).result));
    assert_eq!(rail.descriptor().commands, ["capture"]);
}

#[test]
fn inspection_shows_what_is_asked_for() {
    let inspection = inspect(&package("honest")).unwrap();
    expect![[r#"
        call provider: GET /v1/holds/*
        call provider: POST /v1/holds
        fuel a call: 20000000
        memory bytes a call: 16777216
        milliseconds a call: 2000
        money up to: 100000
        money: JPY
        take command: capture
        take command: hold
        take command: inquire
        take command: refund
        take command: release"#]]
    .assert_eq(&inspection.capabilities.join("\n"));
    assert_eq!(inspection.signers, ["author"]);
    assert_eq!(inspection.gate, Ok(()));
    assert_eq!(inspection.contents.exports, ["tebura:rail/rail@1.0.0"]);
}

//! What `scripts/build-plugins` needs of the host: encode, sign, approve, install, compare. No toolchain, no network.
//!
//! ```text
//! package encode CORE.wasm OUT.wasm       core module → component
//! package sign FOLDER KEY-ID KEY.pem      writes FOLDER/plugin.sig
//! package approve LOCK FOLDER…            writes what the folders ask for into plugins.lock
//! package check KEYRING LOCK FOLDER…      installs each folder as a hub with --demo would
//! package same FOLDER OTHER.wasm          plays one scenario to both components and compares every step
//! ```

use std::error::Error;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::DecodePrivateKey;
use tebura_ledger::Timestamp;
use tebura_plugin_host::{
    Bindings, DemoKeys, HostOptions, KeyId, Keyring, LockFile, Manifest, Package, Plugin, PluginHost, SampleReply,
    Trust, Vouching, Workbench, component_digest, encode_component, sign,
};

type Done = Result<(), Box<dyn Error>>;

fn main() -> Done {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["encode", core, out] => Ok(std::fs::write(out, encode_component(&std::fs::read(core)?)?)?),
        ["sign", folder, id, key] => sign_folder(Path::new(folder), id, Path::new(key)),
        ["approve", lock, folders @ ..] => approve(Path::new(lock), folders),
        ["check", keyring, lock, folders @ ..] => check(Path::new(keyring), Path::new(lock), folders),
        ["same", folder, other] => same(Path::new(folder), Path::new(other)),
        _ => Err("encode CORE OUT | sign FOLDER KEY-ID KEY | approve LOCK FOLDER… | check KEYRING LOCK FOLDER… | same FOLDER OTHER".into()),
    }
}

fn sign_folder(folder: &Path, id: &str, key: &Path) -> Done {
    let package = Package::read(folder)?;
    let manifest = Manifest::parse(&package.manifest)?;
    let key = SigningKey::from_pkcs8_pem(&std::fs::read_to_string(key)?)?;
    let id = KeyId(id.to_owned());
    let signed = sign(&manifest, component_digest(&package.component), (&id, &key), package.signatures.as_deref())?;
    Ok(std::fs::write(folder.join("plugin.sig"), signed)?)
}

fn approve(path: &Path, folders: &[&str]) -> Done {
    let mut lock = LockFile::default();
    for folder in folders {
        let package = Package::read(Path::new(folder))?;
        lock.approve(&Manifest::parse(&package.manifest)?, component_digest(&package.component));
    }
    Ok(std::fs::write(path, lock.text()?)?)
}

fn check(keyring: &Path, lock: &Path, folders: &[&str]) -> Done {
    let lock = LockFile::parse(&std::fs::read_to_string(lock)?)?;
    let keyring = Keyring::parse(&std::fs::read_to_string(keyring)?)?;
    let host = host(keyring, Some(lock))?;
    for folder in folders {
        let (_, report) = host.install(&Package::read(Path::new(folder))?, Bindings::default(), now()?)?;
        say(&format!("{} {}: {:?}", report.plugin.0, report.version, report.digest));
    }
    Ok(())
}

/// Two components that answer every event of a trial with the same steps.
fn same(folder: &Path, other: &Path) -> Done {
    let package = Package::read(folder)?;
    let at = now()?;
    let bench = |component| Workbench::open(&package.manifest, component, Bindings::default(), at);
    let (one, two) = (bench(package.component.clone())?, bench(std::fs::read(other)?)?);
    let steps = match (one.plugin(), two.plugin()) {
        (Plugin::Rail(one), Plugin::Rail(two)) => tebura_plugin_host::same(one, two, &wallet_replies(), at)?,
        (Plugin::Identity(one), Plugin::Identity(two)) => tebura_plugin_host::same_identity(one, two, at)?,
        (one, two) => return Err(format!("{one:?} and {two:?} cannot be compared").into()),
    };
    say(&format!("{}: {steps} steps are the same", folder.display()));
    Ok(())
}

/// Replies in the shape of the wallet provider; other rails ignore them.
fn wallet_replies() -> Vec<SampleReply> {
    let mut replies = vec![SampleReply {
        status: 404,
        body: r#"{"code":"operation.not_found","operation":"{operation}"}"#.to_owned(),
    }];
    for kind in ["preauthorization", "raise", "extend", "capture", "revert", "refund", "payout"] {
        for rest in [
            r#""status":"settled","reference":"ref_2","amount":1200,"currency":"JPY""#,
            r#""status":"settled","reference":"ref_2","amount":1201,"currency":"JPY""#,
            r#""status":"declined","code":"funds.insufficient""#,
            r#""status":"pending""#,
        ] {
            let body = format!("{{\"operation\":\"{{operation}}\",\"kind\":\"{kind}\",{rest}}}");
            replies.extend([200, 202, 402, 409, 500].map(|status| SampleReply { status, body: body.clone() }));
        }
    }
    replies
}

fn host(keyring: Keyring, lock: Option<LockFile>) -> Result<PluginHost, Box<dyn Error>> {
    Ok(PluginHost::new(Trust::new(keyring, DemoKeys::Allow, Vouching::Publisher), lock, HostOptions::default())?)
}

fn now() -> Result<Timestamp, Box<dyn Error>> {
    #[expect(clippy::disallowed_methods, reason = "a tool outside the hub: signatures are valid today or not")]
    let since = SystemTime::now().duration_since(UNIX_EPOCH)?;
    Ok(Timestamp::from_millis(i64::try_from(since.as_millis())?))
}

fn say(line: &str) {
    #[expect(clippy::print_stdout, reason = "what a tool is run for")]
    {
        println!("{line}");
    }
}

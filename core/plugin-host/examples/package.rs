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
use tebura_hub::rail::{Effect, HttpReply, Next, Party, RailCommand, RailError, RailEvent, RailOperation, Step};
use tebura_ledger::{Currency, Money, OperationId, Timestamp};
use tebura_plugin_host::{
    Bindings, DemoKeys, HostOptions, Input, InstalledRail, KeyId, Keyring, LockFile, Manifest, Package, PluginHost,
    Trust, Vouching, component_digest, encode_component, sign,
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

/// Two components that answer every event of the scenario with the same steps.
fn same(folder: &Path, other: &Path) -> Done {
    let package = Package::read(folder)?;
    let other = Package { component: std::fs::read(other)?, ..package.clone() };
    let (one, two) = (install_unsigned(package)?, install_unsigned(other)?);
    let mut steps = 0;
    for operation in operations(now()?)? {
        let first = step(&one, &two, &operation, Input::Start)?;
        steps += 1;
        let Ok(Step { next: Next::Call(call), state, .. }) = first else { continue };
        for event in events(&operation, &call.effect) {
            let _step = step(&one, &two, &operation, Input::Resume { state: &state, event: &event })?;
            steps += 1;
        }
    }
    say(&format!("{}: {steps} steps are the same", folder.display()));
    Ok(())
}

fn step(
    one: &InstalledRail,
    two: &InstalledRail,
    operation: &RailOperation,
    input: Input<'_>,
) -> Result<Result<Step, RailError>, Box<dyn Error>> {
    let (one, two) = (one.run(operation, input).result, two.run(operation, input).result);
    if one == two { Ok(one) } else { Err(format!("{operation:?}: {one:?} and {two:?}").into()) }
}

/// Installs a package in a host of its own, under a key that is made up and trusted on the spot.
fn install_unsigned(mut package: Package) -> Result<std::sync::Arc<InstalledRail>, Box<dyn Error>> {
    use base64::Engine as _;
    let manifest = Manifest::parse(&package.manifest)?;
    let key = SigningKey::from_bytes(&[7; 32]);
    let public = base64::engine::general_purpose::STANDARD.encode(key.verifying_key().to_bytes());
    let id = KeyId("made-up".to_owned());
    package.signatures = Some(sign(&manifest, component_digest(&package.component), (&id, &key), None)?);
    let keyring = Keyring::parse(&format!(
        "version = 1\n[[key]]\nid = \"made-up\"\nrole = \"publisher\"\nalgorithm = \"ed25519\"\npublic_key = \"{public}\"\n\
         plugins = [\"*\"]\nvalid_from = 2020-01-01\nvalid_until = 2100-01-01\ndemo = true\n"
    ))?;
    let (rail, _) = host(keyring, None)?.install(&package, Bindings::default(), now()?)?;
    Ok(rail)
}

fn host(keyring: Keyring, lock: Option<LockFile>) -> Result<PluginHost, Box<dyn Error>> {
    Ok(PluginHost::new(Trust::new(keyring, DemoKeys::Allow, Vouching::Publisher), lock, HostOptions::default())?)
}

fn operations(now: Timestamp) -> Result<Vec<RailOperation>, Box<dyn Error>> {
    let amount = Money::new(1_200, Currency::JPY);
    let party = |kind: &str| Party { kind: kind.to_owned(), token: format!("{kind}-1") };
    let reference = || "ref_1".to_owned();
    let of: OperationId = format!("op_{}", "0".repeat(32)).parse()?;
    let inquire = |about: &'static str| RailCommand::Inquire { of, about, reference: Some(reference()) };
    let commands = [
        RailCommand::Hold { payer: party("wallet"), payee: party("merchant"), amount, expires: now.plus_ms(60_000) },
        RailCommand::Capture { reference: reference(), amount, is_final: false },
        RailCommand::Capture { reference: "a/../b".to_owned(), amount, is_final: true },
        RailCommand::Release { reference: reference(), amount },
        RailCommand::Refund { reference: reference(), amount },
        inquire("hold"),
        inquire("capture"),
        inquire("release"),
        inquire("refund"),
    ];
    let id = of.to_string();
    Ok(commands.into_iter().map(|command| RailOperation { id: id.clone(), attempt: 1, now, command }).collect())
}

fn events(operation: &RailOperation, effect: &Effect) -> Vec<RailEvent> {
    let silence = |maybe_delivered| RailEvent::Silence { maybe_delivered, reason: format!("{effect:?}") };
    let mut events = vec![silence(true), silence(false), RailEvent::Timer];
    let id = operation.id.split('.').next().unwrap_or_default();
    let record = |kind: &str, rest: &str| format!("{{\"operation\":\"{id}\",\"kind\":\"{kind}\",{rest}}}");
    let mut bodies = vec![
        String::new(),
        "{\"id\": \"h".to_owned(),
        "[".repeat(10_000),
        format!("{{\"code\":\"operation.not_found\",\"operation\":\"{id}\"}}"),
    ];
    for kind in ["preauthorization", "capture", "revert", "refund", "payout"] {
        bodies.push(record(kind, r#""status":"settled","reference":"ref_2","amount":1200,"currency":"JPY""#));
        bodies.push(record(kind, r#""status":"settled","reference":"ref_2","amount":1201,"currency":"JPY""#));
        bodies.push(record(kind, r#""status":"declined","code":"funds.insufficient""#));
        bodies.push(record(kind, r#""status":"pending""#));
    }
    for status in [200, 201, 202, 400, 402, 404, 409, 410, 500] {
        events.extend(
            bodies.iter().map(|body| {
                RailEvent::Reply(HttpReply { status, headers: Vec::new(), body: body.clone().into_bytes() })
            }),
        );
    }
    events
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

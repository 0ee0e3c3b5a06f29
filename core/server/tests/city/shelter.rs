//! A shelter that loses its network: a device with a bundle of faces, its log, and what the register says afterwards. The device
//! is the command line.

use std::path::{Path, PathBuf};
use std::process::Command;

use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::DecodePrivateKey;
use serde_json::{Value, json};
use tebura_hub::statements::jws;
use tebura_server::demo::faces;
use tebura_server::serve::serve;
use tokio::sync::oneshot;

use super::town::Town;

const SHELTERS: &str = "shelters = [\n{ id = \"east\", name = \"東小学校\", capacity = 300 },\n{ id = \"west\", name = \"西体育館\", capacity = 100 },\n]\n";

/// A device's folder, and where the hub is as long as there is a network.
struct Device {
    folder: PathBuf,
    hub: String,
    operator: String,
    terminal: String,
    party: String,
    kid: String,
}

impl Device {
    async fn open(town: &Town, folder: &Path, hub: String) -> Device {
        let party = json!({"label": "東小学校の端末", "merchant": town.merchant.to_string()});
        let (status, party) = town.operator("POST", "/v1/parties", "device", party).await;
        assert_eq!(status, StatusCode::CREATED, "{party}");
        let party = party["id"].as_str().unwrap().to_owned();
        let (operator, terminal) = (town.keys.operator_key.clone(), town.terminal_key().to_owned());
        let folder = folder.to_owned();
        let mut device = Device { folder, hub, operator, terminal, party, kid: String::new() };
        let public = device.told(&["statement", "keygen", "--out", "device.pem"]);
        let public = public.lines().next().unwrap().to_owned();
        let pem = std::fs::read_to_string(device.folder.join("device.pem")).unwrap();
        let private = SigningKey::from_pkcs8_pem(&pem).unwrap();
        let body = json!({"party": device.party, "public_key": public}).to_string();
        let proof = jws::sign(&private, None, body.as_bytes());
        device.kid = town.register_key(&device.party, body, &proof).await;
        for name in faces::NAMES {
            std::fs::write(device.folder.join(format!("{name}.png")), faces::png(name).unwrap()).unwrap();
        }
        device
    }

    /// Runs a command in the device's folder: whether it succeeded, and what it said.
    fn run(&self, arguments: &[&str]) -> (bool, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tebura"));
        let command = command.args(arguments).current_dir(&self.folder).env("LC_ALL", "en_US.UTF-8");
        let command = command.env("TEBURA_HUB", &self.hub).env("TEBURA_KEY", &self.terminal);
        let command = command.env("TEBURA_OPERATOR_KEY", &self.operator);
        let output = tokio::task::block_in_place(|| command.output().unwrap());
        (output.status.success(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
    }

    fn told(&self, arguments: &[&str]) -> String {
        let (success, said) = self.run(arguments);
        assert!(success, "{arguments:?}: {said}");
        said
    }

    fn request(&self, word: &str) {
        let key = format!("{word}.pem");
        let arguments = ["offline", "request", "--service", "shelter", "--bundle-key", &key];
        let said = self.told(&[&arguments[..], &["--device", &self.party], &self.signer()].concat());
        std::fs::write(self.folder.join(format!("{word}.request")), said.lines().next().unwrap()).unwrap();
    }

    fn provision(&self, word: &str) -> (bool, String) {
        self.run(&["offline", "provision", &format!("{word}.request"), "--out", &format!("{word}.bundle")])
    }

    fn signer(&self) -> [&str; 4] {
        ["--key", "device.pem", "--kid", &self.kid]
    }

    /// What is recognised by `word`'s bundle, with the key of `key`'s.
    fn faces(&self, (word, key): (&str, &str), more: &[&str], faces: &[&str]) -> (bool, String) {
        let (bundle, key) = (format!("{word}.bundle"), format!("{key}.pem"));
        let pictures: Vec<String> = faces.iter().map(|face| format!("{face}.png")).collect();
        let pictures: Vec<&str> = pictures.iter().map(String::as_str).collect();
        let opening = ["--bundle-key", &key, "--hub-public", "audit.pub", "--engine", "rten"];
        let asked = ["--action", "register", "--input", r#"{"shelter": "east"}"#];
        let start = ["offline", "face", "east.log", &bundle];
        self.run(&[&start[..], &pictures, &opening, &self.signer(), &asked, more].concat())
    }

    fn by_hand(&self, name: &str) {
        let input = json!({"shelter": "east", "name": name}).to_string();
        let start = ["offline", "write", "east.log", "--service", "shelter", "--device", &self.party];
        self.told(
            &[&start[..], &self.signer(), &["--action", "register", "--by", "staff", "--input", &input]].concat(),
        );
    }

    fn edit(&self, word: &str, into: &str, change: impl Fn(&mut Value)) {
        let text = std::fs::read_to_string(self.folder.join(format!("{word}.bundle"))).unwrap();
        let mut bundle: Value = serde_json::from_str(&text).unwrap();
        change(&mut bundle);
        std::fs::write(self.folder.join(format!("{into}.bundle")), bundle.to_string()).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn shel_4_kaga_20_a_shelter_without_a_network_recognises_faces_and_the_register_counts_each_once() {
    let (data, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let town = Town::start(data.path()).await;
    town.install("shelter", json!({})).await;
    let sheltered = town.gallery("sheltered").await;
    let (merchant, gallery) = (town.merchant, town.gallery);
    let head = format!(
        "plugin = \"jp.tebura.shelter\"\nmerchant = \"{merchant}\"\ntitle = {{ ja = \"避難所\", en = \"Shelter\" }}\ncap = 0\n\
         gallery = \"{gallery}\"\ngalleries.sheltered = \"{sheltered}\"\n\n[settings]\n"
    );
    town.configure("shelter", &format!("{head}{SHELTERS}")).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let hub = format!("http://{}", listener.local_addr().unwrap());
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(serve(town.city.app.clone(), listener, async { stopped.await.unwrap_or(()) }));
    let device = Device::open(&town, folder.path(), hub).await;
    std::fs::copy(data.path().join("audit.pub"), folder.path().join("audit.pub")).unwrap();

    device.request("east");
    let (success, said) = device.provision("east");
    assert!(success && said.contains("people of shelter") && said.contains(&device.party), "{said}");
    let open = ["offline", "open", "east.bundle", "--bundle-key", "east.pem", "--hub-public", "audit.pub"];
    assert!(device.told(&open).contains("recognises 3 people of shelter until"));
    device.request("other");
    assert!(device.provision("other").0);

    // The network is gone: nothing but the device's folder is there.
    let (success, said) = device.faces(("east", "east"), &[], &["hanako", "taro"]);
    assert!(success && said.contains("entry 1.") && said.contains("entry 2."), "{said}");
    let (success, said) = device.faces(("east", "east"), &[], &["stranger", "screen", "nobody", "hanako"]);
    assert!(!success && said.contains("stranger.png: Nobody was recognised (face.not_recognised)"), "{said}");
    assert!(said.contains("(liveness.attack)") && said.contains("(face.none)") && said.contains("entry 3."), "{said}");
    assert!(said.contains("--by card") && said.contains("--by staff"), "the equal other ways are named: {said}");
    device.by_hand("避難 一郎");
    let (success, said) = device.run(&["offline", "show", "east.log"]);
    assert!(success && said.contains("4 entries"), "{said}");

    // Of another key, altered, or of another hub.
    let refused = |said: (bool, String)| (!said.0).then_some(said.1).unwrap();
    assert!(refused(device.faces(("east", "other"), &[], &["hanako"])).contains("(bundle.other_terminal)"));
    device.edit("east", "longer", |bundle| {
        let header = bundle["header"].as_str().unwrap().replace("\"expires_at\":\"20", "\"expires_at\":\"21");
        bundle["header"] = json!(header);
    });
    let said = refused(device.faces(("longer", "east"), &[], &["hanako"]));
    assert!(said.contains("(bundle.altered)") && said.contains("--by card"), "{said}");
    device.edit("east", "empty", |bundle| bundle["header"] = json!("{}"));
    assert!(refused(device.faces(("empty", "east"), &[], &["hanako"])).contains("(bundle.malformed)"));
    no_template_is_in_clear(&town, folder.path()).await;

    // There is a network again; Taro was registered elsewhere by card in the meantime.
    let taro = json!({"action": "register", "person": town.person("taro"), "by": "card", "input": {"shelter": "west"}});
    let (status, answer) = town.ask("shelter", "taro", taro).await;
    assert_eq!(status, StatusCode::CREATED, "{answer}");
    assert!(device.told(&["offline", "send", "east.log"]).contains("4 new, 0 known"));
    assert!(device.told(&["offline", "send", "east.log"]).contains("0 new, 4 known"));
    let (_, count) = town.ask("shelter", "count", json!({"action": "headcount"})).await;
    assert_eq!(count["output"]["people"], 3, "{count}");
    let (_, page) = town.ask("shelter", "export", json!({"action": "export"})).await;
    let entries = page["output"]["entries"].as_array().unwrap();
    assert!(entries.iter().any(|entry| entry["by"] == json!(["face"])), "{page}");
    assert!(!page.to_string().contains("protect"), "{page}");

    // The device is lost: nothing more for it, and nothing more from it.
    let revoke = format!("/v1/parties/{}/keys/{}/revoke", device.party, device.kid);
    let (status, answer) = town.operator("POST", &revoke, "revoke", json!({})).await;
    assert!(status.is_success(), "{answer}");
    device.request("lost");
    let (success, said) = device.provision("lost");
    assert!(!success && said.contains("(bundle.terminal_revoked)"), "{said}");
    device.by_hand("避難 二郎");
    assert!(refused(device.run(&["offline", "send", "east.log"])).contains("(offline.key_revoked)"));
    let _ = stop.send(());
    assert_eq!(serving.await.unwrap(), 0);
    town.city.stop().await;
    let books = rusqlite::Connection::open(data.path().join("tebura.db")).unwrap();
    let logged = "SELECT count(*) FROM event WHERE record = 'plugin_value' AND record_id LIKE '#offline-bundles %'";
    let logged: i64 = books.query_row(logged, [], |row| row.get(0)).unwrap();
    assert_eq!(logged, 2, "each bundle that was made is in the log");
    assert!(device.told(&["audit", "verify", "--data", data.path().to_str().unwrap()]).contains("entries"));
}

/// Looks for every stored template, and for whose it is, in all files of the device and in what is sealed there.
async fn no_template_is_in_clear(town: &Town, folder: &Path) {
    let store = town.city.app.hub.store();
    let mut looked = 0;
    let mut files: Vec<Vec<u8>> =
        std::fs::read_dir(folder).unwrap().map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect();
    let bundle: Value = serde_json::from_slice(&std::fs::read(folder.join("east.bundle")).unwrap()).unwrap();
    let sealed = URL_SAFE_NO_PAD.decode(bundle["sealed"].as_str().unwrap()).unwrap();
    assert!(sealed.len() > 3 * 4 * 64, "three templates are in it");
    files.push(sealed);
    for reference in store.face_references(None, 100).await.unwrap().rows {
        let (template, person) = (reference.template.to_bytes(), *reference.person.uuid().as_bytes());
        // Four numbers of a template name a person already. A person's id stands in the log, as text.
        let hexadecimal: String = template[..16].iter().map(|byte| format!("{byte:02x}")).collect();
        for file in &files {
            let is_in = |part: &[u8]| file.windows(part.len()).any(|window| window == part);
            assert!(!is_in(&template[..16]) && !is_in(hexadecimal.as_bytes()), "a template is in clear at the device");
            assert!(!is_in(&person), "whose templates they are is in clear at the device");
            looked += 1;
        }
    }
    assert!(looked > 30, "{looked}");
}

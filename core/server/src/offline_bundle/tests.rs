//! A bundle opens for its terminal, for its time, unchanged, and for nobody else.

use ed25519_dalek::SigningKey;
use tebura_face::{MatchPolicy, Template};
use tebura_hub::ids::{PartyId, PersonId};
use tebura_hub::services::{BundledPerson, OfflineBundle};
use tebura_ledger::Timestamp;

use super::key::BundleKey;
use super::*;
use crate::wire::offline::OfflineBundleBody;

const DIMS: usize = 32;
const MADE_MS: i64 = 1_790_000_000_000;
const HOUR_MS: i64 = 3_600_000;
const PACK: &str = "drawn@1";

fn face(axis: usize, beside: f32) -> Template {
    let mut values = vec![0.01; DIMS];
    values[axis] = 1.0;
    values[DIMS - 1] = beside;
    Template::from_raw(values).unwrap()
}

fn person(number: u128) -> PersonId {
    PersonId::from_uuid(uuid::Uuid::from_u128(number))
}

struct Desk {
    folder: tempfile::TempDir,
    key: BundleKey,
    hub: SigningKey,
}

impl Desk {
    fn open() -> Desk {
        let folder = tempfile::tempdir().unwrap();
        let key = BundleKey::create(&folder.path().join("bundle.pem")).unwrap();
        Desk { folder, key, hub: SigningKey::from_bytes(&[7; 32]) }
    }

    fn bundle(&self) -> OfflineBundle {
        let named = |number: u128, name: &str, template: Template| BundledPerson {
            person: person(number),
            masked_name: name.to_owned(),
            templates: vec![template],
        };
        OfflineBundle {
            id: "0".repeat(32),
            service: "shelter".to_owned(),
            device: PartyId::from_uuid(uuid::Uuid::from_u128(9)),
            recipient: self.key.public(),
            pack: PACK.to_owned(),
            dims: DIMS,
            sandbox: true,
            policy: MatchPolicy::new(0.6, 0.1).unwrap(),
            people: vec![
                named(1, "花＊", face(0, 0.0)),
                named(2, "太＊", face(1, 0.0)),
                named(3, "双＊", face(1, 0.1)),
            ],
            made_at: Timestamp::from_millis(MADE_MS),
            expires_at: Timestamp::from_millis(MADE_MS + 72 * HOUR_MS),
        }
    }

    fn sealed(&self) -> OfflineBundleBody {
        seal(&self.bundle()).unwrap().signed(&self.hub, "audit")
    }

    fn opened(&self, body: &OfflineBundleBody, hours: i64) -> Result<OpenBundle, BundleRefusal> {
        self.opened_with(body, &self.key, PACK, hours)
    }

    fn opened_with(
        &self,
        body: &OfflineBundleBody,
        key: &BundleKey,
        pack: &str,
        hours: i64,
    ) -> Result<OpenBundle, BundleRefusal> {
        let now = Timestamp::from_millis(MADE_MS + hours * HOUR_MS);
        open(body, &Terminal { key, hub: &self.hub.verifying_key(), pack, now })
    }
}

#[test]
fn shel_4_a_bundle_recognises_its_people_and_leaves_who_is_alike_to_the_other_ways() {
    let desk = Desk::open();
    let open = desk.opened(&desk.sealed(), 71).unwrap();
    let now = Timestamp::from_millis(MADE_MS);
    let hanako = Found::Person { person: person(1), masked_name: "花＊".to_owned() };
    assert_eq!(open.find(&face(0, 0.05), now), Ok(hanako));
    assert_eq!(open.find(&face(1, 0.05), now), Ok(Found::Ambiguous));
    assert_eq!(open.find(&face(5, 0.0), now), Ok(Found::Nobody));
    assert_eq!(
        open.find(&face(0, 0.0), now.plus_ms(72 * HOUR_MS)),
        Err(BundleRefusal::Expired),
        "however long it is open"
    );
}

#[test]
fn shel_4_a_bundle_of_another_time_terminal_pack_or_hand_has_its_own_code() {
    let desk = Desk::open();
    let good = desk.sealed();
    let code = |opened: Result<OpenBundle, BundleRefusal>| opened.map(|_| ()).unwrap_err().code();
    assert_eq!(code(desk.opened(&good, 72)), "bundle.expired");
    assert_eq!(code(desk.opened(&good, -1)), "bundle.not_yet");
    let other = BundleKey::create(&desk.folder.path().join("other.pem")).unwrap();
    assert_eq!(code(desk.opened_with(&good, &other, PACK, 1)), "bundle.other_terminal");
    assert_eq!(code(desk.opened_with(&good, &desk.key, "drawn@2", 1)), "bundle.other_pack");

    let longer = OfflineBundleBody { header: good.header.replace("drawn@1", "drawn@2"), ..good.clone() };
    assert_eq!(code(desk.opened(&longer, 1)), "bundle.altered");
    let turned = |text: &str| {
        let mut bytes = decoded(text).unwrap();
        bytes[20] ^= 1;
        encoded(&bytes)
    };
    assert_eq!(
        code(desk.opened(&OfflineBundleBody { sealed: turned(&good.sealed), ..good.clone() }, 1)),
        "bundle.altered"
    );
    let exchanged = OfflineBundleBody { encapsulated: turned(&good.encapsulated), ..good.clone() };
    assert_eq!(code(desk.opened(&exchanged, 1)), "bundle.altered");
    let forged = seal(&desk.bundle()).unwrap().signed(&SigningKey::from_bytes(&[8; 32]), "audit");
    assert_eq!(code(desk.opened(&forged, 1)), "bundle.altered");
    assert_eq!(code(desk.opened(&OfflineBundleBody { header: "{}".to_owned(), ..good }, 1)), "bundle.malformed");
}

#[test]
fn shel_4_a_bundles_templates_fit_neither_the_hub_nor_another_bundle() {
    let desk = Desk::open();
    let (one, other) = (desk.bundle(), desk.bundle());
    let (one, other) =
        (seal(&one).unwrap().signed(&desk.hub, "audit"), seal(&other).unwrap().signed(&desk.hub, "audit"));
    let [one, other] = [one, other].map(|body| desk.opened(&body, 1).unwrap());
    let template = face(0, 0.0);
    let [here, there] = [&one, &other].map(|open| template.turned(&open.rotation).unwrap());
    for (left, right) in [(&here, &template), (&here, &there)] {
        assert!(left.similarity(right).value().abs() < 0.6, "a template of one place fits another");
    }
}

#[test]
fn a_bundles_key_is_kept_as_openssl_writes_it_and_read_back() {
    let desk = Desk::open();
    let path = desk.folder.path().join("bundle.pem");
    assert_eq!(BundleKey::read(&path).unwrap().public(), desk.key.public());
    assert!(BundleKey::create(&path).is_err(), "a key is never overwritten");
    // RFC 7748 §6.1: Alice's private key and what is public of it.
    let alice = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VuBCIEIHcHbQpzGKV9PBbBclGyZkXfTC+H68CZKrF3+6UduSwq\n-----END PRIVATE KEY-----\n";
    std::fs::write(&path, alice).unwrap();
    let public = "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a";
    assert_eq!(hex::encode(&BundleKey::read(&path).unwrap().public()), public);
    std::fs::write(&path, "-----BEGIN NOTHING-----").unwrap();
    assert!(BundleKey::read(&path).is_err());
}

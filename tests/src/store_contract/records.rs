//! Everything that is not money, as it was written.

use tebura_face::Template;
use tebura_hub::exchange::{Exchange, Purpose, Stage};
use tebura_hub::ids::{
    ApiKeyId, CaptureSessionId, GalleryId, InstrumentId, MerchantId, PaymentId, PersonId, ReferenceId, TillId,
};
use tebura_hub::notices::Inbound;
use tebura_hub::payment::{Decided, Decision, Payer, Payment};
use tebura_hub::people::{FaceReference, Instrument, Person};
use tebura_hub::ports::{CommitError, PinRecord, Write};
use tebura_hub::rail::{
    ComponentDigest, Effect, HttpCall, HttpReply, KvWrite, Party, PluginId, RailCommand, RailEvent,
};
use tebura_hub::sites::{ApiKey, Gallery, Merchant, Payee, Scope, Till};
use tebura_ledger::{Floor, HoldId, OperationId, RailId};

use super::ground::{Ground, LATER, NOW, yen};

pub(super) async fn every_stage_of_an_exchange_is_read_back(ground: &Ground) {
    let mut row = exchange(ground, ground.operation_id(1), ground.hold_id(1));
    let call = |effect| HttpCall {
        endpoint: "wallet".to_owned(),
        method: "POST".to_owned(),
        path: "/v1/holds".to_owned(),
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: vec![0, 1, 0xfe, 0xff],
        effect,
        timeout_ms: 2_000,
        stale_after: Some(LATER),
    };
    let reply =
        HttpReply { status: 200, headers: vec![("a".to_owned(), "\"b\"\n".to_owned())], body: vec![0xc3, 0x28] };
    let silence = RailEvent::Silence { maybe_delivered: true, reason: "timeout".to_owned() };
    let headers = vec![("x-signature".to_owned(), "v1".to_owned())];
    let notice = RailEvent::Notice(Inbound { route: "events".to_owned(), headers, body: vec![0xc3, 0x28] });
    let stages = [
        Stage::Outgoing { call: call(Effect::Once), attempts: 0 },
        Stage::Sending { call: call(Effect::Idempotent { key: "k".to_owned() }), attempts: 2 },
        Stage::Sending { call: call(Effect::Read), attempts: 2 },
        Stage::Arrived { event: RailEvent::Reply(reply), failures: 1 },
        Stage::Arrived { event: silence, failures: 0 },
        Stage::Arrived { event: RailEvent::Timer, failures: 0 },
        Stage::Arrived { event: notice, failures: 0 },
        Stage::Waiting,
        Stage::Unknown,
        Stage::Stuck,
        Stage::Finished,
    ];
    let reference = || "ref".to_owned();
    let of = row.operation;
    let commands = [
        RailCommand::Capture { reference: reference(), amount: yen(5), is_final: true },
        RailCommand::Release { reference: reference(), amount: yen(6) },
        RailCommand::Refund { reference: reference(), amount: yen(7) },
        RailCommand::Inquire { of, about: "capture", reference: Some(reference()) },
        RailCommand::Inquire { of, about: "hold", reference: None },
        row.command.clone(),
    ];
    for (revision, stage) in (0..).zip(stages) {
        row.command = commands[usize::try_from(revision).unwrap() % commands.len()].clone();
        row.purpose = if revision == 0 {
            Purpose::Perform
        } else {
            Purpose::Inquire {
                attempt: revision,
                conclusive: revision % 2 == 0,
                waited_ms: i64::from(revision),
                asked_at: NOW,
            }
        };
        row.digest = (revision % 2 == 0).then_some(ComponentDigest([9; 32]));
        row.last_sent_at = (revision % 3 == 0).then_some(NOW);
        row.stage = stage;
        row.revision = revision + 1;
        ground.write(1, vec![Write::Exchange { exchange: row.clone(), expected: revision }]).await.unwrap();
        assert_eq!(ground.store.exchange(row.operation).await.unwrap(), Some(row.clone()));
    }
    for wrong in [0, 3, 99] {
        let write = Write::Exchange { exchange: row.clone(), expected: wrong };
        assert_eq!(ground.write(1, vec![write]).await.unwrap_err(), CommitError::Stale);
    }
}

pub(super) async fn plugin_data_is_put_replaced_and_deleted(ground: &Ground) {
    let put = |plugin: &str, key: &str, value: Option<&[u8]>| Write::Kv {
        plugin: PluginId(plugin.to_owned()),
        write: KvWrite { key: key.to_owned(), value: value.map(<[u8]>::to_vec) },
    };
    let get = async |plugin: &str, key: &str| ground.store.kv(&PluginId(plugin.to_owned()), key).await.unwrap();
    ground
        .write(0, vec![put("a", "k", Some(b"1")), put("b", "k", Some(b"2")), put("a", "e", Some(b""))])
        .await
        .unwrap();
    assert_eq!(get("a", "k").await.as_deref(), Some(b"1".as_slice()));
    assert_eq!(get("b", "k").await.as_deref(), Some(b"2".as_slice()));
    assert_eq!(get("a", "e").await.as_deref(), Some(b"".as_slice()));
    ground.write(3, vec![put("a", "k", Some(b"3")), put("b", "k", None), put("b", "none", None)]).await.unwrap();
    assert_eq!(get("a", "k").await.as_deref(), Some(b"3".as_slice()));
    assert_eq!(get("b", "k").await, None);
    ground.write(0, vec![put("a", "k", None), put("a", "k", Some(b"4"))]).await.unwrap();
    assert_eq!(get("a", "k").await.as_deref(), Some(b"4".as_slice()));
}

pub(super) async fn a_payment_is_written_once(ground: &Ground) {
    let payer = Payer {
        person: PersonId::from_uuid(ground.uuid(1)),
        instrument: InstrumentId::from_uuid(ground.uuid(1)),
        hold: HoldId::from_uuid(ground.uuid(1)),
        place: OperationId::from_uuid(ground.uuid(1)),
        capture: OperationId::from_uuid(ground.uuid(1)),
    };
    for decision in [Decision::Recognised(payer), Decision::Refused { code: "face.not_recognised".to_owned() }] {
        let payment = Payment {
            id: PaymentId::from_uuid(ground.uuid(2)),
            merchant: MerchantId::from_uuid(ground.uuid(2)),
            till: TillId::from_uuid(ground.uuid(2)),
            amount: yen(1_200),
            decision,
            created_at: NOW,
        };
        ground.write(2, vec![Write::Payment(payment.clone())]).await.unwrap();
        assert_eq!(ground.store.payment(payment.id).await.unwrap(), Some(payment.clone()));
        let other = Payment { amount: yen(9), ..payment.clone() };
        assert_eq!(ground.write(2, vec![Write::Payment(other)]).await.unwrap_err(), CommitError::Stale);
        assert_eq!(ground.store.payment(payment.id).await.unwrap(), Some(payment));
    }
}

pub(super) async fn a_tills_decisions_are_counted_by_period(ground: &Ground) {
    let (till, other) = (TillId::from_uuid(ground.uuid(1)), TillId::from_uuid(ground.uuid(1)));
    let made = |shard, till, code: &str, at| Payment {
        id: PaymentId::from_uuid(ground.uuid(shard)),
        merchant: MerchantId::from_uuid(ground.uuid(1)),
        till,
        amount: yen(1_200),
        decision: Decision::Refused { code: code.to_owned() },
        created_at: at,
    };
    let late = NOW.plus_ms(60_000);
    for (shard, till, code, at) in [
        (1, till, "liveness.attack", NOW),
        (2, till, "liveness.attack", late.plus_ms(-1)),
        (2, till, "face.ambiguous", NOW),
        (1, till, "liveness.attack", late),
        (1, till, "liveness.attack", NOW.plus_ms(-1)),
        (1, other, "liveness.attack", NOW),
    ] {
        ground.write(shard, vec![Write::Payment(made(shard, till, code, at))]).await.unwrap();
    }
    let payer = Payer {
        person: PersonId::from_uuid(ground.uuid(1)),
        instrument: InstrumentId::from_uuid(ground.uuid(1)),
        hold: HoldId::from_uuid(ground.uuid(1)),
        place: OperationId::from_uuid(ground.uuid(1)),
        capture: OperationId::from_uuid(ground.uuid(1)),
    };
    let known = Payment { decision: Decision::Recognised(payer), ..made(1, till, "", NOW) };
    ground.write(1, vec![Write::Payment(known)]).await.unwrap();
    let counted = ground.store.decisions(till, NOW, late).await.unwrap();
    let of = |code: Option<&str>| Decided { code: code.map(str::to_owned), worn: Vec::new() };
    assert_eq!(counted, [(of(None), 1), (of(Some("face.ambiguous")), 1), (of(Some("liveness.attack")), 2)].into());
    assert!(ground.store.decisions(till, late, NOW).await.unwrap().is_empty());
}

pub(super) async fn a_person_keeps_name_and_pin_tries(ground: &Ground) {
    let mut person = Person {
        id: PersonId::from_uuid(ground.uuid(1)),
        name: "山田 花子".to_owned(),
        pin_hash: None,
        created_at: NOW,
    };
    let id = person.id;
    ground.write(1, vec![Write::Person(person.clone())]).await.unwrap();
    assert_eq!(ground.store.person(id).await.unwrap(), Some(person.clone()));
    let pin = async || ground.store.pin(id).await.unwrap().unwrap();
    assert_eq!(pin().await, PinRecord { hash: None, failed: 0, locked_until: None });

    let locked = Write::PinTries { person: id, failed: 5, locked_until: Some(LATER) };
    ground.write(1, vec![locked]).await.unwrap();
    person.name = "佐藤 花子".to_owned();
    person.pin_hash = Some("$argon2id$v=19$…".to_owned());
    ground.write(1, vec![Write::Person(person.clone())]).await.unwrap();
    assert_eq!(ground.store.person(id).await.unwrap(), Some(person.clone()));
    assert_eq!(pin().await, PinRecord { hash: person.pin_hash, failed: 5, locked_until: Some(LATER) });
    ground.write(1, vec![Write::PinTries { person: id, failed: 0, locked_until: None }]).await.unwrap();
    assert_eq!(pin().await.failed, 0);
    assert_eq!(pin().await.locked_until, None);
}

pub(super) async fn nobody_enrols_a_stranger(ground: &Ground) {
    let stranger = PersonId::from_uuid(ground.uuid(1));
    let face = Write::FaceReference(reference(ground, stranger, 1));
    let tries = Write::PinTries { person: stranger, failed: 1, locked_until: None };
    for write in [face, tries] {
        let gallery = Gallery { id: GalleryId::from_uuid(ground.uuid(1)), name: "g".to_owned() };
        let refused = ground.write(1, vec![Write::Gallery(gallery.clone()), write]).await.unwrap_err();
        assert!(matches!(refused, CommitError::Rejected { .. }), "{refused:?}");
        assert_eq!(ground.store.gallery(gallery.id).await.unwrap(), None);
    }
    assert!(ground.store.face_references(None, 10).await.unwrap().rows.is_empty());
}

pub(super) async fn templates_are_read_back_page_by_page(ground: &Ground) {
    let mut written = Vec::new();
    for shard in 0..4 {
        let id = PersonId::from_uuid(ground.uuid(shard));
        let person = Person { id, name: "名".to_owned(), pin_hash: None, created_at: NOW };
        let faces: Vec<FaceReference> = (0..3).map(|n| reference(ground, id, u32::from(shard) * 3 + n)).collect();
        let mut writes = vec![Write::Person(person)];
        writes.extend(faces.iter().cloned().map(Write::FaceReference));
        ground.write(shard, writes).await.unwrap();
        written.extend(faces);
    }
    let (mut read, mut after) = (Vec::new(), None);
    loop {
        let page = ground.store.face_references(after, 5).await.unwrap();
        assert!(page.damaged.is_empty());
        read.extend(page.rows);
        match page.last {
            Some(last) => after = Some(last),
            None => break,
        }
    }
    assert_eq!(read.len(), written.len());
    for (read, written) in read.iter().zip(&written) {
        assert_eq!((read.id, read.person, &read.pack), (written.id, written.person, &written.pack));
        assert!(same_template(&read.template, &written.template));
        assert_eq!(read.created_at, written.created_at);
    }
}

pub(super) async fn instruments_belong_to_a_person(ground: &Ground) {
    let [hanako, taro] = [PersonId::from_uuid(ground.uuid(1)), PersonId::from_uuid(ground.uuid(2))];
    let mut instrument = Instrument {
        id: InstrumentId::from_uuid(ground.uuid(1)),
        person: hanako,
        rail: RailId::new("jp.tebura.wallet").unwrap(),
        account: ground.account_id(1),
        token: "tok_1".to_owned(),
        label: "財布".to_owned(),
        is_default: true,
        removed_at: None,
    };
    let other = Instrument { id: InstrumentId::from_uuid(ground.uuid(2)), person: taro, ..instrument.clone() };
    ground.write(1, vec![Write::Instrument(instrument.clone()), Write::Instrument(other.clone())]).await.unwrap();
    instrument.is_default = false;
    let second = Instrument { id: InstrumentId::from_uuid(ground.uuid(1)), is_default: true, ..instrument.clone() };
    ground.write(1, vec![Write::Instrument(instrument.clone()), Write::Instrument(second.clone())]).await.unwrap();
    assert_eq!(ground.store.instruments(hanako).await.unwrap(), [instrument.clone(), second]);
    assert_eq!(ground.store.instruments(taro).await.unwrap(), std::slice::from_ref(&other));
    assert_eq!(ground.store.instrument(instrument.id).await.unwrap(), Some(instrument.clone()));
    // Removed: the row and its end are read together, by itself and among the person's.
    instrument.removed_at = Some(NOW);
    ground.write(1, vec![Write::Instrument(instrument.clone())]).await.unwrap();
    assert_eq!(ground.store.instrument(instrument.id).await.unwrap(), Some(instrument.clone()));
    let removed: Vec<_> =
        ground.store.instruments(hanako).await.unwrap().into_iter().map(|row| row.removed_at).collect();
    assert_eq!(removed, [instrument.removed_at, None]);
}

pub(super) async fn merchants_tills_and_payees_are_read_back(ground: &Ground) {
    let mut merchant =
        Merchant { id: MerchantId::from_uuid(ground.uuid(0)), name: "市役所".to_owned(), sandbox: true };
    let mut till = Till {
        id: TillId::from_uuid(ground.uuid(0)),
        merchant: merchant.id,
        name: "窓口 1".to_owned(),
        gallery: GalleryId::from_uuid(ground.uuid(0)),
        pin_above: 5_000,
        max_amount: 50_000,
    };
    let payee = |rail: &str, account| Payee {
        merchant: merchant.id,
        rail: RailId::new(rail).unwrap(),
        account,
        token: format!("at-{rail}"),
    };
    let accounts = [ground.open(0, Floor::Unlimited).await, ground.open(3, Floor::Unlimited).await];
    let payees = [payee("house", accounts[0]), payee("jp.tebura.wallet", accounts[1])];
    let mut writes = vec![Write::Merchant(merchant.clone()), Write::Till(till.clone())];
    writes.extend(payees.iter().cloned().map(Write::Payee));
    ground.write(0, writes).await.unwrap();
    assert_eq!(ground.store.merchant(merchant.id).await.unwrap(), Some(merchant.clone()));
    assert_eq!(ground.store.till(till.id).await.unwrap(), Some(till.clone()));
    assert_eq!(ground.store.payees(merchant.id).await.unwrap(), payees);
    for account in accounts {
        assert_eq!(ground.store.merchant_of_account(account).await.unwrap(), Some(merchant.id));
    }
    let moved = payee("house", ground.open(0, Floor::Unlimited).await);
    merchant.name = "区役所".to_owned();
    till.pin_above = 0;
    let writes = vec![Write::Merchant(merchant.clone()), Write::Till(till.clone()), Write::Payee(moved.clone())];
    ground.write(0, writes).await.unwrap();
    assert_eq!(ground.store.merchant(merchant.id).await.unwrap(), Some(merchant.clone()));
    assert_eq!(ground.store.till(till.id).await.unwrap(), Some(till));
    assert_eq!(ground.store.payees(merchant.id).await.unwrap(), [moved, payees[1].clone()]);
    assert_eq!(ground.store.merchant_of_account(accounts[0]).await.unwrap(), None);
}

pub(super) async fn galleries_take_and_lose_members(ground: &Ground) {
    let gallery = Gallery { id: GalleryId::from_uuid(ground.uuid(0)), name: "会員".to_owned() };
    let people = [PersonId::from_uuid(ground.uuid(1)), PersonId::from_uuid(ground.uuid(2))];
    let member = |person, present| Write::GalleryMember { gallery: gallery.id, person, present };
    let both = vec![Write::Gallery(gallery.clone()), member(people[0], true), member(people[1], true)];
    ground.write(0, both).await.unwrap();
    ground.write(0, vec![member(people[0], true)]).await.unwrap();
    assert_eq!(ground.store.gallery(gallery.id).await.unwrap(), Some(gallery.clone()));
    let expected = people.map(|person| (gallery.id, person));
    assert_eq!(ground.store.gallery_members().await.unwrap(), expected);
    ground.write(0, vec![member(people[0], false), member(people[0], false)]).await.unwrap();
    assert_eq!(ground.store.gallery_members().await.unwrap(), expected[1..]);
}

pub(super) async fn api_keys_are_read_back_and_revoked(ground: &Ground) {
    let mut key = ApiKey {
        id: ApiKeyId::from_uuid(ground.uuid(0)),
        secret_sha256: [3; 32],
        merchant: Some(MerchantId::from_uuid(ground.uuid(0))),
        till: Some(TillId::from_uuid(ground.uuid(0))),
        scopes: Scope::ALL.to_vec(),
        revoked_at: None,
    };
    let operator = ApiKey {
        id: ApiKeyId::from_uuid(ground.uuid(1)),
        merchant: None,
        till: None,
        scopes: vec![Scope::Admin],
        ..key.clone()
    };
    ground.write(0, vec![Write::ApiKey(key.clone()), Write::ApiKey(operator.clone())]).await.unwrap();
    assert_eq!(ground.store.api_key(key.id).await.unwrap(), Some(key.clone()));
    assert_eq!(ground.store.api_key(operator.id).await.unwrap(), Some(operator));
    key.revoked_at = Some(LATER);
    key.scopes = vec![];
    ground.write(0, vec![Write::ApiKey(key.clone())]).await.unwrap();
    assert_eq!(ground.store.api_key(key.id).await.unwrap(), Some(key));
}

pub(super) async fn what_is_not_there_is_not_found(ground: &Ground) {
    let store = &ground.store;
    let id = ground.uuid(1);
    assert_eq!(store.account(ground.account_id(1)).await.unwrap(), None);
    assert_eq!(store.hold(HoldId::from_uuid(id)).await.unwrap(), None);
    assert_eq!(store.operation(OperationId::from_uuid(id)).await.unwrap(), None);
    assert!(store.operations_of(HoldId::from_uuid(id)).await.unwrap().is_empty());
    assert_eq!(store.exchange(OperationId::from_uuid(id)).await.unwrap(), None);
    assert_eq!(store.payment(PaymentId::from_uuid(id)).await.unwrap(), None);
    assert_eq!(store.person(PersonId::from_uuid(id)).await.unwrap(), None);
    assert_eq!(store.pin(PersonId::from_uuid(id)).await.unwrap(), None);
    assert!(store.instruments(PersonId::from_uuid(id)).await.unwrap().is_empty());
    assert_eq!(store.instrument(InstrumentId::from_uuid(id)).await.unwrap(), None);
    assert_eq!(store.capture_session(CaptureSessionId::from_uuid(id)).await.unwrap(), None);
    assert_eq!(store.merchant(MerchantId::from_uuid(id)).await.unwrap(), None);
    assert_eq!(store.merchant_of_account(ground.account_id(1)).await.unwrap(), None);
    assert!(store.payees(MerchantId::from_uuid(id)).await.unwrap().is_empty());
    assert_eq!(store.till(TillId::from_uuid(id)).await.unwrap(), None);
    assert_eq!(store.gallery(GalleryId::from_uuid(id)).await.unwrap(), None);
    assert!(store.gallery_members().await.unwrap().is_empty());
    assert_eq!(store.api_key(ApiKeyId::from_uuid(id)).await.unwrap(), None);
    assert_eq!(store.claimed_key("a", "b").await.unwrap(), None);
    assert_eq!(store.kv(&PluginId("a".to_owned()), "b").await.unwrap(), None);
    assert!(store.due_holds(LATER, 10).await.unwrap().is_empty());
    assert!(store.due_exchanges(LATER, 10).await.unwrap().is_empty());
}

/// An exchange that asks a rail for a hold and waits.
pub(super) fn exchange(ground: &Ground, operation: OperationId, hold: HoldId) -> Exchange {
    let party = |kind: &str| Party { kind: kind.to_owned(), token: format!("tok-{}", ground.uuid(0)) };
    let command =
        RailCommand::Hold { payer: party("wallet"), payee: party("merchant"), amount: yen(100), expires: LATER };
    Exchange {
        operation,
        hold,
        rail: RailId::new("jp.tebura.wallet").unwrap(),
        digest: None,
        command,
        purpose: Purpose::Perform,
        stage: Stage::Waiting,
        state: vec![1, 2, 0, 255],
        ordinal: 1,
        due_at: NOW,
        last_sent_at: None,
        revision: 1,
    }
}

/// Whether two templates are one, but for the rounding of being turned and turned back.
pub(super) fn same_template(one: &Template, other: &Template) -> bool {
    one.dims() == other.dims() && one.values().iter().zip(other.values()).all(|(one, other)| (one - other).abs() < 1e-5)
}

/// A template that no other seed gives.
pub(super) fn template(seed: u32) -> Template {
    let number = |index: u32| {
        let bits = (index + 1).wrapping_mul(0x9E37_79B9).wrapping_add(seed.wrapping_mul(0x85EB_CA6B)) >> 8;
        (bits as f32) / 8_388_608.0 - 1.0
    };
    Template::from_raw((0..128).map(number).collect()).unwrap()
}

fn reference(ground: &Ground, person: PersonId, seed: u32) -> FaceReference {
    FaceReference {
        id: ReferenceId::from_uuid(ground.uuid(person.shard().number())),
        person,
        pack: "drawn-demo@1.0.0".to_owned(),
        template: template(seed),
        created_at: NOW,
    }
}

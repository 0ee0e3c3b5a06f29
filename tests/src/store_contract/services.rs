//! Requests to services: read back as written, moved on by one writer, found when due and by their holds; and the count that
//! keeps an instance's own keys from being written twice at once.

use std::collections::BTreeMap;
use tebura_hub::ids::{InstrumentId, MerchantId, PersonId, ServiceRequestId};
use tebura_hub::people::Person;

use tebura_hub::ids::ApiKeyId;
use tebura_hub::ports::{Caller, CommitError, Page, Write};
use tebura_hub::rail::{Effect, Fault, HttpCall, HttpReply, KvWrite, PluginId, RailEvent};
use tebura_hub::services::{
    Asked, Claim, ClaimSource, Consent, CountedAsk, Happened, LedgerStep, Noted, OwnHold, Progress, Receipt,
    ServiceCounts, ServiceEvent, ServiceRequest, ServiceSet, ServiceWrite, Stage,
};
use tebura_hub::sites::Payee;
use tebura_ledger::{AccountId, Currency, Event, EventKind, HoldId, Money, RailId, Timestamp};

use super::ground::{Ground, LATER, NOW};

fn yen(minor: i64) -> Money {
    Money::new(minor, Currency::JPY)
}

async fn somebody(ground: &Ground) -> PersonId {
    let id = PersonId::from_uuid(ground.uuid(1));
    let person = Person { id, name: "山田 花子".to_owned(), pin_hash: None, created_at: NOW };
    ground.write(1, vec![Write::Person(person)]).await.unwrap();
    id
}

fn request(ground: &Ground, person: Option<PersonId>, stage: Stage, due_at: Option<Timestamp>) -> ServiceRequest {
    let noted = |happened| Noted { at: NOW, happened };
    ServiceRequest {
        id: ServiceRequestId::from_uuid(ground.uuid(2)),
        service: "north".to_owned(),
        merchant: MerchantId::from_uuid(ground.uuid(0)),
        asked: Asked {
            action: "enter".to_owned(),
            input: "{\"大人\":1}".to_owned(),
            person,
            instrument: person.map(|_| InstrumentId::from_uuid(ground.uuid(1))),
            recognised_by: vec!["qr".to_owned(), "face".to_owned()],
            claims: vec![Claim {
                name: "residence".to_owned(),
                value: "17206".to_owned(),
                source: ClaimSource::Attested,
            }],
            at: NOW,
            happened_at: person.map(|_| NOW.plus_ms(-60_000)),
        },
        progress: Progress {
            stage,
            state: vec![0, 255, 7],
            ordinal: 3,
            left: true,
            output: Some("{}".to_owned()),
            consents: vec![Consent { up_to: yen(900), with_pin: true, at: NOW }],
            holds: vec![OwnHold { hold: HoldId::from_uuid(ground.uuid(2)), amount: yen(900) }],
            noted: vec![
                noted(Happened::Consented { up_to: yen(900), with_pin: true }),
                noted(Happened::Moved { what: "hold".to_owned(), id: "hold_1".to_owned(), amount: yen(900) }),
                noted(Happened::NotMoved { what: "capture".to_owned(), code: "hold.expired".to_owned() }),
                noted(Happened::Told { topic: "entered".to_owned(), body: "{\"n\":1}".to_owned() }),
                noted(Happened::Message { name: "leave".to_owned() }),
                noted(Happened::Admitted { gallery: "today".to_owned(), present: false }),
                noted(Happened::Degraded { code: "plugin.stopped".to_owned() }),
            ],
        },
        due_at,
        revision: 1,
    }
}

async fn put(ground: &Ground, request: &ServiceRequest, expected: u32) -> Result<(), CommitError> {
    let request = Box::new(request.clone());
    ground.write(2, vec![Write::Service(ServiceWrite::Request { request, expected })]).await
}

fn stages() -> Vec<Stage> {
    let fault = || Fault { code: "park.closed".to_owned(), message: "閉園".to_owned() };
    let call = || HttpCall {
        endpoint: "terminal".to_owned(),
        method: "POST".to_owned(),
        path: "/visits".to_owned(),
        headers: vec![("accept".to_owned(), "application/json".to_owned())],
        body: vec![1, 2, 255],
        effect: Effect::Idempotent { key: "k".to_owned() },
        timeout_ms: 900,
        stale_after: Some(LATER),
    };
    let hold =
        LedgerStep::Hold { payee: "facility".to_owned(), amount: yen(5), memo: "入場料".to_owned(), expires: LATER };
    let capture = LedgerStep::Capture { hold: "hold_1".to_owned(), amount: yen(5), is_final: true };
    let refund = LedgerStep::Refund { capture: "op_1".to_owned(), amount: yen(5) };
    let release = LedgerStep::Release { hold: "hold_1".to_owned() };
    let reply = RailEvent::Reply(HttpReply { status: 201, headers: vec![], body: vec![0, 200] });
    let arrived = |event| Stage::Arrived { event: Some(event), failures: 1 };
    vec![
        Stage::Arrived { event: None, failures: 0 },
        arrived(ServiceEvent::Far(reply)),
        arrived(ServiceEvent::Far(RailEvent::Timer)),
        arrived(ServiceEvent::Message { name: "leave".to_owned(), input: "{}".to_owned() }),
        arrived(ServiceEvent::Moved(Receipt { id: "op_1".to_owned(), amount: yen(0) })),
        arrived(ServiceEvent::NotMoved(fault())),
        Stage::Outgoing { call: call(), attempts: 2 },
        Stage::Sending { call: call(), attempts: 3 },
        Stage::AwaitingConsent { step: hold },
        Stage::Moving { step: capture, tries: 4 },
        Stage::Moving { step: refund, tries: 0 },
        Stage::Moving { step: release, tries: 1 },
        Stage::Waiting,
        Stage::GivingBack { fault: fault(), tries: 1, declined: 2 },
        Stage::Done,
        Stage::Failed { fault: fault() },
    ]
}

pub(super) async fn a_request_is_read_back_at_every_stage(ground: &Ground) {
    let person = somebody(ground).await;
    for (nth, stage) in stages().into_iter().enumerate() {
        let row = request(ground, (nth % 2 == 0).then_some(person), stage, Some(LATER));
        put(ground, &row, 0).await.unwrap();
        assert_eq!(ground.store.service_request(row.id).await.unwrap().as_ref(), Some(&row));
        let hold = row.progress.holds[0].hold;
        assert_eq!(ground.store.service_of_hold(hold).await.unwrap(), Some(row.id));
    }
    let missing = ServiceRequestId::from_uuid(ground.uuid(2));
    assert_eq!(ground.store.service_request(missing).await.unwrap(), None);
    assert_eq!(ground.store.service_of_hold(HoldId::from_uuid(ground.uuid(2))).await.unwrap(), None);
}

pub(super) async fn of_two_writers_one_moves_a_request_on(ground: &Ground) {
    let row = request(ground, None, Stage::Waiting, Some(LATER));
    put(ground, &row, 0).await.unwrap();
    assert!(matches!(put(ground, &row, 0).await, Err(CommitError::Stale)), "it exists already");
    let ended = |ordinal| ServiceRequest {
        progress: Progress { stage: Stage::Done, ordinal, ..row.progress.clone() },
        due_at: None,
        revision: 2,
        ..row.clone()
    };
    let (one, other) = (ended(7), ended(8));
    let both = tokio::join!(put(ground, &one, 1), put(ground, &other, 1));
    let stored = ground.store.service_request(row.id).await.unwrap().unwrap();
    match both {
        (Ok(()), Err(CommitError::Stale)) => assert_eq!(stored, one),
        (Err(CommitError::Stale), Ok(())) => assert_eq!(stored, other),
        both => panic!("{both:?}"),
    }
}

pub(super) async fn of_two_writers_one_writes_the_keys_of_a_service(ground: &Ground) {
    let service = format!("park-{}", ground.uuid(0).as_simple());
    let plugin = PluginId(format!("jp.example.park#{service}"));
    let write = |expected, value: &str| {
        let value = KvWrite { key: "count".to_owned(), value: Some(value.as_bytes().to_vec()) };
        let keys = ServiceWrite::Keys { service: service.clone(), expected };
        ground.write(2, vec![Write::Kv { plugin: plugin.clone(), write: value }, Write::Service(keys)])
    };
    assert_eq!(ground.store.service_revision(&service).await.unwrap(), 0);
    write(0, "1").await.unwrap();
    assert_eq!(ground.store.service_revision(&service).await.unwrap(), 1);
    let both = tokio::join!(write(1, "2"), write(1, "3"));
    let stored = ground.store.kv(&plugin, "count").await.unwrap();
    match both {
        (Ok(()), Err(CommitError::Stale)) => assert_eq!(stored.as_deref(), Some(b"2".as_slice())),
        (Err(CommitError::Stale), Ok(())) => assert_eq!(stored.as_deref(), Some(b"3".as_slice())),
        both => panic!("{both:?}"),
    }
    assert_eq!(ground.store.service_revision(&service).await.unwrap(), 2);
}

pub(super) async fn requests_are_found_when_they_are_due(ground: &Ground) {
    let at = |ms| Some(Timestamp::from_millis(ms));
    let rows = [
        request(ground, None, Stage::Waiting, at(5_000)),
        request(ground, None, Stage::Waiting, at(4_000)),
        request(ground, None, Stage::Done, None),
    ];
    for row in &rows {
        put(ground, row, 0).await.unwrap();
    }
    let due = async |now, limit| ground.store.due_service_requests(Timestamp::from_millis(now), limit).await.unwrap();
    assert_eq!(due(3_999, 10).await, []);
    assert_eq!(due(4_500, 10).await, [rows[1].id]);
    assert_eq!(due(9_000, 10).await, [rows[1].id, rows[0].id]);
    assert_eq!(due(9_000, 1).await, [rows[1].id]);
}

pub(super) async fn requests_of_a_service_come_in_pages_and_are_forgotten_as_they_were_read(ground: &Ground) {
    let service = format!("park-{}", ground.uuid(0).as_simple());
    let own = |row: ServiceRequest| ServiceRequest { service: service.clone(), ..row };
    let rows: Vec<ServiceRequest> = (0..3).map(|_| own(request(ground, None, Stage::Done, None))).collect();
    for row in &rows {
        put(ground, row, 0).await.unwrap();
    }
    put(ground, &request(ground, None, Stage::Done, None), 0).await.unwrap();
    let page = async |after, limit| ground.store.requests_of_service(&service, Page { after, limit }).await.unwrap();
    assert_eq!(page(None, 2).await, [rows[0].id, rows[1].id]);
    assert_eq!(page(Some(rows[1].id), 2).await, [rows[2].id]);
    let forget = async |expected| {
        let write = ServiceWrite::Forget { request: rows[0].id, expected };
        ground.write(2, vec![Write::Service(write)]).await
    };
    assert!(matches!(forget(7).await, Err(CommitError::Stale)), "it moved on");
    forget(1).await.unwrap();
    assert_eq!(ground.store.service_request(rows[0].id).await.unwrap(), None);
    assert_eq!(ground.store.service_of_hold(rows[0].progress.holds[0].hold).await.unwrap(), None);
    assert_eq!(page(None, 9).await, [rows[1].id, rows[2].id]);
    assert!(matches!(forget(1).await, Err(CommitError::Stale)), "once");
}

pub(super) async fn what_is_asked_is_counted_by_terminal_and_period(ground: &Ground) {
    let service = format!("counted {}", ground.uuid(0));
    let asked = |terminal: &str, code: Option<&str>, at| CountedAsk {
        id: ground.uuid(2),
        service: service.clone(),
        terminal: terminal.to_owned(),
        code: code.map(str::to_owned),
        at,
    };
    let (served, late) = (asked("east", None, NOW), asked("east", None, LATER));
    let others = [asked("east", Some("liveness.attack"), NOW), asked("west", Some("liveness.attack"), NOW)];
    for row in others.iter().chain([&served, &late, &asked("west", None, NOW)]) {
        ground.write(2, vec![Write::Service(ServiceWrite::Count(row.clone()))]).await.unwrap();
    }
    let ended = ServiceWrite::CountRefused { id: served.id, code: "hold.expired".to_owned() };
    ground.write(2, vec![Write::Service(ended)]).await.unwrap();
    let row = |terminal: &str, code: Option<&str>| ((terminal.to_owned(), code.map(str::to_owned)), 1);
    let counted = ground.store.service_counts(&service, NOW, LATER).await.unwrap();
    let expected = [
        row("east", Some("hold.expired")),
        row("east", Some("liveness.attack")),
        row("west", None),
        row("west", Some("liveness.attack")),
    ];
    assert_eq!(counted, ServiceCounts::from(expected), "the period's end does not count");
    assert!(ground.store.service_counts("another", NOW, LATER).await.unwrap().is_empty());
}

pub(super) async fn of_two_writers_one_writes_the_next_version_of_what_is_configured(ground: &Ground) {
    let before = ground.store.service_set_version().await.unwrap();
    let set = |version: u32, note: &str| ServiceSet {
        version,
        files: BTreeMap::from([("north".to_owned(), "plugin = \"x\" # 公園\n".to_owned())]),
        note: note.to_owned(),
        restores: version.checked_sub(2).filter(|earlier| *earlier > 0),
        by: ApiKeyId::from_uuid(ground.uuid(0)),
        at: NOW,
    };
    let put = async |set: &ServiceSet| {
        let write = Write::Service(ServiceWrite::Set(Box::new(set.clone())));
        ground.write(0, vec![write]).await
    };
    assert!(matches!(put(&set(before + 2, "a gap")).await, Err(CommitError::Stale)));
    let (one, other) = (set(before + 1, "one"), set(before + 1, "other"));
    let both = tokio::join!(put(&one), put(&other));
    let stored = ground.store.service_set(before + 1).await.unwrap();
    match both {
        (Ok(()), Err(CommitError::Stale)) => assert_eq!(stored.as_ref(), Some(&one)),
        (Err(CommitError::Stale), Ok(())) => assert_eq!(stored.as_ref(), Some(&other)),
        both => panic!("{both:?}"),
    }
    let next = set(before + 2, "next");
    put(&next).await.unwrap();
    assert_eq!(ground.store.service_set_version().await.unwrap(), before + 2);
    let newest = ground.store.service_sets(1).await.unwrap();
    assert_eq!(newest, std::slice::from_ref(&next));
    assert!(matches!(put(&set(before + 1, "late")).await, Err(CommitError::Stale)));
    assert_eq!(ground.store.service_set(before + 9).await.unwrap(), None);
}

pub(super) async fn what_happened_to_a_request_is_an_event_of_its_merchant(ground: &Ground) {
    let (merchant, account) = (MerchantId::from_uuid(ground.uuid(0)), AccountId::from_uuid(ground.uuid(0)));
    let payee = Payee { merchant, rail: RailId::new("house").unwrap(), account, token: "park-1".to_owned() };
    let request = ServiceRequestId::from_uuid(ground.uuid(2));
    let event = Event {
        kind: EventKind::ServiceRequestDone,
        hold: None,
        operation: None,
        payer: None,
        payee: Some(account),
        request: Some(request),
        amount: None,
        hold_version: None,
        status: None,
        at: NOW,
    };
    ground.write(2, vec![Write::Payee(payee), Write::Event(event.clone())]).await.unwrap();
    let seen = ground.store.events(&Caller::Merchant(merchant), &[], 9).await.unwrap();
    let [stored] = seen.as_slice() else { panic!("{seen:?}") };
    assert_eq!(stored.event, event);
    let again = ground.store.event(stored.shard, stored.seq).await.unwrap();
    assert_eq!(again.map(|stored| stored.event), Some(event));
}

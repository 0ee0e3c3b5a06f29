//! Webhooks under receivers that fail, hang back, go away for days, and hubs that die between send and commit.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use tebura_ledger::{AtDeadline, Currency, EventKind, Finality, HoldId, RailId, Shard, Timestamp};

use super::cut_off::dying_store::{Death, DyingStore};
use super::world::{FarEnd, JumpingClock, clock, hub_on, key, yen};
use crate::capture_hold::{CaptureHold, OverCapture};
use crate::create_hold::CreateHold;
use crate::ids::{InstrumentId, MerchantId, WebhookEndpointId};
use crate::memory::MemoryStore;
use crate::ports::{Caller, Store, StoredEvent};
use crate::set_up::NewInstrument;
use crate::webhooks::{
    Attempt, GIVE_UP_AFTER_MS, MAX_ENDPOINTS, MAX_OVERLAP_MS, MAX_WAITING, NewEndpoint, Round, WebhookEndpoint,
    WebhookError, WebhookSender,
};
use crate::{HOUSE, Hub};

type Place = (Shard, u64);
type Rule = Box<dyn Fn(&StoredEvent, u32) -> bool + Send + Sync>;

/// Takes what its rule lets through: given the event and how often it was tried before.
struct Receiver {
    rule: Mutex<Rule>,
    tries: Mutex<BTreeMap<Place, u32>>,
    taken: Mutex<Vec<StoredEvent>>,
}

impl Receiver {
    fn new(rule: impl Fn(&StoredEvent, u32) -> bool + Send + Sync + 'static) -> Arc<Receiver> {
        Arc::new(Receiver { rule: Mutex::new(Box::new(rule)), tries: Mutex::default(), taken: Mutex::default() })
    }

    fn obey(&self, rule: impl Fn(&StoredEvent, u32) -> bool + Send + Sync + 'static) {
        *self.rule.lock().unwrap() = Box::new(rule);
    }

    fn taken(&self) -> Vec<Place> {
        self.taken.lock().unwrap().iter().map(|event| (event.shard, event.seq)).collect()
    }

    fn of_hold(&self, hold: HoldId) -> Vec<&'static str> {
        let taken = self.taken.lock().unwrap();
        taken.iter().filter(|event| event.event.hold == Some(hold)).map(|event| event.event.kind.name()).collect()
    }

    /// Every hold's events came in the order in which they happened.
    fn check_order(&self) {
        let mut last: BTreeMap<HoldId, u64> = BTreeMap::new();
        for event in self.taken.lock().unwrap().iter() {
            if let Some(hold) = event.event.hold {
                let before = last.insert(hold, event.seq).unwrap_or(0);
                assert!(before < event.seq, "{hold}: {} came after {before}", event.seq);
            }
        }
    }
}

#[async_trait]
impl WebhookSender for Receiver {
    async fn send(&self, _: &WebhookEndpoint, event: &StoredEvent, _: Timestamp) -> Attempt {
        let before = {
            let mut tries = self.tries.lock().unwrap();
            let tries = tries.entry((event.shard, event.seq)).or_default();
            *tries += 1;
            *tries - 1
        };
        // Others go on while this one is under way.
        tokio::task::yield_now().await;
        if self.rule.lock().unwrap()(event, before) {
            self.taken.lock().unwrap().push(event.clone());
            return Attempt::Taken;
        }
        Attempt::NotTaken { reason: "it answered 500".to_owned() }
    }
}

struct Shop {
    hub: Arc<Hub>,
    store: Arc<MemoryStore>,
    clock: Arc<JumpingClock>,
    merchant: MerchantId,
    payer: InstrumentId,
    holds: u32,
}

impl Shop {
    async fn open() -> Shop {
        let (store, clock) = (Arc::new(MemoryStore::new(3)), clock());
        let hub = Arc::new(hub_on(store.clone(), Arc::new(FarEnd::with_balance(0)), clock.clone(), false));
        let merchant = hub.create_merchant(key("m"), "朝市", true, Currency::JPY).await.unwrap().row.id;
        let person = hub.register_person(key("p"), "山田 花子", None).await.unwrap().row.id;
        let instrument = NewInstrument {
            person,
            rail: RailId::new(HOUSE).unwrap(),
            token: None,
            label: "points".to_owned(),
            is_default: true,
            currency: Currency::JPY,
        };
        let payer = hub.add_instrument(key("i"), instrument).await.unwrap().row;
        let issuer = hub.open_issuer(key("o"), Currency::JPY).await.unwrap();
        hub.fund(key("f"), issuer, payer.account, yen(1_000_000)).await.unwrap();
        Shop { hub, store, clock, merchant, payer: payer.id, holds: 0 }
    }

    async fn register(&self, word: &str, kinds: &[EventKind]) -> WebhookEndpoint {
        let new = NewEndpoint {
            merchant: self.merchant,
            url: format!("https://shop.example.jp/{word}"),
            kinds: kinds.to_vec(),
            asymmetric: word.starts_with("asymmetric"),
        };
        self.hub.register_webhook(key(&format!("register {word}")), new).await.unwrap().row
    }

    /// A hold of 100 yen that is captured at once.
    async fn sell(&mut self) -> HoldId {
        self.holds += 1;
        let word = self.holds.to_string();
        let place = CreateHold {
            payer: self.payer,
            merchant: self.merchant,
            amount: yen(100),
            cap: None,
            expires_in_ms: 3_600_000,
            at_deadline: AtDeadline::Release,
        };
        let hold = self.hub.create_hold(key(&format!("place {word}")), place).await.unwrap().hold.id();
        let caller = Caller::Merchant(self.merchant);
        let capture = CaptureHold {
            caller,
            hold,
            amount: None,
            finality: Finality::Final,
            split: Vec::new(),
            over: OverCapture::Refuse,
            expected_version: None,
        };
        self.hub.capture_hold(key(&format!("capture {word}")), capture).await.unwrap();
        hold
    }

    async fn round(&self, receiver: &Arc<Receiver>, id: WebhookEndpointId) -> Round {
        let sender: Arc<dyn WebhookSender> = receiver.clone();
        self.hub.webhook_round(&sender, id).await.unwrap()
    }

    /// Rounds, each when something is due, until nothing is, or until the time is over.
    async fn rounds_for(&self, receiver: &Arc<Receiver>, id: WebhookEndpointId, ms: i64) -> Round {
        let until = self.hub.now().plus_ms(ms);
        let mut sum = Round::default();
        loop {
            let round = self.round(receiver, id).await;
            sum.taken += round.taken;
            sum.failed += round.failed;
            sum.given_up += round.given_up;
            sum.next = round.next;
            match round.next {
                Some(next) if until < next => return sum,
                Some(next) => self.clock.jump_ms(next.since_ms(self.hub.now()).max(0)),
                None if round.taken == 0 => return sum,
                None => {}
            }
        }
    }

    /// Places of every event that the merchant may see and that came after an endpoint was registered.
    async fn log(&self, since: &[(Shard, u64)]) -> BTreeSet<Place> {
        let events = self.store.events(&Caller::Merchant(self.merchant), since, u16::MAX).await.unwrap();
        events.iter().map(|event| (event.shard, event.seq)).collect()
    }

    async fn heads(&self) -> Vec<(Shard, u64)> {
        self.store.event_heads().await.unwrap()
    }
}

const DAY: i64 = GIVE_UP_AFTER_MS;

#[tokio::test]
async fn an_endpoint_gets_what_happens_after_it_was_registered() {
    let mut shop = Shop::open().await;
    shop.sell().await;
    let since = shop.heads().await;
    let all = shop.register("all", &[]).await;
    let settled = shop.register("settled", &[EventKind::CaptureSettled]).await;
    let (first, second) = (shop.sell().await, shop.sell().await);
    let (to_all, to_settled) = (Receiver::new(|_, _| true), Receiver::new(|_, _| true));
    shop.round(&to_all, all.id).await;
    shop.round(&to_settled, settled.id).await;
    assert_eq!(to_all.taken().into_iter().collect::<BTreeSet<_>>(), shop.log(&since).await);
    let whole = ["hold.placed", "hold.held", "capture.sent", "capture.settled", "hold.ended"];
    assert_eq!(to_all.of_hold(first), whole);
    assert_eq!(to_settled.of_hold(second), ["capture.settled"]);
    assert_eq!(shop.round(&to_all, all.id).await, Round::default());
    assert_eq!(to_settled.taken().len(), 2);
}

#[tokio::test]
async fn other_merchants_events_stay_theirs() {
    let mut shop = Shop::open().await;
    let stranger = shop.hub.create_merchant(key("stranger"), "夜市", true, Currency::JPY).await.unwrap().row.id;
    let new = NewEndpoint {
        merchant: stranger,
        url: "https://other.example.jp".to_owned(),
        kinds: vec![],
        asymmetric: false,
    };
    let endpoint = shop.hub.register_webhook(key("register stranger"), new).await.unwrap().row;
    shop.sell().await;
    let receiver = Receiver::new(|_, _| true);
    assert_eq!(shop.round(&receiver, endpoint.id).await, Round::default());
    assert!(receiver.taken().is_empty());
    let caller = Caller::Merchant(shop.merchant);
    let not_found = Err(WebhookError::NotFound(endpoint.id));
    assert_eq!(shop.hub.webhook(&caller, endpoint.id).await, not_found);
    assert_eq!(shop.hub.remove_webhook(&caller, endpoint.id).await, Err(WebhookError::NotFound(endpoint.id)));
    let foreign = shop.heads().await;
    let replayed = shop.hub.replay_webhook(&Caller::Merchant(stranger), key("r"), endpoint.id, &foreign[..1]).await;
    assert!(matches!(replayed, Err(WebhookError::EventNotFound(_))), "{replayed:?}");
}

#[tokio::test]
async fn whatever_fails_everything_arrives_once_and_in_order() {
    for seed in 0..40_u64 {
        let mut shop = Shop::open().await;
        let since = shop.heads().await;
        let endpoint = shop.register("flaky", &[]).await;
        let receiver = Receiver::new(move |event, tries| {
            let mix = (seed ^ (event.seq * 31 + u64::from(tries))).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 61;
            mix < 5 || tries >= 6
        });
        for _ in 0..12 {
            shop.sell().await;
            shop.round(&receiver, endpoint.id).await;
        }
        shop.rounds_for(&receiver, endpoint.id, DAY).await;
        let taken = receiver.taken();
        assert_eq!(taken.len(), taken.iter().collect::<BTreeSet<_>>().len(), "seed {seed}: nothing came twice");
        assert_eq!(taken.into_iter().collect::<BTreeSet<_>>(), shop.log(&since).await, "seed {seed}");
        receiver.check_order();
    }
}

#[tokio::test]
async fn one_bad_event_holds_up_its_own_hold_for_a_day_and_nobody_else() {
    let mut shop = Shop::open().await;
    let endpoint = shop.register("poison", &[]).await;
    let (bad, good) = (shop.sell().await, shop.sell().await);
    let poison =
        move |event: &StoredEvent, _| !(event.event.hold == Some(bad) && event.event.kind == EventKind::CaptureSettled);
    let receiver = Receiver::new(poison);
    shop.round(&receiver, endpoint.id).await;
    assert_eq!(receiver.of_hold(good).len(), 5);
    assert_eq!(receiver.of_hold(bad), ["hold.placed", "hold.held", "capture.sent"]);
    let later = shop.sell().await;
    shop.round(&receiver, endpoint.id).await;
    assert_eq!(receiver.of_hold(later).len(), 5);

    let rounds = shop.rounds_for(&receiver, endpoint.id, 2 * DAY).await;
    assert_eq!((rounds.given_up, rounds.next), (1, None));
    assert!((10..20).contains(&rounds.failed), "{} attempts in a day", rounds.failed);
    assert_eq!(receiver.of_hold(bad).last(), Some(&"hold.ended"), "what came after a dead letter still comes");

    let caller = Caller::Merchant(shop.merchant);
    let letters = shop.hub.dead_letters(&caller, endpoint.id).await.unwrap();
    let [(letter, event)] = letters.as_slice() else { panic!("{letters:?}") };
    assert_eq!((event.event.hold, event.event.kind), (Some(bad), EventKind::CaptureSettled));
    assert_eq!(letter.last.as_deref(), Some("it answered 500"));

    receiver.obey(|_, _| true);
    let replayed = shop.hub.replay_webhook(&caller, key("replay"), endpoint.id, &[]).await.unwrap();
    assert_eq!((replayed.row, replayed.replayed), (1, false));
    assert!(shop.hub.replay_webhook(&caller, key("replay"), endpoint.id, &[]).await.unwrap().replayed);
    assert_eq!(shop.round(&receiver, endpoint.id).await.taken, 1);
    assert_eq!(receiver.of_hold(bad).last(), Some(&"capture.settled"));
    assert!(shop.hub.dead_letters(&caller, endpoint.id).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_receiver_that_was_gone_for_hours_gets_everything_and_the_store_holds_little() {
    let mut shop = Shop::open().await;
    let since = shop.heads().await;
    let endpoint = shop.register("gone", &[]).await;
    let receiver = Receiver::new(|_, _| false);
    for _ in 0..120 {
        shop.sell().await;
        shop.round(&receiver, endpoint.id).await;
        shop.clock.jump_ms(60_000);
    }
    let waiting = shop.store.webhook_deliveries(endpoint.id, false, u16::MAX).await.unwrap();
    assert_eq!(waiting.len(), usize::from(MAX_WAITING), "the rest waits in the log");
    let progress = shop.store.webhook_progress(endpoint.id).await.unwrap().unwrap();
    assert_eq!(progress.failed.map(|(_, reason)| reason).as_deref(), Some("it answered 500"));
    let tries: u32 = receiver.tries.lock().unwrap().values().sum();
    assert!(tries < 1_500, "{tries} attempts in two hours");

    receiver.obey(|_, _| true);
    shop.rounds_for(&receiver, endpoint.id, DAY).await;
    let taken = receiver.taken();
    assert_eq!(taken.len(), 600);
    assert_eq!(taken.into_iter().collect::<BTreeSet<_>>(), shop.log(&since).await);
    receiver.check_order();
}

#[tokio::test]
async fn a_receiver_that_is_gone_for_days_loses_nothing_that_a_replay_does_not_bring() {
    let mut shop = Shop::open().await;
    let since = shop.heads().await;
    let endpoint = shop.register("days", &[]).await;
    let receiver = Receiver::new(|_, _| false);
    for _ in 0..10 {
        shop.sell().await;
    }
    let rounds = shop.rounds_for(&receiver, endpoint.id, 6 * DAY).await;
    assert!(rounds.given_up > 0);
    receiver.obey(|_, _| true);
    shop.rounds_for(&receiver, endpoint.id, DAY).await;
    let caller = Caller::Operator;
    let dead = shop.hub.dead_letters(&caller, endpoint.id).await.unwrap().len();
    assert_eq!(receiver.taken().len() + dead, 50, "taken, or a letter");
    shop.hub.replay_webhook(&caller, key("all"), endpoint.id, &[]).await.unwrap();
    shop.rounds_for(&receiver, endpoint.id, DAY).await;
    assert_eq!(receiver.taken().into_iter().collect::<BTreeSet<_>>(), shop.log(&since).await);
}

#[tokio::test]
async fn a_hub_that_dies_between_send_and_commit_sends_again_and_skips_nothing() {
    for dies in [Death::BeforeCommit(1), Death::AfterCommit(1), Death::BeforeCommit(0), Death::AfterCommit(0)] {
        let mut shop = Shop::open().await;
        let since = shop.heads().await;
        let endpoint = shop.register("crash", &[]).await;
        shop.sell().await;
        let receiver = Receiver::new(|event, tries| tries > 0 || event.seq % 3 != 0);
        let sender: Arc<dyn WebhookSender> = receiver.clone();
        let store = Arc::new(DyingStore::new(shop.store.clone(), Some(dies)));
        let dying = hub_on(store, Arc::new(FarEnd::with_balance(0)), shop.clock.clone(), false);
        assert!(Arc::new(dying).webhook_round(&sender, endpoint.id).await.is_err(), "{dies:?}");

        // The next process is the only one, and need not wait for the lease of the dead one.
        shop.hub.recover(true).await.unwrap();
        let progress = shop.store.webhook_progress(endpoint.id).await.unwrap().unwrap();
        assert!(progress.leased_until <= shop.hub.now(), "{dies:?}");
        shop.rounds_for(&receiver, endpoint.id, DAY).await;
        assert_eq!(receiver.taken().into_iter().collect::<BTreeSet<_>>(), shop.log(&since).await, "{dies:?}");
    }
}

#[tokio::test]
async fn two_hubs_do_not_deliver_the_same() {
    let mut shop = Shop::open().await;
    let since = shop.heads().await;
    let endpoint = shop.register("two", &[]).await;
    for _ in 0..30 {
        shop.sell().await;
    }
    let receiver = Receiver::new(|_, _| true);
    let sender: Arc<dyn WebhookSender> = receiver.clone();
    let other = hub_on(shop.store.clone(), Arc::new(FarEnd::with_balance(0)), shop.clock.clone(), false);
    let other = Arc::new(other);
    for _ in 0..4 {
        let (one, two) =
            tokio::join!(shop.hub.webhook_round(&sender, endpoint.id), other.webhook_round(&sender, endpoint.id));
        one.unwrap();
        two.unwrap();
    }
    let taken = receiver.taken();
    assert_eq!(taken.len(), 150);
    assert_eq!(taken.into_iter().collect::<BTreeSet<_>>(), shop.log(&since).await);
    receiver.check_order();
}

#[tokio::test]
async fn an_endpoint_that_is_removed_gets_nothing_more() {
    let mut shop = Shop::open().await;
    let endpoint = shop.register("removed", &[]).await;
    shop.sell().await;
    let receiver = Receiver::new(|_, _| false);
    shop.round(&receiver, endpoint.id).await;
    shop.hub.remove_webhook(&Caller::Merchant(shop.merchant), endpoint.id).await.unwrap();
    receiver.obey(|_, _| true);
    assert_eq!(shop.round(&receiver, endpoint.id).await, Round::default());
    assert!(receiver.taken().is_empty());
    assert!(shop.store.webhook_deliveries(endpoint.id, false, u16::MAX).await.unwrap().is_empty());
}

#[tokio::test]
async fn an_old_secret_signs_until_the_overlap_is_over() {
    let shop = Shop::open().await;
    let caller = Caller::Merchant(shop.merchant);
    let first = shop.register("rotate", &[]).await;
    let rotated = shop.hub.rotate_webhook_secret(&caller, key("turn"), first.id, 60_000).await.unwrap();
    assert!(!rotated.replayed && rotated.row.secret != first.secret);
    let again = shop.hub.rotate_webhook_secret(&caller, key("turn"), first.id, 60_000).await.unwrap();
    assert!(again.replayed && again.row.secret == rotated.row.secret, "a repeat changes nothing");
    let stored = shop.hub.webhook(&caller, first.id).await.unwrap();
    let signs = |at| stored.secrets(at).cloned().collect::<Vec<_>>();
    let now = shop.hub.now();
    assert_eq!(signs(now), [rotated.row.secret.clone(), first.secret]);
    assert_eq!(signs(now.plus_ms(60_000)), [rotated.row.secret]);
    assert_eq!(first.signing, None, "who did not ask gets none");
    let first = shop.register("asymmetric", &[]).await;
    let key_before = first.signing.unwrap().key;
    let rotated = shop.hub.rotate_webhook_secret(&caller, key("turn keys"), first.id, 60_000).await.unwrap().row;
    let keys = rotated.signing.clone().unwrap();
    assert!(keys.key != key_before && keys.key != rotated.secret && key_before != first.secret);
    let seeds = |at| keys.seeds(at).cloned().collect::<Vec<_>>();
    assert_eq!(seeds(now.plus_ms(59_999)), [keys.key.clone(), key_before]);
    assert_eq!(seeds(now.plus_ms(60_000)), std::slice::from_ref(&keys.key));
    assert_eq!(shop.hub.webhook(&caller, first.id).await.unwrap(), rotated);
    shop.hub.remove_webhook(&caller, first.id).await.unwrap();
    assert_eq!(shop.hub.webhook(&caller, first.id).await, Err(WebhookError::NotFound(first.id)));
    let first = rotated;
    let too_long = shop.hub.rotate_webhook_secret(&caller, key("long"), first.id, MAX_OVERLAP_MS + 1).await;
    assert_eq!(too_long.unwrap_err(), WebhookError::OverlapTooLong);
    assert_eq!(format!("{:?}", stored.secret), "WebhookSecret(hidden)");
}

#[tokio::test]
async fn a_repeat_registers_once_and_a_merchant_has_so_many() {
    let shop = Shop::open().await;
    let first = shop.register("0", &[]).await;
    assert_eq!(shop.register("0", &[]).await, first);
    for number in 1..MAX_ENDPOINTS {
        shop.register(&number.to_string(), &[]).await;
    }
    let one_more = |word: &'static str| {
        let new = NewEndpoint {
            merchant: shop.merchant,
            url: "https://shop.example.jp".to_owned(),
            kinds: vec![],
            asymmetric: false,
        };
        shop.hub.register_webhook(key(word), new)
    };
    assert_eq!(one_more("one more").await.unwrap_err(), WebhookError::TooMany);
    assert_eq!(one_more("register 0").await.unwrap().row, first, "a repeat is answered, not counted");
    assert_eq!(shop.store.webhook_endpoints(Some(shop.merchant)).await.unwrap().len(), MAX_ENDPOINTS);
}

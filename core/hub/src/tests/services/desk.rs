//! A service that does what its input says, one word a step, and a town that has it twice.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tebura_ledger::{Currency, RailId};

use crate::Hub;
use crate::ids::{GalleryId, MerchantId, PersonId, ServiceRequestId};
use crate::memory::MemoryStore;
use crate::ports::{Caller, Service, Store};
use crate::rail::{Effect, Fault, HttpCall, KvWrite, PluginId, RailError};
use crate::services::*;
use crate::tests::faces::enrol;
use crate::tests::world::{FarEnd, JumpingClock, RAIL, clock, hub_on, key, yen};

/// `{"do": ["hold 500", "capture 500", "done"]}`.
#[derive(Deserialize)]
struct Script {
    r#do: Vec<String>,
}

/// What is remembered between two steps.
#[derive(Default, Serialize, Deserialize)]
struct Memory {
    at: usize,
    hold: String,
    capture: String,
    refused: Option<String>,
}

pub(super) struct WordService {
    descriptor: ServiceDescriptor,
    store: Arc<dyn Store>,
    /// Traps left of `trap once`.
    pub(super) traps: AtomicU32,
}

fn fault(code: &str) -> Fault {
    Fault { code: code.to_owned(), message: "as the script says".to_owned() }
}

impl WordService {
    pub(super) fn new(store: Arc<dyn Store>) -> Self {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let action = |name: &str, needs: &[&str], by: &[&str]| Action {
            name: name.to_owned(),
            titles: Vec::new(),
            input: json!({"type": "object", "required": ["do"]}).to_string(),
            output: json!({"type": "object", "properties": {"refused": {"type": "string"}}}).to_string(),
            needs: words(needs),
            wishes: words(&["residence"]),
            recognised_by: words(by),
            messages: vec![MessageKind {
                name: "leave".to_owned(),
                input: json!({"type": "object", "required": ["gate"]}).to_string(),
            }],
        };
        let descriptor = ServiceDescriptor {
            plugin: PluginId("jp.example.words".to_owned()),
            version: "1.0.0".to_owned(),
            digest: None,
            title: None,
            settings: json!({"type": "object", "required": ["price"], "properties": {"price": {"type": "integer", "minimum": 0}}})
                .to_string(),
            actions: vec![action("visit", &[], &[]), action("resident", &["residence"], &[]), action("gate", &[], &["face"]), action("lane", &[], &["qr", "other-face"])],
            payees: words(&["facility"]),
            galleries: words(&["today"]),
            topics: words(&["entered"]),
            claims: words(&["residence"]),
        };
        WordService { descriptor, store, traps: AtomicU32::new(0) }
    }

    /// What it finds wrong with its settings goes by the price.
    fn own_faults(&self, request: &ServiceCall, event: &ServiceEvent) -> Result<ServiceStep, RailError> {
        assert_eq!(event, &ServiceEvent::Message { name: "settings".to_owned(), input: "{}".to_owned() });
        let settings: Value = serde_json::from_str(&request.settings).unwrap();
        let fault =
            |pointer: &str, en: &str| json!({"pointer": pointer, "code": "words.price", "ja": "高い", "en": en});
        let output = match settings["price"].as_i64().unwrap() {
            1 => return Err(RailError::Trapped { code: "plugin.trapped", message: "unreachable".to_owned() }),
            2 => return Err(RailError::Revoked { reason: "switched off".to_owned() }),
            3 => {
                return Err(RailError::Fault(Fault {
                    code: "state.unreadable".to_owned(),
                    message: "state is shorter than its header".to_owned(),
                }));
            }
            4 => json!({"faults": "many"}),
            5 => json!({"faults": [fault("/price", "is 5\u{1b}[2J\nwrite 6"), fault("price", "elsewhere")]}),
            6 => json!({"faults": vec![fault("/price", &"x".repeat(2_000)); 50]}),
            _ => json!({"faults": []}),
        };
        let next = ServiceNext::Done { output: output.to_string() };
        Ok(ServiceStep { next, state: Vec::new(), writes: Vec::new(), admissions: Vec::new(), events: Vec::new() })
    }

    async fn next(&self, request: &ServiceCall, mut memory: Memory) -> Result<ServiceStep, RailError> {
        let script: Script = serde_json::from_str(&request.input).unwrap();
        let (mut writes, mut admissions, mut events) = (Vec::new(), Vec::new(), Vec::new());
        let output = |memory: &Memory| match &memory.refused {
            Some(code) => json!({ "refused": code, "claims": request.claims.len() }).to_string(),
            None => json!({ "claims": request.claims.len(), "knows": request.attributes }).to_string(),
        };
        loop {
            let word = script.r#do.get(memory.at).cloned().unwrap_or_else(|| "done".to_owned());
            let words: Vec<&str> = word.split(' ').collect();
            memory.at += 1;
            let amount = |text: &str| yen(text.parse().unwrap());
            let next = match words[..] {
                ["hold", minor] => ServiceNext::Ledger(LedgerStep::Hold {
                    payee: "facility".to_owned(),
                    amount: amount(minor),
                    memo: "入場料".to_owned(),
                    expires: request.now.plus_ms(3_600_000),
                }),
                ["hold", minor, payee] => ServiceNext::Ledger(LedgerStep::Hold {
                    payee: payee.to_owned(),
                    amount: amount(minor),
                    memo: "入場料".to_owned(),
                    expires: request.now.plus_ms(3_600_000),
                }),
                ["capture", minor] => ServiceNext::Ledger(LedgerStep::Capture {
                    hold: memory.hold.clone(),
                    amount: amount(minor),
                    is_final: true,
                }),
                ["capture", minor, hold] => ServiceNext::Ledger(LedgerStep::Capture {
                    hold: hold.to_owned(),
                    amount: amount(minor),
                    is_final: true,
                }),
                ["release"] => ServiceNext::Ledger(LedgerStep::Release { hold: memory.hold.clone() }),
                ["refund", minor] => {
                    ServiceNext::Ledger(LedgerStep::Refund { capture: memory.capture.clone(), amount: amount(minor) })
                }
                ["call", effect] => ServiceNext::Call(HttpCall {
                    endpoint: "provider".to_owned(),
                    method: "POST".to_owned(),
                    path: format!("{}.{}", request.id, memory.at),
                    headers: vec![],
                    body: b"refund x 0".to_vec(),
                    effect: match effect {
                        "once" => Effect::Once,
                        _ => Effect::Idempotent { key: format!("{}.{}", request.id, memory.at) },
                    },
                    timeout_ms: 1_000,
                    stale_after: None,
                }),
                ["wait", ms] => {
                    let until = request.now.plus_ms(ms.parse().unwrap());
                    ServiceNext::Wait { until, output: Some(output(&memory)) }
                }
                ["count"] => {
                    let keys = PluginId(format!("jp.example.words#{}", request.service));
                    let count = self.store.kv(&keys, "count").await.unwrap();
                    let count: u32 = count.map_or(0, |bytes| String::from_utf8(bytes).unwrap().parse().unwrap());
                    // Others get their turn between the read and the write.
                    tokio::task::yield_now().await;
                    writes.push(KvWrite { key: "count".to_owned(), value: Some((count + 1).to_string().into_bytes()) });
                    continue;
                }
                ["admit"] => {
                    admissions.push(Admission { gallery: "today".to_owned(), present: true });
                    continue;
                }
                ["tell", topic] => {
                    events.push(Topic { name: topic.to_owned(), body: "{}".to_owned() });
                    continue;
                }
                ["trap"] => return Err(RailError::Trapped { code: "plugin.trapped", message: "trap".to_owned() }),
                ["trap", "once"] => {
                    if self.traps.fetch_add(1, Ordering::SeqCst) == 0 {
                        return Err(RailError::Trapped { code: "plugin.trapped", message: "trap".to_owned() });
                    }
                    continue;
                }
                ["fail"] => ServiceNext::Fail(fault("script.failed")),
                ["say", text] => ServiceNext::Done { output: text.to_owned() },
                _ => ServiceNext::Done { output: output(&memory) },
            };
            let state = serde_json::to_vec(&memory).unwrap();
            return Ok(ServiceStep { next, state, writes, admissions, events });
        }
    }
}

#[async_trait]
impl Service for WordService {
    fn descriptor(&self) -> &ServiceDescriptor {
        &self.descriptor
    }

    async fn handle(&self, request: &ServiceCall) -> Result<ServiceStep, RailError> {
        self.next(request, Memory::default()).await
    }

    async fn resume(
        &self,
        request: &ServiceCall,
        state: &[u8],
        event: &ServiceEvent,
    ) -> Result<ServiceStep, RailError> {
        if state.is_empty() {
            return self.own_faults(request, event);
        }
        let mut memory: Memory = serde_json::from_slice(state).unwrap();
        match event {
            ServiceEvent::Moved(receipt) if receipt.id.starts_with("hold_") => memory.hold.clone_from(&receipt.id),
            ServiceEvent::Moved(receipt) => memory.capture.clone_from(&receipt.id),
            ServiceEvent::NotMoved(fault) => {
                memory.refused = Some(fault.code.clone());
                memory.at = usize::MAX - 1;
            }
            ServiceEvent::Far(_) | ServiceEvent::Message { .. } => {}
        }
        self.next(request, memory).await
    }
}

/// A town with two parks of one plugin: hanako has a wallet and a PIN, taro a wallet, the stranger nothing.
pub(super) struct Town {
    pub(super) hub: Arc<Hub>,
    pub(super) store: Arc<MemoryStore>,
    pub(super) far_end: Arc<FarEnd>,
    pub(super) clock: Arc<JumpingClock>,
    pub(super) merchant: MerchantId,
    pub(super) gallery: GalleryId,
    pub(super) hanako: PersonId,
    pub(super) taro: PersonId,
}

pub(super) fn config(id: &str, merchant: MerchantId, gallery: GalleryId) -> InstanceConfig {
    InstanceConfig {
        id: id.to_owned(),
        titles: Vec::new(),
        merchant,
        settings: json!({"price": 500}),
        payees: BTreeMap::from([("facility".to_owned(), merchant)]),
        currency: Currency::JPY,
        cap: 5_000,
        pin_above: 1_000,
        gallery: Some(gallery),
        galleries: BTreeMap::from([("today".to_owned(), gallery)]),
        false_match_rate: None,
        purposes: Vec::new(),
        attested: vec!["residence".to_owned()],
        hours: None,
        keep_days: None,
        fallback: BTreeMap::new(),
    }
}

pub(super) async fn town() -> Town {
    town_where(Some("2468")).await
}

/// `pin`: hanako's. To hash one takes long.
pub(super) async fn town_where(pin: Option<&str>) -> Town {
    let (far_end, clock, store) = (Arc::new(FarEnd::with_balance(10_000)), clock(), Arc::new(MemoryStore::new(3)));
    let hub = hub_on(store.clone(), far_end.clone(), clock.clone(), false);
    let merchant = hub.create_merchant(key("m"), "遊び場", true, Currency::JPY).await.unwrap().row.id;
    let rail = RailId::new(RAIL).unwrap();
    hub.add_payee(key("p"), merchant, rail, Some("park-1".to_owned()), Currency::JPY).await.unwrap();
    let gallery = hub.create_gallery(key("g"), "residents").await.unwrap().row.id;
    let hanako = enrol(&hub, "hanako", gallery, pin).await;
    let taro = enrol(&hub, "taro", gallery, None).await;
    let town = Town { hub: Arc::new(hub), store, far_end, clock, merchant, gallery, hanako, taro };
    town.open(&town.hub);
    town
}

impl Town {
    /// Both parks, on a hub of this store.
    pub(super) fn open(&self, hub: &Hub) {
        for id in ["north", "south"] {
            let service = Arc::new(WordService::new(self.store.clone()));
            hub.add_service(ServiceInstance::new(config(id, self.merchant, self.gallery), service).unwrap());
        }
    }

    /// What hanako, known to the staff, asks of the north park.
    pub(super) fn ask(&self, script: &[&str]) -> AskService {
        AskService {
            caller: Caller::Merchant(self.merchant),
            service: "north".to_owned(),
            action: "visit".to_owned(),
            input: json!({ "do": script }),
            who: Who::Person { person: self.hanako, by: "staff".to_owned() },
            instrument: None,
            attested: Vec::new(),
            consent: None,
            happened_at: None,
        }
    }

    /// The same with her word for so many yen.
    pub(super) fn agreed(&self, up_to: i64, script: &[&str]) -> AskService {
        AskService { consent: Some(GivenConsent { up_to: yen(up_to), pin: None }), ..self.ask(script) }
    }

    pub(super) async fn answer(&self, word: &str, ask: AskService) -> ServiceAnswer {
        self.hub.ask_service(key(word), ask).await.unwrap()
    }

    pub(super) async fn now(&self, id: ServiceRequestId) -> ServiceAnswer {
        self.hub.service_request(&Caller::Operator, id).await.unwrap()
    }

    /// Lets the worker do what it does in so many minutes.
    pub(super) async fn minutes(&self, minutes: u32) {
        for _ in 0..minutes {
            self.clock.jump_ms(60_000);
            self.hub.tick().await.unwrap();
        }
    }
}

pub(super) fn output(answer: &ServiceAnswer) -> Value {
    serde_json::from_str(answer.request.progress.output.as_deref().unwrap()).unwrap()
}

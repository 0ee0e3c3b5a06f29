//! The hub: its ports, its rails and what it remembers between requests. Everything here can be rebuilt from the store.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, OnceLock, RwLock};

use ed25519_dalek::SigningKey;
use tebura_contract::Contract;
use tebura_ledger::{AccountId, HoldId, OperationId, RailId, Shard, Timestamp, TransferId};

use crate::budgets::Budgets;
use crate::cache::Cache;
use crate::consent::Purposes;
use crate::follow::Place;
use crate::galleries::Galleries;
use crate::ids::{ApiKeyId, ContractId, InstrumentId, MerchantId};
use crate::people::Instrument;
use crate::ports::{Clock, Egress, FaceEngine, Ids, Rail, ReadError, Store};
use crate::proofing::Prover;
use crate::rail::PluginId;
use crate::rights::Sweeper;
use crate::services::ServiceInstance;
use crate::sites::{ApiKey, Merchant, Payee};

/// What the hub needs from the world.
#[derive(Clone)]
pub struct Ports {
    pub store: Arc<dyn Store>,
    pub faces: Arc<dyn FaceEngine>,
    pub egress: Arc<dyn Egress>,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn Ids>,
}

/// The hub. Cheap to share behind an [`Arc`]; verbs are the methods in the files beside this one.
pub struct Hub {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) faces: Arc<dyn FaceEngine>,
    pub(crate) egress: Arc<dyn Egress>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn Ids>,
    pub(crate) galleries: Galleries,
    pub(crate) budgets: RwLock<Budgets>,
    pub(crate) pass_key: OnceLock<SigningKey>,
    pub(crate) followed: tokio::sync::Mutex<Place>,
    rails: RwLock<BTreeMap<RailId, Arc<dyn Rail>>>,
    /// Rails on which nothing new is reserved, with the reason.
    pub(crate) stopped: RwLock<BTreeMap<RailId, String>>,
    provers: RwLock<BTreeMap<PluginId, Arc<dyn Prover>>>,
    services: RwLock<BTreeMap<String, Arc<ServiceInstance>>>,
    /// Taken away: what is open of them goes on, nothing new begins.
    former_services: RwLock<BTreeMap<String, Arc<ServiceInstance>>>,
    /// When requests to services are looked through next for those whose time is over, milliseconds.
    pub(crate) swept_until: AtomicI64,
    /// How long terminals may recognise people without a network.
    pub(crate) bundle_life_ms: AtomicI64,
    pub(crate) purposes: RwLock<Arc<Purposes>>,
    pub(crate) sweeper: Sweeper,
    instruments: Cache<InstrumentId, Instrument>,
    payees: Cache<MerchantId, Vec<Payee>>,
    merchants: Cache<MerchantId, Merchant>,
    keys: Cache<ApiKeyId, ApiKey>,
    /// What never changes of a hold: saves a read on the way to a capture.
    pub(crate) facts: Cache<HoldId, HoldFacts>,
    /// Holds that no contract decides about, nor ever will.
    pub(crate) unbound: Cache<HoldId, ()>,
    /// The checked documents of contracts; they never change.
    pub(crate) documents: Cache<ContractId, Arc<Contract>>,
}

/// What never changes of a hold that was placed.
#[derive(Clone, Debug)]
pub(crate) struct HoldFacts {
    pub(crate) rail: RailId,
    pub(crate) payee: AccountId,
    pub(crate) reference: String,
}

impl Hub {
    /// A hub with the house rail and no faces loaded; see [`Hub::load_galleries`].
    pub fn new(ports: Ports) -> Self {
        let Ports { store, faces, egress, clock, ids } = ports;
        let house = crate::house_rail::HouseRail::house();
        let rails = BTreeMap::from([(house.descriptor().rail.clone(), Arc::new(house) as Arc<dyn Rail>)]);
        let galleries = Galleries::new(faces.pack(), &*ids);
        Hub {
            store,
            faces,
            egress,
            clock,
            ids,
            galleries,
            budgets: RwLock::default(),
            pass_key: OnceLock::new(),
            followed: tokio::sync::Mutex::default(),
            rails: RwLock::new(rails),
            stopped: RwLock::default(),
            provers: RwLock::default(),
            services: RwLock::default(),
            former_services: RwLock::default(),
            swept_until: AtomicI64::new(0),
            bundle_life_ms: AtomicI64::new(crate::services::BUNDLE_LIFE_MS),
            purposes: RwLock::default(),
            sweeper: Sweeper::default(),
            instruments: Cache::new(),
            payees: Cache::new(),
            merchants: Cache::new(),
            keys: Cache::new(),
            facts: Cache::new(),
            unbound: Cache::new(),
            documents: Cache::new(),
        }
    }

    /// Adds a rail, or replaces the one of the same name.
    pub fn add_rail(&self, rail: Arc<dyn Rail>) {
        let name = rail.descriptor().rail.clone();
        self.rails.write().unwrap_or_else(std::sync::PoisonError::into_inner).insert(name, rail);
    }

    /// The rail of that name.
    pub fn rail(&self, name: &RailId) -> Option<Arc<dyn Rail>> {
        self.rails.read().unwrap_or_else(std::sync::PoisonError::into_inner).get(name).cloned()
    }

    /// Adds a way to prove who somebody is, or replaces the one of the same name.
    pub fn add_prover(&self, prover: Arc<dyn Prover>) {
        let name = prover.descriptor().plugin.clone();
        self.provers.write().unwrap_or_else(std::sync::PoisonError::into_inner).insert(name, prover);
    }

    /// The identity plugin of that name.
    pub fn prover(&self, name: &PluginId) -> Option<Arc<dyn Prover>> {
        self.provers.read().unwrap_or_else(std::sync::PoisonError::into_inner).get(name).cloned()
    }

    /// Every identity plugin, by name.
    pub fn provers(&self) -> Vec<Arc<dyn Prover>> {
        self.provers.read().unwrap_or_else(std::sync::PoisonError::into_inner).values().cloned().collect()
    }

    /// Adds a service, or replaces the one of the same name: what is open of it goes on under the new one.
    pub fn add_service(&self, service: ServiceInstance) {
        let (name, service) = (service.id().to_owned(), Arc::new(service));
        self.services.write().unwrap_or_else(std::sync::PoisonError::into_inner).insert(name, service);
    }

    /// Puts these services in the place of all that there were, at once. `former`: those that the operator took away, as they
    /// were last; what is open of them goes on until it ended, and nobody asks anew.
    pub fn set_services(&self, services: Vec<ServiceInstance>, former: Vec<ServiceInstance>) {
        let by_name = |all: Vec<ServiceInstance>| {
            all.into_iter().map(|service| (service.id().to_owned(), Arc::new(service))).collect::<BTreeMap<_, _>>()
        };
        let (services, former) = (by_name(services), by_name(former));
        // In this order a request finds its service at any time.
        let mut former_now = self.former_services.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        *self.services.write().unwrap_or_else(std::sync::PoisonError::into_inner) = services;
        *former_now = former;
    }

    /// The service of that name.
    pub(crate) fn service(&self, name: &str) -> Option<Arc<ServiceInstance>> {
        self.services.read().unwrap_or_else(std::sync::PoisonError::into_inner).get(name).cloned()
    }

    /// The service that a request was made to, also where it was taken away since.
    pub(crate) fn service_of_request(&self, name: &str) -> Option<Arc<ServiceInstance>> {
        let former = self.former_services.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        self.service(name).or_else(|| former.get(name).cloned())
    }

    /// Every service that was taken away, by name.
    pub(crate) fn former_services(&self) -> Vec<Arc<ServiceInstance>> {
        self.former_services.read().unwrap_or_else(std::sync::PoisonError::into_inner).values().cloned().collect()
    }

    /// Every service, by name.
    pub(crate) fn all_services(&self) -> Vec<Arc<ServiceInstance>> {
        self.services.read().unwrap_or_else(std::sync::PoisonError::into_inner).values().cloned().collect()
    }

    /// Whether a rail is kept in the hub's own books.
    pub(crate) fn in_house(&self, name: &RailId) -> bool {
        self.rail(name).is_some_and(|rail| rail.descriptor().in_house)
    }

    /// Every rail, by name.
    pub fn rails(&self) -> Vec<Arc<dyn Rail>> {
        self.rails.read().unwrap_or_else(std::sync::PoisonError::into_inner).values().cloned().collect()
    }

    /// The store, for plain reads.
    pub fn store(&self) -> &dyn Store {
        &*self.store
    }

    /// The pack that faces are compared with.
    pub fn pack(&self) -> &tebura_face::Pack {
        self.faces.pack()
    }

    /// The hub's time.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn hold_id(&self, shard: Shard) -> HoldId {
        HoldId::from_uuid(self.ids.next(shard))
    }

    pub(crate) fn operation_id(&self, shard: Shard) -> OperationId {
        OperationId::from_uuid(self.ids.next(shard))
    }

    pub(crate) fn transfer_id(&self, shard: Shard) -> TransferId {
        TransferId::from_uuid(self.ids.next(shard))
    }

    pub(crate) async fn instrument(&self, id: InstrumentId) -> Result<Option<Instrument>, ReadError> {
        self.instruments.get_or_read(id, self.now(), self.store.instrument(id)).await
    }

    pub(crate) fn forget_instrument(&self, removed: &Instrument) {
        self.instruments.put(removed.id, removed.clone(), self.now());
    }

    pub(crate) async fn payees(&self, merchant: MerchantId) -> Result<Vec<Payee>, ReadError> {
        let read = async { self.store.payees(merchant).await.map(|payees| (!payees.is_empty()).then_some(payees)) };
        Ok(self.payees.get_or_read(merchant, self.now(), read).await?.unwrap_or_default())
    }

    /// A merchant, at most a second old.
    pub async fn merchant(&self, id: MerchantId) -> Result<Option<Merchant>, ReadError> {
        self.merchants.get_or_read(id, self.now(), self.store.merchant(id)).await
    }

    pub(crate) fn forget_api_key(&self, revoked: &ApiKey) {
        self.keys.put(revoked.id, revoked.clone(), self.now());
    }

    /// An API key, at most a second old: a revoked key works no longer than that.
    pub async fn api_key(&self, id: ApiKeyId) -> Result<Option<ApiKey>, ReadError> {
        self.keys.get_or_read(id, self.now(), self.store.api_key(id)).await
    }
}

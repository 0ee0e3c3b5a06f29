//! City and merchant services: one plugin, many configured instances, and the requests that people make of them.
//!
//! A service decides one step at a time and never acts. A step is stored before anything in it is done: a call is sent by
//! the sender of the rails, money moves through the verbs that merchants use, keyed by the request and the number of the
//! step, so that a hub that stops in between does the rest and nothing twice. Money moves only from the request's person,
//! only up to what she consented to, only under the operator's cap, and only to payees that the operator bound.

mod accept;
mod admit;
mod ask;
mod between;
mod bundle;
mod consent;
mod descriptor;
mod hours;
mod instance;
mod look;
mod memory;
mod offline;
mod own_faults;
mod perform;
mod record;
mod run;
mod schema;
mod set;
mod step;
mod sweep;
mod tell;
mod wake;

pub use accept::ServiceBreach;
pub use admit::{GivenConsent, Who};
pub use ask::{AskService, ServiceError};
pub use bundle::{BUNDLE_LIFE_MS, BundleAsk, BundleError, BundledPerson, MOST_PEOPLE, OfflineBundle};
pub use consent::ConsentAnswer;
pub use descriptor::{Action, Claim, ClaimSource, Label, MessageKind, ServiceDescriptor};
pub use hours::{DAYS, Hours, HoursConfig, HoursProblem, OpenConfig, Opening, Opens};
pub use instance::keys_of;
pub use instance::{InstanceConfig, InstanceProblem, ServiceInstance, is_service_id};
pub use look::{ConsentNeeded, ServiceAnswer, ServiceStatus};
pub(crate) use memory::ServiceTables;
pub use offline::{MAX_ENTRIES, OfflineEntry, OfflineError, Taken, TakenOutcome, link_after};
pub use own_faults::{SettingsFault, SettingsUnchecked};
pub use record::{
    Asked, Consent, CountedAsk, Happened, Noted, OwnHold, Progress, ServiceCounts, ServiceRequest, ServiceWrite, Stage,
};
pub use schema::{Schema, SchemaError, SchemaProblem};
pub use set::ServiceSet;
pub use step::{Admission, LedgerStep, Receipt, ServiceCall, ServiceEvent, ServiceNext, ServiceStep, Topic};
pub use tell::TellService;

//! What a rail's far end tells unasked: the request, the news that its plugin finds in it, and the inbox that keeps them.
//!
//! A request is kept until its news have been acted on; of one that has been, only its digest is kept, so that it counts once.

mod memory;

use sha2::{Digest, Sha256};
use tebura_ledger::{Money, OperationId, RailId, Timestamp};

pub(crate) use memory::NoticeTables;

/// A far end repeats a webhook for days; for that long the same body is known again.
pub(crate) const KEPT_MS: i64 = 35 * 24 * 3_600_000;
/// Pause before news that concern nothing known yet are looked at again; the last value repeats.
const AGAIN_AFTER_MS: [i64; 8] = [200, 500, 1_000, 2_000, 5_000, 15_000, 60_000, 300_000];
/// Looks before a hint is given up: an hour. The hub inquires by itself.
const MOST_LOOKS: u32 = 18;
/// Looks before a dispute is left to people: a week.
const MOST_LOOKS_DISPUTE: u32 = 2_000;

/// A request from outside, as a plugin sees it.
#[derive(Clone, PartialEq, Eq)]
pub struct Inbound {
    /// One of [`InboundGrant::routes`].
    pub route: String,
    /// Those of [`InboundGrant::headers`].
    pub headers: Vec<(String, String)>,
    /// As received.
    pub body: Vec<u8>,
}

/// Signatures and what a far end writes are in no log.
impl std::fmt::Debug for Inbound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Inbound({}, {} headers, {} bytes)", self.route, self.headers.len(), self.body.len())
    }
}

/// What a rail's manifest says that its far end may call, and what of a call the rail sees.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InboundGrant {
    /// Last segments of paths.
    pub routes: Vec<String>,
    /// Names in lower case.
    pub headers: Vec<String>,
}

/// What news are about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The id that the far end was given. It may be another system's.
    Operation(String),
    /// What the rail settled an operation with.
    Reference(String),
}

/// A capture that its payer contests, in the far end's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chargeback {
    /// The far end's name for it.
    pub id: String,
    /// The capture.
    pub about: Subject,
    /// What is contested.
    pub amount: Money,
    /// An open, dotted word.
    pub reason: String,
    /// What else the far end says, for people.
    pub details: Vec<(String, String)>,
}

/// One thing that a far end tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// Something may have changed.
    Progress(Subject),
    /// A payer contests a capture.
    DisputeOpened(Chargeback),
    /// The payee keeps it.
    DisputeWon(Chargeback),
    /// The payer gets it back.
    DisputeLost(Chargeback),
}

/// Names a request: the same route and body are the same request, however often it is signed again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NoticeKey {
    pub rail: RailId,
    /// SHA-256 of route and body.
    pub digest: [u8; 32],
}

impl NoticeKey {
    pub(crate) fn of(rail: &RailId, request: &Inbound) -> Self {
        let mut hash = Sha256::new();
        hash.update((request.route.len() as u64).to_be_bytes());
        hash.update(request.route.as_bytes());
        hash.update(&request.body);
        NoticeKey { rail: rail.clone(), digest: hash.finalize().into() }
    }
}

/// A row of the inbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    pub key: NoticeKey,
    /// Emptied when it is over.
    pub request: Inbound,
    /// What is still to be acted on; when it is over: what nothing could be done about.
    pub news: Vec<News>,
    pub at: Timestamp,
    /// When to look at it (again); `None`: it is over.
    pub due_at: Option<Timestamp>,
    /// How often it was looked at in vain.
    pub looks: u32,
}

impl Notice {
    /// After a look that left `open` to be acted on.
    pub(crate) fn looked_at(&mut self, open: Vec<News>, now: Timestamp) {
        let dispute = open.iter().any(|news| !matches!(news, News::Progress(_)));
        let most = if dispute { MOST_LOOKS_DISPUTE } else { MOST_LOOKS };
        self.news = open;
        if self.news.is_empty() || self.looks >= most {
            self.due_at = None;
            self.request.headers.clear();
            self.request.body.clear();
            return;
        }
        let pause = AGAIN_AFTER_MS[(self.looks as usize).min(AGAIN_AFTER_MS.len() - 1)];
        self.looks += 1;
        self.due_at = Some(now.plus_ms(pause));
    }
}

/// A change of the inbox, or of what far ends call operations by.
#[derive(Clone, Debug)]
pub enum NoticeWrite {
    /// A new row, or a later look at one. One that is over stays as it is.
    Kept(Notice),
    /// Rows that came before this and are over.
    Forgotten { before: Timestamp },
    /// What a rail that hears notices settled an operation with.
    Named { rail: RailId, reference: String, operation: OperationId },
}

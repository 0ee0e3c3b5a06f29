//! Events: what happened, in the order it happened. The store numbers them.

use crate::{AccountId, HoldId, Money, OperationId, ServiceRequestId, Status, Timestamp};

macro_rules! event_kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal,)*) => {
        /// What happened.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum EventKind {
            $($(#[$doc])* $kind,)*
        }

        impl EventKind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)*];

            /// The word in rows and on the wire.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)*
                }
            }
        }
    };
}

event_kinds! {
    /// An account was opened.
    AccountOpened = "account.opened",
    /// Money came into an account.
    AccountFunded = "account.funded",
    /// A rail is being asked to place a hold.
    HoldPlaced = "hold.placed",
    /// The rail waits for the payer.
    HoldRequiresAction = "hold.requires_action",
    /// The rail placed it; `amount` is what it reserved.
    HoldHeld = "hold.held",
    /// The rail declined to place it.
    HoldFailed = "hold.failed",
    /// Nobody knows whether the rail placed it.
    HoldUnknown = "hold.unknown",
    /// The deadline passed and the hold closed; exactly once a hold, with its own operation.
    HoldExpired = "hold.expired",
    /// The hold ended; nothing but refunds can follow.
    HoldEnded = "hold.ended",
    /// More is being asked for.
    RaiseSent = "raise.sent",
    /// A raise above the cap waits for the payer.
    RaiseRequiresAction = "raise.requires_action",
    /// The payer agreed to a raise above the cap.
    RaiseConfirmed = "raise.confirmed",
    /// The hold reserves more; `amount` is what was added.
    RaiseSettled = "raise.settled",
    /// A raise was declined, by the rail or by the payer.
    RaiseFailed = "raise.failed",
    /// Nobody knows whether a raise went through.
    RaiseUnknown = "raise.unknown",
    /// A later deadline is being asked for.
    ExtendSent = "extend.sent",
    /// The deadline was moved.
    ExtendSettled = "extend.settled",
    /// A later deadline was declined.
    ExtendFailed = "extend.failed",
    /// Nobody knows whether the deadline was moved.
    ExtendUnknown = "extend.unknown",
    /// A capture is under way.
    CaptureSent = "capture.sent",
    /// A capture went through; `amount` is what moved.
    CaptureSettled = "capture.settled",
    /// A capture was declined.
    CaptureFailed = "capture.failed",
    /// Nobody knows whether a capture went through.
    CaptureUnknown = "capture.unknown",
    /// A part of a capture went to another payee, who is the event's payee.
    CaptureShared = "capture.shared",
    /// A capture was taken back and is free in the hold again.
    CaptureReversed = "capture.reversed",
    /// A release is under way.
    ReleaseSent = "release.sent",
    /// Money went back to the payer's available balance; `amount` tells how much.
    ReleaseSettled = "release.settled",
    /// A release was declined.
    ReleaseFailed = "release.failed",
    /// Nobody knows whether a release went through.
    ReleaseUnknown = "release.unknown",
    /// A refund is under way.
    RefundSent = "refund.sent",
    /// A refund went through; `amount` is what moved.
    RefundSettled = "refund.settled",
    /// A refund was declined.
    RefundFailed = "refund.failed",
    /// Nobody knows whether a refund went through.
    RefundUnknown = "refund.unknown",
    /// The payer contests a capture.
    DisputeOpened = "dispute.opened",
    /// The payer won: `amount` went back.
    DisputeLost = "dispute.lost",
    /// The payee won: nothing moved.
    DisputeWon = "dispute.won",
    /// The rail contradicts what is known of an operation.
    ExceptionOpened = "exception.opened",
    /// Nobody knows how to undo it by itself: people have to look.
    ExceptionUnresolved = "exception.unresolved",
    /// What came too late is undone, or people have settled it.
    ExceptionResolved = "exception.resolved",
    /// An operator said what became of an operation; a second one has to confirm it.
    ResolutionProposed = "resolution.proposed",
    /// A request to a service is done; `request` names it.
    ServiceRequestDone = "service.request_done",
    /// A request to a service failed, and what it held went back.
    ServiceRequestFailed = "service.request_failed",
    /// A service waits for the person's word on money.
    ServiceConsentNeeded = "service.consent_needed",
}

impl EventKind {
    /// The kind that a word names.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }
}

/// One thing that happened. Plain data: nothing is decided from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What happened.
    pub kind: EventKind,
    /// The hold, if there is one.
    pub hold: Option<HoldId>,
    /// The operation that made it happen, if there is one.
    pub operation: Option<OperationId>,
    /// The account that loses: the payer, or where funds come from. For `account.opened` none.
    pub payer: Option<AccountId>,
    /// The account that gains: the payee, or where funds go to. For `account.opened` the account; for a request to a service
    /// one of its merchant's, which says whose event it is.
    pub payee: Option<AccountId>,
    /// The request to a service that it is about, if it is.
    pub request: Option<ServiceRequestId>,
    /// How much, where an amount is concerned.
    pub amount: Option<Money>,
    /// The hold's version after it happened.
    pub hold_version: Option<u32>,
    /// The hold's public word after it happened.
    pub status: Option<Status>,
    /// When the hub decided it.
    pub at: Timestamp,
}

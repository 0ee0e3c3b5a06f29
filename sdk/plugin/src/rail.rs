//! The trait that a rail implements.

use crate::command::{Capture, Extend, Extension, Hold, Inquiry, Operation, Raise, Refund, Release};
use crate::http::{Inbound, Reply, Silence};
use crate::next::{Next, UNSUPPORTED, declined, unknown};
use crate::tag::Tag;

/// A payment rail. Every method is a pure function of its arguments; a fresh value is made for each call.
///
/// Commands that are left out decline with `command.unsupported`; events that are left out end in `unknown`,
/// which never loses money.
pub trait Rail {
    /// Reserve the payer's money.
    fn hold(&self, op: &Operation, hold: &Hold) -> Next {
        let _ = (op, hold);
        unsupported("hold")
    }

    /// Reserve more of the payer's money on a hold. A decline leaves the hold as it is.
    fn raise(&self, op: &Operation, raise: &Raise) -> Next {
        let _ = (op, raise);
        unsupported("raise")
    }

    /// Keep a hold until later. A decline leaves its deadline as it is.
    fn extend(&self, op: &Operation, extend: &Extend) -> Next {
        let _ = (op, extend);
        unsupported("extend")
    }

    /// Take all or part of a hold.
    fn capture(&self, op: &Operation, capture: &Capture) -> Next {
        let _ = (op, capture);
        unsupported("capture")
    }

    /// Give back what is left of a hold.
    fn release(&self, op: &Operation, release: &Release) -> Next {
        let _ = (op, release);
        unsupported("release")
    }

    /// Return money of a capture.
    fn refund(&self, op: &Operation, refund: &Refund) -> Next {
        let _ = (op, refund);
        unsupported("refund")
    }

    /// Find out what became of an operation, changing nothing. Without it an unknown outcome waits for a person,
    /// so the default is `unknown`, not a decline.
    fn inquire(&self, op: &Operation, inquiry: &Inquiry) -> Next {
        let _ = (op, inquiry);
        unknown(UNSUPPORTED, "this rail cannot be asked about an operation")
    }

    /// A command of this rail's own, named in its manifest.
    fn extension(&self, op: &Operation, extension: &Extension) -> Next {
        let _ = op;
        unsupported(&extension.name)
    }

    /// The far end answered the call that was tagged `at`.
    fn on_reply(&self, op: &Operation, at: &Tag, reply: &Reply) -> Next;

    /// No reply came. `silence.maybe_delivered` covers every attempt of the call.
    fn on_silence(&self, op: &Operation, at: &Tag, silence: &Silence) -> Next {
        let _ = (op, at);
        unknown("silence", silence.reason.as_str())
    }

    /// The time of [`crate::wait_until`] has come.
    fn on_timer(&self, op: &Operation, at: &Tag) -> Next {
        let _ = op;
        unknown("timer.unexpected", format!("no timer is awaited at {:?}", at.name()))
    }

    /// A webhook or redirect that the hub matched to this operation.
    fn on_notice(&self, op: &Operation, at: &Tag, notice: &Inbound) -> Next {
        let _ = (op, notice);
        unknown("notice.unexpected", format!("no notice is awaited at {:?}", at.name()))
    }
}

fn unsupported(command: &str) -> Next {
    declined(UNSUPPORTED, format!("this rail has no {command}"))
}

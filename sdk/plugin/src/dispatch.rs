//! From the hub's two entry points to a rail's methods. Shared by the component and by native tests.

use crate::command::{Command, Operation};
use crate::http::{Fault, Inbound, Reply, Silence};
use crate::next::Step;
use crate::rail::Rail;
use crate::tag::Tag;

/// What the hub tells a rail after a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The far end answered.
    Reply(Reply),
    /// It did not.
    Silence(Silence),
    /// The awaited time has come.
    Timer,
    /// Something came in from outside.
    Notice(Inbound),
}

/// The first step of an operation.
///
/// Errors: the fault of a call or state that could not be built. The hub declines then: nothing left it.
pub fn start<R: Rail + ?Sized>(rail: &R, op: &Operation) -> Result<Step, Fault> {
    let next = match &op.command {
        Command::Hold(hold) => rail.hold(op, hold),
        Command::Raise(raise) => rail.raise(op, raise),
        Command::Extend(extend) => rail.extend(op, extend),
        Command::Capture(capture) => rail.capture(op, capture),
        Command::Release(release) => rail.release(op, release),
        Command::Refund(refund) => rail.refund(op, refund),
        Command::Inquire(inquiry) => rail.inquire(op, inquiry),
        Command::Extension(extension) => rail.extension(op, extension),
    };
    next.into_step()
}

/// The step after an event. `state` is what the last step carried.
///
/// Errors: as [`start`], and `state.unreadable`. The hub counts them as `unknown`.
pub fn resume<R: Rail + ?Sized>(rail: &R, op: &Operation, state: &[u8], event: &Event) -> Result<Step, Fault> {
    let at = Tag::from_bytes(state)?;
    let next = match event {
        Event::Reply(reply) => rail.on_reply(op, &at, reply),
        Event::Silence(silence) => rail.on_silence(op, &at, silence),
        Event::Timer => rail.on_timer(op, &at),
        Event::Notice(notice) => rail.on_notice(op, &at, notice),
    };
    next.into_step()
}

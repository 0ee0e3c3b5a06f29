//! The trait that a service implements, and the way from the hub's entry points to its methods. Shared by the component and
//! by native tests.

use super::next::{Next, Step, fail};
use super::request::{Description, Message, Receipt, Request};
use super::settings::{self, SETTINGS, SettingsFault};
use crate::http::{Fault, Reply, Silence};
use crate::tag::Tag;

/// A city or merchant service. Every method is a pure function of its arguments; a fresh value is made for each call.
///
/// Events that are left out fail the request, and what it still holds goes back.
pub trait Service {
    /// What the service is; the same whenever it is asked.
    fn describe(&self) -> Description;

    /// What is wrong with settings that fit the schema; asked when they are set. Of the request only `settings` says something,
    /// and the instance's keys are not to be looked at: at a desk there are none.
    fn check_settings(&self, request: &Request) -> Vec<SettingsFault> {
        let _ = request;
        Vec::new()
    }

    /// The first step of a request.
    fn handle(&self, request: &Request) -> Next;

    /// The far end answered the call that was tagged `at`.
    fn on_reply(&self, request: &Request, at: &Tag, reply: &Reply) -> Next {
        let _ = request;
        fail("reply.unexpected", format!("{} at {:?} was not expected", reply.status(), at.name()))
    }

    /// No reply came. `silence.maybe_delivered` covers every attempt of the call.
    fn on_silence(&self, request: &Request, at: &Tag, silence: &Silence) -> Next {
        let _ = (request, at);
        fail("silence", silence.reason.as_str())
    }

    /// The time of [`super::wait_until`] has come.
    fn on_timer(&self, request: &Request, at: &Tag) -> Next {
        let _ = request;
        fail("timer.unexpected", format!("no timer is awaited at {:?}", at.name()))
    }

    /// Somebody told the waiting request something.
    fn on_message(&self, request: &Request, at: &Tag, message: &Message) -> Next {
        let _ = (request, at);
        fail("message.unexpected", format!("{:?} was not expected", message.name))
    }

    /// The money moved.
    fn on_moved(&self, request: &Request, at: &Tag, receipt: &Receipt) -> Next {
        let _ = (request, receipt);
        fail("money.unexpected", format!("no money is awaited at {:?}", at.name()))
    }

    /// The money did not move and will not: nobody agreed, too little was there, above the cap. `why.code` says which.
    fn on_not_moved(&self, request: &Request, at: &Tag, why: &Fault) -> Next {
        let _ = (request, at);
        fail(why.code.as_str(), why.message.as_str())
    }
}

/// What the hub tells a service after a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The far end answered.
    Reply(Reply),
    /// It did not.
    Silence(Silence),
    /// The awaited time has come.
    Timer,
    /// Somebody told the request something.
    Message(Message),
    /// The money moved.
    Moved(Receipt),
    /// It did not and will not.
    NotMoved(Fault),
}

/// The first step of a request.
///
/// Errors: the fault of something that could not be built. The request fails then: nothing left the hub.
pub fn handle<S: Service + ?Sized>(service: &S, request: &Request) -> Result<Step, Fault> {
    service.handle(request).into_step()
}

/// The step after an event. `state` is what the last step carried; without one the hub asks what is wrong with the settings.
///
/// Errors: as [`handle`], and `state.unreadable`.
pub fn resume<S: Service + ?Sized>(service: &S, request: &Request, state: &[u8], event: &Event) -> Result<Step, Fault> {
    if let (true, Event::Message(Message { name, .. })) = (state.is_empty(), event)
        && name == SETTINGS
    {
        return settings::told(service, request);
    }
    let at = Tag::from_bytes(state)?;
    let next = match event {
        Event::Reply(reply) => service.on_reply(request, &at, reply),
        Event::Silence(silence) => service.on_silence(request, &at, silence),
        Event::Timer => service.on_timer(request, &at),
        Event::Message(message) => service.on_message(request, &at, message),
        Event::Moved(receipt) => service.on_moved(request, &at, receipt),
        Event::NotMoved(why) => service.on_not_moved(request, &at, why),
    };
    next.into_step()
}

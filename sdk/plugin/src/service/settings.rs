//! What a service finds wrong with its own settings, told when they are set and not when the first person asks.
//!
//! The hub asks in the sandbox: an event without a state, a message by a name of its own. A component that does not know it
//! answers that it cannot read the state, and has nothing to say. Absent: all that a JSON Schema says, which the hub looks at first.

use serde::{Deserialize, Serialize};

use super::dispatch::Service;
use super::next::done;
use super::request::Request;
use crate::http::Fault;
use crate::service::Step;

/// The message by which the hub asks. No request is told it: it comes with an empty state.
pub(super) const SETTINGS: &str = "settings";
/// More are not read by the hub, nor by people.
const MAX_FAULTS: usize = 20;

/// One thing that is wrong with an instance's settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingsFault {
    /// JSON Pointer into the settings: the hub names the file and the line of this place.
    pub pointer: String,
    /// A stable word, such as `park.hours_overlap`.
    pub code: String,
    /// What is wrong and what to write, in Japanese, to be read after the name of the field: `が 4000 円です。3000 円以下で…`.
    pub ja: String,
    /// The same in English: `is 4000; write at most 3000`.
    pub en: String,
}

impl SettingsFault {
    /// A fault at a place, step by step: `&["gifts", "0", "cost_yen"]`.
    pub fn at(place: &[&str], code: &str, ja: impl Into<String>, en: impl Into<String>) -> SettingsFault {
        let pointer = place.iter().map(|step| format!("/{}", step.replace('~', "~0").replace('/', "~1"))).collect();
        SettingsFault { pointer, code: code.to_owned(), ja: ja.into(), en: en.into() }
    }

    /// Settings that fit the schema and not the service's type: the two say different things.
    pub fn unreadable(why: Fault) -> Vec<SettingsFault> {
        let ja = "をプラグインが読めません。発行元に知らせてください";
        vec![SettingsFault::at(&[], &why.code, ja, format!("{}; tell the publisher of the plugin", why.message))]
    }
}

#[derive(Serialize)]
struct Told {
    faults: Vec<SettingsFault>,
}

/// What the component answers the hub.
pub(super) fn told<S: Service + ?Sized>(service: &S, request: &Request) -> Result<Step, Fault> {
    let mut faults = service.check_settings(request);
    faults.truncate(MAX_FAULTS);
    done(&Told { faults }).into_step()
}

/// What a service finds wrong with settings. For native tests; the hub asks the component.
pub fn check_settings<S: Service + ?Sized>(service: &S, settings: &serde_json::Value) -> Vec<SettingsFault> {
    let request = Request {
        id: SETTINGS.to_owned(),
        service: "instance".to_owned(),
        now: 0,
        action: SETTINGS.to_owned(),
        settings: settings.to_string(),
        subject: None,
        recognised_by: Vec::new(),
        claims: Vec::new(),
        input: "{}".to_owned(),
        attributes: Vec::new(),
    };
    service.check_settings(&request)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::service::{Description, Event, Message, Next, Wanted, fail, resume};

    struct Pool;

    impl Service for Pool {
        fn describe(&self) -> Description {
            Description::new("{}")
        }
        fn handle(&self, _: &Request) -> Next {
            fail("pool.closed", "nobody is asked")
        }
        fn check_settings(&self, request: &Request) -> Vec<SettingsFault> {
            request.settings().map_or_else(SettingsFault::unreadable, |lanes: Vec<u64>| {
                lanes
                    .iter()
                    .map(|lane| SettingsFault::at(&["lanes/wide", "a~b"], "pool.lane", "だめ", lane.to_string()))
                    .collect()
            })
        }
    }

    struct Silent;

    impl Service for Silent {
        fn describe(&self) -> Description {
            Description::new("{}")
        }
        fn handle(&self, _: &Request) -> Next {
            fail("silent", "nobody is asked")
        }
    }

    fn asked(service: &dyn Service, settings: &str, state: &[u8], name: &str) -> Result<Value, Fault> {
        let request = Request {
            id: "settings".to_owned(),
            service: "pool".to_owned(),
            now: 0,
            action: String::new(),
            settings: settings.to_owned(),
            subject: None,
            recognised_by: Vec::new(),
            claims: Vec::new(),
            input: "{}".to_owned(),
            attributes: Vec::new(),
        };
        let event = Event::Message(Message { name: name.to_owned(), input: "{}".to_owned() });
        let step = resume(service, &request, state, &event)?;
        let Wanted::Done(output) = step.next else { panic!("{step:?}") };
        assert!(step.writes.is_empty() && step.events.is_empty() && step.admissions.is_empty());
        Ok(serde_json::from_str(&output).unwrap())
    }

    #[test]
    fn faults_are_told_by_place_and_in_both_languages_and_not_more_than_are_read() {
        let told = asked(&Pool, "[7]", b"", "settings").unwrap();
        let fault = json!({"pointer": "/lanes~1wide/a~0b", "code": "pool.lane", "ja": "だめ", "en": "7"});
        assert_eq!(told, json!({ "faults": [fault] }));
        let many = format!("{:?}", vec![1; 50]);
        assert_eq!(asked(&Pool, &many, b"", "settings").unwrap()["faults"].as_array().unwrap().len(), 20);
        let unreadable = asked(&Pool, "{}", b"", "settings").unwrap();
        assert_eq!(unreadable["faults"][0]["code"], "settings.unreadable");
        assert_eq!(unreadable["faults"][0]["pointer"], "");
    }

    #[test]
    fn who_checks_nothing_finds_nothing_and_no_other_message_comes_without_a_state() {
        assert_eq!(asked(&Silent, "{}", b"", "settings").unwrap(), json!({ "faults": [] }));
        assert_eq!(asked(&Pool, "[7]", b"", "bill").unwrap_err().code, "state.unreadable");
    }
}

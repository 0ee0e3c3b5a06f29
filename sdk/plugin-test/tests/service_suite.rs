//! What the suite for services itself finds: settings that the service refuses, and requests that it cannot follow to their end.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use serde_json::json;
use tebura_plugin::service::*;
use tebura_plugin_test::service::{ServiceBreach, ServiceConformance, ServiceReport};

/// Answers after a message that it may be told any number of times; counts what it was told where it is to.
#[derive(Default)]
struct Counter {
    counts: bool,
}

impl Service for Counter {
    fn describe(&self) -> Description {
        let wait = Action::new("wait").output("{}").message("more", "{}");
        Description::new(r#"{"type": "object"}"#).action(wait)
    }

    fn check_settings(&self, request: &Request) -> Vec<SettingsFault> {
        let wrong = request.settings.contains("wrong");
        let fault = SettingsFault::at(&["wrong"], "counter.wrong", "は書けません", "has no place; remove it");
        wrong.then_some(fault).into_iter().collect()
    }

    fn handle(&self, request: &Request) -> Next {
        wait_until(request.now + 1_000).then_with("waiting", &0_u64)
    }

    fn on_timer(&self, _: &Request, _: &Tag) -> Next {
        done(&json!({}))
    }

    fn on_message(&self, request: &Request, at: &Tag, _: &Message) -> Next {
        let told = at.value::<u64>().unwrap() + u64::from(self.counts);
        wait_until(request.now + 1_000).then_with("waiting", &told)
    }
}

fn report(counts: bool, settings: serde_json::Value) -> ServiceReport {
    let suite = ServiceConformance::new().settings(settings).input("wait", json!({}));
    suite.message("wait", "more", json!({})).run(move || Counter { counts })
}

#[test]
fn settings_that_the_service_itself_refuses_are_a_breach_of_the_suites_samples() {
    report(false, json!({})).assert_clean();
    let wrong = report(false, json!({"wrong": 1}));
    let [(place, ServiceBreach::DoesNotFit { of, why })] = &wrong.breaches[..] else { panic!("{wrong:?}") };
    assert_eq!((place.as_str(), of.as_str()), ("the suite's own samples", "the settings"));
    assert_eq!(why, "/wrong has no place; remove it");
}

#[test]
fn a_place_that_was_seen_is_not_followed_twice_and_one_that_differs_is() {
    let (same, counting) = (report(false, json!({})), report(true, json!({})));
    counting.assert_clean();
    assert!(same.paths <= counting.paths, "{} {}", same.paths, counting.paths);
    // With and without a person, by the timer at each of the three counts.
    assert_eq!(counting.paths, 4 * 3);
}

//! A rail whose far end calls back: right, forged, early, late and twice, and what happens to one that believes too much.

#![expect(clippy::wildcard_enum_match_arm, reason = "each method does wrong in a few ways and right in all others")]
#![expect(clippy::unwrap_used, reason = "a helper of tests")]

use serde_json::json;
use tebura_plugin::{
    Call, Fault, Hold, Inbound, Inquiry, Millis, NativeHost, News, Next, Notices, Operation, Rail, Reply, Subject, Tag,
    crypto, export_rail_with_notices, fresh, from_hex, unknown, wait_until, yen,
};
use tebura_plugin_test::{Breach, Conformance, Harness, NOW, get, inbound, post, settled};

/// What the rail under test does wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Wrong {
    #[default]
    Nothing,
    ChecksNothing,
    SignsTheHeadersOnly,
    EndsOnNotice,
    TellsTooMuch,
    NamesNothing,
    RefusesAll,
}

/// A wallet that asks its payer in an app, and calls back when they said yes.
#[derive(Debug, Default)]
struct Asking(Wrong);

impl Rail for Asking {
    fn hold(&self, op: &Operation, _: &Hold) -> Next {
        Call::post("gateway", "/holds").idempotent(&op.id).then("hold")
    }

    fn inquire(&self, _: &Operation, inquiry: &Inquiry) -> Next {
        Call::get("gateway", format!("/holds/{}", inquiry.of)).read().then("asked")
    }

    fn on_reply(&self, op: &Operation, at: &Tag, reply: &Reply) -> Next {
        match (at.name(), reply.status(), reply.json::<u64>()) {
            (_, 200, Ok(amount)) => tebura_plugin::settled("h1", yen(amount)),
            ("hold", 202, _) => wait_until(op.now + 600_000, "asked", &()),
            (_, status, _) => unknown("reply.unexpected", format!("{status}")),
        }
    }

    fn on_timer(&self, op: &Operation, _: &Tag) -> Next {
        ask(op)
    }

    fn on_notice(&self, op: &Operation, _: &Tag, _: &Inbound) -> Next {
        match self.0 {
            Wrong::EndsOnNotice => tebura_plugin::settled("h1", yen(1_200)),
            _ => ask(op),
        }
    }
}

fn ask(op: &Operation) -> Next {
    let id = op.id.split('.').next().unwrap_or_default();
    Call::get("gateway", format!("/holds/{id}")).read().then("asked")
}

impl Notices for Asking {
    fn identify(&self, request: &Inbound, now: Millis) -> Result<Vec<News>, Fault> {
        let at = request.header("x-time").unwrap_or_default();
        let code = from_hex(request.header("x-code").unwrap_or_default());
        let body: &[u8] = if self.0 == Wrong::SignsTheHeadersOnly { b"" } else { &request.body };
        match self.0 {
            Wrong::ChecksNothing => {}
            Wrong::RefusesAll => return Err(Fault::new("notice.refused", "no")),
            _ => {
                crypto::verify("webhook", &[at.as_bytes(), b".", body].concat(), &code)?;
                fresh(at.parse().unwrap_or(0), now, 300_000)?;
            }
        }
        let told = match self.0 {
            Wrong::TellsTooMuch => 17,
            _ => 1,
        };
        let about = match self.0 {
            Wrong::NamesNothing => String::new(),
            // Unreadable bodies must not be told from readable ones before they are known to be authentic.
            _ => {
                request.json::<serde_json::Value>().map_or_else(|_| "op_0".to_owned(), |body| body["order"].to_string())
            }
        };
        let about = about.trim_matches('"').to_owned();
        Ok(vec![News::Progress(Subject::Operation(about)); told])
    }
}

export_rail_with_notices!(Asking);

fn signed_over(signed: &str, body: &str, at: u64) -> Inbound {
    NativeHost::with(|host| drop(host.keys.insert("webhook".to_owned(), b"secret".to_vec())));
    let code = crypto::mac("webhook", format!("{at}.{signed}").as_bytes()).unwrap();
    let code: String = code.iter().map(|byte| format!("{byte:02x}")).collect();
    inbound("events", &[("X-Time", &at.to_string()), ("X-Code", &code)], body)
}

fn signed(order: &str, number: u32, at: u64) -> Inbound {
    let body = json!({ "order": order, "number": number }).to_string();
    signed_over(&body, &body, at)
}

#[test]
fn a_notice_wakes_what_waits_and_the_far_end_is_asked() {
    let mut hub = Harness::of(Asking::default());
    let op = hub.hold(yen(1_200));
    hub.expect(post("/holds").key(op.id())).reply(202, ());
    hub.notify(signed(op.id(), 1, NOW));
    hub.expect(get(format!("/holds/{}", op.id()))).reply(202, ());
    let second = signed(op.id(), 2, NOW);
    hub.notify(second.clone());
    hub.notify(second);
    hub.expect(get(format!("/holds/{}", op.id()))).reply(200, 1_200);
    let before = hub.now();
    assert_eq!(hub.finish(&op), settled("h1", yen(1_200)));
    assert_eq!(hub.now(), before, "no timer was waited for");
}

#[test]
fn a_notice_that_overtakes_the_reply_waits_for_it() {
    let mut hub = Harness::of(Asking::default());
    let op = hub.hold(yen(1_200));
    hub.notify(signed(op.id(), 1, NOW));
    hub.expect(post("/holds")).reply(202, ());
    hub.expect(get(format!("/holds/{}", op.id()))).reply(200, 1_200);
    assert_eq!(hub.finish(&op), settled("h1", yen(1_200)));
    // And one that overtakes a reply which never comes makes the hub inquire.
    let op = hub.hold(yen(1_200));
    hub.notify(signed(op.id(), 2, NOW));
    hub.expect(post("/holds")).lost();
    hub.expect(get(format!("/holds/{}", op.id()))).reply(200, 1_200);
    assert_eq!(hub.finish(&op), settled("h1", yen(1_200)));
}

#[test]
fn a_late_notice_and_one_about_another_operation_change_nothing() {
    let mut hub = Harness::of(Asking::default());
    let op = hub.hold(yen(1_200));
    hub.expect(post("/holds")).reply(202, ());
    hub.notify(signed("op_another", 1, NOW));
    let before = hub.now();
    hub.expect(get(format!("/holds/{}", op.id()))).reply(200, 1_200);
    hub.notify(signed(op.id(), 2, NOW));
    assert_eq!(hub.finish(&op), settled("h1", yen(1_200)));
    assert_eq!(hub.now(), before + 600_000, "it was the timer");
}

#[test]
fn what_is_forged_or_old_is_not_heard() {
    let mut hub = Harness::of(Asking::default());
    let authentic = signed("op_1", 1, NOW);
    assert_eq!(hub.hear(&authentic), Ok(vec![News::Progress(Subject::Operation("op_1".to_owned()))]));
    let forged = Inbound { body: b"{\"order\": \"op_2\"}".to_vec(), ..authentic.clone() };
    assert_eq!(hub.hear(&forged).unwrap_err().code, "crypto.bad_signature");
    hub.pass_ms(300_001);
    assert_eq!(hub.hear(&authentic).unwrap_err().code, "notice.stale");
}

fn breaches(wrong: Wrong) -> Vec<Breach> {
    let notice = match wrong {
        Wrong::SignsTheHeadersOnly => signed_over("", "{\"order\": \"op_1\"}", NOW),
        _ => signed("op_1", 1, NOW),
    };
    let suite = Conformance::new().notice(notice).reply(202, ()).reply(200, 1_200);
    let mut breaches: Vec<Breach> =
        suite.run_with_notices(|| Asking(wrong)).breaches.into_iter().map(|(_, breach)| breach).collect();
    breaches.dedup();
    breaches
}

#[test]
fn an_honest_rail_conforms() {
    assert_eq!(breaches(Wrong::Nothing), []);
}

#[test]
fn a_rail_that_believes_too_much_is_found_out() {
    let forged = |breach: &Breach| matches!(breach, Breach::NoticeForged { .. });
    for wrong in [Wrong::ChecksNothing, Wrong::SignsTheHeadersOnly] {
        let found = breaches(wrong);
        assert!(!found.is_empty() && found.iter().all(forged), "{wrong:?}: {found:?}");
    }
    let found = breaches(Wrong::EndsOnNotice);
    let in_doubt = |breach: &Breach| matches!(breach, Breach::SettledInDoubt { doubt } if doubt.contains("notice"));
    assert!(found.iter().any(in_doubt), "{found:?}");
    assert!(found.iter().all(|breach| matches!(breach, Breach::SettledInDoubt { .. })), "{found:?}");
}

#[test]
fn a_rail_that_the_hub_cannot_hear_is_found_out() {
    let malformed = |breach: &Breach| matches!(breach, Breach::MalformedNews { .. });
    for wrong in [Wrong::TellsTooMuch, Wrong::NamesNothing] {
        let found = breaches(wrong);
        assert!(!found.is_empty() && found.iter().all(malformed), "{wrong:?}: {found:?}");
    }
    assert_eq!(breaches(Wrong::RefusesAll), [Breach::NoticeRefused { code: "notice.refused".to_owned() }]);
}

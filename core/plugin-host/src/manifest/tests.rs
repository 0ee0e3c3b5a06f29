use tebura_hub::rail::RailFinality;
use tebura_ledger::Currency;

use super::*;

pub(crate) const WHOLE: &str = r#"[plugin]
id = "jp.example.machi-pay"
version = "1.4.0"
title = "Machi Pay"
world = "tebura:rail/rail-plugin@1.0.0"
reads_state = ["1.3.0"]
settings = ["merchant_code"]

[rail]
commands = ["hold", "capture", "release", "refund", "inquire"]
several_captures = true
max_hold = "7 d"

[money]
currencies = ["JPY"]
max_per_operation = 100_000

[endpoints.gateway]
allow = ["POST /v1/holds", "GET /v1/holds/*"]
idempotency_header = "Idempotency-Key"
settle_window = "90 s"

[keys.webhook]
algorithm = "hmac-sha256"
use = ["verify"]

[limits]
fuel = 5_000_000
memory = "8 MiB"
deadline = "150ms"
"#;

#[test]
fn everything_is_read() {
    let manifest = Manifest::parse(WHOLE.as_bytes()).unwrap();
    let rail = manifest.rail().unwrap();
    assert_eq!(manifest.id.0, "jp.example.machi-pay");
    assert_eq!(manifest.world, World::Rail);
    assert_eq!(rail.rail.as_str(), "jp.example.machi-pay");
    assert_eq!(manifest.version, "1.4.0");
    assert_eq!(rail.max_hold, Some(Duration::from_secs(7 * 86_400)));
    assert_eq!(rail.currencies, [Currency::JPY]);
    assert_eq!(manifest.endpoints["gateway"].allow[1].to_string(), "GET /v1/holds/*");
    assert_eq!(manifest.settle_window(), Duration::from_secs(90));
    assert_eq!(manifest.keys["webhook"].uses, [KeyUse::Verify]);
    let limits = CallLimits { fuel: 5_000_000, memory_bytes: 8 << 20, deadline: Duration::from_millis(150) };
    assert_eq!(manifest.limits, limits);
}

#[test]
fn what_else_a_rail_can_do_is_read_and_is_little_where_nothing_is_said() {
    let part = |text: &str| Manifest::parse(text.as_bytes()).unwrap().rail().unwrap().clone();
    let least = part(WHOLE);
    assert_eq!((least.partial_release, least.pin, least.settlement_delay), (false, false, Duration::ZERO));
    assert_eq!(least.finality, RailFinality::Contestable);
    let said =
        "max_hold = \"7 d\"\npartial_release = true\npin = true\nsettlement_delay = \"2 d\"\nfinality = \"final\"";
    let rail = part(&WHOLE.replacen("max_hold = \"7 d\"", said, 1));
    assert_eq!((rail.partial_release, rail.pin), (true, true));
    assert_eq!(rail.settlement_delay, Duration::from_secs(2 * 86_400));
    assert_eq!(rail.finality, RailFinality::Final);
}

#[track_caller]
fn check(from: &str, to: &str, expected: &str) {
    assert!(WHOLE.contains(from), "{from}");
    let error = Manifest::parse(WHOLE.replacen(from, to, 1).as_bytes()).unwrap_err();
    assert_eq!(error.to_string(), expected);
}

#[test]
fn a_problem_names_the_line_the_value_and_the_fix() {
    check(
        "id = \"jp.example.machi-pay\"",
        "id = \"Machi Pay\"",
        "plugin.toml has 1 problem:\n  line 2: plugin.id = \"Machi Pay\" is not accepted; write a reversed domain name that you own, then the plugin's name, for example \"jp.example.machi-pay\"",
    );
    check(
        "GET /v1/holds/*\"",
        "FETCH /v1/holds/*\"",
        "plugin.toml has 1 problem:\n  line 19: endpoints.gateway.allow[1] = \"FETCH /v1/holds/*\" is not accepted; write a method, a space and a path in which `*` stands for one whole segment, for example \"GET /v1/holds/*\"",
    );
    check(
        "GET /v1/holds/*\"",
        "GET /v1/../admin\"",
        "plugin.toml has 1 problem:\n  line 19: endpoints.gateway.allow[1] = \"GET /v1/../admin\" is not a pattern; write the path without `.` and `..`",
    );
    check(
        "max_per_operation = 100_000",
        "max_per_operation = 0",
        "plugin.toml has 1 problem:\n  line 16: money.max_per_operation = 0 is not accepted; write the largest amount of one operation, in the currency's smallest unit, for example 100000",
    );
    check(
        "max_per_operation = 100_000",
        "max_per_operation = 1.5",
        "plugin.toml is not TOML: line 16: money.max_per_operation a fraction has no place here; write a whole number; correct it and try again",
    );
    check(
        "\"8 MiB\"",
        "\"8 GiB\"",
        "plugin.toml has 1 problem:\n  line 29: limits.memory = \"8 GiB\" is not accepted; write memory and tables of one call together, at most 32 MiB: a number and KiB or MiB, for example \"16 MiB\"",
    );
    check(
        "\"8 MiB\"",
        "\"64 MiB\"",
        "plugin.toml has 1 problem:\n  line 29: limits.memory = \"64 MiB\" is out of range; write 1 MiB to 32 MiB, for example \"16 MiB\"",
    );
    check(
        "use = [\"verify\"]",
        "use = [\"sign\"]",
        "plugin.toml has 1 problem:\n  line 25: keys.webhook.use = [\"sign\"] does not go with the algorithm; write `mac` and `verify` for hmac-sha256, `sign` and `verify` for ed25519",
    );
    check(
        "\"Idempotency-Key\"",
        "\"Authorization\"",
        "plugin.toml has 1 problem:\n  line 20: endpoints.gateway.idempotency_header = \"Authorization\" belongs to the hub; name the header that the far end documents, for example \"Idempotency-Key\"",
    );
    check(
        "[\"JPY\"]",
        "[\"JPX\"]",
        "plugin.toml has 1 problem:\n  line 15: money.currencies[0] = \"JPX\" is not a currency; JPX is not an ISO 4217 currency: correct it, or give an operator's own currency four characters or more",
    );
}

const IDENTITY: &str = r#"[plugin]
id = "jp.example.proof"
version = "1.0.0"
title = "Proof"
world = "tebura:identity/identity-plugin@1.0.0"
settings = ["anchors"]

[identity]
claims = ["name", "birth_date"]
session = "10 min"

[limits]
fuel = 1_000_000
memory = "8 MiB"
deadline = "2 s"
"#;

const SERVICE: &str = r#"[plugin]
id = "jp.example.park"
version = "1.0.0"
world = "tebura:service/service-plugin@1.0.0"

[service]
payees = ["facility"]
galleries = ["today"]
topics = ["park.entered"]
claims = ["residence"]
"#;

const NOTICES: &str = r#"
[notices]
routes = ["events"]
headers = ["X-Signature"]
"#;

/// What else a rail may say, on lines of their own.
const MORE_OF_A_RAIL: &str = r#"max_hold = "7 d"
partial_release = true
pin = true
settlement_delay = "2 d"
finality = "final"
when_on = { release = "merchant_code" }"#;

#[test]
fn every_field_wrong_in_turn_is_named_with_its_line_and_what_to_write() {
    let rail = WHOLE.replacen("max_hold = \"7 d\"", MORE_OF_A_RAIL, 1);
    let with_notices = rail.replacen("rail-plugin@", "rail-plugin-with-notices@", 1) + NOTICES;
    let mut fields = 0;
    for text in [with_notices.as_str(), IDENTITY, SERVICE] {
        Manifest::parse(text.as_bytes()).unwrap();
        let mut table = "";
        for (number, line) in (1..).zip(text.lines()) {
            let Some((name, _)) = line.split_once(" = ") else {
                table = line.trim_matches(['[', ']']);
                continue;
            };
            fields += 1;
            for wrong in ["-1", "[[1]]", "{ x = [1] }"] {
                let text = text.replacen(line, &format!("{name} = {wrong}"), 1);
                let Err(ManifestError::Invalid(problems)) = Manifest::parse(text.as_bytes()) else {
                    panic!("line {number}: {name} = {wrong} is accepted, or nobody says where it is wrong");
                };
                for problem in problems {
                    assert_eq!(problem.line, Some(number), "{problem}");
                    assert!(problem.path.starts_with(&format!("{table}.{name}")), "{problem}");
                    assert!(!problem.what.is_empty() && !problem.fix.is_empty(), "{problem}");
                }
            }
        }
    }
    assert_eq!(fields, 43);
}

#[test]
fn what_is_missing_or_unknown_is_named() {
    check(
        "version = \"1.4.0\"\n",
        "",
        "plugin.toml has 1 problem:\n  line 1: plugin.version is missing; write three numbers with dots, for example \"1.4.0\"",
    );
    check(
        "max_hold = \"7 d\"",
        "max_hodl = \"7 d\"",
        "plugin.toml has 1 problem:\n  line 12: rail.max_hodl is not a field here; remove it, or write `commands`, `finality`, `max_hold`, `partial_release`, `pin`, `settlement_delay`, `several_captures`, `when_on`",
    );
    check(
        "[money]\ncurrencies = [\"JPY\"]\nmax_per_operation = 100_000\n",
        "",
        "plugin.toml has 1 problem:\n  money is missing; write [money], the money that it may be asked to move",
    );
    check(
        "[plugin]\n",
        "[plugin\n",
        "plugin.toml is not TOML: line 1:  unclosed table, expected `]`; correct it and try again",
    );
    check(
        "version = \"1.4.0\"",
        "version = 1979-05-27",
        "plugin.toml is not TOML: line 3: plugin.version a date has no place here; put it in quotes; correct it and try again",
    );
}

#[test]
fn all_problems_come_at_once_in_the_order_of_the_lines() {
    let text = WHOLE.replace("\"1.4.0\"", "1").replace("\"7 d\"", "\"soon\"").replace("[\"JPY\"]", "[]");
    let ManifestError::Invalid(problems) = Manifest::parse(text.as_bytes()).unwrap_err() else { panic!("not Invalid") };
    let lines: Vec<_> = problems.iter().map(|problem| problem.line).collect();
    assert_eq!(lines, [Some(3), Some(12), Some(15)]);
}

#[test]
fn a_text_that_nobody_wrote_by_hand_is_refused() {
    assert!(matches!(Manifest::parse(&[b' '; 70_000]), Err(ManifestError::TooLarge { bytes: 70_000, .. })));
    assert!(matches!(Manifest::parse(b"\xff"), Err(ManifestError::NotUtf8)));
}

#[test]
fn the_least_manifest_is_denied_everything() {
    let manifest = Manifest::parse(
        br#"plugin = { id = "a.b.c", version = "0.1.0", world = "tebura:rail/rail-plugin@1.0.0" }
rail = { commands = ["hold"] }
money = { currencies = ["JPY"], max_per_operation = 1 }"#,
    )
    .unwrap();
    assert!(manifest.endpoints.is_empty() && manifest.keys.is_empty() && manifest.settings.is_empty());
    assert!(!manifest.rail().unwrap().several_captures);
}

#[test]
fn what_a_setting_switches_on_is_offered_where_it_is_on() {
    let text = WHOLE.replace(
        "max_hold",
        "when_on = { release = \"merchant_code\", several_captures = \"merchant_code\" }\nmax_hold",
    );
    let under = |value: Option<&str>| {
        let settings = value.map(|value| ("merchant_code".to_owned(), value.to_owned())).into_iter().collect();
        let rail = Manifest::parse(text.as_bytes()).unwrap().under(&settings).rail().unwrap().clone();
        (rail.commands.contains(&"release".to_owned()), rail.several_captures, rail.commands.len())
    };
    assert_eq!(under(Some("on")), (true, true, 5));
    assert_eq!(under(Some("off")), (false, false, 4));
    assert_eq!(under(None), (false, false, 4));

    let mistyped = text.replace("several_captures = \"merchant_code\"", "several_captures = \"merchant_kode\"");
    let error = Manifest::parse(mistyped.as_bytes()).unwrap_err().to_string();
    assert!(error.contains("rail.when_on.several_captures") && error.contains("plugin.settings"), "{error}");
    let unknown = text.replace("release =", "hold =");
    assert!(Manifest::parse(unknown.as_bytes()).unwrap_err().to_string().contains("rail.when_on"));
}

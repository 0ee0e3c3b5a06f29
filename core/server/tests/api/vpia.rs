//! `tebura vpia report` on real input: the market of `examples/vpia`, the real plugins, the pack that the program carries.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tebura_server::config::Config;
use tebura_server::messages::Language;
use tebura_server::vpia::page::page;
use tebura_server::vpia::read::{Places, read};
use tebura_server::vpia::report::Report;
use tebura_server::vpia::{Sources, VpiaError, build};

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/vpia").join(name)
}

/// The market after changes to its file.
fn market(change: impl Fn(&str) -> String) -> Sources {
    let folder = tempfile::tempdir().unwrap();
    let plugins = example("../../plugins").display().to_string();
    let text = std::fs::read_to_string(example("tebura.toml")).unwrap().replace("../../plugins", &plugins);
    let path = folder.path().join("tebura.toml");
    std::fs::write(&path, change(&text)).unwrap();
    let places = Places { comments: Some(example("comments.toml")), ..Places::default() };
    read(Config::read(&path).unwrap(), places, "2026-09-30".to_owned()).unwrap()
}

fn changed(from: &str, to: &str) -> Report {
    let with = |text: &str| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    };
    build(&market(with), None).unwrap()
}

fn report() -> Report {
    build(&market(str::to_owned), None).unwrap()
}

/// A hub of which nobody has said anything.
fn silent() -> Report {
    let sources = read(Config::default(), Places::default(), "2026-09-30".to_owned()).unwrap();
    build(&sources, None).unwrap()
}

fn has_gap(report: &Report, code: &str, path: &str) -> bool {
    report.gaps.iter().any(|gap| gap.code == code && gap.path == path)
}

#[track_caller]
fn fits(report: &Report) -> Value {
    let schema = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../specs/schemas/vpia-1.json")).unwrap();
    let schema = jsonschema::draft202012::new(&serde_json::from_slice(&schema).unwrap()).unwrap();
    let value = serde_json::to_value(report).unwrap();
    let errors: Vec<String> =
        schema.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert_eq!(errors, Vec::<String>::new());
    let mut wrong = value.clone();
    wrong["risks"][0]["phase"] = json!("sometime");
    assert!(!schema.is_valid(&wrong), "the schema refuses something");
    value
}

#[test]
fn vpia_1_the_report_comes_from_the_configuration_and_fits_its_schema() {
    let value = fits(&report());
    fits(&report().public());
    assert_eq!((&value["report"]["id"], &value["controller"]["type"]), (&json!("asaichi"), &json!("private")));
    assert_eq!(value["report"]["service_version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(value["value"]["individual"][0]["en"], "Pay with both hands full");
    let pack = &value["system"]["pack"];
    assert_eq!((&pack["name"], &pack["scope"]), (&json!("drawn-demo"), &json!("drawn-faces-only")));
    assert_eq!((&value["accuracy"]["impostor_pairs"], &value["accuracy"]["fmr"]), (&json!(497_500), &json!(0.00005)));
    let plugins = value["system"]["plugins"].as_array().unwrap();
    let ids: Vec<&Value> = plugins.iter().map(|plugin| &plugin["id"]).collect();
    assert_eq!(ids, ["jp.tebura.wallet", "jp.tebura.card"]);
    assert_eq!(report().report.content_sha256, report().report.content_sha256, "the same input, the same content");
}

#[test]
fn what_nobody_said_is_a_gap_and_never_invented() {
    let report = silent();
    let value = fits(&report);
    for path in ["privacy.controller.name", "privacy.version", "privacy.rights.fees", "privacy.purposes"] {
        assert!(has_gap(&report, "missing", path), "{path}");
    }
    assert_eq!((&value["controller"]["name"], &value["report"]["version"]), (&Value::Null, &Value::Null));
    for risk in value["risks"].as_array().unwrap() {
        assert_eq!((&risk["likelihood"], &risk["accepted_by"]), (&Value::Null, &Value::Null), "{risk}");
    }
    for gap in &report.gaps {
        for text in [&gap.text.ja, &gap.text.en] {
            let text = text.as_deref().unwrap_or_default();
            assert!(!text.is_empty() && !text.starts_with("vpia.") && !text.contains('{'), "{gap:?}");
        }
    }
}

#[test]
fn vpia_2_vpia_3_every_viewpoint_is_answered_or_the_report_stays_a_draft() {
    let draft = report();
    let open: Vec<&str> = draft.viewpoints.iter().filter(|row| row.is_open()).map(|row| row.id.as_str()).collect();
    assert_eq!(open, ["10-2", "10-4", "10-7"], "of fifteen: {}", draft.viewpoints.len());
    assert!(open.iter().all(|id| has_gap(&draft, "viewpoint_open", &format!("privacy.viewpoints.{id}"))));
    let assessed =
        |text: &str| text.replace("version = \"1\"\nperiod", "version = \"1\"\nstatus = \"assessed\"\nperiod");
    let refused = build(&market(assessed), None).unwrap_err();
    assert_eq!(refused, VpiaError::NotCovered { open: open.iter().map(|id| (*id).to_owned()).collect() });
    let reasons = |text: &str| {
        let reason = |id: &&str| format!("{id} = {{ ja = \"試行のみ\", en = \"a trial only\" }}\n");
        format!("{}\n[privacy.viewpoints]\n{}", assessed(text), open.iter().map(reason).collect::<String>())
    };
    let reasoned = build(&market(reasons), None).unwrap();
    assert!(!reasoned.viewpoints.iter().any(tebura_server::vpia::report::Viewpoint::is_open));
    let wrong = build(&market(|text| format!("{text}\n[privacy.viewpoints]\n11-1 = {{ ja = \"x\" }}\n")), None);
    assert_eq!(wrong.unwrap_err().code(), "vpia.no_viewpoint_key");
}

#[test]
fn vpia_4_vpia_5_each_risk_has_a_phase_and_says_for_whom_and_to_what_effect() {
    let value = fits(&report());
    for risk in value["risks"].as_array().unwrap() {
        for text in
            [&risk["phase"], &risk["who"]["ja"], &risk["who"]["en"], &risk["effect"]["ja"], &risk["effect"]["en"]]
        {
            assert!(text.as_str().is_some_and(|text| !text.is_empty() && !text.starts_with("vpia.")), "{risk}");
        }
    }
    let phases: std::collections::BTreeSet<&str> =
        value["risks"].as_array().unwrap().iter().map(|risk| risk["phase"].as_str().unwrap()).collect();
    assert_eq!(phases.len(), 4, "{phases:?}");
    let own = changed("[privacy.fallback]", "[privacy.risks.rain]\nviewpoints5 = [4]\n\n[privacy.fallback]");
    for path in ["privacy.risks.rain.phase", "privacy.risks.rain.who", "privacy.risks.rain.effect"] {
        assert!(has_gap(&own, "missing", path), "{path}");
    }
    let wrong = market(|text| {
        text.replace("[privacy.fallback]", "[privacy.risks.rain]\nviewpoints5 = [6]\n\n[privacy.fallback]")
    });
    assert_eq!(build(&wrong, None).unwrap_err(), VpiaError::NoViewpoint { risk: "rain".to_owned(), number: 6 });
}

#[test]
fn vpia_6_the_public_part_hides_what_is_not_published_and_who_answers() {
    let whole = report();
    let public = serde_json::to_string(&whole.public()).unwrap();
    assert!(public.contains("refund it the same day") && !public.contains("The rota"), "{public}");
    assert!(!public.contains("店長会 決済係"));
    assert!(serde_json::to_string(&whole).unwrap().contains("The rota"));
    assert!(!page(&whole, Language::English).contains("The rota"), "the page is the public part");
}

#[test]
fn vpia_7_assessments_are_attached_and_a_comment_without_an_answer_is_a_gap() {
    let own = report();
    let assessment = &own.assessment[0];
    assert_eq!((assessment.version.as_deref(), assessment.comments.len()), (Some("1"), 2));
    assert!(has_gap(&own, "unanswered", "assessment[0].comments[1].response"));
    assert!(!has_gap(&own, "unanswered", "assessment[0].comments[0].response"));
    let newer = changed("version = \"1\"\nperiod", "version = \"2\"\nperiod");
    assert!(has_gap(&newer, "other_version_assessed", "assessment[0].version"));
    assert!(has_gap(&silent(), "not_assessed", "assessment"));
}

#[test]
fn vpia_8_what_changed_is_named_and_asks_for_another_version() {
    let older: Value = serde_json::from_str(&serde_json::to_string(&report()).unwrap()).unwrap();
    let with = |version: &str| {
        let text = move |text: &str| {
            let text = text.replace("version = \"1\"\nperiod", &format!("version = \"{version}\"\nperiod"));
            text.replace("residual = \"low\"", "residual = \"medium\"").replace("sla_days = 14", "sla_days = 7")
        };
        build(&market(text), Some(&older)).unwrap()
    };
    let same = with("1");
    let since = same.since.clone().unwrap();
    let paths: Vec<&str> = since.changes.iter().map(|change| change.path.as_str()).collect();
    assert_eq!(paths, ["rights.sla_days", "risks[false_match].residual"]);
    assert_eq!((&since.changes[0].before, &since.changes[0].after), (&Some(json!(14)), &Some(json!(7))));
    assert!(has_gap(&same, "version_not_raised", "privacy.version"));
    assert!(!has_gap(&with("2"), "version_not_raised", "privacy.version"));
    fits(&same);
    let unchanged = build(&market(str::to_owned), Some(&older)).unwrap();
    assert!(unchanged.since.unwrap().changes.is_empty());
    assert_eq!(build(&market(str::to_owned), Some(&json!({}))).unwrap_err(), VpiaError::OtherFormat);
}

#[test]
fn vpia_9_each_kind_of_person_has_an_explanation_or_a_gap() {
    let own = report();
    assert!(own.explanations.child.ja.is_some());
    assert!(has_gap(&own, "missing", "privacy.explanations.disabled"));
    assert!(!has_gap(&own, "missing", "privacy.explanations.child"));
}

#[test]
fn vpia_10_measures_in_operation_have_a_section_of_their_own() {
    let page = page(&report(), Language::Japanese);
    let section = page.split("id=\"operational\"").nth(1).unwrap().split("<h2").next().unwrap();
    assert!(section.contains("当日中に係が確かめて返金する"), "{section}");
    assert!(!section.contains("メモリ上で見るだけ"), "a technical measure: {section}");
}

#[test]
fn vpia_11_a_measure_without_owner_or_evidence_is_flagged() {
    let own = report();
    assert!(!own.gaps.iter().any(|gap| gap.code == "measure_without_owner" && gap.path.contains("false_match")));
    assert!(own.gaps.iter().any(|gap| gap.code == "measure_without_owner" && gap.path.contains("spoof")));
    let bare: Vec<&str> =
        own.gaps.iter().filter(|gap| gap.code == "measure_without_evidence").map(|gap| gap.path.as_str()).collect();
    assert_eq!(bare, ["risks.false_match.countermeasures[4]"], "the rota");
    assert!(has_gap(&own, "no_measure", "privacy.risks.left_out.measures"));
}

#[test]
fn vpia_13_a_check_after_the_launch_is_overdue_from_its_day_on() {
    let on = |day: &str| build(&Sources { today: day.to_owned(), ..market(str::to_owned) }, None).unwrap();
    assert!(!has_gap(&on("2026-09-30"), "overdue", "privacy.post_launch[1]"));
    assert!(has_gap(&on("2026-10-01"), "overdue", "privacy.post_launch[1]"));
    assert!(!has_gap(&on("2026-10-01"), "overdue", "privacy.post_launch[0]"), "it was done");
    let bare = changed("metrics = [\"取り違え 0 件 / 12,400 件\"]", "");
    assert!(has_gap(&bare, "no_result", "privacy.post_launch[0].metrics"));
    let wrong = market(|text| text.replace("due = \"2026-10-01\"", "due = \"next autumn\""));
    assert_eq!(build(&wrong, None).unwrap_err().code(), "vpia.no_day");
}

#[test]
fn vpia_16_accuracy_by_group_is_reported_where_it_was_measured_and_missed_where_not() {
    assert!(has_gap(&report(), "unmeasured", "privacy.accuracy.by_group"));
    let measured = "[privacy.accuracy]\nby_group = [{ name = \"60+\", fmr = 0.0001, fnmr = 0.02, count = 140 }]\n\n[privacy.fallback]";
    let own = changed("[privacy.fallback]", measured);
    assert!(!has_gap(&own, "unmeasured", "privacy.accuracy.by_group"));
    assert_eq!(fits(&own)["accuracy"]["by_group"][0]["count"], 140);
    assert!(page(&own, Language::English).contains("0.0100 %"));
    assert!(has_gap(&own, "drawings_only", "system.pack"), "the pack's own rates are of drawings");
}

#[test]
fn vpia_17_flows_come_from_the_manifests() {
    let value = fits(&report());
    let flows = value["flows"].as_array().unwrap();
    let to = |to: &str| flows.iter().filter(|flow| flow["to"] == to).collect::<Vec<_>>();
    let wallet = to("https://wallet.example.jp");
    assert_eq!(wallet.len(), 7, "one for each call that the manifest lists");
    assert!(wallet.iter().any(|flow| flow["capability"] == "call provider: POST /v1/preauthorizations"));
    assert_eq!((&wallet[0]["cross_border"], &wallet[0]["purpose"]), (&json!(false), &json!(["pay"])));
    assert_eq!(to("https://api.card.example.com")[0]["cross_border"], true);
    let items = |flow: &Value| flow["data_items"].as_array().unwrap().clone();
    let outside = flows.iter().filter(|flow| !flow["recipient"].is_null());
    assert!(outside.clone().count() > 7);
    assert!(outside.into_iter().all(|flow| !items(flow).iter().any(|item| item == "face_template" || item == "name")));
    let park = "[[plugins]]\nfolder = \"PLUGINS/play-park\"\n\n[privacy]\n"
        .replace("PLUGINS", &example("../../plugins").display().to_string());
    let value = fits(&changed("[privacy]\n", &park));
    let flows = value["flows"].as_array().unwrap();
    let shown = |capability: &str| {
        let flow = flows.iter().find(|flow| flow["capability"] == capability && flow["to"] != "hub");
        flow.map_or(Value::Null, |flow| flow["data_items"].clone())
    };
    assert_eq!(shown("see claim: residence"), json!(["claim"]));
    let unbound = changed("[plugins.endpoints.provider]\norigin = \"https://wallet.example.jp\"", "");
    assert!(has_gap(&unbound, "not_bound", "jp.tebura.wallet/provider"));
}

#[test]
fn expo_18_a_region_that_nobody_states_is_a_gap_and_one_outside_is_named() {
    assert!(has_gap(&silent(), "missing", "privacy.region"));
    let own = report();
    assert!(own.data_items.iter().filter(|item| item.stored).all(|item| item.storage_region.as_deref() == Some("JP")));
    assert!(has_gap(&own, "outside_region", "privacy.recipients.\"jp.tebura.card/stripe\""));
    assert!(!has_gap(&own, "outside_region", "privacy.recipients.\"jp.tebura.wallet/provider\""));
    let abroad = changed("[privacy.data.face_template]", "[privacy.data.face_template]\nregion = \"SG\"");
    assert!(has_gap(&abroad, "outside_region", "privacy.data.face_template.region"));
}

#[test]
fn cam_15_a_data_item_without_a_term_is_a_gap() {
    let own = report();
    assert!(has_gap(&own, "missing", "privacy.data.payment.retention.period"));
    assert!(!has_gap(&own, "missing", "privacy.data.face_template.retention.period"));
    assert!(!has_gap(&own, "not_enforced", "privacy.data.face_template.retention"), "the sweeper keeps it");
    let period = "[privacy.data.payment.retention]\nperiod = \"P7Y\"\n\n[privacy.data.face_template]";
    let stated = changed("[privacy.data.face_template]", period);
    assert!(has_gap(&stated, "not_enforced", "privacy.data.payment.retention"), "a stated term is not yet a kept one");
    assert!(!own.gaps.iter().any(|gap| gap.path.starts_with("privacy.data.probe_image.retention")), "it is never kept");
}

#[test]
fn law_3_a_purpose_that_does_not_say_that_faces_are_identified_is_a_gap() {
    assert!(!report().gaps.iter().any(|gap| gap.code == "face_use_not_stated"));
    let silent =
        changed("recipients = [\"ウォレット会社（架空）\", \"カード会社（架空）\"]\nface_use_stated = true", "");
    assert!(has_gap(&silent, "face_use_not_stated", "privacy.purposes.pay.face_use_stated"));
}

#[test]
fn law_4_joint_use_lacks_what_is_not_stated() {
    let joint = "[privacy.joint_use]\nitems = [\"payment\"]\nscope = \"三つの商店会\"\n\n[privacy.fallback]";
    let own = changed("[privacy.fallback]", joint);
    assert_eq!(fits(&own)["joint_use"]["scope"], "三つの商店会");
    for path in ["privacy.joint_use.purposes", "privacy.joint_use.responsible"] {
        assert!(has_gap(&own, "missing", path), "{path}");
    }
    assert!(!has_gap(&own, "missing", "privacy.joint_use.items"));
}

#[test]
fn cam_1_cam_2_each_camera_says_what_it_is_for_whether_it_identifies_and_was_announced_before() {
    let report = fits(&changed("", ""));
    assert_eq!(
        (&report["notices"][0]["class"], &report["notices"][0]["identifies"]),
        (&json!("commercial"), &json!(true))
    );
    let late = changed("announced = \"2026-03-01\"", "announced = \"2026-04-01\"");
    assert!(has_gap(&late, "announced_late", "privacy.notices[0].announced"));
    assert!(!has_gap(&changed("", ""), "announced_late", "privacy.notices[0].announced"));
    for (line, path) in [("class = \"commercial\"\n", "class"), ("identifies = true\n", "identifies")] {
        assert!(has_gap(&changed(line, ""), "missing", &format!("privacy.notices[0].{path}")), "{path}");
    }
}

#[test]
fn expo_26_the_page_tells_data_purposes_and_recipients_in_both_languages() {
    let own = changed("朝市商店会", "<script>alert('朝市')</script>");
    for (language, words) in [
        (
            Language::Japanese,
            [
                "顔特徴量",
                "顔識別により、支払う人とその決済手段を確かめるため",
                "ウォレット会社（架空）",
                "不足しているもの",
            ],
        ),
        (
            Language::English,
            [
                "Face template",
                "To find out, by identifying the face, who pays and with what",
                "ウォレット会社（架空）",
                "What is missing",
            ],
        ),
    ] {
        let html = page(&own, language);
        for word in words {
            assert!(html.contains(word), "{word}");
        }
        assert!(html.contains(&format!("<html lang=\"{}\">", language.tag())));
        assert!(!html.contains("<script"), "texts of people are escaped");
        for elsewhere in ["src=", "<link", "@import", "url("] {
            assert!(!html.contains(elsewhere), "{elsewhere}");
        }
        assert!(!html.contains("vpia.page.") && !html.contains("vpia.phase"), "every word is in the catalogue");
    }
}

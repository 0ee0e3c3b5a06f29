//! Services' files at a clerk's desk: the published schema, the examples, and every settings field wrong in turn, for each
//! service plugin whose component is checked in. Then the command line against a hub that is served.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tebura_face_engine::EngineChoice;
use tebura_hub::services::ServiceSet;
use tebura_plugin_host::toml_as_json;
use tebura_server::demo::DemoCity;
use tebura_server::serve::serve;
use tebura_server::services::{Against, Files, Installed as _, Packaged, Told, check, published};
use tokio::sync::oneshot;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Folders of the service plugins of this repository that have a component.
fn folders() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> =
        std::fs::read_dir(root().join("plugins")).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    let is_service = |folder: &PathBuf| {
        let manifest = std::fs::read_to_string(folder.join("plugin.toml")).unwrap_or_default();
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        manifest.contains("tebura:service/") && folder.join(format!("{name}.wasm")).exists()
    };
    folders.retain(is_service);
    folders
}

fn packaged() -> Packaged {
    let mut packaged = Packaged::default();
    folders().iter().for_each(|folder| packaged.add(folder).unwrap());
    packaged
}

/// The services' files of the examples, by path.
fn examples() -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root().join("examples")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let is_services = folder.file_name().is_some_and(|name| name == "services");
            if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
                folders.push(path);
            } else if is_services && path.extension().is_some_and(|end| end == "toml") {
                found.insert(path.clone(), std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    found
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap().to_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_published_schema_is_what_the_plugins_take_and_the_examples_are_right() {
    let packaged = packaged();
    let schema = published(packaged.all().map(|service| service.descriptor()));
    let path = root().join("specs/schemas/services.schema.json");
    let stored: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    let how =
        "tebura config schema with every --plugin plugins/… of the service world > specs/schemas/services.schema.json";
    assert_eq!(stored, schema, "{how}");
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let examples = examples();
    assert!(!examples.is_empty());
    for (path, text) in examples {
        let name = stem(&path);
        assert!(text.starts_with("#:schema "), "{name}: editors complete with a first line #:schema …");
        let line = text.lines().next().unwrap().trim_start_matches("#:schema ").trim();
        assert!(path.parent().unwrap().join(line).exists(), "{name}: {line} is not there");
        let (value, _) = toml_as_json(&text, &["/false_match_rate"]).unwrap();
        let errors: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new(), "{name}");
        let checked = check(&Files::from([(name.clone(), text)]), &packaged, Against::Nothing).await.unwrap();
        assert_eq!(checked.wrong, [], "{name}");
    }
}

/// A city's whole folder, one file for each plugin, as a clerk copies it.
#[test]
fn the_folder_of_examples_has_a_file_for_every_service_plugin_and_the_check_finds_nothing() {
    let folders: Vec<String> = folders().iter().map(|folder| folder.to_str().unwrap().to_owned()).collect();
    let plugins = folders.iter().flat_map(|folder| ["--plugin", folder]);
    let arguments: Vec<&str> =
        ["config", "check", "--services", "examples/services"].into_iter().chain(plugins).collect();
    let said = format!("Services: {}. Nothing is wrong.\n", folders.len());
    assert_eq!(tebura(&arguments, &[]), (true, said));
    let folder = root().join("examples/services");
    let texts: Vec<String> =
        examples().into_iter().filter(|(path, _)| path.parent() == Some(&folder)).map(|(_, text)| text).collect();
    for service in packaged().all() {
        let id = &service.descriptor().plugin.0;
        let own = texts.iter().find(|text| text.contains(&format!("plugin = \"{id}\"\n")));
        let own = own.unwrap_or_else(|| panic!("examples/services has no file for {id}"));
        let comments: Vec<&str> = own.lines().filter(|line| line.starts_with("# ")).collect();
        assert!(comments.iter().any(|line| !line.is_ascii()) && comments.iter().any(|line| line.is_ascii()), "{id}");
    }
}

/// A settings value that is wrong in one place.
struct Mistake {
    settings: Value,
    /// Where it is told, as a JSON Pointer.
    at: String,
}

/// Every field of the settings missing, of another type, out of its bounds, too long, too often, naming what is not there, named as another
/// is; and every table with a field too many. Fields that the example leaves out are tried too.
fn mistakes(schema: &Value, settings: &Value) -> Vec<Mistake> {
    let mut found = Vec::new();
    walk(schema, schema, settings, settings, "", &mut found);
    found
}

fn resolved<'s>(root: &'s Value, node: &'s Value) -> &'s Value {
    match node["$ref"].as_str().and_then(|to| to.strip_prefix('#')) {
        Some(pointer) => root.pointer(pointer).unwrap_or(node),
        None => node,
    }
}

fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Values of every other type than the one that a schema asks for.
fn other_kinds(node: &Value) -> Vec<Value> {
    let kinds = [
        ("integer", json!(7)),
        ("string", json!("seven")),
        ("boolean", json!(true)),
        ("array", json!([])),
        ("object", json!({"no": "such"})),
    ];
    // A schema may leave several types open.
    let Some(own) = node["type"].as_str() else { return Vec::new() };
    kinds.into_iter().filter(|(kind, _)| *kind != own).map(|(_, value)| value).collect()
}

/// Values of the right type that a schema does not take.
fn out_of_bounds(node: &Value, here: &Value) -> Vec<Value> {
    let mut wrong = Vec::new();
    let limit = |name: &str| node[name].as_i64();
    for (bound, step) in [("minimum", -1), ("maximum", 1)] {
        wrong.extend(limit(bound).and_then(|limit| limit.checked_add(step)).map(|value| json!(value)));
    }
    if node["pattern"].is_string() || node["enum"].is_array() {
        wrong.push(json!("\u{2603} none of it"));
    }
    if node["x-key-of"].is_string() {
        wrong.push(json!("no-such-entry"));
    }
    let size = |name: &str| limit(name).and_then(|limit| usize::try_from(limit).ok());
    wrong.extend(size("minLength").filter(|least| *least > 0).map(|least| json!("x".repeat(least - 1))));
    wrong.extend(size("maxLength").map(|most| json!("x".repeat(most + 1))));
    if let Some(items) = here.as_array() {
        wrong.extend(
            size("minItems")
                .filter(|least| *least > 0)
                .map(|least| json!(items.iter().take(least - 1).collect::<Vec<_>>())),
        );
        if let Some(first) = items.first() {
            wrong.extend(size("maxItems").map(|most| json!(vec![first; most + 1])));
            let twice = node["uniqueItems"] == true;
            wrong.extend(twice.then(|| json!([first, first])));
        }
    }
    if here.as_object().is_some_and(|fields| !fields.is_empty())
        && limit("minProperties").is_some_and(|least| least > 0)
    {
        wrong.push(json!({}));
    }
    wrong
}

fn walk(root: &Value, node: &Value, all: &Value, here: &Value, at: &str, found: &mut Vec<Mistake>) {
    let node = resolved(root, node);
    let mut put = |value: Value, at: String, told: String| {
        let mut settings = all.clone();
        match settings.pointer_mut(&at) {
            Some(place) => *place = value,
            None => settings = value,
        }
        found.push(Mistake { settings, at: told });
    };
    if !at.is_empty() {
        for wrong in other_kinds(node).into_iter().chain(out_of_bounds(node, here)) {
            put(wrong, at.to_owned(), at.to_owned());
        }
    }
    if let (Some(name), Some(items)) = (node["x-unique"].as_str(), here.as_array()) {
        let twice: Vec<&Value> = items.iter().chain(items.first()).collect();
        put(json!(twice), at.to_owned(), format!("{at}/{}/{name}", items.len()));
    }
    if let Value::Object(fields) = here {
        let mut with = |name: &str, value: Value| {
            let mut more = fields.clone();
            more.insert(name.to_owned(), value);
            put(Value::Object(more), at.to_owned(), format!("{at}/{}", escaped(name)));
        };
        if node["additionalProperties"] == false {
            with("surely-unknown", json!(1));
        }
        let left_out = node["properties"].as_object().into_iter().flatten();
        for (name, own) in left_out.filter(|(name, _)| !fields.contains_key(*name)) {
            let own = resolved(root, own);
            other_kinds(own).into_iter().chain(out_of_bounds(own, &Value::Null)).for_each(|wrong| with(name, wrong));
        }
        for name in node["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            let mut less = fields.clone();
            less.remove(name);
            put(Value::Object(less), at.to_owned(), format!("{at}/{}", escaped(name)));
        }
        for (name, inner) in fields {
            let own = &node["properties"][name];
            let own = if own.is_null() { &node["additionalProperties"] } else { own };
            walk(root, own, all, inner, &format!("{at}/{}", escaped(name)), found);
        }
    }
    if let Some(first) = here.as_array().and_then(|items| items.first()) {
        walk(root, &node["items"], all, first, &format!("{at}/0"), found);
    }
}

#[tokio::test]
async fn every_settings_field_wrong_in_turn_is_named_in_both_languages() {
    let packaged = packaged();
    let mut tried = BTreeMap::new();
    for (path, text) in examples() {
        let (mut file, _) = toml_as_json(&text, &["/false_match_rate"]).unwrap();
        let id = file["plugin"].as_str().unwrap().to_owned();
        let Some(plugin) = packaged.find(&tebura_hub::rail::PluginId(id.clone())) else { continue };
        let schema: Value = serde_json::from_str(&plugin.descriptor().settings).unwrap();
        let settings = file["settings"].clone();
        for Mistake { settings, at } in mistakes(&schema, &settings) {
            file["settings"] = settings;
            let text = toml::to_string(&file).unwrap();
            let files = Files::from([(stem(&path), text)]);
            let wrong = check(&files, &packaged, Against::Nothing).await.unwrap().wrong;
            let field = format!("settings{}", at.replace('/', "."));
            let is_it = |told: &&Told| told.field == field || told.field.starts_with(&format!("{field}."));
            let told = wrong.iter().find(is_it);
            let told = told.unwrap_or_else(|| panic!("{id}: {field}: {wrong:?} in {}", file["settings"]));
            assert!(told.en.contains(&format!("line {}: {}", told.line, told.field)), "{}", told.en);
            assert!(told.ja.contains(&format!("{} 行目: {}", told.line, told.field)), "{}", told.ja);
            // What to write is told in each language by its own words.
            if let Some((_, wanted)) = told.en.split_once("; write ") {
                let (english, _) = wanted.split_once(", for example").unwrap_or((wanted, ""));
                assert!(!english.is_empty() && !told.ja.contains(english), "{}", told.ja);
            }
            *tried.entry(id.clone()).or_insert(0) += 1;
        }
    }
    for plugin in packaged.all() {
        let (id, schema) = (&plugin.descriptor().plugin.0, &plugin.descriptor().settings);
        let schema: Value = serde_json::from_str(schema).unwrap();
        let fields = schema["properties"].as_object().unwrap().len();
        assert!(tried.get(id).is_some_and(|tried| *tried > 8 * fields), "{id} has {fields} fields: {tried:?}");
    }
}

/// What no schema says and the component finds: the line that is replaced, by what, the field, and words of both messages.
type Fault = (&'static str, &'static str, &'static str, &'static str, &'static str);

const OF_GIFTS: [Fault; 4] = [
    (
        "cost_yen = 3000",
        "cost_yen = 3001",
        "gifts.0.cost_yen",
        "is 3001; write at most 3000",
        "3000 円以下で書いてください",
    ),
    (
        "other_costs_yen = 1500",
        "other_costs_yen = 2001",
        "gifts.0.other_costs_yen",
        "is 2001; write at most 2000",
        "2000 円以下で",
    ),
    (
        "donation_yen = 3000",
        "donation_yen = 1000",
        "gifts.1.cost_yen",
        "is 600; write at most 300",
        "300 円以下で書いてください",
    ),
    (
        "donation_yen = 3000",
        "donation_yen = 1999",
        "gifts.1.donation_yen",
        "write at least 2000",
        "2000 円以上で書いてください",
    ),
];

const OF_FARES: [Fault; 6] = [
    (
        "\"Z5>Z4\" = 170",
        "\"Z5>Z9\" = 170",
        "fares.fares.Z5>Z9",
        "zones of stops: Z1, Z2, Z3, Z4, Z5",
        "停留所の zone（Z1, Z2, Z3, Z4, Z5）",
    ),
    (
        "zone = \"Z1\" }",
        "zone = \"Z8\" }",
        "fares.stops.4.zone",
        "is Z8, from and to which there is no fare",
        "Z8 への運賃がありません",
    ),
    (
        "on_top_of = [\"child\"]",
        "on_top_of = [\"disability\"]",
        "policy.reductions.3.on_top_of.0",
        "does not stand above",
        "これより上にありません",
    ),
    (
        "collect = \"both-ends\"",
        "collect = \"boarding\"",
        "collect",
        "fares go from 150 to 390",
        "150 円から 390 円まで",
    ),
    (
        "senior_from = 70 ",
        "# ",
        "policy.senior_from",
        "is missing, so that no senior ever pays less",
        "年齢（例: 70）を書くか",
    ),
    ("\"Z1>Z2\" = 150", "\"Z1>Z2\" = -150", "fares.fares.Z1>Z2", "write whole yen, 0 or more", "0 以上の円の整数"),
];

#[test]
fn furu_1_tran_1_what_only_the_plugin_knows_is_named_at_the_desk_with_file_line_field_and_what_to_write() {
    for (name, plugin, faults) in
        [("hometown-tax", "plugins/furusato", &OF_GIFTS[..]), ("sea-line", "plugins/transit", &OF_FARES[..])]
    {
        let right = std::fs::read_to_string(root().join(format!("examples/services/{name}.toml"))).unwrap();
        for (from, to, field, en, ja) in faults {
            let desk = tempfile::tempdir().unwrap();
            assert!(right.contains(from), "{from}");
            let wrong = right.replacen(from, to, 1);
            std::fs::write(desk.path().join(format!("{name}.toml")), &wrong).unwrap();
            let arguments = ["config", "check", "--services", desk.path().to_str().unwrap(), "--plugin", plugin];
            let (success, english) = tebura(&arguments, &[]);
            assert!(!success && english.contains(en), "{to}: {english}");
            let (_, japanese) = tebura(&arguments, &[("LC_ALL", "ja_JP.UTF-8")]);
            assert!(japanese.contains(ja), "{to}: {japanese}");
            // The line of the field, or of the table that it is missing in.
            let line = |said: &str, before: &str, after: &str| {
                let told = said
                    .lines()
                    .find(|told| told.contains(&format!("settings.{field} ")))
                    .unwrap_or_else(|| panic!("{field}: {said}"));
                let told = told.strip_prefix(&format!("services/{name}.toml {before}")).unwrap();
                told.split_once(after).unwrap().0.parse::<usize>().unwrap()
            };
            let number = line(&english, "line ", ":");
            assert_eq!(number, line(&japanese, "", " 行目:"));
            let own = wrong.lines().nth(number - 1).unwrap();
            let last = field.rsplit('.').find(|step| step.parse::<usize>().is_err()).unwrap();
            let table = to == &"# " && own == "[settings.policy]";
            assert!(own.contains(last) || table, "{field} is not in line {number}: {own}");
        }
    }
}

fn tebura(arguments: &[&str], environment: &[(&str, &str)]) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tebura"));
    command.args(arguments).current_dir(root()).env("LC_ALL", "en_US.UTF-8");
    for (name, value) in environment {
        command.env(name, value);
    }
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clerk_checks_explains_applies_and_takes_back_by_command() {
    let desk = tempfile::tempdir().unwrap();
    let folder = desk.path().join("services");
    std::fs::create_dir(&folder).unwrap();
    let services = folder.to_str().unwrap().to_owned();
    let example = std::fs::read_to_string(root().join("examples/services/north-park.toml")).unwrap();
    let file = folder.join("north-park.toml");
    std::fs::write(&file, &example).unwrap();
    let packages = ["--services", &services, "--plugin", "plugins/play-park"];
    let offline = |verb: &str, environment: &[(&str, &str)]| {
        let arguments: Vec<&str> = ["config", verb].into_iter().chain(packages).collect();
        tebura(&arguments, environment)
    };
    assert_eq!(offline("check", &[]), (true, "Services: 1. Nothing is wrong.\n".to_owned()));
    let (_, said) = offline("explain", &[("LC_ALL", "ja_JP.UTF-8")]);
    for words in
        ["北公園 遊び場", "一回の利用で押さえるのは", "火 水 木 金 10:00 から 17:00", "利用の記録は 90 日残します"]
    {
        assert!(said.contains(words), "{words}: {said}");
    }
    std::fs::write(&file, example.replace("child = 300", "child = -1").replace("\"fri\"", "\"fry\"")).unwrap();
    let (success, said) = offline("check", &[]);
    assert!(
        !success && said.contains("line 18: settings.price.child is not accepted; write for a child, in yen"),
        "{said}"
    );
    assert!(said.contains("hours.open.0.days.3") && said.contains("Wrong: 2"), "{said}");

    // A hub that is served, with a park of its own.
    let data = tempfile::tempdir().unwrap();
    let city = DemoCity::start(data.path(), EngineChoice::Rten, None, &|_| {}).await.unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let keys = city.file(format!("http://{}", listener.local_addr().unwrap()));
    let hub = city.app.hub.clone();
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(serve(city.app.clone(), listener, async { stopped.await.unwrap_or(()) }));
    let environment = [("TEBURA_HUB", keys.hub.as_str()), ("TEBURA_OPERATOR_KEY", keys.operator_key.as_str())];
    let online = |arguments: &[&str]| {
        let arguments: Vec<&str> = std::iter::once("config").chain(arguments.iter().copied()).collect();
        tokio::task::block_in_place(|| tebura(&arguments, &environment))
    };
    let install = ["plugin", "install", "plugins/play-park", "--yes"];
    let (success, said) = tokio::task::block_in_place(|| tebura(&install, &environment));
    assert!(success, "{said}");
    std::fs::write(&file, &example).unwrap();
    let (success, said) = online(&["apply", "--services", &services, "--yes"]);
    assert!(
        !success && said.contains("there is no merchant mrc_01a2") && said.contains("there is no gallery"),
        "{said}"
    );

    let id: tebura_hub::ids::ApiKeyId = format!("key_{}", keys.till_key.split('_').nth(1).unwrap()).parse().unwrap();
    let till = hub.api_key(id).await.unwrap().unwrap().till.unwrap();
    let till = hub.store().till(till).await.unwrap().unwrap();
    let own = example
        .replace("mrc_01a20480000070008000000000000000", &till.merchant.to_string())
        .replace("gal_01a20480000070008000000000000001", &till.gallery.to_string())
        .replace("gal_01a20480000070008000000000000002", &till.gallery.to_string());
    std::fs::write(&file, &own).unwrap();
    let (success, said) = online(&["diff", "--services", &services]);
    assert!(success && said.contains("changes against version 0 (1):\n+ north-park\n"), "{said}");
    let (success, said) = online(&["apply", "--services", &services, "--note", "opening", "--yes"]);
    assert!(success && said.ends_with("version 1 runs\n"), "{said}");
    std::fs::write(&file, own.replace("keep_days = 90", "keep_days = 30")).unwrap();
    let (_, said) = online(&["apply", "--services", &services, "--yes"]);
    assert!(said.contains("~ north-park.keep_days: 90 → 30") && said.ends_with("version 2 runs\n"), "{said}");
    let (success, said) = online(&["rollback", "1", "--yes"]);
    assert!(
        success && said.contains("~ north-park.keep_days: 30 → 90") && said.ends_with("version 3 runs\n"),
        "{said}"
    );
    let (_, said) = online(&["history"]);
    assert!(said.starts_with("3 (= 1)  ") && said.contains("opening"), "{said}");
    let back = desk.path().join("back");
    online(&["files", "2", back.to_str().unwrap()]);
    assert!(std::fs::read_to_string(back.join("north-park.toml")).unwrap().contains("keep_days = 30"));
    let park = hub.services(&tebura_hub::ports::Caller::Operator);
    assert_eq!(park[0].config.keep_days, Some(90));

    // What only the plugin knows is asked of its component in the hub.
    let install = ["plugin", "install", "plugins/furusato", "--yes"];
    let (success, said) = tokio::task::block_in_place(|| tebura(&install, &environment));
    assert!(success, "{said}");
    let counter = std::fs::read_to_string(root().join("examples/services/hometown-tax.toml")).unwrap();
    let counter = counter
        .replace("mrc_01a20480000070008000000000000000", &till.merchant.to_string())
        .replace("gal_01a20480000070008000000000000001", &till.gallery.to_string());
    let dear = counter.replace("cost_yen = 600", "cost_yen = 901");
    std::fs::write(&file, &own).unwrap();
    std::fs::write(folder.join("hometown-tax.toml"), &dear).unwrap();
    let (success, said) = online(&["apply", "--services", &services, "--yes"]);
    let told = "services/hometown-tax.toml line 42: settings.gifts.1.cost_yen is 901; write at most 900";
    assert!(!success && said.contains(told), "{said}");
    // A version that an older plugin let through: the service is left out, and the hub says why; the others run.
    let newest = hub.store().service_set(3).await.unwrap().unwrap();
    let files = [("north-park".to_owned(), own), ("hometown-tax".to_owned(), dear)].into();
    hub.put_service_set(ServiceSet { version: 4, files, ..newest }).await.unwrap();
    let running = city.app.services().unwrap();
    assert_eq!(running.come_up().await.unwrap(), 4);
    let wrong = running.running().await.wrong;
    assert_eq!((wrong[0].line, wrong[0].field.as_str()), (42, "settings.gifts.1.cost_yen"), "{wrong:?}");
    let services = hub.services(&tebura_hub::ports::Caller::Operator);
    assert_eq!(services.iter().map(|service| service.id()).collect::<Vec<_>>(), ["north-park"]);
    stop.send(()).unwrap();
    serving.await.unwrap();
    city.stop().await;
}

//! `docs/requirements.md` against the ids and the tests: what is called done is shown by a test that carries the id.
//!
//! Whether a test shows what its name says is for people to read.

use std::collections::{BTreeMap, BTreeSet};

use super::files::{all, text};
use super::none;

const PAGE: &str = "docs/requirements.md";
const IDS: &str = "specs/requirement-ids.txt";
const STATES: [&str; 5] = ["done", "in part", "planned", "refused", "background"];

/// A requirement's id: `("BOJ", 4)`.
type Id = (String, u32);

/// A row of the page.
struct Row {
    line: usize,
    id: Id,
    asks: String,
    state: String,
    evidence: String,
}

impl Row {
    /// The tests that it names: what stands between backquotes and carries an id.
    fn tests(&self, families: &BTreeSet<String>) -> Vec<String> {
        let quoted = self.evidence.split('`').skip(1).step_by(2);
        quoted.filter(|name| !ids_in(name, families).is_empty()).map(str::to_owned).collect()
    }
}

fn shown((family, number): &Id) -> String {
    format!("{family}-{number}")
}

/// `BOJ-4`.
fn id_of(word: &str) -> Option<Id> {
    let (family, number) = word.split_once('-')?;
    Some((family.to_owned(), number.parse().ok()?))
}

/// Lines `FAMILY FIRST-LAST` or `FAMILY NUMBER`.
fn known(list: &str) -> (BTreeSet<Id>, Vec<String>) {
    let (mut ids, mut findings) = (BTreeSet::new(), Vec::new());
    for (number, line) in list.lines().enumerate().filter(|(_, line)| !line.starts_with('#')) {
        let range = line.split_once(' ').and_then(|(family, range)| {
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            Some((family, first.parse::<u32>().ok()?..=last.parse::<u32>().ok()?))
        });
        match range {
            Some((family, range)) => ids.extend(range.map(|id| (family.to_owned(), id))),
            None => findings.push(format!("{IDS}:{}: write FAMILY FIRST-LAST", number + 1)),
        }
    }
    (ids, findings)
}

/// The page's rows; a line that begins like one and is none is a finding.
fn rows(page: &str) -> (Vec<Row>, Vec<String>) {
    let (mut rows, mut findings) = (Vec::new(), Vec::new());
    for (number, line) in page.lines().enumerate().filter(|(_, line)| line.starts_with("| ")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        match (&cells[..], id_of(cells[0])) {
            (["Id", ..], _) => {}
            ([_, asks, state, evidence], Some(id)) => rows.push(Row {
                line: number + 1,
                id,
                asks: (*asks).to_owned(),
                state: (*state).to_owned(),
                evidence: (*evidence).to_owned(),
            }),
            _ => findings.push(format!("{PAGE}:{}: write | FAMILY-NUMBER | asks | state | evidence |", number + 1)),
        }
    }
    (rows, findings)
}

/// The ids that a test's name carries: `boj_4_boj_9_…` carries two.
fn ids_in(name: &str, families: &BTreeSet<String>) -> Vec<Id> {
    let words: Vec<&str> = name.split('_').collect();
    let pairs = words.windows(2).filter_map(|pair| {
        let family = pair[0].to_ascii_uppercase();
        let number = pair[1].parse().ok()?;
        families.contains(&family).then_some((family, number))
    });
    pairs.collect()
}

/// Every test below the root that carries an id, and its file.
fn tests_with_ids(families: &BTreeSet<String>) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let named = |path: &str| match path.rsplit_once('.') {
        Some((_, "rs")) => test_functions(&text(path).unwrap_or_default()),
        Some((_, "mjs")) => browser_tests(&text(path).unwrap_or_default()),
        Some(_) | None => Vec::new(),
    };
    for path in all() {
        for name in named(&path) {
            if !ids_in(&name, families).is_empty() {
                found.insert(name, path.clone());
            }
        }
    }
    found
}

/// The functions that stand under an attribute `test`.
fn test_functions(source: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut is_test = false;
    for line in source.lines().map(str::trim) {
        if line.starts_with("#[") {
            is_test |= line.starts_with("#[test]") || line.starts_with("#[tokio::test");
        } else if let Some((before, rest)) = line.split_once("fn ")
            && before.split_whitespace().all(|word| ["async", "pub"].contains(&word))
        {
            if is_test {
                names.extend(rest.split(['(', '<']).next().map(str::to_owned));
            }
            is_test = false;
        } else if !line.starts_with("//") {
            is_test = false;
        }
    }
    names
}

/// The titles of browser tests, with the words joined as in a name of a function: `test("expo_28 a person is told …"`.
fn browser_tests(source: &str) -> Vec<String> {
    let titles = source.lines().filter_map(|line| line.trim().strip_prefix("test(\"")?.split('"').next());
    titles.map(|title| title.replace(' ', "_")).collect()
}

/// Everything in which page, ids and tests differ.
fn compare(list: &str, page: &str, tests: impl Fn(&BTreeSet<String>) -> BTreeMap<String, String>) -> Vec<String> {
    let (known, mut findings) = known(list);
    let families: BTreeSet<String> = known.iter().map(|(family, _)| family.clone()).collect();
    let (rows, malformed) = rows(page);
    findings.extend(malformed);
    let tests = tests(&families);
    let (mut seen, mut listed) = (BTreeSet::new(), BTreeSet::new());
    for row in &rows {
        let place = format!("{PAGE}:{}: {}", row.line, shown(&row.id));
        if !known.contains(&row.id) {
            findings.push(format!("{place} is not in {IDS}"));
        }
        if !seen.insert(row.id.clone()) {
            findings.push(format!("{place} has two rows; keep one"));
        }
        if !STATES.contains(&row.state.as_str()) {
            findings.push(format!("{place} is {:?}; choose one of {STATES:?}", row.state));
        }
        if row.asks.is_empty()
            || (row.state != "done" && row.state != "planned" && row.state != "background" && row.evidence.is_empty())
        {
            findings.push(format!("{place}: say what it asks, and what is missing or why it is refused"));
        }
        let named = row.tests(&families);
        if row.state == "done" && named.is_empty() {
            findings.push(format!("{place} is done, and names no test; name one that carries the id"));
        }
        if row.state == "planned" && !named.is_empty() {
            findings.push(format!("{place} is planned, and names a test; then it is there in part"));
        }
        for test in named {
            if !tests.contains_key(&test) {
                findings.push(format!("{place}: there is no test {test}"));
            }
            if !ids_in(&test, &families).contains(&row.id) {
                findings.push(format!("{place}: the test {test} does not carry this id"));
            }
            listed.insert((row.id.clone(), test));
        }
    }
    findings.extend(known.difference(&seen).map(|id| format!("{PAGE}: {} has no row", shown(id))));
    for (test, path) in &tests {
        for id in ids_in(test, &families) {
            if !known.contains(&id) {
                findings.push(format!("{path}: {test} carries {}, which is not in {IDS}", shown(&id)));
            } else if !listed.contains(&(id.clone(), test.clone())) {
                findings.push(format!("{path}: {test} carries {}; name it in that row of {PAGE}", shown(&id)));
            }
        }
    }
    findings
}

#[test]
fn the_page_of_requirements_is_true() {
    let (list, page) = (text(IDS).unwrap_or_default(), text(PAGE).unwrap_or_default());
    assert!(list.contains("BOJ") && page.contains("BOJ-1"), "{IDS} and {PAGE} are there");
    none(&compare(&list, &page, tests_with_ids));
}

/// The report of risks names tests and documents as evidence for what the software does: they exist.
#[test]
fn the_evidence_that_the_privacy_report_names_exists() {
    let path = "core/server/src/vpia/known.rs";
    let known = text(path).unwrap_or_default();
    let tests: BTreeSet<String> = all()
        .into_iter()
        .filter(|path| path.ends_with(".rs"))
        .flat_map(|path| test_functions(&text(&path).unwrap_or_default()))
        .collect();
    let named: Vec<&str> = known.split('"').skip(1).step_by(2).collect();
    let evidence = |name: &&&str| name.matches('_').count() > 3 || name.starts_with("docs/");
    assert!(named.iter().filter(evidence).count() > 10, "{path} was read");
    let lost = named.iter().filter(evidence).filter(|name| !tests.contains(**name) && text(name).is_none());
    none(&lost.map(|name| format!("{path}: there is no test or document {name}")).collect::<Vec<_>>());
}

#[test]
fn what_is_wrong_with_a_page_of_requirements_is_found() {
    let list = "# ids\nBOJ 1-2\nPAY 7\n";
    let head = "| Id | What | State | Evidence |\n|---|---|---|---|\n";
    let right =
        "| BOJ-1 | a | done | `boj_1_a_hold` |\n| BOJ-2 | b | planned | |\n| PAY-7 | c | in part | no tests |\n";
    let tests = |names: &'static [&'static str]| {
        move |_: &BTreeSet<String>| names.iter().map(|name| ((*name).to_owned(), "x.rs".to_owned())).collect()
    };
    let found = |list: &str, rows: &str, names| compare(list, &format!("{head}{rows}"), tests(names)).join("\n");
    assert_eq!(found(list, right, &["boj_1_a_hold"]), "");
    let says = |found: String, words: &str| assert!(found.contains(words), "{words}: {found}");
    says(found(list, right, &[]), "there is no test boj_1_a_hold");
    says(found(list, right, &["boj_1_a_hold", "pay_7_whole"]), "name it in that row");
    says(found(list, right, &["boj_1_a_hold", "pay_8_whole"]), "PAY-8, which is not in");
    says(found(list, &right.replace("| planned |", "| done |"), &["boj_1_a_hold"]), "names no test");
    says(found(list, &right.replace("| planned |", "| nearly |"), &["boj_1_a_hold"]), "choose one of");
    says(found(list, &right.replace("no tests", "`boj_1_a_hold`"), &["boj_1_a_hold"]), "does not carry this id");
    says(found(list, &right.replace("no tests", ""), &["boj_1_a_hold"]), "what is missing");
    says(found(list, &right.replace("PAY-7", "PAY-9"), &["boj_1_a_hold"]), "PAY-7 has no row");
    says(found(list, &right.replace("BOJ-2", "BOJ-1"), &["boj_1_a_hold"]), "has two rows");
    says(found(list, &right.replace("| planned | |", "| planned |"), &["boj_1_a_hold"]), "write | FAMILY-NUMBER");
    says(found("BOJ one", right, &["boj_1_a_hold"]), "write FAMILY FIRST-LAST");
}

#[test]
fn functions_under_test_attributes_are_tests() {
    let source = "#[test]\nfn one() {}\nfn two() {}\n#[tokio::test(flavor = \"multi_thread\")]\n/// Words.\n\
        #[cfg(unix)]\nasync fn three() {\n    let fn_four = 1;\n}\n#[test]\nconst X: u8 = 1;\nfn five() {}\n";
    assert_eq!(test_functions(source), ["one", "three"]);
}

#[test]
fn titles_of_browser_tests_are_names() {
    let source = "test(\"boj_1 a hold is shown\", async () => {\n  // test\n});\ntest(`${face} is refused`, f);\n";
    assert_eq!(browser_tests(source), ["boj_1_a_hold_is_shown"]);
}

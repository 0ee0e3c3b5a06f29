//! Every text that a person reads, in English and Japanese, from one catalogue.
//!
//! The command line, the till page and the titles of problems take their words from `messages/<language>.toml`.
//! Details of problems are Japanese where `detail.<code>` says them; in English they are the errors' own words. Absent: logs,
//! which are English only.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// A language of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// English, and everything that is not known.
    English,
    /// 日本語.
    Japanese,
}

impl Language {
    /// Every language.
    pub const ALL: [Language; 2] = [Language::English, Language::Japanese];

    /// The BCP 47 tag.
    pub fn tag(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::Japanese => "ja",
        }
    }

    /// From a tag or a POSIX locale such as `ja_JP.UTF-8`; English when it is another.
    pub fn from_tag(tag: &str) -> Language {
        let primary = tag.trim().split(['-', '_', '.', '@']).next().unwrap_or_default();
        if primary.eq_ignore_ascii_case("ja") { Language::Japanese } else { Language::English }
    }

    /// The language of the process: the first of `LC_ALL`, `LC_MESSAGES` and `LANG` that is set.
    pub fn of_process() -> Language {
        ["LC_ALL", "LC_MESSAGES", "LANG"]
            .iter()
            .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
            .map_or(Language::English, |locale| Language::from_tag(&locale))
    }

    /// From an `Accept-Language` header: the known tag of the highest weight; English when none is known.
    pub fn from_accept_language(header: &str) -> Language {
        let mut best = (0.0_f32, Language::English);
        for item in header.split(',') {
            let mut parts = item.split(';');
            let tag = parts.next().unwrap_or_default().trim();
            let weight = parts
                .find_map(|part| part.trim().strip_prefix("q="))
                .map_or(1.0, |weight| weight.parse().unwrap_or(0.0));
            let known = ["ja", "en"]
                .iter()
                .any(|known| tag.split('-').next().is_some_and(|primary| primary.eq_ignore_ascii_case(known)));
            if known && weight > best.0 {
                best = (weight, Language::from_tag(tag));
            }
        }
        best.1
    }
}

type Catalogue = BTreeMap<String, String>;

static ENGLISH: LazyLock<Catalogue> = LazyLock::new(|| parse(include_str!("../messages/en.toml")));
static JAPANESE: LazyLock<Catalogue> = LazyLock::new(|| parse(include_str!("../messages/ja.toml")));

/// All texts of a language by dotted key.
pub fn catalogue(language: Language) -> &'static BTreeMap<String, String> {
    match language {
        Language::English => &ENGLISH,
        Language::Japanese => &JAPANESE,
    }
}

/// The text of a key, when there is one.
pub fn find(language: Language, key: &str) -> Option<&'static str> {
    catalogue(language).get(key).map(String::as_str)
}

/// The text of a key; the key itself when it is in no catalogue, so that nothing is ever blank.
pub fn text(language: Language, key: &str) -> &str {
    find(language, key).unwrap_or(key)
}

/// The text of a key with its `{name}` marks filled in.
pub fn fill(language: Language, key: &str, values: &[(&str, &str)]) -> String {
    values
        .iter()
        .fold(text(language, key).to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}

/// The same when there is such a text and every mark of it has a value; else nothing.
pub fn fill_whole(language: Language, key: &str, values: &[(&'static str, String)]) -> Option<String> {
    let text = find(language, key)?;
    let filled = marks(text).try_fold(text.to_owned(), |filled, mark| {
        let (_, value) = values.iter().find(|(name, _)| *name == mark)?;
        Some(filled.replace(&format!("{{{mark}}}"), value))
    })?;
    Some(filled)
}

/// The names between braces.
fn marks(text: &str) -> impl Iterator<Item = &str> {
    let names = text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name);
    names.filter(|name| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'))
}

/// Flattens the tables of one file. A file that does not parse yields nothing, and the tests say so.
fn parse(source: &str) -> Catalogue {
    let mut flat = Catalogue::new();
    if let Ok(table) = source.parse::<toml::Table>() {
        flatten("", &table, &mut flat);
    }
    flat
}

fn flatten(prefix: &str, table: &toml::Table, flat: &mut Catalogue) {
    for (name, value) in table {
        let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        if let Some(inner) = value.as_table() {
            flatten(&key, inner, flat);
        } else if let Some(text) = value.as_str() {
            flat.insert(key, text.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn both_languages_say_the_same_things() {
        let english = catalogue(Language::English);
        let japanese = catalogue(Language::Japanese);
        assert!(english.len() > 50, "the English catalogue did not parse");
        // In English a detail is the error's own words.
        let both: Vec<_> = japanese.keys().filter(|key| !key.starts_with("detail.")).collect();
        assert_eq!(english.keys().collect::<Vec<_>>(), both);
        for (key, text) in english {
            let of = |text: &'static str| marks(text).collect::<BTreeSet<_>>();
            assert_eq!(of(text), of(&japanese[key]), "{key}");
        }
    }

    #[test]
    fn every_detail_is_of_a_problem_that_has_a_title() {
        let japanese = catalogue(Language::Japanese);
        let codes: Vec<&str> = japanese.keys().filter_map(|key| key.strip_prefix("detail.")).collect();
        assert!(codes.len() > 50);
        for code in codes {
            assert!(japanese.contains_key(&format!("problem.{code}")) || code == "at_line", "{code}");
        }
    }

    #[test]
    fn the_language_is_chosen_by_weight() {
        let of = Language::from_accept_language;
        assert_eq!(of("ja"), Language::Japanese);
        assert_eq!(of("en;q=0.3, ja-JP;q=0.8"), Language::Japanese);
        assert_eq!(of("fr, en;q=0.9, ja;q=0.2"), Language::English);
        assert_eq!(of("fr"), Language::English);
        assert_eq!(of(""), Language::English);
        assert_eq!(Language::from_tag("ja_JP.UTF-8"), Language::Japanese);
        assert_eq!(Language::from_tag("C.UTF-8"), Language::English);
    }

    #[test]
    fn marks_are_filled() {
        assert_eq!(fill(Language::English, "no.such {name}", &[("name", "花子")]), "no.such 花子");
        let limit = ("limit", "65536".to_owned());
        let filled = fill_whole(Language::Japanese, "detail.body.too_large", std::slice::from_ref(&limit)).unwrap();
        assert!(filled.starts_with("本文は 65536 バイトまでです。"), "{filled}");
        assert_eq!(fill_whole(Language::Japanese, "detail.body.too_large", &[]), None);
        assert_eq!(fill_whole(Language::English, "detail.body.too_large", &[limit]), None);
        let braces = fill_whole(Language::Japanese, "detail.statement.header_malformed", &[]).unwrap();
        assert!(braces.contains(r#"{"alg":"EdDSA""#), "{braces}");
    }
}

//! The report as a page for everybody: one file a language, without script, style sheet or picture from elsewhere.
//!
//! It shows the public part. Texts of people are escaped; a text that is there in the other language only is shown so.

mod parts;

use super::report::Report;
use super::stated::Text;
use crate::messages::{Language, text};

const STYLE: &str = "body{font-family:system-ui,sans-serif;line-height:1.6;max-width:60rem;margin:2rem auto;padding:0 1rem;\
color:#1a1a1a;background:#fff}h1,h2,h3{line-height:1.3}table{border-collapse:collapse;width:100%;margin:1rem 0}\
th,td{border:1px solid #767676;padding:.4rem .6rem;text-align:left;vertical-align:top}th{background:#f0f0f0}\
.gap{color:#8a1500}.wide{overflow-x:auto}";

/// The page in a language.
pub fn page(report: &Report, language: Language) -> String {
    let mut page = Page { language, html: String::new() };
    page.all(&report.public());
    page.html
}

/// The file of a language: `vpia.ja.html`.
pub fn file_name(language: Language) -> String {
    format!("vpia.{}.html", language.tag())
}

struct Page {
    language: Language,
    html: String,
}

/// Text as HTML.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            other => out.push(other),
        }
    }
    out
}

impl Page {
    fn word(&self, key: &str) -> String {
        escaped(text(self.language, &format!("vpia.{key}")))
    }

    /// A person's text in this language; in the other one, marked as such, where this is missing.
    fn said(&self, text: &Text) -> String {
        let (own, other, tag) = match self.language {
            Language::Japanese => (&text.ja, &text.en, "en"),
            Language::English => (&text.en, &text.ja, "ja"),
        };
        match (own, other) {
            (Some(own), _) => escaped(own),
            (None, Some(other)) => format!("<span lang=\"{tag}\">{}</span>", escaped(other)),
            (None, None) => self.missing(),
        }
    }

    fn missing(&self) -> String {
        format!("<span class=\"gap\">{}</span>", self.word("page.missing"))
    }

    fn or_missing(&self, text: Option<&String>) -> String {
        text.map_or_else(|| self.missing(), |text| escaped(text))
    }

    fn heading(&mut self, key: &str) {
        let word = self.word(&format!("page.{key}"));
        self.html.push_str(&format!("<h2 id=\"{key}\">{word}</h2>\n"));
    }

    fn list(&mut self, items: &[String]) {
        let items: String = items.iter().map(|item| format!("<li>{item}</li>\n")).collect();
        self.html.push_str(&if items.is_empty() {
            format!("<p>{}</p>\n", self.missing())
        } else {
            format!("<ul>\n{items}</ul>\n")
        });
    }

    /// Head cells are keys of the catalogue; the others are HTML already.
    fn table(&mut self, head: &[&str], rows: &[Vec<String>]) {
        if rows.is_empty() {
            let missing = self.missing();
            self.html.push_str(&format!("<p>{missing}</p>\n"));
            return;
        }
        let cells: String =
            head.iter().map(|key| format!("<th scope=\"col\">{}</th>", self.word(&format!("page.{key}")))).collect();
        self.html.push_str(&format!("<div class=\"wide\"><table><thead><tr>{cells}</tr></thead><tbody>\n"));
        for row in rows {
            let cells: String = row.iter().map(|cell| format!("<td>{cell}</td>")).collect();
            self.html.push_str(&format!("<tr>{cells}</tr>\n"));
        }
        self.html.push_str("</tbody></table></div>\n");
    }

    fn all(&mut self, report: &Report) {
        let (head, tag) = (&report.report, self.language.tag());
        let title = format!("{} — {}", self.word("page.title"), self.said(&head.service));
        let other = match self.language {
            Language::Japanese => ("en", "English", Language::English),
            Language::English => ("ja", "日本語", Language::Japanese),
        };
        self.html.push_str(&format!(
            "<!doctype html>\n<html lang=\"{tag}\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<title>{}</title>\n\
             <style>{STYLE}</style>\n</head>\n<body>\n<p><a href=\"{}\" lang=\"{}\" hreflang=\"{}\">{}</a></p>\n<main>\n\
             <h1>{title}</h1>\n",
            plain(&title),
            file_name(other.2),
            other.0,
            other.0,
            other.1
        ));
        self.head(report);
        self.value(report);
        self.data(report);
        self.handling(report);
        self.risks(report);
        self.viewpoints(report);
        self.people(report);
        self.reviews(report);
        self.gaps(report);
        self.html.push_str(&format!(
            "<p><small>{} {} · SHA-256 {}</small></p>\n</main>\n</body>\n</html>\n",
            self.word("page.made_by"),
            escaped(&head.service_version),
            head.content_sha256
        ));
    }
}

/// HTML without its tags, for a title.
fn plain(html: &str) -> String {
    let mut out = String::new();
    let mut inside = false;
    for character in html.chars() {
        match character {
            '<' => inside = true,
            '>' => inside = false,
            other if !inside => out.push(other),
            _ => {}
        }
    }
    out
}

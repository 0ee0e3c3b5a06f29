//! `/notice`: what people are told before a camera looks at them, made from the configuration: a page to read and to
//! print. No script; what nobody stated is said to be missing.

use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;

use crate::app::App;
use crate::desk::{Notice, NoticePurpose};
use crate::messages::{Language, fill, text};
use crate::problem::Problem;
use crate::vpia::stated::{Explanations, Notice as Camera, Text};

/// Styles and pictures of this hub only.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

/// In this order.
const QUESTIONS: [&str; 7] = ["what", "not_enrolled", "otherwise", "mistaken", "dear", "number", "leave"];

pub(super) fn routes() -> Router<App> {
    Router::new().route("/notice", get(page))
}

#[derive(Deserialize)]
struct Asked {
    lang: Option<String>,
}

async fn page(State(app): State<App>, Query(asked): Query<Asked>, headers: HeaderMap) -> Result<Response, Problem> {
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or("ja");
    let language = asked.lang.as_deref().map_or_else(|| Language::from_accept_language(accepted), Language::from_tag);
    let html = Sheet { language, notice: &app.desk()?.notice }.html();
    let headers = [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CONTENT_SECURITY_POLICY, PAGE_POLICY)];
    Ok((headers, html).into_response())
}

/// The notice in one language.
struct Sheet<'a> {
    language: Language,
    notice: &'a Notice,
}

impl Sheet<'_> {
    fn html(&self) -> String {
        let Notice { service, controller, region, purposes, without_face, channels, answer_days, .. } = self.notice;
        let (tag, other) = match self.language {
            Language::Japanese => ("ja", "en"),
            Language::English => ("en", "ja"),
        };
        let days = fill(self.language, "notice.page.answer", &[("days", &answer_days.to_string())]);
        let channels = if channels.is_empty() { self.missing() } else { escaped(&channels.join(", ")) };
        let title = self.word("title");
        [
            format!(
                "<!doctype html>\n<html lang=\"{tag}\">\n<head><meta charset=\"utf-8\">\
                 <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{title}</title>\
                 <link rel=\"stylesheet\" href=\"/page/till.css\"><link rel=\"stylesheet\" href=\"/page/notice.css\">\
                 </head>\n<body><main>\n"
            ),
            format!(
                "<div class=\"sign\"><img src=\"/page/face-camera.svg\" alt=\"{}\"><div><h1>{title}</h1>\
                 <p>{}</p></div></div>\n",
                self.word("icon"),
                self.word("sentence")
            ),
            self.part("service", &self.said(service)),
            self.part("controller", &self.joined(&[&controller.name, &controller.address, &controller.contact])),
            self.explanations(),
            format!("<h2>{}</h2>\n", self.word("purposes")),
            purposes.iter().map(|purpose| self.purpose(purpose)).collect(),
            self.part("kept", &self.kept()),
            self.cameras(),
            self.part("region", &region.as_deref().map_or_else(|| self.missing(), escaped)),
            self.part("without_face", &self.said(without_face)),
            self.part("rights", &format!("{} {}: {channels}", escaped(&days), self.word("channels"))),
            self.questions(),
            format!(
                "<p class=\"unprinted\"><a href=\"/notice?lang={other}\" lang=\"{other}\" hreflang=\"{other}\">{}</a> · \
                 <a href=\"/enroll\">{}</a></p>\n</main></body>\n</html>\n",
                self.word("other_language"),
                self.word("enroll")
            ),
        ]
        .concat()
    }

    /// What the operator says to those whom the text for everybody may not reach.
    fn explanations(&self) -> String {
        let Explanations { child, elder, visitor, disabled } = &self.notice.explanations;
        let all = [("child", child), ("elder", elder), ("visitor", visitor), ("disabled", disabled)];
        if all.iter().all(|(_, told)| told.ja.is_none() && told.en.is_none()) {
            return self.part("explanations", &self.missing());
        }
        let who = |key: &str| escaped(text(self.language, &format!("vpia.page.{key}")));
        let pairs = all.map(|(key, told)| format!("<dt>{}</dt><dd>{}</dd>\n", who(key), self.said(told))).concat();
        format!("<h2>{}</h2>\n<dl class=\"questions\">{pairs}</dl>\n", self.word("explanations"))
    }

    /// What people ask, and what is true of every hub whatever its operator stated.
    fn questions(&self) -> String {
        let word = |key: &str| escaped(text(self.language, &format!("notice.questions.{key}")));
        let pair = |key: &&str| {
            format!("<dt>{}</dt><dd>{}</dd>\n", word(&format!("{key}.asked")), word(&format!("{key}.said")))
        };
        let pairs: String = QUESTIONS.iter().map(pair).collect();
        format!("<h2>{}</h2>\n<dl class=\"questions\">{pairs}</dl>\n", word("heading"))
    }

    fn purpose(&self, purpose: &NoticePurpose) -> String {
        let items: Vec<String> = purpose.data_items.iter().map(|item| self.item(item)).collect();
        let recipients =
            if purpose.recipients.is_empty() { self.word("nobody") } else { escaped(&purpose.recipients.join(", ")) };
        format!(
            "<h3>{}</h3>\n<p>{}</p>\n<p>{}: {} · {}: {recipients}</p>\n",
            self.said(&purpose.title),
            self.said(&purpose.text),
            self.word("items"),
            items.join(", "),
            self.word("recipients"),
        )
    }

    /// How long each item is kept, as stated.
    fn kept(&self) -> String {
        let stated = self.notice.purposes.iter().flat_map(|purpose| &purpose.retention);
        let stated: std::collections::BTreeMap<_, _> = stated.collect();
        if stated.is_empty() {
            return format!("{} {}", self.word("kept_own"), self.missing());
        }
        let row = |(item, retention): (&String, &crate::vpia::stated::Retention)| {
            let cell = |part: &Option<String>| part.as_deref().map_or_else(|| self.missing(), escaped);
            let (period, trigger) = (cell(&retention.period), cell(&retention.trigger));
            format!("<tr><th scope=\"row\">{}</th><td>{period}</td><td>{trigger}</td></tr>\n", self.item(item))
        };
        let rows: String = stated.into_iter().map(row).collect();
        let heads = ["item", "period", "trigger"].map(|word| format!("<th scope=\"col\">{}</th>", self.word(word)));
        format!(
            "{}</p>\n<table><thead><tr>{}</tr></thead>\n<tbody>{rows}</tbody></table>\n<p>",
            self.word("kept_own"),
            heads.concat()
        )
    }

    /// Where cameras are, for what, and since when people could know.
    fn cameras(&self) -> String {
        let cameras = &self.notice.cameras;
        if cameras.is_empty() {
            return self.part("cameras", &self.missing());
        }
        let said = |key: &str| escaped(text(self.language, &format!("vpia.{key}")));
        let cell = |stated: Option<String>| format!("<td>{}</td>", stated.unwrap_or_else(|| self.missing()));
        let row = |camera: &Camera| {
            let place = camera.place.as_deref().map_or_else(|| self.missing(), escaped);
            let class = camera.class.map(|class| said(&format!("camera.{}", class.word())));
            let identifies = camera.identifies.map(|yes| said(if yes { "page.yes" } else { "page.no" }));
            let dates = [&camera.announced, &camera.since].map(|date| date.as_deref().map(escaped));
            let cells: String = [class, identifies].into_iter().chain(dates).map(cell).collect();
            format!("<tr><th scope=\"row\">{place}</th>{cells}</tr>\n")
        };
        let heads: String = ["place", "class", "identifies", "announced", "since"]
            .map(|word| format!("<th scope=\"col\">{}</th>", said(&format!("page.{word}"))))
            .concat();
        let rows: String = cameras.iter().map(row).collect();
        let title = self.word("cameras");
        format!("<h2>{title}</h2>\n<table><thead><tr>{heads}</tr></thead>\n<tbody>{rows}</tbody></table>\n")
    }

    fn item(&self, item: &str) -> String {
        let key = format!("enroll.items.{item}");
        crate::messages::find(self.language, &key).map_or_else(|| escaped(item), escaped)
    }

    fn part(&self, key: &str, html: &str) -> String {
        format!("<h2>{}</h2>\n<p>{html}</p>\n", self.word(key))
    }

    fn joined(&self, parts: &[&Option<String>]) -> String {
        let there: Vec<String> = parts.iter().filter_map(|part| part.as_deref()).map(escaped).collect();
        if there.is_empty() { self.missing() } else { there.join(" · ") }
    }

    fn word(&self, key: &str) -> String {
        escaped(text(self.language, &format!("notice.page.{key}")))
    }

    /// A person's text in this language, else in the other one.
    fn said(&self, text: &Text) -> String {
        let (own, other) = match self.language {
            Language::Japanese => (&text.ja, &text.en),
            Language::English => (&text.en, &text.ja),
        };
        own.as_deref().or(other.as_deref()).map_or_else(|| self.missing(), escaped)
    }

    fn missing(&self) -> String {
        format!("<span class=\"missing\">{}</span>", self.word("missing"))
    }
}

/// Text as HTML.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

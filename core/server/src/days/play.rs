//! Lets a day happen: minute by minute, and within a minute all at once.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use ed25519_dalek::{Signer, SigningKey};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::accounts::{self, moved};
use super::deed::{Deed, Event, Expected, Who};
use super::far::{Answer, Far};
use super::kaga;
use super::outcome::{Outcome, clock};
use super::purses::Purses;
use super::report::{self, Report};
use super::site::{Standing, must};
use super::{Day, DayError};
use crate::clock::SystemClock;
use crate::demo::{Cast, faces};
use crate::hex;
use tebura_hub::instant::rfc3339;
use tebura_hub::people::masked;
use tebura_hub::ports::Clock as _;

/// The seed of a face that nobody has.
const STRANGER: u64 = 9_700_001;
/// The take of a picture at a terminal; another one than those of the enrolment.
pub(super) const TAKE: u64 = 7;
/// The hub is killed when the first of a minute's answers is there, and not later than this.
const MID_MINUTE: Duration = Duration::from_secs(10);
/// The night comes so soon; twice as long is waited for the hub to notice.
const NIGHT_MS: i64 = 1_000;
/// How long a code counts; the longest that the hub allows.
const CODE_MS: i64 = 9 * 60 * 1_000;
/// How often what is under way is read again.
const READS: u32 = 150;

/// What is known of what happened.
#[derive(Default)]
struct Known {
    /// The service, the request and its answer, by label; of a payment the capture.
    labels: BTreeMap<String, (String, Value)>,
    /// All requests: service and id.
    requests: Vec<(String, String)>,
    /// Who went through a gate and did not leave.
    inside: BTreeSet<usize>,
}

/// Who takes part, and what is at hand besides the hub.
pub(super) struct Props {
    pub(super) cast: Cast,
    /// The key of somebody's appliance.
    pub(super) device: SigningKey,
    /// The key of the clinic's receipt computer.
    pub(super) receipts: SigningKey,
    /// Cards and CBDC, where they are taken.
    pub(super) purses: Option<Purses>,
}

struct Stage<'s> {
    far: &'s Far,
    standing: &'s Standing,
    props: &'s Props,
    /// How many answers there were.
    answered: watch::Sender<u64>,
    /// What cameras see, drawn before the day.
    pictures: BTreeMap<Who, Vec<u8>>,
    /// What somebody shows at a till instead of the face, by label: a code that her telephone has fetched, or a card.
    shown: BTreeMap<String, Value>,
}

/// What came of an event, and what it leaves.
struct Happened {
    outcome: Outcome,
    /// Service and body.
    left: Option<(String, Value)>,
    /// How long the hub was away.
    away_ms: Option<f64>,
}

/// A folder for the hub in which nothing is.
pub(super) fn stand(day: &Day) -> Result<(), DayError> {
    if day.data.exists() {
        std::fs::remove_dir_all(&day.data)?;
    }
    Ok(std::fs::create_dir_all(&day.data)?)
}

/// Everything that the script says; `say` is told each line. At the end the books are compared and the hub is stopped.
pub(super) async fn play(
    far: &Far,
    standing: &Standing,
    props: &Props,
    events: Vec<Event>,
    say: &mut dyn FnMut(&str),
) -> Result<Report, DayError> {
    let before = accounts::books(far, standing, props.purses.as_ref()).await?;
    let (mut known, mut outcomes, mut away) = (Known::default(), Vec::new(), None);
    let mut shops: BTreeMap<String, i64> = BTreeMap::new();
    let (people, cast): (Vec<Who>, Cast) = (events.iter().map(|event| event.who).collect(), props.cast);
    let drawn = move || people.into_iter().filter_map(|who| Some((who, picture(cast, who)?))).collect();
    let pictures = tokio::task::spawn_blocking(drawn).await.map_err(|_| DayError::NoPictures)?;
    let shown = shown(far, standing, cast, &events).await?;
    let (answered, _) = watch::channel(0);
    let stage = Stage { far, standing, props, answered, pictures, shown };
    say("# the day (一日)");
    for minute in events.chunk_by(|one, next| one.at == next.at) {
        let deeds = minute.iter().map(|event| stage.does(event, &known));
        for (event, happened) in minute.iter().zip(join_all(deeds).await) {
            let Happened { outcome, left, away_ms } = happened?;
            away = away.or(away_ms);
            if matches!(event.deed, Deed::Pay { .. } | Deed::Refund { .. }) {
                *shops.entry(outcome.service.clone()).or_default() += outcome.yen;
            }
            known.remember(event, &outcome, left);
            let line = report::line(&outcome);
            say(&line);
            as_expected(event.expected, &outcome, line)?;
            outcomes.push(outcome);
        }
    }
    known.requests.sort();
    known.requests.dedup();
    let told = told(far, standing, &known, &shops).await?;
    let after = accounts::books(far, standing, props.purses.as_ref()).await?;
    accounts::provider_is_well(far).await?;
    props.purses.as_ref().map_or(Ok(()), Purses::are_well)?;
    let shop = shops.iter().filter(|(till, _)| standing.facility(till).is_none()).map(|(_, yen)| yen).sum();
    let accounts = accounts::compared(before, after, standing, &told, shop)?;
    let headcount = known.labels.get("headcount").map(|(_, body)| body["output"].clone()).unwrap_or_default();
    far.kill().await?;
    Ok(Report { outcomes, accounts, headcount, notes: Vec::new(), away_ms: away.unwrap_or(0.0), seconds: 0.0 })
}

fn as_expected(expected: Expected, outcome: &Outcome, line: String) -> Result<(), DayError> {
    let fits = match expected {
        Expected::Any => true,
        Expected::Done => outcome.done,
        Expected::Refused(reason) => !outcome.done && outcome.reason.as_deref() == Some(reason),
    };
    if fits { Ok(()) } else { Err(DayError::Otherwise { line, expected: format!("{expected:?}") }) }
}

impl Known {
    fn remember(&mut self, event: &Event, outcome: &Outcome, left: Option<(String, Value)>) {
        if let (Who::Citizen(nth), true) = (event.who, outcome.done) {
            match outcome.action.as_str() {
                "enter" => drop(self.inside.insert(nth)),
                "leave" => drop(self.inside.remove(&nth)),
                _ => {}
            }
        }
        let Some((service, body)) = left else { return };
        if let Some(id) = body["id"].as_str().filter(|id| id.starts_with("req_")) {
            self.requests.push((service.clone(), id.to_owned()));
        }
        self.labels.insert(event.label.clone(), (service, body));
    }
}

/// What the terminals of each facility were told, read at the end: a ride may have been settled long after it began.
/// Tills were told at once.
async fn told(
    far: &Far,
    standing: &Standing,
    known: &Known,
    shops: &BTreeMap<String, i64>,
) -> Result<Vec<i64>, DayError> {
    let mut told = Vec::new();
    for facility in &standing.facilities {
        let mut sum = shops.get(&facility.service).copied().unwrap_or(0);
        for (service, id) in known.requests.iter().filter(|(service, _)| *service == facility.service) {
            let path = format!("/v1/services/{service}/requests/{id}");
            sum += moved(&far.call(Method::GET, &path, (&facility.key, ""), &Value::Null).await?.body);
        }
        told.push(sum);
    }
    Ok(told)
}

impl Stage<'_> {
    async fn does(&self, event: &Event, known: &Known) -> Result<Happened, DayError> {
        let began = now();
        let word = event.label.replace([' ', ':'], "-");
        let mut fell_back = false;
        let (service, action, answer, away_ms): (String, &str, Answer, Option<f64>) = match &event.deed {
            Deed::Ask { service, action, input, attested, up_to } => {
                let mut body = json!({"action": action, "input": self.filled(input, known)});
                let attested: BTreeMap<&str, &String> = attested.iter().map(|(name, value)| (*name, value)).collect();
                body["attested"] = json!(attested);
                if *up_to > 0 {
                    body["consent"] = json!({"up_to": {"minor": up_to, "currency": "JPY"}});
                }
                let mut answer = self.asks(service, event, &word, event.way, &body).await?;
                if let (true, Who::Citizen(_), None) = (face_failed(event.way, &answer), event.who, event.of) {
                    fell_back = true;
                    answer = self.asks(service, event, &format!("{word}-card"), "card", &body).await?;
                }
                ((*service).to_owned(), *action, self.settled(service, answer).await?, None)
            }
            Deed::Tell { of, message } => {
                let (service, answer) = self.tells(of, &word, json!({"name": message, "input": {}}), known).await?;
                (service, *message, answer, None)
            }
            Deed::Order { of, sequence, item, count } => {
                let mandate = known.labels.get(of).and_then(|(_, body)| body["id"].as_str()).unwrap_or_default();
                let text = format!("tebura-order-v1\n{mandate}\n{sequence}\n{item}\n{count}");
                let signature = hex::encode(&self.props.device.sign(text.as_bytes()).to_bytes());
                let input = json!({"sequence": sequence, "item": item, "count": count, "signature": signature});
                let (service, mut answer) =
                    self.tells(of, &word, json!({"name": "order", "input": input}), known).await?;
                // The mandate goes on; of this order `last` tells.
                answer.body["output"] = answer.body["output"]["last"].clone();
                (service, "order", answer, None)
            }
            Deed::Bill { of, patient, yen } => {
                let visit = known.labels.get(of).and_then(|(_, body)| body["id"].as_str()).unwrap_or_default();
                let input = kaga::bill(&self.props.receipts, &word, visit, (patient, *yen));
                let (service, answer) = self.tells(of, &word, json!({"name": "bill", "input": input}), known).await?;
                (service, "bill", answer, None)
            }
            Deed::Pay { till, yen, pin } => {
                ((*till).to_owned(), "pay", self.pays(event, &word, (till, *yen, *pin)).await?, None)
            }
            Deed::Refund { of } => {
                let (till, answer) = self.refunds(of, &word, known).await?;
                (till, "refund", answer, None)
            }
            Deed::Outage { on, how, calls } => {
                let rule = json!({"on": on, "do": how, "times": calls});
                let body = self.far.provider(Method::POST, "/sandbox/switches", &rule).await?;
                ("provider".to_owned(), "outage", Answer { status: 200, body, cut: 0 }, None)
            }
            Deed::Night => ("hub".to_owned(), "night", self.falls_asleep(&known.inside).await?, None),
            Deed::Crash => {
                let mut answers = self.answered.subscribe();
                let in_time = tokio::time::timeout(MID_MINUTE, answers.changed()).await;
                self.far.kill().await?;
                let killed = now();
                self.far.revive().await?;
                let away = killed.elapsed().as_secs_f64() * 1_000.0;
                let body = json!({"mid_answer": in_time.is_ok()});
                ("hub".to_owned(), "crash", Answer { status: 200, body, cut: 0 }, Some(away))
            }
        };
        self.answered.send_modify(|count| *count += 1);
        let ms = began.elapsed().as_secs_f64() * 1_000.0;
        let outcome = self.outcome(event, &service, action, &answer, fell_back, ms);
        let left = (answer.status < 300).then_some((service, answer.body));
        Ok(Happened { outcome, left, away_ms })
    }

    fn outcome(
        &self,
        event: &Event,
        service: &str,
        action: &str,
        answer: &Answer,
        fell_back: bool,
        ms: f64,
    ) -> Outcome {
        let (body, output) = (&answer.body, &answer.body["output"]);
        let word = |value: &Value| value.as_str().map(str::to_owned);
        let no = ["accepted", "admitted", "active", "placed", "found", "registered", "received", "bound", "left"]
            .iter()
            .find_map(|name| output[*name].as_bool())
            == Some(false);
        // A mandate that its owner ends is no longer active, and that is what was wanted.
        let unbilled = word(&output["bill_refused"]).filter(|_| action == "bill");
        let failed = body["status"] == "failed";
        let done = answer.status < 300 && !failed && (!no || action == "stop") && unbilled.is_none();
        let reason = unbilled
            .or_else(|| word(&output["code"]))
            .or_else(|| word(&output["reason"]))
            .or_else(|| word(&body["code"]));
        let yen = match &event.deed {
            Deed::Pay { .. } if body["status"] == "paid" => body["amount"]["minor"].as_i64().unwrap_or(0),
            Deed::Refund { .. } if done => -body["operation"]["amount"]["minor"].as_i64().unwrap_or(0),
            Deed::Order { .. } => output["yen"].as_i64().unwrap_or(0),
            Deed::Ask { .. } | Deed::Bill { .. } => moved(body),
            Deed::Tell { .. }
            | Deed::Pay { .. }
            | Deed::Refund { .. }
            | Deed::Outage { .. }
            | Deed::Crash
            | Deed::Night => 0,
        };
        let who = match event.who {
            Who::Citizen(nth) | Who::Masked(nth) => masked(self.props.cast.people()[nth].name),
            Who::Stranger => "(stranger)".to_owned(),
            Who::Screen(_) => "(screen)".to_owned(),
            Who::Hand(name) => name.to_owned(),
        };
        let way = if fell_back { format!("{}→card", event.way) } else { event.way.to_owned() };
        Outcome {
            at: clock(event.at),
            service: service.to_owned(),
            action: action.to_owned(),
            who,
            way,
            done,
            reason,
            yen,
            ms,
            cut: answer.cut,
            fell_back,
        }
    }

    /// Asks by a way of recognition.
    async fn asks(
        &self,
        service: &str,
        event: &Event,
        word: &str,
        way: &str,
        body: &Value,
    ) -> Result<Answer, DayError> {
        let key = self.standing.key(service);
        let path = format!("/v1/services/{service}/requests");
        let picture = self.pictures.get(&event.who).filter(|_| way.ends_with("face"));
        if let ("face", Some(picture)) = (way, picture) {
            return self.far.with_face(&path, (key, word), ("request", body), picture).await;
        }
        let mut body = body.clone();
        let own = if let Who::Citizen(nth) = event.who { Some(nth) } else { None };
        if let Some(nth) = event.of.or(own) {
            body["person"] = json!(self.standing.people.get(self.props.cast.people()[nth].word));
        }
        let by = way.trim_end_matches("+face");
        if ["card", "qr", "staff"].contains(&by) {
            body["by"] = json!(by);
        }
        if let Some(picture) = picture {
            return self.far.with_face(&path, (key, word), ("request", &body), picture).await;
        }
        self.far.call(Method::POST, &path, (key, word), &body).await
    }

    /// Reads again what a rail has not told yet.
    async fn settled(&self, service: &str, mut answer: Answer) -> Result<Answer, DayError> {
        let key = self.standing.key(service);
        for _ in 0..READS {
            let Some(id) = answer.body["id"].as_str().filter(|_| answer.body["status"] == "pending") else { break };
            let path = format!("/v1/services/{service}/requests/{id}");
            self.far.pause().await;
            let again = self.far.call(Method::GET, &path, (key, ""), &Value::Null).await?;
            answer = Answer { cut: answer.cut + again.cut, ..again };
        }
        Ok(answer)
    }

    async fn tells(&self, of: &str, word: &str, body: Value, known: &Known) -> Result<(String, Answer), DayError> {
        let found =
            known.labels.get(of).map(|(service, body)| (service.as_str(), body["id"].as_str().unwrap_or_default()));
        let (service, id) = found.unwrap_or(("nothing", "req_none"));
        let key = self.standing.key(service);
        let path = format!("/v1/services/{service}/requests/{id}/messages");
        let answer = self.far.call(Method::POST, &path, (key, word), &body).await?;
        Ok((service.to_owned(), self.settled(service, answer).await?))
    }

    /// Pays at the till; while the wallet is silent the same is asked again.
    async fn pays(
        &self,
        event: &Event,
        word: &str,
        (till, yen, pin): (&str, i64, Option<&str>),
    ) -> Result<Answer, DayError> {
        let key = self.standing.till_key(till);
        let picture = self.pictures.get(&event.who).map_or(&[][..], Vec::as_slice);
        let mut payment = json!({"amount": {"minor": yen, "currency": "JPY"}});
        if let Some(pin) = pin {
            payment["pin"] = json!(pin);
        }
        let shown = self.shown.get(&event.label).and_then(Value::as_object);
        for (name, value) in shown.into_iter().flatten() {
            payment[name] = value.clone();
        }
        let mut cut = 0;
        for _ in 0..READS {
            let answer = match shown {
                None => self.far.with_face("/v1/payments/face", (key, word), ("payment", &payment), picture).await?,
                Some(_) => self.far.call(Method::POST, "/v1/payments", (key, word), &payment).await?,
            };
            cut += answer.cut;
            if answer.status != 202 {
                return Ok(Answer { cut, ..answer });
            }
            self.far.pause().await;
        }
        Err(DayError::Silent)
    }

    async fn refunds(&self, of: &str, word: &str, known: &Known) -> Result<(String, Answer), DayError> {
        let paid = known.labels.get(of);
        let till = paid.map_or("till", |(till, _)| till.as_str());
        let capture = paid.and_then(|(_, body)| body["capture"].as_str()).unwrap_or("op_none");
        let path = format!("/v1/captures/{capture}/refund");
        let key = self.standing.shop_key(till);
        let mut answer = self.far.call(Method::POST, &path, (key, word), &json!({})).await?;
        for _ in 0..READS {
            let id = answer.body["operation"]["id"].as_str().map(str::to_owned);
            let settled = answer.status >= 300 || answer.body["operation"]["status"] != "pending";
            let (false, Some(_)) = (settled, id) else { break };
            self.far.pause().await;
            answer = self.far.call(Method::POST, &path, (key, word), &json!({})).await?;
        }
        Ok((till.to_owned(), answer))
    }

    /// Gives whoever is still inside a term that ends at once, as a gallery's night does, and waits until the hub's own sweep
    /// has let them go.
    async fn falls_asleep(&self, inside: &BTreeSet<usize>) -> Result<Answer, DayError> {
        let operator = &self.standing.file.operator_key;
        let until = SystemClock::default().now().plus_ms(NIGHT_MS);
        for nth in inside {
            let person = self.standing.people.get(self.props.cast.people()[*nth].word).map_or("", String::as_str);
            let path = format!("/v1/galleries/{}/members/{person}", self.standing.today);
            let term = json!({"until": rfc3339(until)});
            self.far.call(Method::PUT, &path, (operator, &format!("night-{nth}")), &term).await?;
        }
        while SystemClock::default().now() < until.plus_ms(2 * NIGHT_MS) {
            self.far.pause().await;
        }
        Ok(Answer { status: 200, body: json!({"people": inside.len()}), cut: 0 })
    }

    /// `"$label.field"` is a field of what was answered there; `"$device"` the device's key.
    fn filled(&self, input: &Value, known: &Known) -> Value {
        match input {
            Value::String(text) if text == "$device" => {
                json!(hex::encode(self.props.device.verifying_key().as_bytes()))
            }
            Value::String(text) => match text.strip_prefix('$').and_then(|name| name.rsplit_once('.')) {
                Some((label, field)) => {
                    known.labels.get(label).map(|(_, body)| body["output"][field].clone()).unwrap_or_default()
                }
                None => input.clone(),
            },
            Value::Object(fields) => {
                fields.iter().map(|(name, value)| (name.clone(), self.filled(value, known))).collect()
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => input.clone(),
        }
    }
}

/// What people will show at tills who do not pay by face.
async fn shown(
    far: &Far,
    standing: &Standing,
    cast: Cast,
    events: &[Event],
) -> Result<BTreeMap<String, Value>, DayError> {
    let operator = &standing.file.operator_key;
    let mut shown = BTreeMap::new();
    for event in events.iter().filter(|event| matches!(event.deed, Deed::Pay { .. })) {
        let Who::Citizen(nth) = event.who else { continue };
        let person = standing.people.get(cast.people()[nth].word).map_or("", String::as_str);
        let own = match event.way {
            "qr" => {
                let until = json!({"until": rfc3339(SystemClock::default().now().plus_ms(CODE_MS))});
                let (path, word) = (format!("/v1/people/{person}/passes"), format!("code {}", event.label));
                let code = must(far, Method::POST, &path, (operator, &word), until).await?;
                json!({"by": "pass", "pass": code["code"]})
            }
            "card" => {
                let path = format!("/v1/people/{person}/instruments");
                let all = must(far, Method::GET, &path, (operator, ""), Value::Null).await?;
                let mut all = all["items"].as_array().into_iter().flatten();
                let default = all.find(|own| own["is_default"] == true);
                json!({"by": "card", "instrument": default.map(|own| &own["id"])})
            }
            _ => continue,
        };
        shown.insert(event.label.clone(), own);
    }
    Ok(shown)
}

/// Whether a face was not taken for its owner's.
fn face_failed(way: &str, answer: &Answer) -> bool {
    let other = answer.body["output"]["reason"] == "face_ticket_mismatch";
    way == "face" && answer.status == 403 || way == "qr+face" && (answer.status == 403 || other)
}

/// What the camera sees.
fn picture(cast: Cast, who: Who) -> Option<Vec<u8>> {
    match who {
        Who::Citizen(nth) => Some(faces::at_a_terminal(cast.seed(nth), TAKE)),
        Who::Stranger => Some(faces::at_a_terminal(STRANGER, TAKE)),
        Who::Masked(nth) => Some(faces::in_a_mask(cast.seed(nth), TAKE)),
        Who::Screen(nth) => Some(faces::on_a_screen(cast.seed(nth), TAKE)),
        Who::Hand(_) => None,
    }
}

pub(super) fn now() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "waiting times are what the report is about")]
    Instant::now()
}

//! Lets the day happen: minute by minute, and within a minute all at once.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use ed25519_dalek::{Signer, SigningKey};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::accounts::{self, moved};
use super::clinic;
use super::far::{Answer, Far};
use super::outcome::{Outcome, clock};
use super::report::{self, Report};
use super::script::{Deed, Event, Who, script};
use super::set_up::{SERVICES, Standing, set_up};
use super::{KagaDay, KagaError};
use crate::demo::faces;
use crate::demo::kaga::{CITIZENS, Citizen};
use crate::hex;
use tebura_hub::people::masked;

/// The seed of a face that nobody has.
const STRANGER: u64 = 9_700_001;
/// The take of a picture at a terminal; another one than those of the enrolment.
const TAKE: u64 = 7;
/// The hub is killed when the first of a minute's answers is there, and not later than this.
const MID_MINUTE: Duration = Duration::from_secs(10);
/// How often what is under way is read again.
const READS: u32 = 150;

/// What is known of what happened.
#[derive(Default)]
struct Known {
    /// The service, the request and its answer, by label; of a payment the capture.
    labels: BTreeMap<String, (String, Value)>,
    /// All requests: service and id.
    requests: Vec<(String, String)>,
}

struct City<'c> {
    far: &'c Far,
    standing: &'c Standing,
    device: SigningKey,
    receipts: SigningKey,
    /// How many answers there were.
    answered: watch::Sender<u64>,
    /// What cameras see, drawn before the day.
    pictures: BTreeMap<Who, Vec<u8>>,
}

/// What came of an event, and what it leaves.
struct Happened {
    outcome: Outcome,
    /// Service and body.
    left: Option<(String, Value)>,
    /// How long the hub was away.
    away_ms: Option<f64>,
}

/// The whole day; `say` is told each line.
pub(crate) async fn run(day: &KagaDay, say: &mut dyn FnMut(&str)) -> Result<(), KagaError> {
    let began = now();
    if day.data.exists() {
        std::fs::remove_dir_all(&day.data)?;
    }
    std::fs::create_dir_all(&day.data)?;
    say("# building the city: people are enrolled, plugins installed, services configured (準備)");
    let receipts = SigningKey::from_bytes(&[13; 32]);
    let terminal = clinic::terminal(&day.data, &receipts).await?;
    let far = Far::start(&day.data).await?;
    let standing = set_up(&far, day, &terminal.origin()).await?;
    let (people, stops) = (standing.people.len(), standing.fares.stops.len());
    say(&format!(
        "  {people} people, {} services, {stops} stops, in {:.1} s",
        SERVICES.len(),
        began.elapsed().as_secs_f64()
    ));
    let before = accounts::books(&far, &standing).await?;
    let device = SigningKey::from_bytes(&[11; 32]);
    let (mut known, mut outcomes, mut away) = (Known::default(), Vec::new(), None);
    let (mut shop, events) = (0, script());
    let people: Vec<Who> = events.iter().map(|event| event.who).collect();
    let drawn = move || people.into_iter().filter_map(|who| Some((who, picture(who)?))).collect();
    let pictures = tokio::task::spawn_blocking(drawn).await.map_err(|_| KagaError::NoPictures)?;
    let (answered, _) = watch::channel(0);
    let city = City { far: &far, standing: &standing, device, receipts, answered, pictures };
    say("# the day (一日)");
    for minute in events.chunk_by(|one, next| one.at == next.at) {
        let deeds = minute.iter().map(|event| city.does(event, &known));
        for (event, happened) in minute.iter().zip(join_all(deeds).await) {
            let Happened { outcome, left, away_ms } = happened?;
            away = away.or(away_ms);
            if matches!(event.deed, Deed::Pay { .. } | Deed::Refund { .. }) {
                shop += outcome.yen;
            }
            if let Some((service, body)) = left {
                if let Some(id) = body["id"].as_str().filter(|id| id.starts_with("req_")) {
                    known.requests.push((service.clone(), id.to_owned()));
                }
                known.labels.insert(event.label.clone(), (service, body));
            }
            say(&report::line(&outcome));
            outcomes.push(outcome);
        }
    }
    known.requests.sort();
    known.requests.dedup();
    let told = told(&far, &standing, &known).await?;
    let after = accounts::books(&far, &standing).await?;
    accounts::provider_is_well(&far).await?;
    let accounts = accounts::compared(before, after, &standing, &told, shop)?;
    let headcount = known.labels.get("headcount").map(|(_, body)| body["output"].clone()).unwrap_or_default();
    far.kill().await?;
    drop(terminal);
    let report =
        Report { outcomes, accounts, headcount, away_ms: away.unwrap_or(0.0), seconds: began.elapsed().as_secs_f64() };
    report::write(&day.out, &report)?;
    report::summary(&report).iter().for_each(|line| say(line));
    say(&format!("  {}", day.out.join("index.html").display()));
    Ok(())
}

/// What the terminals of each facility were told, read at the end: a ride may have been settled long after it began.
async fn told(far: &Far, standing: &Standing, known: &Known) -> Result<Vec<i64>, KagaError> {
    let mut told = Vec::new();
    for facility in &standing.facilities {
        let mut sum = 0;
        for (service, id) in known.requests.iter().filter(|(service, _)| *service == facility.service) {
            let path = format!("/v1/services/{service}/requests/{id}");
            sum += moved(&far.call(Method::GET, &path, (&facility.key, ""), &Value::Null).await?.body);
        }
        told.push(sum);
    }
    Ok(told)
}

impl City<'_> {
    async fn does(&self, event: &Event, known: &Known) -> Result<Happened, KagaError> {
        let began = now();
        let word = event.label.replace([' ', ':'], "-");
        let mut fell_back = false;
        let (service, action, answer, away_ms) = match &event.deed {
            Deed::Ask { service, action, input, attested, up_to } => {
                let mut body = json!({"action": action, "input": self.filled(input, known)});
                let attested: BTreeMap<&str, &String> = attested.iter().map(|(name, value)| (*name, value)).collect();
                body["attested"] = json!(attested);
                if *up_to > 0 {
                    body["consent"] = json!({"up_to": {"minor": up_to, "currency": "JPY"}});
                }
                let mut answer = self.asks(service, event, &word, event.way, &body).await?;
                let face_failed = answer.status == 403 && event.way == "face";
                if let (true, Who::Citizen(_)) = (face_failed, event.who) {
                    fell_back = true;
                    answer = self.asks(service, event, &format!("{word}-card"), "card", &body).await?;
                }
                (*service, *action, self.settled(service, answer).await?, None)
            }
            Deed::Tell { of, message } => {
                let (service, answer) = self.tells(of, &word, json!({"name": message, "input": {}}), known).await?;
                (service, *message, answer, None)
            }
            Deed::Order { of, sequence, item, count } => {
                let mandate = known.labels.get(of).and_then(|(_, body)| body["id"].as_str()).unwrap_or_default();
                let text = format!("tebura-order-v1\n{mandate}\n{sequence}\n{item}\n{count}");
                let signature = hex::encode(&self.device.sign(text.as_bytes()).to_bytes());
                let input = json!({"sequence": sequence, "item": item, "count": count, "signature": signature});
                let (service, mut answer) =
                    self.tells(of, &word, json!({"name": "order", "input": input}), known).await?;
                // The mandate goes on; of this order `last` tells.
                answer.body["output"] = answer.body["output"]["last"].clone();
                (service, "order", answer, None)
            }
            Deed::Bill { of, patient, yen } => {
                let visit = known.labels.get(of).and_then(|(_, body)| body["id"].as_str()).unwrap_or_default();
                let input = clinic::bill(&self.receipts, &word, visit, (patient, *yen));
                let (service, answer) = self.tells(of, &word, json!({"name": "bill", "input": input}), known).await?;
                (service, "bill", answer, None)
            }
            Deed::Pay { yen } => ("till", "pay", self.pays(event, &word, *yen).await?, None),
            Deed::Refund { of } => ("till", "refund", self.refunds(of, &word, known).await?, None),
            Deed::Outage { on, how, calls } => {
                let rule = json!({"on": on, "do": how, "times": calls});
                let body = self.far.provider(Method::POST, "/sandbox/switches", &rule).await?;
                ("provider", "outage", Answer { status: 200, body, cut: 0 }, None)
            }
            Deed::Crash => {
                let mut answers = self.answered.subscribe();
                let in_time = tokio::time::timeout(MID_MINUTE, answers.changed()).await;
                self.far.kill().await?;
                let killed = now();
                self.far.revive().await?;
                let away = killed.elapsed().as_secs_f64() * 1_000.0;
                let body = json!({"mid_answer": in_time.is_ok()});
                ("hub", "crash", Answer { status: 200, body, cut: 0 }, Some(away))
            }
        };
        self.answered.send_modify(|count| *count += 1);
        let ms = began.elapsed().as_secs_f64() * 1_000.0;
        let outcome = self.outcome(event, service, action, &answer, fell_back, ms);
        let left = (answer.status < 300).then(|| (service.to_owned(), answer.body));
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
        let no = ["accepted", "admitted", "active", "placed", "found", "registered", "received"]
            .iter()
            .find_map(|name| output[*name].as_bool())
            == Some(false);
        // A mandate that its owner ends is no longer active, and that is what was wanted.
        let unbilled = word(&output["bill_refused"]).filter(|_| action == "bill");
        let done = answer.status < 300 && (!no || action == "stop") && unbilled.is_none();
        let reason = unbilled
            .or_else(|| word(&output["code"]))
            .or_else(|| word(&output["reason"]))
            .or_else(|| word(&body["code"]));
        let yen = match &event.deed {
            Deed::Pay { .. } if body["status"] == "paid" => body["amount"]["minor"].as_i64().unwrap_or(0),
            Deed::Refund { .. } if done => -body["operation"]["amount"]["minor"].as_i64().unwrap_or(0),
            Deed::Order { .. } => output["yen"].as_i64().unwrap_or(0),
            Deed::Ask { .. } | Deed::Bill { .. } => moved(body),
            Deed::Tell { .. } | Deed::Pay { .. } | Deed::Refund { .. } | Deed::Outage { .. } | Deed::Crash => 0,
        };
        let who = match event.who {
            Who::Citizen(nth) => masked(CITIZENS[nth].name),
            Who::Stranger => "(stranger)".to_owned(),
            Who::Screen(_) => "(screen)".to_owned(),
            Who::Hand(name) => name.to_owned(),
        };
        let way = if fell_back { "face→card" } else { event.way };
        Outcome {
            at: clock(event.at),
            service: service.to_owned(),
            action: action.to_owned(),
            who,
            way: way.to_owned(),
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
    ) -> Result<Answer, KagaError> {
        let key = self.standing.facilities.iter().find(|own| own.service == service).map_or("", |own| own.key.as_str());
        let path = format!("/v1/services/{service}/requests");
        if let ("face", Some(picture)) = (way, self.pictures.get(&event.who)) {
            return self.far.with_face(&path, (key, word), ("request", body), picture).await;
        }
        let mut body = body.clone();
        if let Who::Citizen(nth) = event.who {
            body["person"] = json!(self.standing.people.get(CITIZENS[nth].word));
        }
        if ["card", "qr", "staff"].contains(&way) {
            body["by"] = json!(way);
        }
        self.far.call(Method::POST, &path, (key, word), &body).await
    }

    /// Reads again what a rail has not told yet.
    async fn settled(&self, service: &str, mut answer: Answer) -> Result<Answer, KagaError> {
        let key = self.standing.facilities.iter().find(|own| own.service == service).map_or("", |own| own.key.as_str());
        for _ in 0..READS {
            let Some(id) = answer.body["id"].as_str().filter(|_| answer.body["status"] == "pending") else { break };
            let path = format!("/v1/services/{service}/requests/{id}");
            self.far.pause().await;
            let again = self.far.call(Method::GET, &path, (key, ""), &Value::Null).await?;
            answer = Answer { cut: answer.cut + again.cut, ..again };
        }
        Ok(answer)
    }

    async fn tells(
        &self,
        of: &str,
        word: &str,
        body: Value,
        known: &Known,
    ) -> Result<(&'static str, Answer), KagaError> {
        let found =
            known.labels.get(of).map(|(service, body)| (service.as_str(), body["id"].as_str().unwrap_or_default()));
        let (service, id) = found.unwrap_or(("park", "req_none"));
        let key = self.standing.facilities.iter().find(|own| own.service == service).map_or("", |own| own.key.as_str());
        let path = format!("/v1/services/{service}/requests/{id}/messages");
        let answer = self.far.call(Method::POST, &path, (key, word), &body).await?;
        let name = SERVICES.iter().find(|(_, own, _)| *own == service).map_or("park", |(_, own, _)| *own);
        Ok((name, self.settled(service, answer).await?))
    }

    /// Pays at the till by face; while the wallet is silent the same is asked again.
    async fn pays(&self, event: &Event, word: &str, yen: i64) -> Result<Answer, KagaError> {
        let key = &self.standing.file.till_key;
        let picture = self.pictures.get(&event.who).map_or(&[][..], Vec::as_slice);
        let payment = json!({"amount": {"minor": yen, "currency": "JPY"}});
        let mut cut = 0;
        for _ in 0..READS {
            let answer = self.far.with_face("/v1/payments/face", (key, word), ("payment", &payment), picture).await?;
            cut += answer.cut;
            if answer.status != 202 {
                return Ok(Answer { cut, ..answer });
            }
            self.far.pause().await;
        }
        Err(KagaError::Silent)
    }

    async fn refunds(&self, of: &str, word: &str, known: &Known) -> Result<Answer, KagaError> {
        let capture = known.labels.get(of).and_then(|(_, body)| body["capture"].as_str()).unwrap_or("op_none");
        let path = format!("/v1/captures/{capture}/refund");
        let key = &self.standing.file.shop_key;
        let mut answer = self.far.call(Method::POST, &path, (key, word), &json!({})).await?;
        for _ in 0..READS {
            let id = answer.body["operation"]["id"].as_str().map(str::to_owned);
            let settled = answer.status >= 300 || answer.body["operation"]["status"] != "pending";
            let (false, Some(_)) = (settled, id) else { break };
            self.far.pause().await;
            answer = self.far.call(Method::POST, &path, (key, word), &json!({})).await?;
        }
        Ok(answer)
    }

    /// `"$label.field"` is a field of what was answered there; `"$device"` the device's key.
    fn filled(&self, input: &Value, known: &Known) -> Value {
        match input {
            Value::String(text) if text == "$device" => json!(hex::encode(self.device.verifying_key().as_bytes())),
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

/// What the camera sees.
fn picture(who: Who) -> Option<Vec<u8>> {
    match who {
        Who::Citizen(nth) => Some(faces::at_a_terminal(Citizen::seed(nth), TAKE)),
        Who::Stranger => Some(faces::at_a_terminal(STRANGER, TAKE)),
        Who::Screen(nth) => Some(faces::on_a_screen(Citizen::seed(nth), TAKE)),
        Who::Hand(_) => None,
    }
}

fn now() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "waiting times are what the report is about")]
    Instant::now()
}

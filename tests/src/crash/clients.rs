//! Clients that place, capture, release and refund, note everything, and ask again what has no answer.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};
use tokio::sync::Notify;

use super::city::City;
use crate::flows::hub::{Api, HubProcess};
use crate::support::until;

const CLIENTS: usize = 10;

/// One command: what was asked, noted before it was sent, and the answers.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) key: String,
    pub(super) path: String,
    pub(super) body: Value,
    /// How often it was sent.
    pub(super) sent: u32,
    pub(super) answers: Vec<(u16, Value)>,
}

impl Asked {
    /// Whether there is an answer that stays the same.
    pub(super) fn is_answered(&self) -> bool {
        self.answers.iter().any(|(status, body)| is_final(*status, body))
    }

    /// Whether every answer says that nothing was begun, and none was lost.
    pub(super) fn is_refused(&self) -> bool {
        let began_nothing = |(status, body): &(u16, Value)| match status {
            400 | 404 | 422 => true,
            // A decline by the rail names its operation.
            402 => !body["subject"].is_string(),
            409 => body["code"] != "idempotency.running",
            _ => false,
        };
        self.sent as usize == self.answers.len() && !self.answers.is_empty() && self.answers.iter().all(began_nothing)
    }
}

/// 201 done, 402 declined; other refusals began nothing. 202, 409 "still running" and 5xx leave it open.
fn is_final(status: u16, body: &Value) -> bool {
    match status {
        201 | 402 | 400 | 404 | 422 => true,
        409 => body["code"] != "idempotency.running",
        _ => false,
    }
}

type Log = Arc<Mutex<Vec<Asked>>>;

/// The clients, between rounds.
pub(super) struct Clients {
    dice: Vec<fastrand::Rng>,
    logs: Vec<Log>,
}

struct Client {
    number: usize,
    api: Api,
    city: City,
    dice: fastrand::Rng,
    log: Log,
    answered: Arc<(AtomicUsize, Notify)>,
}

impl Clients {
    pub(super) fn new(dice: &mut fastrand::Rng) -> Clients {
        Clients {
            dice: (0..CLIENTS).map(|_| dice.fork()).collect(),
            logs: (0..CLIENTS).map(|_| Log::default()).collect(),
        }
    }

    /// Everything that was asked so far.
    pub(super) fn log(&self) -> Vec<Asked> {
        self.logs.iter().flat_map(|log| log.lock().unwrap_or_else(PoisonError::into_inner).clone()).collect()
    }

    /// Works until `dies_after` answers came in, kills the hub, and waits until everybody noticed.
    pub(super) async fn work_until_killed(&mut self, hub: HubProcess, city: &City, dies_after: usize) {
        let answered = Arc::new((AtomicUsize::new(0), Notify::new()));
        let clients: Vec<_> = self.clients(&hub, city, &answered).map(|client| tokio::spawn(client.work())).collect();
        while answered.0.load(Ordering::SeqCst) < dies_after {
            answered.1.notified().await;
        }
        hub.kill();
        for (client, dice) in clients.into_iter().zip(&mut self.dice) {
            *dice = client.await.unwrap();
        }
    }

    /// Asks again what has no answer, until everything has one.
    pub(super) async fn finish(&mut self, hub: &HubProcess, city: &City) {
        let answered = Arc::new((AtomicUsize::new(0), Notify::new()));
        for mut client in self.clients(hub, city, &answered).collect::<Vec<_>>() {
            until("everything is answered", async || client.catch_up().await.is_some()).await;
        }
    }

    fn clients(
        &self,
        hub: &HubProcess,
        city: &City,
        answered: &Arc<(AtomicUsize, Notify)>,
    ) -> impl Iterator<Item = Client> {
        let api = hub.with_key(&city.key);
        self.dice.iter().zip(&self.logs).enumerate().map(move |(number, (dice, log))| Client {
            number,
            api: api.clone(),
            city: city.clone(),
            dice: dice.clone(),
            log: Arc::clone(log),
            answered: Arc::clone(answered),
        })
    }
}

impl Client {
    /// Until the hub is gone.
    async fn work(mut self) -> fastrand::Rng {
        if self.catch_up().await.is_some() {
            while self.one_hold().await.is_some() {}
        }
        self.dice
    }

    /// Asks again what has no answer.
    async fn catch_up(&mut self) -> Option<()> {
        let places = self.log.lock().unwrap_or_else(PoisonError::into_inner).len();
        for place in 0..places {
            self.send_until_answered(place).await?;
        }
        Some(())
    }

    /// A hold and what is done with it; nothing when the hub went away.
    async fn one_hold(&mut self) -> Option<()> {
        let at_provider = self.dice.u8(0..5) == 0;
        let payer =
            if at_provider { &self.city.wallet } else { &self.city.people[self.dice.usize(0..self.city.people.len())] };
        let amount = self.dice.i64(10..=400);
        let body = json!({ "payer": payer, "amount": yen(amount) });
        let (status, held) = self.ask("/v1/holds", body).await?;
        let Some(hold) = held["hold"]["id"].as_str().filter(|_| status == 201) else { return Some(()) };
        let hold = hold.to_owned();
        let (capture, release) = (format!("/v1/holds/{hold}/capture"), format!("/v1/holds/{hold}/release"));
        match self.dice.u8(0..6) {
            // It stays held.
            0 => {}
            1 => drop(self.ask(&release, json!({})).await?),
            2 => {
                let part = self.dice.i64(1..amount);
                self.ask(&capture, json!({ "amount": yen(part), "final": false })).await?;
                self.ask(&capture, json!({})).await?;
            }
            3 => {
                // More than is held: refused.
                self.ask(&capture, json!({ "amount": yen(amount + 1) })).await?;
                self.ask(&capture, json!({ "amount": yen(amount) })).await?;
            }
            _ => {
                let (_, captured) = self.ask(&capture, json!({})).await?;
                if let Some(operation) = captured["operation"]["id"].as_str() {
                    let part = self.dice.i64(1..=amount);
                    self.ask(&format!("/v1/captures/{operation}/refund"), json!({ "amount": yen(part) })).await?;
                }
            }
        }
        Some(())
    }

    /// Notes a command, then sends it until it is answered.
    async fn ask(&mut self, path: &str, body: Value) -> Option<(u16, Value)> {
        let place = {
            let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
            let key = format!("client-{}-{}", self.number, log.len());
            log.push(Asked { key, path: path.to_owned(), body, sent: 0, answers: Vec::new() });
            log.len() - 1
        };
        self.send_until_answered(place).await
    }

    async fn send_until_answered(&self, place: usize) -> Option<(u16, Value)> {
        loop {
            let asked = {
                let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(answer) = log[place].answers.iter().find(|(status, body)| is_final(*status, body)) {
                    return Some(answer.clone());
                }
                log[place].sent += 1;
                log[place].clone()
            };
            let answer = self.api.try_post(&asked.path, &asked.key, &asked.body).await?;
            self.log.lock().unwrap_or_else(PoisonError::into_inner)[place].answers.push(answer.clone());
            if is_final(answer.0, &answer.1) {
                self.answered.0.fetch_add(1, Ordering::SeqCst);
                self.answered.1.notify_one();
            } else {
                tokio::task::yield_now().await;
            }
        }
    }
}

fn yen(minor: i64) -> Value {
    json!({ "minor": minor, "currency": "JPY" })
}

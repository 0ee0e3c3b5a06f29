//! `tebura demo pay`: pays by face against the demo hub that runs, over HTTP like any till.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use reqwest::Client;
use tebura_hub::ports::Ids;
use tebura_ledger::Shard;

use super::{Outcome, print};
use crate::clock::SystemIds;
use crate::demo::{DemoBalance, DemoFile};
use crate::messages::{self, Language, fill, text};
use crate::problem::ProblemBody;
use crate::wire::payments::PaymentBody;

/// While the wallet is silent the same payment is asked for again, under the same key: the hub pays it once.
const AGAIN: Duration = Duration::from_secs(1);
/// Half a minute: longer than the hub's first inquiries take.
const TRIES: u32 = 30;

#[derive(Args)]
pub(super) struct PayArguments {
    /// A PNG, JPEG or WebP picture with one face.
    image: PathBuf,
    /// Yen.
    #[arg(long, default_value_t = 1_200)]
    amount: i64,
    /// The person's PIN, for amounts above the till's limit.
    #[arg(long)]
    pin: Option<String>,
    /// The data folder of the demo hub.
    #[arg(long, default_value = "tebura-data")]
    data: PathBuf,
}

/// What the hub answered.
enum Answer {
    Payment(Box<PaymentBody>),
    Problem(Box<ProblemBody>),
}

pub(super) async fn run(arguments: PayArguments) -> Outcome {
    let language = Language::of_process();
    let demo = DemoFile::read(&arguments.data)?;
    let image = std::fs::read(&arguments.image)
        .map_err(|error| format!("{} cannot be read: {error}", arguments.image.display()))?;
    // The demo hub is on this machine without TLS: no certificates are needed and none are looked for.
    let client = Client::builder().no_proxy().tls_certs_only([]).build()?;
    let unreachable = |_| fill(language, "cli.pay.unreachable", &[("url", &demo.hub)]);
    let before = balances(&client, &demo).await.map_err(unreachable)?;
    let file = arguments.image.display().to_string();
    print::line(&fill(language, "cli.pay.looking", &[("file", &file)]));
    let answer = pay(&client, &demo, &arguments, image, language).await.map_err(unreachable)?;
    let after = balances(&client, &demo).await.map_err(unreachable)?;
    match answer {
        Answer::Payment(payment) => {
            show_payment(language, &payment);
            show_balances(language, &payment, &before, &after);
        }
        Answer::Problem(problem) => {
            row(language, "cli.pay.refused", &format!("{} ({})", problem.title, problem.code));
            let advice = format!("till.refused.{}.advice", problem.code);
            print::line(&format!("  {}", messages::find(language, &advice).unwrap_or(&problem.detail)));
            if before == after {
                print::line(&format!("  {}", text(language, "cli.pay.nothing")));
            }
        }
    }
    Ok(())
}

async fn pay(
    client: &Client,
    demo: &DemoFile,
    arguments: &PayArguments,
    image: Vec<u8>,
    language: Language,
) -> Result<Answer, reqwest::Error> {
    let edge = SystemIds.next(Shard::new(0)).simple().to_string();
    let amount = serde_json::json!({ "minor": arguments.amount, "currency": "JPY" });
    let payment = match &arguments.pin {
        Some(pin) => serde_json::json!({ "amount": amount, "pin": pin }),
        None => serde_json::json!({ "amount": amount }),
    };
    let mut body = format!(
        "--{edge}\r\ncontent-disposition: form-data; name=\"payment\"\r\n\r\n{payment}\r\n\
         --{edge}\r\ncontent-disposition: form-data; name=\"image\"; filename=\"face\"\r\n\r\n"
    )
    .into_bytes();
    body.extend_from_slice(&image);
    body.extend_from_slice(format!("\r\n--{edge}--\r\n").as_bytes());
    let key = SystemIds.next(Shard::new(0)).to_string();
    let mut patience = tokio::time::interval(AGAIN);
    let mut tries = 0;
    let response = loop {
        patience.tick().await;
        tries += 1;
        let request = client
            .post(format!("{}/v1/payments/face", demo.hub))
            .bearer_auth(&demo.till_key)
            .header("idempotency-key", &key)
            .header("content-type", format!("multipart/form-data; boundary={edge}"))
            .header("accept-language", language.tag())
            .body(body.clone());
        let response = request.send().await?;
        if response.status() != reqwest::StatusCode::ACCEPTED || tries == TRIES {
            break response;
        }
        if tries == 1 {
            print::note(text(language, "cli.pay.unknown"));
        }
    };
    let succeeded = response.status().is_success();
    let body = response.text().await?;
    let unreadable = || ProblemBody {
        r#type: "about:blank".to_owned(),
        title: body.clone(),
        status: 500,
        code: "answer.unreadable".to_owned(),
        detail: "The hub answered something else than its description says.".to_owned(),
        retry: crate::problem::Retry::AfterQuery,
        retry_after_ms: None,
        subject: None,
        hold_version: None,
        request_id: None,
    };
    let payment = if succeeded { serde_json::from_str(&body).ok() } else { None };
    Ok(match payment {
        Some(payment) => Answer::Payment(Box::new(payment)),
        None => Answer::Problem(Box::new(serde_json::from_str(&body).unwrap_or_else(|_| unreadable()))),
    })
}

async fn balances(client: &Client, demo: &DemoFile) -> Result<Vec<DemoBalance>, reqwest::Error> {
    let request = client.get(format!("{}/demo/balances", demo.hub)).bearer_auth(&demo.operator_key);
    let text = request.send().await?.error_for_status()?.text().await?;
    Ok(serde_json::from_str(&text).unwrap_or_default())
}

fn show_payment(language: Language, payment: &PaymentBody) {
    row(language, "cli.pay.recognised", payment.masked_name.as_deref().unwrap_or("–"));
    if let Some(hold) = &payment.hold {
        let held = print::yen(hold.authorised.minor);
        row(language, "cli.pay.hold", &format!("{held}  {}  {} ({})", hold.id, hold.status, hold.rail));
        if let Some(capture) = payment.capture.as_ref().filter(|_| hold.captured.minor > 0) {
            row(language, "cli.pay.capture", &format!("{}  {capture}", print::yen(hold.captured.minor)));
        }
    }
    row(language, "cli.pay.payment", &format!("{}  {}", payment.status, payment.id));
    if payment.status != "paid" {
        print::line(&format!("  {}", text(language, "cli.pay.unknown")));
    }
}

/// The payer's and the shop's money on the rail of the payment, before and after.
fn show_balances(language: Language, payment: &PaymentBody, before: &[DemoBalance], after: &[DemoBalance]) {
    let Some(hold) = &payment.hold else { return };
    let heading = |key: &str| text(language, key).to_owned();
    print::line(&format!(
        "  {}{}{}",
        print::padded("", 30),
        print::padded(&heading("cli.pay.before"), 12),
        heading("cli.pay.after")
    ));
    for (key, account) in [("cli.pay.payer", &hold.payer_account), ("cli.pay.merchant", &hold.payee_account)] {
        let of = |balances: &[DemoBalance]| {
            balances.iter().find(|balance| balance.account == *account).map(|balance| print::yen(balance.available))
        };
        let name = after.iter().find(|balance| balance.account == *account).map_or("", |balance| &balance.name);
        print::line(&format!(
            "  {}{}{}",
            print::padded(&format!("{} {name}", heading(key)), 30),
            print::padded(&of(before).unwrap_or_default(), 12),
            of(after).unwrap_or_default()
        ));
    }
}

fn row(language: Language, key: &str, value: &str) {
    print::line(&format!("  {}{value}", print::padded(text(language, key), 12)));
}

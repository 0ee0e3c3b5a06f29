//! `tebura sandbox card`: a test PKI in the profile of JPKI, and cards that answer a hub's challenge. Every root says TEST ONLY, and
//! a hub whose plugin is not set to `profile=test` takes none of them. Absent: PINs, and the Individual Number.

use std::fs::OpenOptions;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::json;
use tebura_hub::ports::{Clock, Ids};
use tebura_ledger::Timestamp;
use tebura_ledger::instant::rfc3339;
use tebura_providers::jpki::{Algorithm, CardPlan, Certifier, CertifierPlan, Holder, KeptCard, KeptRoot, SignPlan};

use super::{Failure, Outcome, print};
use crate::clock::{SystemClock, SystemIds};

const DAY_MS: i64 = 86_400_000;
const YEAR_MS: i64 = 365 * DAY_MS;

#[derive(Subcommand)]
pub(in crate::cli) enum CardCommand {
    /// Make the roots of a test PKI in a folder: RSA-2048 with SHA-256 of two generations, the older one over, and P-384 with
    /// SHA-384. Prints them as the plugin's setting `anchors` takes them.
    Roots {
        /// The folder; made when it is not there.
        folder: PathBuf,
    },
    /// Make a card, issued by one of the roots.
    New(NewArguments),
    /// Show whose card it is, its number and its end.
    Show {
        /// The card's file.
        card: PathBuf,
    },
    /// Sign what a hub asks (`challenge.to_sign`). Prints the body for `POST /v1/proofings/{id}/evidence`.
    Sign {
        /// The card's file.
        card: PathBuf,
        /// A file with what is to be signed, base64 as the hub gave it; standard input when it is left out or `-`.
        #[arg(default_value = "-")]
        to_sign: PathBuf,
    },
}

#[derive(Args)]
pub(in crate::cli) struct NewArguments {
    /// Where the card goes; must not exist yet.
    card: PathBuf,
    /// The root that issues it, a file of `tebura sandbox card roots`.
    #[arg(long)]
    root: PathBuf,
    /// The certificate's number, hexadecimal; drawn when it is left out.
    #[arg(long, value_parser = number)]
    serial: Option<u64>,
    /// The holder's name as the register writes it, with U+3000 between family and given name.
    #[arg(long, default_value = "加賀　花子")]
    name: String,
    /// The holder's day of birth, 1985-04-01.
    #[arg(long, default_value = "1985-04-01", value_parser = birth)]
    birth: String,
    /// From the prefecture on.
    #[arg(long, default_value = "石川県加賀市大聖寺南町ニ41")]
    address: String,
    /// Its certificate ended yesterday.
    #[arg(long)]
    expired: bool,
    /// A certificate for logging in, which proves nothing.
    #[arg(long)]
    for_logging_in: bool,
}

pub(super) fn run(command: CardCommand) -> Outcome {
    match command {
        CardCommand::Roots { folder } => roots(&folder),
        CardCommand::New(arguments) => new(&arguments),
        CardCommand::Show { card } => {
            let KeptCard { holder, serial, algorithm, until_ms, .. } = kept(&card)?;
            let until = rfc3339(Timestamp::from_millis(until_ms));
            print::line(&format!("{holder}  serial {serial}  {}  until {until}", word(algorithm)));
            Ok(())
        }
        CardCommand::Sign { card, to_sign } => sign(&card, &to_sign),
    }
}

fn roots(folder: &Path) -> Outcome {
    std::fs::create_dir_all(folder)?;
    let now = SystemClock::default().now().millis();
    let mut anchors = Vec::new();
    for (name, algorithm, from_ms, until_ms) in [
        ("rsa-over", Algorithm::Rsa2048, now - 10 * YEAR_MS, now - 30 * DAY_MS),
        ("rsa", Algorithm::Rsa2048, now - 3 * YEAR_MS, now + 7 * YEAR_MS),
        ("p384", Algorithm::P384, now - YEAR_MS, now + 9 * YEAR_MS),
    ] {
        let root = Certifier::new(&CertifierPlan { from_ms, until_ms, ..CertifierPlan::new(algorithm, now) });
        let kept = KeptRoot::of(&root).ok_or("the root's key cannot be written")?;
        write(&folder.join(format!("{name}.json")), &kept)?;
        std::fs::write(folder.join(format!("{name}.cer")), root.certificate())?;
        anchors.push(kept.certificate);
    }
    print::line(&anchors.join(" "));
    Ok(())
}

fn new(arguments: &NewArguments) -> Outcome {
    let NewArguments { card, root, serial, name, birth, address, expired, for_logging_in } = arguments;
    let kept: KeptRoot = read(root)?;
    let root = kept.root().ok_or_else(|| format!("{} is no root of `tebura sandbox card roots`", root.display()))?;
    // The top bit stays free: a certificate's number is not negative.
    let drawn = SystemIds.secret().first_chunk::<8>().map_or(1, |bytes| u64::from_be_bytes(*bytes) >> 1);
    let (serial, now) = (serial.unwrap_or(drawn), SystemClock::default().now().millis());
    let mut plan = CardPlan { for_logging_in: *for_logging_in, ..CardPlan::new(kept.algorithm, serial, now) };
    if *expired {
        (plan.from_ms, plan.until_ms) = (now - 5 * YEAR_MS, now - DAY_MS);
    }
    let flags = |text: &String| "0".repeat(text.chars().count());
    let holder = Holder {
        name_flags: flags(name),
        address_flags: flags(address),
        name: name.clone(),
        birth: birth.clone(),
        address: address.clone(),
        ..Holder::hanako()
    };
    let made = KeptCard::of(&root.issue(&holder, &plan), serial, name, plan.until_ms);
    write(card, &made.ok_or("the card's key cannot be written")?)?;
    print::line(&format!("{serial:x}"));
    Ok(())
}

fn sign(card: &Path, to_sign: &Path) -> Outcome {
    let kept = kept(card)?;
    let card = kept.card().ok_or_else(|| format!("{} is no card of `tebura sandbox card new`", card.display()))?;
    let mut text = String::new();
    if to_sign.as_os_str() == "-" {
        std::io::stdin().lock().read_to_string(&mut text)?;
    } else {
        text = std::fs::read_to_string(to_sign)?;
    }
    let content = STANDARD.decode(text.trim());
    let content =
        content.map_err(|_| "what is to be signed is not base64; give challenge.to_sign as the hub gave it")?;
    // The person sees what she signs.
    print::note(&String::from_utf8_lossy(&content));
    let cms = STANDARD.encode(card.sign(&content, &SignPlan::default()));
    print::line(&json!({"kind": "jpki.signature", "parts": [{"name": "cms", "content": cms}]}).to_string());
    Ok(())
}

fn kept(card: &Path) -> Result<KeptCard, Failure> {
    read(card)
}

fn read<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
    let made = |error| format!("{} was not made by `tebura sandbox card`: {error}", path.display());
    Ok(serde_json::from_str(&text).map_err(made)?)
}

fn write(path: &Path, kept: &impl Serialize) -> Result<(), Failure> {
    let open = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let mut file = open.map_err(|error| format!("{} cannot be made: {error}", path.display()))?;
    Ok(file.write_all(serde_json::to_string(kept)?.as_bytes())?)
}

fn word(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::Rsa2048 => "RSA-2048/SHA-256",
        Algorithm::P384 => "P-384/SHA-384",
    }
}

fn number(text: &str) -> Result<u64, String> {
    let number = u64::from_str_radix(text, 16).ok().filter(|number| (1..=u64::MAX >> 1).contains(number));
    number.ok_or_else(|| "write a number of 1 to 16 hexadecimal digits, the first below 8".to_owned())
}

/// As certificates have it: the digit of the era, and the date without hyphens.
fn birth(text: &str) -> Result<String, String> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let era = match digits.as_str() {
        _ if digits.len() != 8 || text.len() != 10 => return Err("write 1985-04-01".to_owned()),
        date if date >= "20190501" => 5,
        date if date >= "19890108" => 4,
        date if date >= "19261225" => 3,
        date if date >= "19120730" => 2,
        _ => 1,
    };
    Ok(format!("{era}{digits}"))
}

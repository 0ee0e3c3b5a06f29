//! `tebura statement`: keys of parties and signatures of statements, for scripts. Talks to no hub.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use tebura_contract::DocumentHash;
use tebura_hub::ids::{ContractId, PartyKeyId};
use tebura_hub::instant::rfc3339;
use tebura_hub::ports::{Clock, Ids};
use tebura_hub::statements::{MAX_LIFE_MS, Statement, StatementError, jws};

use super::{Outcome, print};
use crate::clock::{SystemClock, SystemIds};
use crate::key_file;

#[derive(Subcommand)]
pub(super) enum StatementCommand {
    /// Make a party's key. Prints the public half as `POST /v1/parties/{id}/keys` takes it.
    Keygen {
        /// Where the private half goes, PKCS #8 in PEM; must not exist yet.
        #[arg(long)]
        out: PathBuf,
    },
    /// Write the body of a statement, with a fresh nonce, that counts from now on.
    Write(WriteArguments),
    /// Sign a body. Prints the value of the header Tebura-Signature; send the very same bytes (`curl --data-binary @FILE`).
    Sign {
        /// The private key.
        #[arg(long)]
        key: PathBuf,
        /// The id that the key was registered under; leave it out to sign the registration itself.
        #[arg(long)]
        kid: Option<PartyKeyId>,
        /// The body; `-` reads standard input.
        body: PathBuf,
    },
}

#[derive(Args)]
pub(super) struct WriteArguments {
    /// The contract.
    #[arg(long)]
    contract: ContractId,
    /// Who speaks: the party's name in the document.
    #[arg(long)]
    by: String,
    #[command(flatten)]
    said: SaidArguments,
    /// A number of the attestation, NAME=NUMBER; may be repeated.
    #[arg(long = "field", conflicts_with_all = ["act", "grant", "refuse", "agree"], value_parser = field)]
    fields: Vec<(String, i64)>,
    /// How long it counts.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u16).range(1..=(MAX_LIFE_MS / 60_000)))]
    minutes: u16,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
struct SaidArguments {
    /// A command.
    #[arg(long)]
    act: Option<String>,
    /// A statement of what is so.
    #[arg(long)]
    attest: Option<String>,
    /// Yes to what was asked under this nonce.
    #[arg(long, value_name = "NONCE")]
    grant: Option<String>,
    /// No to what was asked under this nonce.
    #[arg(long, value_name = "NONCE")]
    refuse: Option<String>,
    /// Agreement to the document with this hash.
    #[arg(long, value_name = "HASH")]
    agree: Option<DocumentHash>,
}

pub(super) fn run(command: StatementCommand) -> Outcome {
    match command {
        StatementCommand::Keygen { out } => {
            let public = key_file::create(&out, SystemIds.secret())?.verifying_key();
            print::line(&URL_SAFE_NO_PAD.encode(public.as_bytes()));
            print::note(&format!("The private key is in {}; whoever has it speaks for the party.", out.display()));
        }
        StatementCommand::Write(arguments) => print::line(&written(&arguments)?),
        StatementCommand::Sign { key, kid, body } => {
            let private = key_file::read(&key)?.ok_or_else(|| format!("there is no file {}", key.display()))?;
            let body = body_of(&body)?;
            if kid.is_some() {
                Statement::read(&body)?;
            }
            print::line(&jws::sign(&private, kid.map(|kid| kid.to_string()).as_deref(), &body));
        }
    }
    Ok(())
}

fn written(arguments: &WriteArguments) -> Result<String, StatementError> {
    let WriteArguments { contract, by, said, fields, minutes } = arguments;
    let now = SystemClock::default().now();
    let mut body = json!({
        "contract": contract.to_string(),
        "by": by,
        "nonce": URL_SAFE_NO_PAD.encode(&SystemIds.secret()[..18]),
        "issued_at": rfc3339(now),
        "expires_at": rfc3339(now.plus_ms(i64::from(*minutes) * 60_000)),
    });
    let SaidArguments { act, attest, grant, refuse, agree } = said;
    let consent = |nonce: &String, granted: bool| json!({"statement": nonce, "granted": granted});
    let fields: BTreeMap<&str, i64> = fields.iter().map(|(name, number)| (name.as_str(), *number)).collect();
    for (name, value) in [
        ("act", act.as_ref().map(|act| json!(act))),
        ("attest", attest.as_ref().map(|attest| json!(attest))),
        ("fields", attest.as_ref().map(|_| json!(fields))),
        ("consent", grant.as_ref().map(|nonce| consent(nonce, true))),
        ("consent", refuse.as_ref().map(|nonce| consent(nonce, false))),
        ("agree", agree.map(|hash| json!(hash.to_string()))),
    ] {
        if let (Value::Object(members), Some(value)) = (&mut body, value) {
            members.insert(name.to_owned(), value);
        }
    }
    let text = body.to_string();
    Statement::read(text.as_bytes())?;
    Ok(text)
}

fn field(text: &str) -> Result<(String, i64), String> {
    let (name, number) = text.split_once('=').ok_or("write NAME=NUMBER")?;
    let number = number.parse().map_err(|_| format!("{number} is not a whole number"))?;
    Ok((name.to_owned(), number))
}

fn body_of(path: &Path) -> std::io::Result<Vec<u8>> {
    if path.as_os_str() == "-" {
        let mut body = Vec::new();
        std::io::stdin().lock().read_to_end(&mut body)?;
        return Ok(body);
    }
    std::fs::read(path)
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, FromArgMatches, Parser};
    use tebura_hub::statements::Said;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(subcommand)]
        command: StatementCommand,
    }

    fn line(words: &str) -> Result<StatementCommand, clap::Error> {
        let matches = Line::command().try_get_matches_from(words.split(' '))?;
        Ok(Line::from_arg_matches(&matches)?.command)
    }

    fn write(words: &str) -> Statement {
        let contract = "ctr_00000000000000000000000000000001";
        let StatementCommand::Write(arguments) =
            line(&format!("tebura write --contract {contract} --by meter {words}")).unwrap()
        else {
            panic!("another command")
        };
        Statement::read(written(&arguments).unwrap().as_bytes()).unwrap()
    }

    #[test]
    fn what_is_written_reads_back() {
        assert_eq!(write("--act accept").said, Said::Act("accept".to_owned()));
        let fields = BTreeMap::from([("fare".to_owned(), 4_200), ("late".to_owned(), -3)]);
        let attest = write("--attest meter.final --field fare=4200 --field late=-3");
        assert_eq!(attest.said, Said::Attest { attest: "meter.final".to_owned(), fields });
        let statement = "0123456789abcdef".to_owned();
        assert_eq!(write(&format!("--refuse {statement}")).said, Said::Consent { statement, granted: false });
        let agreed = DocumentHash::from_bytes([7; 32]);
        assert_eq!(write(&format!("--agree {agreed}")).said, Said::Agree(agreed));
        let short = write("--act accept --minutes 5");
        assert_eq!(short.expires_at.since_ms(short.issued_at), 300_000);
        assert_ne!(write("--act accept").nonce, short.nonce);
    }

    #[test]
    fn a_line_says_one_thing() {
        for words in [
            "write --contract ctr_00000000000000000000000000000001 --by meter",
            "write --contract ctr_00000000000000000000000000000001 --by meter --act a --attest b",
            "write --contract ctr_00000000000000000000000000000001 --by meter --act a --field b=1",
            "write --contract ctr_00000000000000000000000000000001 --by meter --attest a --field b=1.5",
            "write --contract ctr_00000000000000000000000000000001 --by meter --act a --minutes 1441",
            "write --contract pay_00000000000000000000000000000001 --by meter --act a",
        ] {
            assert!(line(&format!("tebura {words}")).is_err(), "{words}");
        }
    }

    #[test]
    fn a_key_is_made_once_and_signs_what_it_is_asked_to() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("meter.pem");
        let key = key_file::create(&path, [3; 32]).unwrap();
        assert!(key_file::create(&path, [4; 32]).is_err());
        let read = key_file::read(&path).unwrap().unwrap();
        assert_eq!(read.verifying_key(), key.verifying_key());
        // As `openssl genpkey -algorithm ed25519` writes it: 48 bytes, version 1.
        let pem = std::fs::read_to_string(&path).unwrap();
        let body = pem.lines().nth(1).unwrap();
        assert_eq!((body.len(), &body[..21], pem.lines().count()), (64, "MC4CAQAwBQYDK2VwBCIEI", 3));
        let mode = std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(&path).unwrap());
        assert_eq!(mode & 0o777, 0o600);
        let signature = jws::sign(&read, Some("pk_1"), b"{}");
        assert!(jws::Detached::read(&signature).unwrap().is_by(&key.verifying_key(), b"{}"));
        std::fs::write(&path, "-----BEGIN NOTHING-----").unwrap();
        assert!(matches!(key_file::read(&path), Err(key_file::KeyFileError::Key { .. })));
    }
}

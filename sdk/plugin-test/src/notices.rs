//! Notices: what a rail makes of requests from outside, and whether it can be made to believe one that is not the far end's.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tebura_plugin::{Command, Dispute, Fault, Field, Inbound, News, Notices, Rail, Subject};

use crate::conformance::{Conformance, NOW, Report};
use crate::limits;
use crate::watch::Breach;

/// The hub takes no more from one request.
const MAX_NEWS: usize = 16;

/// A request from outside, for [`crate::Harness::hear`] and [`crate::Harness::notify`].
pub fn inbound(route: &str, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Inbound {
    let field = |(name, value): &(&str, &str)| Field { name: (*name).to_owned(), value: (*value).to_owned() };
    Inbound { route: route.to_owned(), headers: headers.iter().map(field).collect(), body: body.into() }
}

/// A test named `it_conforms`, as [`crate::conformance!`] makes one, for a rail with notices. The suite needs at least one
/// notice as the far end sends it at [`NOW`]; keys go into `NativeHost`.
///
/// ```text
/// conformance_with_notices!(MachiPay, |suite| suite.notice(signed("events", &json!({"order": "op_1"}))));
/// ```
///
/// Besides all that [`crate::conformance!`] checks: every notice is believed as it stands; none is with another body, without
/// its headers, or as noise that nobody signed; and no operation ends on a notice.
#[macro_export]
macro_rules! conformance_with_notices {
    ($rail:ty, $with:expr) => {
        #[test]
        fn it_conforms() {
            let manifest = ::core::include_str!(::core::concat!(::core::env!("CARGO_MANIFEST_DIR"), "/plugin.toml"));
            let with: fn($crate::Conformance) -> $crate::Conformance = $with;
            let suite = with($crate::Conformance::new().manifest(manifest));
            suite.run_with_notices(<$rail as ::core::default::Default>::default).assert_clean();
        }
    };
}

impl Conformance {
    /// Plays all paths, and every notice as it is and forged.
    #[track_caller]
    pub fn run_with_notices<R: Rail + Notices, F: Fn() -> R>(&self, make: F) -> Report {
        assert!(!self.notices.is_empty(), "give the suite a notice of the far end: suite.notice(…)");
        let rail = make();
        let mut report = self.run(make);
        let mut look = |path: String, breach: Option<Breach>| {
            report.paths += 1;
            report.breaches.extend(breach.map(|breach| (path, breach)));
        };
        for (number, authentic) in self.notices.iter().enumerate() {
            let path = format!("notice {}", number + 1);
            let heard = match identified(&rail, authentic, NOW) {
                Err(breach) => Err(Some(breach)),
                Ok(Err(fault)) => Err(Some(Breach::NoticeRefused { code: fault.code })),
                Ok(Ok(news)) => Ok(news),
            };
            for (forgery, forged) in forgeries(authentic) {
                look(format!("{path}, {forgery}"), believed(&rail, &forged, &forgery));
            }
            for at in 0..authentic.headers.len() {
                let mut other = authentic.clone();
                other.headers[at].value = "0".to_owned();
                let breach = match identified(&rail, &other, NOW) {
                    Err(breach) => Some(breach),
                    // A header that says nothing may say anything.
                    Ok(Ok(news)) if heard.as_ref() != Ok(&news) => Some(Breach::NoticeForged {
                        forgery: format!("its header {:?} was changed", other.headers[at].name),
                    }),
                    Ok(_) => None,
                };
                look(format!("{path}, another header"), breach);
            }
            look(path, heard.err().flatten());
        }
        let routes = self.notices.iter().map(|request| request.route.as_str());
        for route in routes.collect::<std::collections::BTreeSet<_>>() {
            for (name, body) in noise() {
                let forgery = format!("it is {name} that nobody signed");
                look(format!("{route}, {name}"), believed(&rail, &inbound(route, &[], body), &forgery));
            }
        }
        report
    }
}

/// What the rail makes of a request: twice the same, without a panic, within the hub's limits.
pub(crate) fn identified<R: Notices>(
    rail: &R,
    request: &Inbound,
    now: u64,
) -> Result<Result<Vec<News>, Fault>, Breach> {
    let ask = || catch_unwind(AssertUnwindSafe(|| rail.identify(request, now))).map_err(|_| Breach::Panicked);
    let heard = ask()?;
    if heard != ask()? {
        return Err(Breach::NotPure);
    }
    let malformed = |why: &str| Err(Breach::MalformedNews { why: why.to_owned() });
    match &heard {
        Err(fault) => limits::code(fault)?,
        Ok(news) if news.len() > MAX_NEWS => return malformed("one request brings at most 16 news"),
        Ok(news) => {
            for news in news {
                if let Err(why) = fit(news) {
                    return malformed(why);
                }
            }
        }
    }
    Ok(heard)
}

/// Whether news are about an operation.
pub(crate) fn names(news: &News, id: &str, command: &Command) -> bool {
    let News::Progress(subject) = news else { return false };
    match subject {
        Subject::Operation(operation) => operation == id,
        Subject::Reference(reference) => acts_on(command) == Some(reference),
    }
}

fn acts_on(command: &Command) -> Option<&str> {
    match command {
        Command::Raise(raise) => Some(&raise.reference),
        Command::Extend(extend) => Some(&extend.reference),
        Command::Capture(capture) => Some(&capture.reference),
        Command::Release(release) => Some(&release.reference),
        Command::Refund(refund) => Some(&refund.reference),
        Command::Hold(_) | Command::Inquire(_) | Command::Extension(_) => None,
    }
}

fn fit(news: &News) -> Result<(), &'static str> {
    let named = |text: &str| limits::reference(text).map_err(|_| "a name is 1 to 255 visible ASCII characters");
    let subject = |subject: &Subject| match subject {
        Subject::Operation(text) | Subject::Reference(text) => named(text),
    };
    match news {
        News::Progress(about) => subject(about),
        News::DisputeOpened(dispute) | News::DisputeWon(dispute) | News::DisputeLost(dispute) => {
            let Dispute { id, about, amount, reason, details: _ } = dispute;
            named(id)?;
            subject(about)?;
            if amount.minor() == 0 {
                return Err("a dispute is about more than nothing");
            }
            let reason = Fault::new(reason.as_str(), "");
            limits::code(&reason).map_err(|_| "a reason is dotted lower-case words, at most 64 characters")
        }
    }
}

fn believed<R: Notices>(rail: &R, forged: &Inbound, forgery: &str) -> Option<Breach> {
    match identified(rail, forged, NOW) {
        Err(breach) => Some(breach),
        Ok(Ok(_)) => Some(Breach::NoticeForged { forgery: forgery.to_owned() }),
        Ok(Err(_)) => None,
    }
}

/// The same notice, not as the far end sent it.
fn forgeries(authentic: &Inbound) -> Vec<(String, Inbound)> {
    let with_body = |body: Vec<u8>| Inbound { body, ..authentic.clone() };
    let mut forged = vec![
        ("without its headers".to_owned(), Inbound { headers: Vec::new(), ..authentic.clone() }),
        ("with a space more".to_owned(), with_body([authentic.body.as_slice(), b" "].concat())),
        ("with its end cut off".to_owned(), with_body(authentic.body[..authentic.body.len() / 2].to_vec())),
    ];
    for at in [0, authentic.body.len() / 2, authentic.body.len().saturating_sub(1)] {
        let mut body = authentic.body.clone();
        if let Some(byte) = body.get_mut(at) {
            *byte ^= 1;
            forged.push((format!("with byte {at} changed"), with_body(body)));
        }
    }
    forged
}

fn noise() -> [(&'static str, Vec<u8>); 6] {
    [
        ("an empty body", Vec::new()),
        ("an empty object", b"{}".to_vec()),
        ("half a body", b"{\"id\": \"h".to_vec()),
        ("bytes", b"\xff\xfe\x00".to_vec()),
        ("10,000 lists", "[".repeat(10_000).into_bytes()),
        ("64 KiB of spaces", vec![b' '; 64 * 1024]),
    ]
}

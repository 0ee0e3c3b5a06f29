//! Commands in a few words, for the trace.

use tebura_ledger::{Command, Money, Settle, Verdict};

/// A command in a few words.
pub fn describe(command: &Command) -> String {
    let amount = |amount: &Option<Money>| amount.map_or("all".to_owned(), |amount| amount.minor().to_string());
    match command {
        Command::OpenAccount(open) => format!("open {}", open.id),
        Command::Fund(fund) => format!("fund {} {}", fund.to, fund.amount.minor()),
        Command::Place(place) => format!("place {} {} on {}", place.operation, place.amount.minor(), place.hold),
        Command::Raise(raise) => format!("raise {} {} of {}", raise.operation, raise.amount.minor(), raise.hold),
        Command::Confirm(confirm) => format!("confirm {} of {}", confirm.operation, confirm.hold),
        Command::Extend(extend) => {
            format!("extend {} of {} to {}", extend.operation, extend.hold, extend.until.millis())
        }
        Command::Capture(capture) => format!(
            "capture {} {} {} of {}, {} legs",
            capture.operation,
            amount(&capture.amount),
            capture.finality.name(),
            capture.hold,
            capture.legs.len()
        ),
        Command::Release(release) => {
            format!("release {} {} of {}", release.operation, amount(&release.amount), release.hold)
        }
        Command::Expire(expire) => format!("expire {} of {}", expire.operation, expire.hold),
        Command::Refund(refund) => {
            format!("refund {} {} of {}", refund.operation, amount(&refund.amount), refund.capture)
        }
        Command::Reverse(reverse) => format!("reverse {} of {}", reverse.operation, reverse.capture),
        Command::Dispute(dispute) => {
            format!("dispute {} {} of {}", dispute.operation, amount(&dispute.amount), dispute.capture)
        }
        Command::OpenException(open) => {
            format!("exception {} of {}: {}", open.operation, open.of, verdict(&open.verdict))
        }
        Command::Resolve(resolve) => format!("resolve {} of {}", resolve.operation, resolve.hold),
        Command::Settle(Settle { operation, verdict: told, .. }) => format!("{operation} {}", verdict(told)),
    }
}

fn verdict(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Settled { amount, .. } => format!("settled {}", amount.minor()),
        Verdict::Declined { code } => format!("declined {code}"),
        Verdict::Unknown { code } => format!("unknown {code}"),
        Verdict::RequiresAction => "requires action".to_owned(),
    }
}

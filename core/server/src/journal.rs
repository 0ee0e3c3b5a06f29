//! The books as a journal of hledger, plain text accounting (https://hledger.org).

use std::collections::BTreeMap;
use std::fmt::Write as _;

use tebura_hub::ports::{ReadError, Store};
use tebura_ledger::{AccountId, Hold, Money, Shard};
use tebura_store::{Posting, SqlStore};

use crate::wire::time::rfc3339;

/// Transfers that are read at once.
const PAGE: u16 = 1_000;

/// The journal. Balances of its accounts are the ledger's: `…:available` what can be spent, `…:held` what open holds
/// keep. Amounts are whole minor units of a commodity, so that no decimal point can slip.
///
/// # Errors
/// When the store does not answer.
pub async fn hledger(store: &SqlStore) -> Result<String, ReadError> {
    let accounts = store.all_accounts().await?;
    let names: BTreeMap<AccountId, String> =
        accounts.iter().map(|(account, owner)| (account.id(), format!("{}:{}", owner.name(), account.id()))).collect();
    let name = |id: AccountId| names.get(&id).cloned().unwrap_or_else(|| format!("unknown:{id}"));
    let mut transfers: Vec<Posting> = Vec::new();
    for shard in (0..store.shards()).filter_map(|shard| u8::try_from(shard).ok()).map(Shard::new) {
        let mut after = None;
        loop {
            let page = store.transfers(shard, after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            transfers.extend(page);
        }
    }
    transfers.sort_by_key(|transfer| (transfer.at, transfer.id));
    let mut text = String::from("; Tebura's books. Amounts are minor units of their currency.\n\n");
    for name in names.values() {
        let _ = writeln!(text, "account {name}");
    }
    let mut last_day = String::new();
    for transfer in &transfers {
        last_day = day(transfer.at);
        let _ = writeln!(
            text,
            "\n{last_day} * ({}) {}\n    {}:available  {}\n    {}:available  {}",
            transfer.operation,
            transfer.kind,
            name(transfer.credit),
            amount(transfer.amount, 1),
            name(transfer.debit),
            amount(transfer.amount, -1),
        );
    }
    for hold in &store.open_holds().await? {
        let payer = name(hold.payer());
        let _ = writeln!(
            text,
            "\n{} ! ({}) held\n    {payer}:held  {}\n    {payer}:available  {}",
            day(hold.created_at()).max(last_day.clone()),
            Hold::id(hold),
            amount(hold.outstanding(), 1),
            amount(hold.outstanding(), -1),
        );
    }
    Ok(text)
}

fn day(at: tebura_ledger::Timestamp) -> String {
    rfc3339(at).get(..10).unwrap_or_default().to_owned()
}

fn amount(amount: Money, sign: i64) -> String {
    format!("{} \"{}\"", amount.minor() * sign, amount.currency())
}

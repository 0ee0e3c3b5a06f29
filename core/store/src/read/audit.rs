//! Reads of the log, for whoever audits it.

use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseConnection, EntityTrait, ModelTrait, QueryFilter, QueryOrder,
    QuerySelect, Statement,
};
use tebura_hub::audit::{Entry, Head, HeadPlace, Link, Log, Record, SignedHead};
use tebura_hub::ports::ReadError;
use tebura_ledger::{Shard, Timestamp, Uuid};

use super::Unread;
use crate::entity::{
    api_key, audit_head, capture_session, consent, contract, contract_entry, enrolment, event, face_reference, gallery,
    gallery_member, gallery_rule, guardian_link, instrument, instrument_end, link, merchant, party, party_key,
    party_key_end, payee, payment, payment_way, payment_worn, plugin_value, proof_link, proofing, rail_statement,
    rights_request, service_request, service_set, shard_column, shard_head, shard_of, till, webhook_endpoint,
    webhook_signing,
};
use crate::log::Logged;
use crate::open::SqlStore;

#[async_trait::async_trait]
impl Log for SqlStore {
    async fn heads(&self, now: Timestamp) -> Result<Vec<Head>, ReadError> {
        let rows = shard_head::Entity::find().order_by_asc(shard_head::Column::Shard).all(&self.reader).await;
        let head = |row: shard_head::Model| {
            Ok(Head {
                shard: shard_of("shard_head", row.shard)?,
                seq: row.seq.unsigned_abs(),
                link: link("shard_head", &row.link)?,
                at: now,
            })
        };
        rows.map_err(Unread::from)?.into_iter().map(head).collect::<Result<_, Unread>>().map_err(ReadError::from)
    }

    async fn entries(&self, shard: Shard, after: u64, limit: u16) -> Result<Vec<(Entry, Link)>, ReadError> {
        let rows = event::Entity::find()
            .filter(event::Column::Shard.eq(shard_column(shard)))
            .filter(event::Column::Seq.gt(i64::try_from(after).unwrap_or(i64::MAX)))
            .order_by_asc(event::Column::Seq)
            .limit(u64::from(limit))
            .all(&self.reader)
            .await
            .map_err(Unread::from)?;
        rows.iter().map(|row| row.entry().map_err(Unread::from)).collect::<Result<_, _>>().map_err(ReadError::from)
    }

    async fn records(&self) -> Result<Vec<Record>, ReadError> {
        let mut records = Vec::new();
        rows(&self.reader, &[instrument::Column::Id], &mut records).await?;
        rows(&self.reader, &[instrument_end::Column::Instrument], &mut records).await?;
        rows(&self.reader, &[merchant::Column::Id], &mut records).await?;
        rows(&self.reader, &[payee::Column::Merchant, payee::Column::Rail], &mut records).await?;
        rows(&self.reader, &[till::Column::Id], &mut records).await?;
        rows(&self.reader, &[gallery::Column::Id], &mut records).await?;
        rows(&self.reader, &[gallery_member::Column::Gallery, gallery_member::Column::Person], &mut records).await?;
        rows(&self.reader, &[gallery_rule::Column::Gallery], &mut records).await?;
        rows(&self.reader, &[guardian_link::Column::Id], &mut records).await?;
        rows(&self.reader, &[payment_way::Column::Payment], &mut records).await?;
        rows(&self.reader, &[payment_worn::Column::Payment], &mut records).await?;
        rows(&self.reader, &[api_key::Column::Id], &mut records).await?;
        rows(&self.reader, &[contract::Column::Id], &mut records).await?;
        let entry = [contract_entry::Column::Contract, contract_entry::Column::Number];
        rows(&self.reader, &entry, &mut records).await?;
        rows(&self.reader, &[party::Column::Id], &mut records).await?;
        rows(&self.reader, &[party_key::Column::Id], &mut records).await?;
        let end = [party_key_end::Column::PartyKey, party_key_end::Column::Reason];
        rows(&self.reader, &end, &mut records).await?;
        rows(&self.reader, &[webhook_endpoint::Column::Id], &mut records).await?;
        rows(&self.reader, &[webhook_signing::Column::Endpoint], &mut records).await?;
        rows(&self.reader, &[face_reference::Column::Id], &mut records).await?;
        rows(&self.reader, &[consent::Column::Id], &mut records).await?;
        rows(&self.reader, &[enrolment::Column::Id], &mut records).await?;
        rows(&self.reader, &[rights_request::Column::Id], &mut records).await?;
        rows(&self.reader, &[capture_session::Column::Id], &mut records).await?;
        rows(&self.reader, &[proofing::Column::Id], &mut records).await?;
        rows(&self.reader, &[proof_link::Column::Link], &mut records).await?;
        rows(&self.reader, &[plugin_value::Column::Plugin, plugin_value::Column::Key], &mut records).await?;
        rows(&self.reader, &[payment::Column::Id], &mut records).await?;
        rows(&self.reader, &[service_request::Column::Id], &mut records).await?;
        rows(&self.reader, &[service_set::Column::Version], &mut records).await?;
        rows(&self.reader, &[rail_statement::Column::Rail, rail_statement::Column::Id], &mut records).await?;
        Ok(records)
    }

    async fn contradictions(&self) -> Result<Vec<String>, ReadError> {
        let mut found = Vec::new();
        for (what, text) in [("account", ACCOUNTS), ("operation", OPERATIONS), ("hold", HOLDS)] {
            let statement = Statement::from_string(self.reader.get_database_backend(), text);
            for row in self.reader.query_all_raw(statement).await.map_err(Unread::from)? {
                let id: Uuid = row.try_get("", "id").map_err(Unread::from)?;
                found.push(format!("{what} {}", id.as_simple()));
            }
        }
        Ok(found)
    }

    async fn latest_heads(&self, after: Option<HeadPlace>, limit: u16) -> Result<Vec<SignedHead>, ReadError> {
        use audit_head::Column;
        let behind = |place: HeadPlace| {
            let (at, shard) = (place.at.millis(), shard_column(place.shard));
            let seq = i64::try_from(place.seq).unwrap_or(i64::MAX);
            let of_shard = Condition::all().add(Column::Shard.eq(shard)).add(Column::Seq.lt(seq));
            let of_moment = Condition::any().add(Column::Shard.gt(shard)).add(of_shard);
            let at_moment = Condition::all().add(Column::AtMs.eq(at)).add(of_moment);
            Condition::any().add(Column::AtMs.lt(at)).add(at_moment)
        };
        let rows = audit_head::Entity::find()
            .filter(after.map_or_else(Condition::all, behind))
            .order_by_desc(Column::AtMs)
            .order_by_asc(Column::Shard)
            .order_by_desc(Column::Seq)
            .limit(u64::from(limit))
            .all(&self.reader)
            .await
            .map_err(Unread::from)?;
        let heads: Result<_, Unread> = rows.into_iter().map(|row| Ok(row.domain()?)).collect();
        Ok(heads?)
    }

    async fn kept_heads(&self) -> Result<Vec<SignedHead>, ReadError> {
        let rows = audit_head::Entity::find()
            .order_by_asc(audit_head::Column::Shard)
            .order_by_asc(audit_head::Column::Seq)
            .all(&self.reader)
            .await
            .map_err(Unread::from)?;
        let heads: Result<_, Unread> = rows.into_iter().map(|row| Ok(row.domain()?)).collect();
        Ok(heads?)
    }
}

/// Accounts whose posted balance is not the sum of their transfers, or whose held one not that of their open holds.
const ACCOUNTS: &str = "
    SELECT account.id AS id FROM account
    LEFT JOIN (
        SELECT shard, id, SUM(amount) AS posted FROM (
            SELECT shard, credit AS id, amount FROM transfer UNION ALL SELECT shard, debit, -amount FROM transfer
        ) AS moved GROUP BY shard, id
    ) AS moved ON moved.shard = account.shard AND moved.id = account.id
    LEFT JOIN (
        SELECT shard, id, SUM(amount) AS held FROM (
            SELECT shard, payer AS id, authorised - captured - released + raise_in_flight AS amount FROM hold
            UNION ALL SELECT shard, payee, refund_in_flight + disputed FROM hold
        ) AS part GROUP BY shard, id
    ) AS kept ON kept.shard = account.shard AND kept.id = account.id
    WHERE account.posted <> COALESCE(moved.posted, 0) OR account.held <> COALESCE(kept.held, 0)
    ORDER BY account.id LIMIT 20";

/// Operations whose transfers are not what the log says was moved.
const OPERATIONS: &str = "
    SELECT COALESCE(said.id, moved.id) AS id FROM (
        SELECT shard, operation AS id, SUM(amount) AS amount FROM event
        WHERE kind IN ('account.funded', 'capture.settled', 'capture.reversed', 'refund.settled', 'dispute.lost')
        GROUP BY shard, operation
    ) AS said FULL JOIN (
        SELECT shard, operation AS id, SUM(amount) AS amount FROM transfer GROUP BY shard, operation
    ) AS moved ON moved.shard = said.shard AND moved.id = said.id
    WHERE said.amount IS NULL OR moved.amount IS NULL OR said.amount <> moved.amount
    ORDER BY 1 LIMIT 20";

/// Holds that are not at the version that the log last tells of.
const HOLDS: &str = "
    SELECT COALESCE(hold.id, told.id) AS id FROM hold FULL JOIN (
        SELECT shard, hold AS id, MAX(hold_version) AS version FROM event WHERE hold IS NOT NULL GROUP BY shard, hold
    ) AS told ON told.shard = hold.shard AND told.id = hold.id
    WHERE hold.version IS NULL OR told.version IS NULL OR hold.version <> told.version
    ORDER BY 1 LIMIT 20";

/// All rows of a table as the log has them.
async fn rows<C>(reader: &DatabaseConnection, key: &[C], records: &mut Vec<Record>) -> Result<(), Unread>
where
    C: ColumnTrait,
    C::EntityName: EntityTrait<Column = C, Model: ModelTrait<Entity = C::EntityName>>,
{
    for row in <C::EntityName as EntityTrait>::find().all(reader).await? {
        let Logged { name, id, digest } = Logged::row(&row, key);
        records.push(Record { name: name.to_owned(), id, digest, at: Timestamp::from_millis(0) });
    }
    Ok(())
}

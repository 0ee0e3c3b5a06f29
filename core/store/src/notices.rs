//! Writes of the inbox, within a batch. The log says nothing of them: what came of a notice is in it as the operation's own.

use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};
use tebura_hub::notices::NoticeWrite;

use crate::database::Transaction;
use crate::engine::Failure;
use crate::entity::{rail_name, rail_notice};

/// Writes one row, or forgets those that are over.
pub(crate) async fn write(tx: &Transaction<'_>, write: &NoticeWrite) -> Result<(), Failure> {
    match write {
        NoticeWrite::Kept(notice) => {
            use rail_notice::Column;
            let row = rail_notice::Model::of(notice)?.into_active_model().reset_all();
            let open = Expr::col((rail_notice::Entity, Column::DueAtMs)).is_not_null();
            let look = OnConflict::columns([Column::Rail, Column::Digest])
                .update_columns([Column::Headers, Column::Body, Column::News, Column::DueAtMs, Column::Looks])
                .action_and_where(open)
                .to_owned();
            tx.run(&rail_notice::Entity::insert(row).on_conflict(look)).await?;
        }
        NoticeWrite::Forgotten { before } => {
            let over = rail_notice::Entity::delete_many()
                .filter(rail_notice::Column::DueAtMs.is_null())
                .filter(rail_notice::Column::AtMs.lt(before.millis()));
            tx.run(&over).await?;
        }
        NoticeWrite::Named { rail, reference, operation } => {
            use rail_name::Column;
            let (rail, reference) = (rail.to_string(), reference.clone());
            let row = rail_name::Model { rail, reference, operation: operation.uuid() };
            let keep =
                OnConflict::columns([Column::Rail, Column::Reference, Column::Operation]).do_nothing().to_owned();
            tx.run(&rail_name::Entity::insert(row.into_active_model().reset_all()).on_conflict(keep)).await?;
        }
    }
    Ok(())
}

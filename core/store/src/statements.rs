//! Writes of rails' statements, within a batch: the statement and its findings together, once.

use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};
use tebura_hub::reconcile::{Finding, StatementHead};

use crate::database::Transaction;
use crate::engine::Failure;
use crate::entity::{rail_finding, rail_statement};
use crate::log::Logged;

/// Rows of one statement: with 14 columns each far below the 32,766 parameters that SQLite takes.
const ROWS: usize = 500;

/// Inserts a statement. One that exists is an error of the engine: the hub claims its name in the same unit. The log has
/// the statement's digest and counts; findings say what other entries of the log prove.
pub(crate) async fn write(tx: &Transaction<'_>, head: &StatementHead, findings: &[Finding]) -> Result<Logged, Failure> {
    let row = rail_statement::Model::of(head);
    let logged = Logged::row(&row, &[rail_statement::Column::Rail, rail_statement::Column::Id]);
    tx.run(&rail_statement::Entity::insert(row.into_active_model().reset_all())).await?;
    for part in findings.chunks(ROWS) {
        let rows = part.iter().map(|finding| rail_finding::Model::of(head, finding).into_active_model().reset_all());
        tx.run(&rail_finding::Entity::insert_many(rows)).await?;
    }
    Ok(logged)
}

//! The schema's history. Runs when a store opens; each migration is one transaction on both engines.

use sea_orm_migration::prelude::*;

/// Every migration, oldest first.
pub(crate) struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let schema = |name, text| Box::new(Schema { name, text }) as Box<dyn MigrationTrait>;
        vec![
            schema("m0001_first_schema", include_str!("schema.sql")),
            schema("m0002_webhooks", include_str!("webhooks.sql")),
            schema("m0003_parties", include_str!("parties.sql")),
            schema("m0004_statements", include_str!("statements.sql")),
            schema("m0005_webhook_signing", include_str!("webhook_signing.sql")),
            schema("m0006_latest_heads", "CREATE INDEX audit_head_at ON audit_head (at_ms)"),
            schema("m0007_contracts", include_str!("contracts.sql")),
            schema("m0008_notices", include_str!("notices.sql")),
            schema("m0009_proofings", include_str!("proofings.sql")),
            schema("m0010_services", include_str!("services.sql")),
            schema("m0011_template_spaces", include_str!("template_spaces.sql")),
            schema("m0012_recognition", include_str!("recognition.sql")),
            schema("m0013_service_sets", include_str!("service_sets.sql")),
            schema("m0014_privacy", include_str!("privacy.sql")),
            schema(
                "m0015_look_alikes",
                "ALTER TABLE capture_session ADD COLUMN look_alike boolean NOT NULL DEFAULT false",
            ),
            schema("m0016_payments_of_tills", "CREATE INDEX payment_till ON payment (till, created_at_ms)"),
            schema("m0017_worn", "CREATE TABLE payment_worn (payment uuid NOT NULL PRIMARY KEY, worn text NOT NULL)"),
            schema(
                "m0018_removed_instruments",
                "CREATE TABLE instrument_end (instrument uuid NOT NULL PRIMARY KEY, at_ms bigint NOT NULL){clustered}",
            ),
            schema("m0019_service_counts", include_str!("service_counts.sql")),
        ]
    }
}

/// One file of statements, under the name that it is remembered by.
struct Schema {
    name: &'static str,
    text: &'static str,
}

impl MigrationName for Schema {
    fn name(&self) -> &str {
        self.name
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Schema {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, self.text).await
    }
}

/// Runs a file of statements, one by one.
async fn run(manager: &SchemaManager<'_>, text: &str) -> Result<(), DbErr> {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the list of engines may grow; the store opens two")]
    let clustered = match manager.get_database_backend() {
        sea_orm::DbBackend::Sqlite => " WITHOUT ROWID",
        sea_orm::DbBackend::Postgres => "",
        other => return Err(DbErr::Migration(format!("there is no schema for {other:?}"))),
    };
    let is_code = |line: &&str| !line.trim_start().starts_with("--");
    let code: Vec<&str> = text.lines().filter(is_code).collect();
    let schema = code.join("\n").replace("{clustered}", clustered);
    for statement in schema.split(';').filter(|statement| !statement.trim().is_empty()) {
        manager.get_connection().execute_unprepared(statement).await?;
    }
    Ok(())
}

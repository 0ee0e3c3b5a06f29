//! The schema's history. Runs when a store opens; each migration is one transaction on both engines.

use sea_orm_migration::prelude::*;

/// Every migration, oldest first.
pub(crate) struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(FirstSchema),
            Box::new(Webhooks),
            Box::new(Parties),
            Box::new(Statements),
            Box::new(WebhookSigning),
            Box::new(LatestHeads),
        ]
    }
}

struct FirstSchema;

impl MigrationName for FirstSchema {
    fn name(&self) -> &str {
        "m0001_first_schema"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for FirstSchema {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, include_str!("schema.sql")).await
    }
}

struct Webhooks;

impl MigrationName for Webhooks {
    fn name(&self) -> &str {
        "m0002_webhooks"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Webhooks {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, include_str!("webhooks.sql")).await
    }
}

struct Parties;

impl MigrationName for Parties {
    fn name(&self) -> &str {
        "m0003_parties"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Parties {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, include_str!("parties.sql")).await
    }
}

struct Statements;

impl MigrationName for Statements {
    fn name(&self) -> &str {
        "m0004_statements"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Statements {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, include_str!("statements.sql")).await
    }
}

struct WebhookSigning;

impl MigrationName for WebhookSigning {
    fn name(&self) -> &str {
        "m0005_webhook_signing"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for WebhookSigning {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, include_str!("webhook_signing.sql")).await
    }
}

struct LatestHeads;

impl MigrationName for LatestHeads {
    fn name(&self) -> &str {
        "m0006_latest_heads"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for LatestHeads {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, "CREATE INDEX audit_head_at ON audit_head (at_ms)").await
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

//! Versions of what is configured: the files of all services, as JSON of their texts by name.

use std::collections::BTreeMap;

use sea_orm::entity::prelude::*;
use tebura_hub::ids::ApiKeyId;
use tebura_hub::services::ServiceSet;

use super::{Damaged, Hot, count, json_text, time};

const TABLE: &str = "service_set";

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "service_set")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: i64,
    pub files: String,
    pub note: String,
    pub restores: Option<i64>,
    pub by_key: Uuid,
    pub at_ms: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::sqlite_row::bindable!(version, files, note, restores, by_key, at_ms);

impl Hot for Entity {
    const KEY: &'static [Column] = &[Column::Version];
    const CHANGES: &'static [Column] = &[];
    const GUARD: Option<Column> = None;
}

impl Model {
    pub(crate) fn of(set: &ServiceSet) -> Result<Self, Damaged> {
        Ok(Self {
            version: i64::from(set.version),
            files: json_text(TABLE, "files", &set.files)?,
            note: set.note.clone(),
            restores: set.restores.map(i64::from),
            by_key: set.by.uuid(),
            at_ms: set.at.millis(),
        })
    }

    pub(crate) fn domain(self) -> Result<ServiceSet, Damaged> {
        let files: BTreeMap<String, String> =
            serde_json::from_str(&self.files).map_err(|_| Damaged::new(TABLE, "files"))?;
        Ok(ServiceSet {
            version: count(TABLE, self.version)?,
            files,
            note: self.note,
            restores: self.restores.map(|version| count(TABLE, version)).transpose()?,
            by: ApiKeyId::from_uuid(self.by_key),
            at: time(self.at_ms),
        })
    }
}

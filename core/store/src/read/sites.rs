//! Reads of merchants, tills, galleries and API keys.

use sea_orm::{ColumnTrait, ConnectionTrait, DatabaseConnection, EntityTrait, QueryFilter, QueryOrder, Statement};
use tebura_hub::ids::{ApiKeyId, GalleryId, MerchantId, PersonId, TillId};
use tebura_hub::sites::{ApiKey, Gallery, Merchant, Payee, Till};
use tebura_ledger::AccountId;

use super::Unread;
use crate::entity::{api_key, gallery, gallery_member, merchant, payee, till};

pub(super) async fn merchant(reader: &DatabaseConnection, id: MerchantId) -> Result<Option<Merchant>, Unread> {
    let row = merchant::Entity::find_by_id(id.uuid()).one(reader).await?;
    Ok(row.map(merchant::Model::domain))
}

pub(super) async fn merchant_of_account(
    reader: &DatabaseConnection,
    account: AccountId,
) -> Result<Option<MerchantId>, Unread> {
    let row = payee::Entity::find().filter(payee::Column::Account.eq(account.uuid())).one(reader).await?;
    Ok(row.map(|row| MerchantId::from_uuid(row.merchant)))
}

pub(super) async fn payees(reader: &DatabaseConnection, merchant: MerchantId) -> Result<Vec<Payee>, Unread> {
    let rows = payee::Entity::find()
        .filter(payee::Column::Merchant.eq(merchant.uuid()))
        .order_by_asc(payee::Column::Rail)
        .all(reader)
        .await?;
    Ok(rows.into_iter().map(payee::Model::domain).collect::<Result<_, _>>()?)
}

pub(super) async fn till(reader: &DatabaseConnection, id: TillId) -> Result<Option<Till>, Unread> {
    let row = till::Entity::find_by_id(id.uuid()).one(reader).await?;
    Ok(row.map(till::Model::domain))
}

pub(super) async fn gallery(reader: &DatabaseConnection, id: GalleryId) -> Result<Option<Gallery>, Unread> {
    let row = gallery::Entity::find_by_id(id.uuid()).one(reader).await?;
    Ok(row.map(gallery::Model::domain))
}

pub(super) async fn gallery_members(reader: &DatabaseConnection) -> Result<Vec<(GalleryId, PersonId)>, Unread> {
    let rows = gallery_member::Entity::find()
        .order_by_asc(gallery_member::Column::Gallery)
        .order_by_asc(gallery_member::Column::Person)
        .all(reader)
        .await?;
    let ids = |row: gallery_member::Model| (GalleryId::from_uuid(row.gallery), PersonId::from_uuid(row.person));
    Ok(rows.into_iter().map(ids).collect())
}

pub(super) async fn api_key(reader: &DatabaseConnection, id: ApiKeyId) -> Result<Option<ApiKey>, Unread> {
    let row = api_key::Entity::find_by_id(id.uuid()).one(reader).await?;
    Ok(row.map(api_key::Model::domain).transpose()?)
}

pub(super) async fn ping(reader: &DatabaseConnection) -> Result<(), Unread> {
    reader.query_one_raw(Statement::from_string(reader.get_database_backend(), "SELECT 1")).await?;
    Ok(())
}

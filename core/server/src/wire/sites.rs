//! Merchants, tills, galleries and keys.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use tebura_hub::gallery_rules::{GalleryRule, NightHour};
use tebura_hub::sites::{ApiKey, Gallery, Merchant, Payee, Scope, Till};
use utoipa::ToSchema;

use super::searches::SearchBody;
use super::time::rfc3339;
use crate::extract::parse_id;
use crate::problem::Problem;

/// A merchant to set up; it is paid on the house rail at once.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateMerchantBody {
    /// 1 to 100 characters.
    #[schema(example = "かが書店")]
    pub name: String,
    /// Play money and drawn faces only.
    pub sandbox: bool,
    /// Of its house account.
    #[schema(example = "JPY")]
    pub currency: String,
}

/// A merchant.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct MerchantBody {
    /// The merchant.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Play money and drawn faces only.
    pub sandbox: bool,
    /// Its account on each rail.
    pub payees: Vec<PayeeBody>,
}

impl MerchantBody {
    /// From the rows.
    pub fn new(merchant: &Merchant, payees: &[Payee]) -> MerchantBody {
        MerchantBody {
            id: merchant.id.to_string(),
            name: merchant.name.clone(),
            sandbox: merchant.sandbox,
            payees: payees.iter().map(PayeeBody::from).collect(),
        }
    }
}

/// A merchant's account on one more rail.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddPayeeBody {
    /// The rail; `GET /v1/rails` lists them.
    pub rail: String,
    /// How the rail's far end names the merchant.
    pub token: Option<String>,
    /// Of the account.
    #[schema(example = "JPY")]
    pub currency: String,
}

/// A merchant's account on one rail.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct PayeeBody {
    /// The rail.
    pub rail: String,
    /// The ledger account.
    pub account: String,
}

impl From<&Payee> for PayeeBody {
    fn from(payee: &Payee) -> PayeeBody {
        PayeeBody { rail: payee.rail.to_string(), account: payee.account.to_string() }
    }
}

/// A till to set up.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateTillBody {
    /// Who is paid there.
    pub merchant: String,
    /// 1 to 100 characters.
    #[schema(example = "レジ 1")]
    pub name: String,
    /// Among whom it looks.
    pub gallery: String,
    /// Above this amount (minor units) a PIN is asked.
    #[schema(minimum = 0, example = 5000)]
    pub pin_above: i64,
    /// Largest amount of one payment (minor units).
    #[schema(minimum = 1, example = 30000)]
    pub max_amount: i64,
}

/// A till.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct TillBody {
    /// The till.
    pub id: String,
    /// Who is paid there.
    pub merchant: String,
    /// Its name.
    pub name: String,
    /// Among whom it looks.
    pub gallery: String,
    /// Above this amount (minor units) a PIN is asked.
    pub pin_above: i64,
    /// Largest amount of one payment (minor units).
    pub max_amount: i64,
    /// How near a face has to be now, and why; when one till is read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search: Option<SearchBody>,
}

impl From<&Till> for TillBody {
    fn from(till: &Till) -> TillBody {
        TillBody {
            id: till.id.to_string(),
            merchant: till.merchant.to_string(),
            name: till.name.clone(),
            gallery: till.gallery.to_string(),
            pin_above: till.pin_above,
            max_amount: till.max_amount,
            search: None,
        }
    }
}

/// A gallery to set up.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateGalleryBody {
    /// 1 to 100 characters.
    #[schema(example = "Residents")]
    pub name: String,
    /// Whom it takes in by itself; left out: nobody.
    pub rule: Option<GalleryRuleBody>,
}

/// Whom a gallery takes in by itself, and when it lets them go.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum GalleryRuleBody {
    /// Whoever is admitted stays until the night.
    Day {
        /// When the day ends.
        #[schema(example = "04:00")]
        empties_at: String,
        /// Of the clock on the wall there.
        #[schema(example = "+09:00")]
        utc_offset: String,
    },
    /// Whoever has proven that, for as long as the proof counts.
    Claim {
        /// The claim.
        #[schema(example = "municipality")]
        name: String,
        /// What was proven.
        #[schema(example = "17206")]
        value: String,
    },
    /// The wards of guardians who are in another gallery: `gal_…`.
    FamilyOf(String),
}

impl GalleryRuleBody {
    /// As the hub takes it.
    ///
    /// # Errors
    /// 422 for an hour or an id that is none.
    pub fn rule(&self) -> Result<GalleryRule, Problem> {
        Ok(match self {
            GalleryRuleBody::Day { empties_at, utc_offset } => {
                GalleryRule::Day(NightHour::parse(empties_at, utc_offset).map_err(|error| {
                    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "gallery.hour_malformed", format!("{error}."))
                })?)
            }
            GalleryRuleBody::Claim { name, value } => GalleryRule::Claim { name: name.clone(), value: value.clone() },
            GalleryRuleBody::FamilyOf(of) => GalleryRule::FamilyOf(parse_id(of)?),
        })
    }
}

impl From<&GalleryRule> for GalleryRuleBody {
    fn from(rule: &GalleryRule) -> GalleryRuleBody {
        match rule {
            GalleryRule::Day(night) => GalleryRuleBody::Day { empties_at: night.hour(), utc_offset: night.offset() },
            GalleryRule::Claim { name, value } => GalleryRuleBody::Claim { name: name.clone(), value: value.clone() },
            GalleryRule::FamilyOf(of) => GalleryRuleBody::FamilyOf(of.to_string()),
        }
    }
}

/// A person to admit.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdmitBody {
    /// When she is taken out again; left out: by the gallery's rule, or never.
    #[schema(example = "2030-03-31T15:00:00Z")]
    pub until: Option<String>,
}

/// A set of people among whom a till looks.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct GalleryBody {
    /// The gallery.
    pub id: String,
    /// Its name.
    pub name: String,
}

impl From<&Gallery> for GalleryBody {
    fn from(gallery: &Gallery) -> GalleryBody {
        GalleryBody { id: gallery.id.to_string(), name: gallery.name.clone() }
    }
}

/// A gallery with how it is searched.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct GalleryShownBody {
    /// The gallery.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whom it takes in by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<GalleryRuleBody>,
    /// Where nothing is said of a till or service.
    pub search: SearchBody,
    /// By the tills and services that search it and have a rate of their own: `till_…` or a service's name.
    pub searches: BTreeMap<String, SearchBody>,
}

/// A key to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateKeyBody {
    /// Whose key; left out: an operator's.
    pub merchant: Option<String>,
    /// Set for a till's key.
    pub till: Option<String>,
    /// `admin`, `read`, `holds`, `pay`, `services`, `notices`.
    #[schema(example = json!(["read", "holds"]))]
    pub scopes: Vec<String>,
}

impl CreateKeyBody {
    /// The scopes, sorted and once each.
    ///
    /// # Errors
    /// 422 for an unknown word or none at all.
    pub fn scopes(&self) -> Result<Vec<Scope>, Problem> {
        let known = |word: &String| Scope::ALL.into_iter().find(|scope| scope.name() == word);
        let mut scopes = self.scopes.iter().map(known).collect::<Option<Vec<_>>>().unwrap_or_default();
        scopes.sort();
        scopes.dedup();
        if scopes.is_empty() {
            return Err(Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "key.scopes_invalid",
                "A key needs at least one of the scopes admin, read, holds, pay, services, enrol, notices and no other word.",
            ));
        }
        Ok(scopes)
    }
}

/// A key. The secret is shown once.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct KeyBody {
    /// The key's public id.
    pub id: String,
    /// `tb_…`: keep it now, it is not stored. Left out on a repeat.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// Whose key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merchant: Option<String>,
    /// The till.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub till: Option<String>,
    /// What it may do.
    pub scopes: Vec<String>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<String>,
}

impl KeyBody {
    /// From the row, with the secret when it was made just now.
    pub fn new(key: &ApiKey, secret: Option<String>) -> KeyBody {
        KeyBody {
            id: key.id.to_string(),
            secret,
            merchant: key.merchant.map(|merchant| merchant.to_string()),
            till: key.till.map(|till| till.to_string()),
            scopes: key.scopes.iter().map(|scope| scope.name().to_owned()).collect(),
            revoked_at: key.revoked_at.map(rfc3339),
        }
    }
}

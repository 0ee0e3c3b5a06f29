//! Requests from outside that were believed. Headers and news are JSON: no query looks into them.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};
use tebura_hub::notices::{Chargeback, Inbound, News, Notice, NoticeKey, Subject};
use tebura_ledger::{Money, Timestamp};

use super::{Damaged, count, currency, json_text, rail, time};

const TABLE: &str = "rail_notice";

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "rail_notice")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub rail: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub digest: Vec<u8>,
    pub route: String,
    pub headers: String,
    pub body: Vec<u8>,
    pub news: String,
    pub at_ms: i64,
    pub due_at_ms: Option<i64>,
    pub looks: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    pub(crate) fn of(notice: &Notice) -> Result<Self, Damaged> {
        let news: Vec<NewsBody> = notice.news.iter().map(NewsBody::of).collect();
        Ok(Self {
            rail: notice.key.rail.to_string(),
            digest: notice.key.digest.to_vec(),
            route: notice.request.route.clone(),
            headers: json_text(TABLE, "headers", &notice.request.headers)?,
            body: notice.request.body.clone(),
            news: json_text(TABLE, "news", &news)?,
            at_ms: notice.at.millis(),
            due_at_ms: notice.due_at.map(Timestamp::millis),
            looks: i64::from(notice.looks),
        })
    }

    pub(crate) fn domain(self) -> Result<Notice, Damaged> {
        let headers = serde_json::from_str(&self.headers).map_err(|_| Damaged::new(TABLE, "headers"))?;
        let news: Vec<NewsBody> = serde_json::from_str(&self.news).map_err(|_| Damaged::new(TABLE, "news"))?;
        Ok(Notice {
            key: NoticeKey {
                rail: rail(TABLE, &self.rail)?,
                digest: self.digest.try_into().map_err(|_| Damaged::new(TABLE, "digest"))?,
            },
            request: Inbound { route: self.route, headers, body: self.body },
            news: news.into_iter().map(NewsBody::domain).collect::<Result<_, _>>()?,
            at: time(self.at_ms),
            due_at: self.due_at_ms.map(time),
            looks: count(TABLE, self.looks)?,
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "news")]
enum NewsBody {
    Progress { about: SubjectBody },
    DisputeOpened { dispute: ChargebackBody },
    DisputeWon { dispute: ChargebackBody },
    DisputeLost { dispute: ChargebackBody },
}

impl NewsBody {
    fn of(news: &News) -> Self {
        match news {
            News::Progress(about) => Self::Progress { about: SubjectBody::of(about) },
            News::DisputeOpened(dispute) => Self::DisputeOpened { dispute: ChargebackBody::of(dispute) },
            News::DisputeWon(dispute) => Self::DisputeWon { dispute: ChargebackBody::of(dispute) },
            News::DisputeLost(dispute) => Self::DisputeLost { dispute: ChargebackBody::of(dispute) },
        }
    }

    fn domain(self) -> Result<News, Damaged> {
        Ok(match self {
            Self::Progress { about } => News::Progress(about.domain()),
            Self::DisputeOpened { dispute } => News::DisputeOpened(dispute.domain()?),
            Self::DisputeWon { dispute } => News::DisputeWon(dispute.domain()?),
            Self::DisputeLost { dispute } => News::DisputeLost(dispute.domain()?),
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum SubjectBody {
    Operation(String),
    Reference(String),
}

impl SubjectBody {
    fn of(subject: &Subject) -> Self {
        match subject {
            Subject::Operation(id) => Self::Operation(id.clone()),
            Subject::Reference(reference) => Self::Reference(reference.clone()),
        }
    }

    fn domain(self) -> Subject {
        match self {
            Self::Operation(id) => Subject::Operation(id),
            Self::Reference(reference) => Subject::Reference(reference),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct ChargebackBody {
    id: String,
    about: SubjectBody,
    minor: i64,
    currency: String,
    reason: String,
    details: Vec<(String, String)>,
}

impl ChargebackBody {
    fn of(dispute: &Chargeback) -> Self {
        Self {
            id: dispute.id.clone(),
            about: SubjectBody::of(&dispute.about),
            minor: dispute.amount.minor(),
            currency: dispute.amount.currency().code().to_owned(),
            reason: dispute.reason.clone(),
            details: dispute.details.clone(),
        }
    }

    fn domain(self) -> Result<Chargeback, Damaged> {
        let amount = Money::new(self.minor, currency(TABLE, &self.currency)?);
        let Self { id, about, reason, details, .. } = self;
        Ok(Chargeback { id, about: about.domain(), amount, reason, details })
    }
}

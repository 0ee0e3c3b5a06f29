//! Permissions to enrol one live face. What was seen so far is sealed with the person's key, and gone when it is over.

use sea_orm::entity::prelude::*;
use tebura_face::{FRAMES, Prompt, Shot, Template};
use tebura_hub::ids::{CaptureSessionId, PersonId};
use tebura_hub::people::CaptureSession;
use tebura_ledger::Timestamp;
use zeroize::Zeroizing;

use super::{Damaged, Hot, count, time, word};
use crate::engine::Failure;
use crate::vault::{PersonKey, Sealed};

const TABLE: &str = "capture_session";
/// Bytes of two numbers beside a template.
const NUMBERS: usize = 8;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "capture_session")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub person: Uuid,
    pub device: Vec<u8>,
    pub prompts: String,
    pub sealed_shots: Option<Vec<u8>>,
    pub looks: i64,
    pub expires_at_ms: i64,
    pub used_at_ms: Option<i64>,
    pub revision: i64,
    pub look_alike: bool,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::sqlite_row::bindable!(
    id,
    person,
    device,
    prompts,
    sealed_shots,
    looks,
    expires_at_ms,
    used_at_ms,
    revision,
    look_alike,
);

impl Hot for Entity {
    const KEY: &'static [Column] = &[Column::Id];
    const CHANGES: &'static [Column] = &[];
    const GUARD: Option<Column> = None;
}

impl Model {
    pub(crate) fn of(key: &PersonKey, session: &CaptureSession) -> Result<Self, Failure> {
        let sealed = |shots: &[Shot]| key.seal(Sealed::Shots, session.id.uuid(), &bytes_of(shots));
        let shots = Some(session.shots.as_slice()).filter(|shots| !shots.is_empty());
        Ok(Self {
            id: session.id.uuid(),
            person: session.person.uuid(),
            device: session.device.to_vec(),
            prompts: session.prompts.map(Prompt::word).join(" "),
            sealed_shots: shots.map(sealed).transpose()?,
            looks: i64::from(session.looks),
            expires_at_ms: session.expires_at.millis(),
            used_at_ms: session.used_at.map(Timestamp::millis),
            revision: i64::from(session.revision),
            look_alike: session.look_alike,
        })
    }

    pub(crate) fn domain(self, key: &PersonKey) -> Result<CaptureSession, Failure> {
        let prompts: Option<Vec<Prompt>> = self.prompts.split(' ').map(Prompt::from_word).collect();
        let prompts: Option<[Prompt; FRAMES]> = prompts.and_then(|prompts| prompts.try_into().ok());
        let shots = match &self.sealed_shots {
            None => Vec::new(),
            Some(sealed) => shots_of(&key.open(Sealed::Shots, self.id, sealed)?)?,
        };
        Ok(CaptureSession {
            id: CaptureSessionId::from_uuid(self.id),
            person: PersonId::from_uuid(self.person),
            device: self.device.try_into().map_err(|_| Damaged::new(TABLE, "device"))?,
            prompts: word(TABLE, "prompts", prompts)?,
            look_alike: self.look_alike,
            shots,
            looks: count(TABLE, self.looks)?,
            expires_at: time(self.expires_at_ms),
            used_at: self.used_at_ms.map(time),
            revision: count(TABLE, self.revision)?,
        })
    }
}

/// Each shot: its turn, its eye distance, its template; all of one length.
fn bytes_of(shots: &[Shot]) -> Zeroizing<Vec<u8>> {
    let templates: Vec<_> = shots.iter().map(|shot| shot.template.to_bytes()).collect();
    // All room is reserved first: a buffer that grew would leave a template behind.
    let room: usize = templates.iter().map(|template| template.len() + NUMBERS).sum();
    let mut bytes = Zeroizing::new(Vec::with_capacity(1 + room));
    bytes.push(u8::try_from(shots.len()).unwrap_or(u8::MAX));
    for (shot, template) in shots.iter().zip(&templates) {
        bytes.extend_from_slice(&shot.turn.to_le_bytes());
        bytes.extend_from_slice(&shot.eye_distance_px.to_le_bytes());
        bytes.extend_from_slice(template);
    }
    bytes
}

fn shots_of(bytes: &[u8]) -> Result<Vec<Shot>, Damaged> {
    let damaged = || Damaged::new(TABLE, "sealed_shots");
    let (shots, rest) = bytes.split_first().ok_or_else(damaged)?;
    let shots = usize::from(*shots);
    let each = rest.len().checked_div(shots).filter(|each| each * shots == rest.len()).ok_or_else(damaged)?;
    let shot = |bytes: &[u8]| {
        let (turn, rest) = bytes.split_first_chunk::<4>()?;
        let (eyes, template) = rest.split_first_chunk::<4>()?;
        let template = Template::from_bytes(template).ok()?;
        Some(Shot { template, turn: f32::from_le_bytes(*turn), eye_distance_px: f32::from_le_bytes(*eyes) })
    };
    rest.chunks(each.max(1)).map(|bytes| shot(bytes).ok_or_else(damaged)).collect()
}

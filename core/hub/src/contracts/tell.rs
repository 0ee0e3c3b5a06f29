//! Tells a contract what a party has signed.

use tebura_contract::{DocumentHash, Event, StepRefusal};

use super::look::{ContractView, Loaded};
use super::record::{Happened, Stage};
use super::report::must_agree;
use super::text::Text;
use crate::hub::Hub;
use crate::ids::{ContractId, PartyId};
use crate::ports::{CommitError, ReadError};
use crate::statements::{Said, SignedStatement, Statement, StatementError};

/// Reads of a contract that moves while it is told; each is followed by a write of what was read.
const READS: usize = 16;

/// A contract after it was told.
#[derive(Clone, Debug)]
pub struct Told {
    pub view: ContractView,
    /// The very same words had come before: nothing happened again.
    pub repeated: bool,
}

/// Why a statement had no effect.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TellError {
    #[error(transparent)]
    Statement(#[from] StatementError),
    #[error("there is no contract {0}; POST /v1/contracts answers the id of a new one")]
    NotFound(ContractId),
    #[error("the statement is about {said}, not about {here}: send it to the contract that it names")]
    OtherContract { said: ContractId, here: ContractId },
    #[error("`{0}` is no party of this contract: sign as one of its parties")]
    PartyUnknown(String),
    #[error("`{party}` of this contract does not sign with a key of {key_of}: sign with a key of its own")]
    NotThatParty { party: String, key_of: PartyId },
    #[error("`{by}` has used this nonce for other words: choose a new nonce and sign again")]
    NonceUsed { by: String },
    #[error("`{party}` has agreed to another document: this one is {document}")]
    OtherDocument { party: String, document: DocumentHash },
    #[error("`{0}` does not have to agree: nothing of its own is held here")]
    NothingToAgree(String),
    #[error("the contract has begun: there is nothing to agree to any more")]
    BegunAlready,
    #[error("the contract has not begun: {} must agree first", .0.join(", "))]
    NotBegun(Vec<String>),
    #[error("the contract did not begin, and will not: propose it again")]
    Lapsed,
    #[error(transparent)]
    Refused(#[from] StepRefusal),
    #[error("the hub is busy; send the same statement again in {retry_after_ms} ms")]
    Busy { retry_after_ms: u32 },
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl Hub {
    /// Tells a contract what a party has signed, and carries out what follows. The same words again change nothing.
    pub async fn tell_contract(&self, id: ContractId, signed: &SignedStatement) -> Result<Told, TellError> {
        let (statement, key) = self.verify_statement(signed).await?;
        if statement.contract != id {
            return Err(TellError::OtherContract { said: statement.contract, here: id });
        }
        for _ in 0..READS {
            let loaded = self.load_contract(id).await?.ok_or(TellError::NotFound(id))?;
            let party = loaded.record.terms.parties.get(&statement.by);
            let party = party.ok_or_else(|| TellError::PartyUnknown(statement.by.clone()))?;
            if party.signs != Some(Text(key.party)) {
                return Err(TellError::NotThatParty { party: statement.by.clone(), key_of: key.party });
            }
            let repeated = self.said_before(id, &statement, signed).await?;
            if !repeated {
                let happened = Happened::Said {
                    by: statement.by.clone(),
                    nonce: statement.nonce.clone(),
                    key: key.id.to_string(),
                    body: String::from_utf8_lossy(&signed.body).into_owned(),
                    signature: signed.signature.clone(),
                };
                match self.hear_statement(loaded, &statement, happened).await {
                    Ok(()) => {}
                    Err(Untold::Stale) => continue,
                    Err(Untold::For(error)) => return Err(error),
                }
            }
            self.carry_out_contract(id).await?;
            let view = self.contract(id).await?.ok_or(TellError::NotFound(id))?;
            return Ok(Told { view, repeated });
        }
        Err(TellError::Busy { retry_after_ms: 100 })
    }

    /// Whether these words had an effect before.
    async fn said_before(
        &self,
        id: ContractId,
        statement: &Statement,
        signed: &SignedStatement,
    ) -> Result<bool, TellError> {
        for entry in self.store().contract_entries(id).await? {
            let Happened::Said { by, nonce, body, .. } = entry.happened else { continue };
            if by == statement.by && nonce == statement.nonce {
                if body.as_bytes() == signed.body {
                    return Ok(true);
                }
                return Err(TellError::NonceUsed { by });
            }
        }
        Ok(false)
    }

    async fn hear_statement(&self, loaded: Loaded, statement: &Statement, said: Happened) -> Result<(), Untold> {
        let Loaded { contract, mut record } = loaded;
        let now = self.now();
        let mut refused = None;
        let mut report = self.report(&contract, &mut record, now);
        match (&mut report.record.progress.stage, &statement.said) {
            (Stage::Lapsed, _) => return Err(TellError::Lapsed.into()),
            (Stage::Proposed { .. }, _) if now.millis() >= report.record.terms.agree_until => {
                report.lapse("contract.not_agreed_in_time");
                refused = Some(TellError::Lapsed);
            }
            (Stage::Proposed { agreed }, Said::Agree(document)) => {
                if *document != contract.hash() {
                    let party = statement.by.clone();
                    return Err(TellError::OtherDocument { party, document: contract.hash() }.into());
                }
                agreed.insert(statement.by.clone());
                if !must_agree(&contract, report.record).contains(&statement.by) {
                    return Err(TellError::NothingToAgree(statement.by.clone()).into());
                }
                report.note(said);
                report.begin_when_agreed();
            }
            (Stage::Proposed { .. }, _) => {
                return Err(TellError::NotBegun(report.awaited().into_iter().collect()).into());
            }
            (Stage::Running { .. }, Said::Agree(_)) => return Err(TellError::BegunAlready.into()),
            (Stage::Running { .. }, _) => {
                let Some(event) = statement.event() else { return Err(TellError::BegunAlready.into()) };
                let before = report.record.clone();
                report.note(said);
                let (_, late) = report.tell(&event)?;
                if let Some(late) = late {
                    // Deadlines came first, and only they are written.
                    refused = Some(TellError::Refused(late));
                    *report.record = before;
                    report = self.report(&contract, &mut record, now);
                    report.tell(&Event::Deadline)?;
                }
            }
        }
        self.write_report(report, None).await?;
        match refused {
            Some(refused) => {
                self.carry_out_contract(record.id).await.map_err(TellError::from)?;
                Err(refused.into())
            }
            None => Ok(()),
        }
    }
}

/// Why a statement was not written.
enum Untold {
    /// The contract moved on meanwhile.
    Stale,
    For(TellError),
}

impl<E: Into<TellError>> From<E> for Untold {
    fn from(error: E) -> Self {
        Untold::For(error.into())
    }
}

impl From<CommitError> for Untold {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Stale => Untold::Stale,
            CommitError::Busy { retry_after_ms } => Untold::For(TellError::Busy { retry_after_ms }),
            CommitError::KeyReused
            | CommitError::Refused(_)
            | CommitError::Rejected { .. }
            | CommitError::Unavailable { .. } => Untold::For(ReadError { reason: error.to_string() }.into()),
        }
    }
}

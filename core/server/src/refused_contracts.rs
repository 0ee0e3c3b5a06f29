//! From the errors of contracts to problems: every status and every code is chosen here, in exhaustive matches.

use axum::http::StatusCode;
use tebura_contract::StepRefusal;
use tebura_hub::contracts::{BindError, ProposeError, TellError};

use crate::problem::{Problem, Retry};
use crate::refusals::problem;

const INVALID: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;
const CONFLICT: StatusCode = StatusCode::CONFLICT;

impl From<ProposeError> for Problem {
    fn from(error: ProposeError) -> Problem {
        match error {
            ProposeError::DocumentRefused(_) => problem(INVALID, "contract.refused", &error),
            ProposeError::FurtherMissing(_) => problem(INVALID, "contract.further_missing", &error),
            ProposeError::FurtherUnused(_) => problem(INVALID, "contract.further_unused", &error),
            ProposeError::CannotFollow(_) => problem(INVALID, "contract.cannot_follow", &error),
            ProposeError::AgreeWithinOutOfRange => problem(INVALID, "contract.agree_within_out_of_range", &error),
            ProposeError::Bind(inner) => inner.into(),
            ProposeError::Begin(inner) => problem(INVALID, inner.code(), &inner),
            ProposeError::Commit(inner) => inner.into(),
            ProposeError::Read(inner) => inner.into(),
        }
    }
}

impl From<BindError> for Problem {
    fn from(error: BindError) -> Problem {
        let code = match error {
            BindError::PartyUnknown(_) => "contract.party_unknown",
            BindError::PartyMissing(_) => "contract.party_missing",
            BindError::SignerMissing { .. } => "contract.signer_missing",
            BindError::SignerUnknown(_) => "party.not_found",
            BindError::AccountUnknown(_) => "contract.account_unknown",
            BindError::TwoAccounts { .. } => "contract.two_accounts",
            BindError::AccountMissing { .. } => "contract.account_missing",
            BindError::PayerIsMerchant { .. } => "contract.payer_is_merchant",
            BindError::NobodyToPay { .. } => "contract.nobody_to_pay",
            BindError::OtherAsset { .. } => "contract.other_asset",
            BindError::AssetUnnamed { .. } => "contract.asset_unnamed",
            BindError::SameIdentity { .. } => "contract.same_identity",
            BindError::Read(inner) => return inner.into(),
        };
        problem(INVALID, code, &error)
    }
}

impl From<TellError> for Problem {
    fn from(error: TellError) -> Problem {
        match error {
            TellError::Statement(inner) => inner.into(),
            TellError::NotFound(_) => problem(StatusCode::NOT_FOUND, "contract.not_found", &error),
            TellError::OtherContract { .. } => problem(INVALID, "statement.other_contract", &error),
            TellError::PartyUnknown(_) => problem(INVALID, "contract.party_unknown", &error),
            TellError::NotThatParty { .. } => problem(StatusCode::FORBIDDEN, "statement.not_that_party", &error),
            TellError::NonceUsed { .. } => problem(CONFLICT, "statement.nonce_used", &error),
            TellError::OtherDocument { .. } => problem(INVALID, "contract.other_document", &error),
            TellError::NothingToAgree(_) => problem(CONFLICT, "contract.nothing_to_agree", &error),
            TellError::BegunAlready => problem(CONFLICT, "contract.begun_already", &error),
            TellError::NotBegun(_) => problem(CONFLICT, "contract.not_begun", &error),
            TellError::Lapsed => problem(CONFLICT, "contract.lapsed", &error),
            TellError::Refused(inner) => step(&inner),
            TellError::Busy { retry_after_ms } => Problem::busy(retry_after_ms),
            TellError::Read(inner) => inner.into(),
        }
    }
}

fn step(error: &StepRefusal) -> Problem {
    let refused = |status| problem(status, error.code(), error);
    match error {
        StepRefusal::Funding { .. } | StepRefusal::Raising { .. } | StepRefusal::TooEarly { .. } => {
            refused(CONFLICT).retry(Retry::AfterQuery)
        }
        StepRefusal::NotYours { .. } | StepRefusal::NotYourConsent { .. } => refused(StatusCode::FORBIDDEN),
        StepRefusal::FieldMissing { .. } | StepRefusal::FieldOutOfBounds { .. } | StepRefusal::EventId { .. } => {
            refused(INVALID)
        }
        StepRefusal::OtherDocument
        | StepRefusal::UnknownParty { .. }
        | StepRefusal::TooManyEvents { .. }
        | StepRefusal::Ended
        | StepRefusal::NotAwaited { .. }
        | StepRefusal::UsedUp { .. }
        | StepRefusal::TooLate { .. }
        | StepRefusal::IdTaken { .. }
        | StepRefusal::NothingToConsent { .. }
        | StepRefusal::NothingDue { .. }
        | StepRefusal::NotPlacing { .. }
        | StepRefusal::UnknownGroup { .. } => refused(CONFLICT),
    }
}

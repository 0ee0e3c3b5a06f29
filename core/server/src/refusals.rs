//! From the hub's errors to problems: every status and every code is chosen here, in exhaustive matches.

use axum::http::StatusCode;
use tebura_face::SampleRefusal;
use tebura_hub::change_hold::ChangeHoldError;
use tebura_hub::create_hold::CreateHoldError;
use tebura_hub::enroll_face::EnrollFaceError;
use tebura_hub::guardians::GuardianError;
use tebura_hub::passes::PassError;
use tebura_hub::pay_by_face::PayByFaceError;
use tebura_hub::perform::PerformError;
use tebura_hub::pin::{CheckPinError, PinFormatError};
use tebura_hub::ports::{CommitError, ReadError};
use tebura_hub::reconcile::ReconcileError;
use tebura_hub::set_up::SetUpError;
use tebura_hub::template_spaces::BeginSpaceError;
use tebura_ledger::Refusal;

use crate::idempotency;
use crate::problem::{Problem, Retry};

/// Not found, for a record that the path names.
const NOT_FOUND: StatusCode = StatusCode::NOT_FOUND;
/// The request is understood and cannot be done as asked.
const INVALID: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;
/// The record is not in a state for it.
const CONFLICT: StatusCode = StatusCode::CONFLICT;

/// The store did not answer. Its own words go to the log only.
pub fn unavailable(reason: &str) -> Problem {
    tracing::error!(reason, "the store did not answer");
    Problem {
        retry_after_ms: Some(1_000),
        ..Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "store.unavailable",
            "The store did not answer, so it is not known whether this was done. Repeat with the same Idempotency-Key.",
        )
        .retry(Retry::SameKey)
    }
}

/// A sentence from an error: with a capital letter and a full stop.
fn said(error: &impl std::fmt::Display) -> String {
    let text = error.to_string();
    let mut characters = text.chars();
    let first = characters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", characters.as_str().trim_end_matches('.'))
}

pub(crate) fn problem(status: StatusCode, code: &'static str, error: &impl std::fmt::Display) -> Problem {
    Problem::new(status, code, said(error))
}

impl From<ReadError> for Problem {
    fn from(error: ReadError) -> Problem {
        unavailable(&error.reason)
    }
}

impl From<CommitError> for Problem {
    fn from(error: CommitError) -> Problem {
        match error {
            CommitError::KeyReused => idempotency::key_reused(),
            CommitError::Refused(refusal) => refusal.into(),
            CommitError::Stale => idempotency::still_running(),
            CommitError::Busy { retry_after_ms } => Problem::busy(retry_after_ms),
            CommitError::Rejected { reason } => Problem::internal(&reason),
            CommitError::Unavailable { reason } => unavailable(&reason),
        }
    }
}

impl From<PerformError> for Problem {
    fn from(error: PerformError) -> Problem {
        match error {
            PerformError::RailUnknown(_) => problem(INVALID, "rail.not_found", &error),
            PerformError::CommandUnsupported { .. } => problem(INVALID, "rail.command_unsupported", &error),
            PerformError::KeyReused => idempotency::key_reused(),
            PerformError::KeyRunning => idempotency::still_running(),
            PerformError::Refused(refusal) => refusal.into(),
            PerformError::Busy { retry_after_ms } => Problem::busy(retry_after_ms),
            PerformError::Rejected { reason } => Problem::internal(&reason),
            PerformError::Unavailable { reason } => unavailable(&reason),
        }
    }
}

impl From<CreateHoldError> for Problem {
    fn from(error: CreateHoldError) -> Problem {
        match error {
            CreateHoldError::AmountNotPositive => problem(INVALID, "amount.not_positive", &error),
            CreateHoldError::DeadlineOutOfRange { .. } => problem(INVALID, "hold.deadline_out_of_range", &error),
            CreateHoldError::CapBelowAmount => problem(INVALID, "hold.cap_below_amount", &error),
            CreateHoldError::InstrumentNotFound(_) => problem(INVALID, "instrument.not_found", &error),
            CreateHoldError::InstrumentRemoved(_) => problem(INVALID, "instrument.removed", &error),
            CreateHoldError::PayeeNotFound { .. } => problem(INVALID, "payee.not_found", &error),
            CreateHoldError::CurrencyNotAccepted { .. } => problem(INVALID, "amount.currency_not_accepted", &error),
            CreateHoldError::AboveRailLimit { .. } => problem(INVALID, "amount.above_rail_limit", &error),
            CreateHoldError::Perform(inner) => inner.into(),
        }
    }
}

impl From<ChangeHoldError> for Problem {
    fn from(error: ChangeHoldError) -> Problem {
        match error {
            ChangeHoldError::HoldNotFound(_) => problem(NOT_FOUND, "hold.not_found", &error),
            ChangeHoldError::UnderContract { .. } => problem(CONFLICT, "hold.under_contract", &error),
            ChangeHoldError::CaptureNotFound(_) => problem(NOT_FOUND, "capture.not_found", &error),
            ChangeHoldError::NotPlaced => problem(CONFLICT, "hold.pending", &error).retry(Retry::AfterQuery),
            ChangeHoldError::SeveralCapturesUnsupported => {
                problem(INVALID, "rail.several_captures_unsupported", &error)
            }
            ChangeHoldError::OperationNotFound(_) => problem(NOT_FOUND, "operation.not_found", &error),
            ChangeHoldError::PartialReleaseUnsupported => problem(INVALID, "rail.partial_release_unsupported", &error),
            ChangeHoldError::SplitUnsupported => problem(INVALID, "rail.split_unsupported", &error),
            ChangeHoldError::SplitPayeeUnknown { .. } => problem(INVALID, "split.payee_unknown", &error),
            ChangeHoldError::ExtendBeyondRail { .. } => problem(INVALID, "extend.beyond_rail", &error),
            ChangeHoldError::NotThePayer => problem(INVALID, "confirmation.not_the_payer", &error),
            ChangeHoldError::PinRefused { code } => problem(StatusCode::FORBIDDEN, code, &error),
            ChangeHoldError::Perform(inner) => inner.into(),
        }
    }
}

impl From<SetUpError> for Problem {
    fn from(error: SetUpError) -> Problem {
        match error {
            SetUpError::NameInvalid => problem(INVALID, "name.invalid", &error),
            SetUpError::NotFound { .. } => problem(NOT_FOUND, "record.not_found", &error),
            SetUpError::RailUnknown(_) => problem(INVALID, "rail.not_found", &error),
            SetUpError::TokenMissing(_) => problem(INVALID, "token.missing", &error),
            SetUpError::TokenIsCardNumber => problem(INVALID, "token.is_card_number", &error),
            SetUpError::LimitsInvalid => problem(INVALID, "till.limits_invalid", &error),
            SetUpError::GalleryByRule(_) => problem(CONFLICT, "gallery.by_rule", &error),
            SetUpError::TermOver => problem(INVALID, "gallery.term_over", &error),
            SetUpError::Search(inner) => problem(INVALID, inner.code(), &error),
            SetUpError::Pin(inner) => Problem::internal(&inner.to_string()),
            SetUpError::NotAWallet(_) => problem(INVALID, "account.not_a_wallet", &error),
            SetUpError::KeyReused => idempotency::key_reused(),
            SetUpError::Refused(refusal) => refusal.into(),
            SetUpError::Commit(inner) => inner.into(),
            SetUpError::Read(inner) => inner.into(),
        }
    }
}

impl From<ReconcileError> for Problem {
    fn from(error: ReconcileError) -> Problem {
        match error {
            ReconcileError::RailUnknown(_) => problem(NOT_FOUND, "rail.not_found", &error),
            ReconcileError::NoFarEnd => problem(INVALID, "rail.no_far_end", &error),
            ReconcileError::Statement(inner) => inner.into(),
            ReconcileError::Exists(_) => problem(CONFLICT, "rail_statement.exists", &error),
            ReconcileError::Change(inner) => inner.into(),
        }
    }
}

impl From<PinFormatError> for Problem {
    fn from(error: PinFormatError) -> Problem {
        problem(INVALID, "pin.malformed", &error)
    }
}

impl From<CheckPinError> for Problem {
    fn from(error: CheckPinError) -> Problem {
        match error {
            CheckPinError::Read(inner) => inner.into(),
            CheckPinError::Commit(inner) => inner.into(),
        }
    }
}

impl From<EnrollFaceError> for Problem {
    fn from(error: EnrollFaceError) -> Problem {
        match error {
            EnrollFaceError::PersonNotFound(_) => problem(NOT_FOUND, "person.not_found", &error),
            EnrollFaceError::ConsentMissing => problem(CONFLICT, "consent.needed", &error),
            EnrollFaceError::SessionNotFound(_) => problem(NOT_FOUND, "capture_session.not_found", &error),
            EnrollFaceError::OtherDevice => problem(StatusCode::FORBIDDEN, "capture_session.other_device", &error),
            EnrollFaceError::SessionOver => problem(CONFLICT, "capture_session.over", &error),
            EnrollFaceError::TooManyFrames => problem(CONFLICT, "capture_session.too_many_frames", &error),
            EnrollFaceError::FaceKnown => problem(CONFLICT, "capture_session.face_known", &error),
            EnrollFaceError::Sample(inner) => inner.into(),
            EnrollFaceError::Frame(refusal) => problem(INVALID, refusal.code(), &error),
            EnrollFaceError::KeyReused => idempotency::key_reused(),
            EnrollFaceError::Commit(inner) => inner.into(),
            EnrollFaceError::Read(inner) => inner.into(),
        }
    }
}

impl From<BeginSpaceError> for Problem {
    fn from(error: BeginSpaceError) -> Problem {
        match error {
            BeginSpaceError::Moving { .. } => problem(CONFLICT, "template_space.moving", &error),
            BeginSpaceError::Commit(inner) => inner.into(),
            BeginSpaceError::Read(inner) => inner.into(),
        }
    }
}

impl From<PassError> for Problem {
    fn from(error: PassError) -> Problem {
        match error {
            PassError::NoKey => problem(CONFLICT, "pass.no_key", &error),
            PassError::PersonNotFound(_) => problem(NOT_FOUND, "person.not_found", &error),
            PassError::UntilInvalid => problem(INVALID, "pass.until_invalid", &error),
            PassError::Read(inner) => inner.into(),
        }
    }
}

impl From<GuardianError> for Problem {
    fn from(error: GuardianError) -> Problem {
        match error {
            GuardianError::PersonNotFound(_) => problem(NOT_FOUND, "person.not_found", &error),
            GuardianError::LinkNotFound => problem(NOT_FOUND, "guardianship.not_found", &error),
            GuardianError::SamePerson => problem(INVALID, "guardian.same_person", &error),
            GuardianError::GuardianAgeUnknown => problem(CONFLICT, "guardian.age_unknown", &error),
            GuardianError::GuardianUnderAge => problem(CONFLICT, "guardian.under_age", &error),
            GuardianError::Circular => problem(CONFLICT, "guardian.circular", &error),
            GuardianError::BirthDateUnknown => problem(INVALID, "ward.birth_date_unknown", &error),
            GuardianError::WardOfAge => problem(CONFLICT, "ward.of_age", &error),
            GuardianError::ElderDidNotAgree { .. } => problem(StatusCode::FORBIDDEN, "ward.did_not_agree", &error),
            GuardianError::UntilInvalid => problem(INVALID, "guardianship.until_invalid", &error),
            GuardianError::NameInvalid => problem(INVALID, "name.invalid", &error),
            GuardianError::IndividualNumber => Problem::individual_number(),
            GuardianError::TooManyWards => problem(CONFLICT, "guardian.too_many_wards", &error),
            GuardianError::Pin(inner) => inner.into(),
            GuardianError::Commit(CommitError::KeyReused) => idempotency::key_reused(),
            GuardianError::Commit(inner) => inner.into(),
            GuardianError::Read(inner) => inner.into(),
        }
    }
}

impl From<PayByFaceError> for Problem {
    fn from(error: PayByFaceError) -> Problem {
        match error {
            PayByFaceError::TillNotFound(_) => problem(StatusCode::FORBIDDEN, "till.not_found", &error),
            PayByFaceError::PaymentNotFound(_) => problem(NOT_FOUND, "payment.not_found", &error),
            PayByFaceError::AmountNotPositive => problem(INVALID, "amount.not_positive", &error),
            PayByFaceError::AboveTillLimit { limit } => {
                problem(INVALID, "amount.above_till_limit", &error).with("limit", limit)
            }
            PayByFaceError::Image(inner) => inner.into(),
            PayByFaceError::EngineBusy { retry_after_ms } => engine_busy(retry_after_ms),
            PayByFaceError::Hold(inner) => inner.into(),
            PayByFaceError::Change(inner) => inner.into(),
            PayByFaceError::Pin(inner) => inner.into(),
            PayByFaceError::Commit(inner) => inner.into(),
            PayByFaceError::Read(inner) => inner.into(),
        }
    }
}

impl From<SampleRefusal> for Problem {
    fn from(refusal: SampleRefusal) -> Problem {
        let status = match refusal {
            SampleRefusal::TooManyBytes { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            SampleRefusal::NotAnImage
            | SampleRefusal::TooManyPixels { .. }
            | SampleRefusal::Truncated
            | SampleRefusal::TooSmall { .. }
            | SampleRefusal::TooDark
            | SampleRefusal::NoFace
            | SampleRefusal::SeveralFaces { .. }
            | SampleRefusal::StepCloser { .. }
            | SampleRefusal::StepBack => INVALID,
            SampleRefusal::EngineBusy { retry_after_ms } => {
                return engine_busy(retry_after_ms);
            }
            SampleRefusal::Engine(reason) => return Problem::internal(&reason),
        };
        Problem::new(status, refusal.code(), format!("{} {}", said(&refusal), refusal.advice()))
    }
}

pub(crate) fn engine_busy(retry_after_ms: u64) -> Problem {
    let retry_after_ms = u32::try_from(retry_after_ms).unwrap_or(u32::MAX);
    Problem { code: "engine.busy".into(), ..Problem::busy(retry_after_ms) }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Problem {
        let (status, retry) = match &refusal {
            Refusal::OperationNotFound { .. } | Refusal::HoldNotFound { .. } | Refusal::AccountNotFound { .. } => {
                (NOT_FOUND, Retry::Never)
            }
            Refusal::AmountNotPositive { .. }
            | Refusal::OperationOfAnotherHold { .. }
            | Refusal::SameAccount { .. }
            | Refusal::CurrencyMismatch { .. }
            | Refusal::DeadlineInPast
            | Refusal::CapBelowAmount { .. }
            | Refusal::SplitExceedsCapture { .. }
            | Refusal::SplitPayeeRepeated { .. }
            | Refusal::ExtendNotLater { .. }
            | Refusal::ResolutionNotFinal
            | Refusal::CaptureExceedsFree { .. }
            | Refusal::ReleaseExceedsFree { .. }
            | Refusal::RefundOfNoCapture { .. }
            | Refusal::RefundExceedsCapture { .. }
            | Refusal::AmountOverflow => (INVALID, Retry::Never),
            Refusal::AccountExistsWithDifferentFields { .. }
            | Refusal::OperationExistsWithDifferentFields { .. }
            | Refusal::HoldExists { .. }
            | Refusal::HoldExpired { .. }
            | Refusal::HoldClosed { .. }
            | Refusal::HoldNotDue { .. }
            | Refusal::ConfirmationNotNeeded { .. }
            | Refusal::ReverseOfRefundedCapture { .. }
            | Refusal::ResolutionNotNeeded { .. }
            | Refusal::ResolutionBySameOperator { .. }
            | Refusal::ExceptionOfNothing { .. }
            | Refusal::RefundNothingLeft { .. } => (CONFLICT, Retry::Never),
            Refusal::HoldPending { .. }
            | Refusal::HoldNothingFree { .. }
            | Refusal::ConfirmationPending { .. }
            | Refusal::ConfirmationNeeded { .. }
            | Refusal::RefundOfUnsettledCapture { .. } => (CONFLICT, Retry::AfterQuery),
            Refusal::HoldVersionConflict { .. } => (StatusCode::PRECONDITION_FAILED, Retry::AfterQuery),
            Refusal::FundsInsufficient { .. } => (StatusCode::PAYMENT_REQUIRED, Retry::Never),
            Refusal::WrongShard { .. }
            | Refusal::HoldCapturesAtDeadline { .. }
            | Refusal::HoldReleasesAtDeadline { .. }
            | Refusal::ReverseTransfersMissing { .. }
            | Refusal::ActionOnlyWhenPlacing { .. }
            | Refusal::SettledMoreThanAsked { .. }
            | Refusal::VerdictContradicts { .. }
            | Refusal::Imbalance { .. } => {
                tracing::error!(code = refusal.code(), "the ledger refused what only the hub itself can ask");
                (StatusCode::INTERNAL_SERVER_ERROR, Retry::AfterQuery)
            }
        };
        let hold_version =
            if let Refusal::HoldVersionConflict { actual, .. } = &refusal { Some(*actual) } else { None };
        let values = values_of(&refusal);
        Problem { hold_version, values, ..problem(status, refusal.code(), &refusal).retry(retry) }
    }
}

/// What a refusal's detail is filled with in other languages.
fn values_of(refusal: &Refusal) -> Vec<(&'static str, String)> {
    if let Refusal::CaptureExceedsFree { asked, free, .. } | Refusal::ReleaseExceedsFree { asked, free, .. } = refusal {
        return vec![("asked", asked.to_string()), ("free", free.to_string())];
    }
    if let Refusal::RefundExceedsCapture { asked, refundable, .. } = refusal {
        return vec![("asked", asked.to_string()), ("refundable", refundable.to_string())];
    }
    if let Refusal::FundsInsufficient { asked, available, .. } = refusal {
        return vec![("asked", asked.to_string()), ("available", available.to_string())];
    }
    if let Refusal::CurrencyMismatch { given, expected, .. } = refusal {
        return vec![("given", given.to_string()), ("expected", expected.to_string())];
    }
    if let Refusal::SplitExceedsCapture { legs, captured, .. } = refusal {
        return vec![("legs", legs.to_string()), ("captured", captured.to_string())];
    }
    if let Refusal::HoldVersionConflict { expected, actual, .. } = refusal {
        return vec![("expected", expected.to_string()), ("actual", actual.to_string())];
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_detail_is_a_sentence() {
        assert_eq!(said(&"the hold is gone: place another"), "The hold is gone: place another.");
        assert_eq!(said(&""), ".");
    }

    #[test]
    fn the_stores_own_words_stay_in_the_log() {
        let problem = Problem::from(ReadError { reason: "password=hunter2".to_owned() });
        assert_eq!((problem.status, problem.retry), (StatusCode::SERVICE_UNAVAILABLE, Retry::SameKey));
        assert!(!problem.detail.contains("hunter2"));
    }

    #[test]
    fn a_picture_that_is_too_large_names_the_size() {
        let problem = Problem::from(SampleRefusal::TooManyPixels { pixels: 50_000_000, limit: 20_000_000 });
        assert_eq!((problem.status, problem.code.as_ref()), (INVALID, "image.too_many_pixels"));
        assert!(problem.detail.contains("20000000"), "{}", problem.detail);
    }
}

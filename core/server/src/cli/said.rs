//! What a hub answered a command: its good answer, or its problem in words for whoever called.

use reqwest::Response;

use super::Failure;
use crate::problem::ProblemBody;

/// The bytes of a good answer.
pub(super) async fn good(response: Response) -> Result<Vec<u8>, Failure> {
    let status = response.status();
    let bytes = response.bytes().await?;
    if status.is_success() {
        return Ok(bytes.to_vec());
    }
    match serde_json::from_slice::<ProblemBody>(&bytes) {
        Ok(problem) => Err(said(&problem)),
        Err(_) => Err(format!("the hub answered {status} with something else; is it of another version?").into()),
    }
}

/// A problem in words.
pub(super) fn said(problem: &ProblemBody) -> Failure {
    format!("{} ({})", problem.detail, problem.code).into()
}

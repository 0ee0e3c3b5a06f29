//! The five viewpoints on value and risk, and the ten on face recognition: what in the report answers each.

use std::collections::BTreeMap;

use super::both;
use super::report::{Report, Viewpoint};
use super::stated::Text;

/// `5-1` … `5-5`, `10-1` … `10-10`.
pub(super) fn ids() -> impl Iterator<Item = String> {
    let all = (1..=5).map(|number| (5, number)).chain((1..=10).map(|number| (10, number)));
    all.map(|(of, number)| format!("{of}-{number}"))
}

pub(super) fn viewpoints(report: &Report, reasons: &BTreeMap<String, Text>) -> Vec<Viewpoint> {
    let row = |id: String| Viewpoint {
        label: both(&format!("vpia.view.{id}")),
        answered_by: answers(report, &id),
        reason: reasons.get(&id).filter(|text| is_said(text)).cloned(),
        id,
    };
    ids().map(row).collect()
}

fn is_said(text: &Text) -> bool {
    [&text.ja, &text.en].into_iter().flatten().any(|text| !text.trim().is_empty())
}

/// Risks count where something is done against them: naming a risk is no answer to it.
fn answers(report: &Report, id: &str) -> Vec<String> {
    let (of, number) =
        id.split_once('-').and_then(|(of, number)| Some((of, number.parse::<u8>().ok()?))).unwrap_or(("", 0));
    let tagged = report.risks.iter().filter(|risk| {
        let tags = if of == "5" { &risk.viewpoints5 } else { &risk.viewpoints10 };
        tags.contains(&number) && !risk.countermeasures.is_empty()
    });
    let risks = tagged.map(|risk| format!("risks.{}", risk.id));
    let part = |there: bool, path: &str| there.then(|| path.to_owned());
    let fallback = &report.fallback;
    let parts = match id {
        "5-4" => [
            part(!report.accuracy.by_group.is_empty(), "accuracy.by_group"),
            part(is_said(&fallback.non_face_path), "fallback.non_face_path"),
        ],
        "5-5" => [
            part(!report.value.individual.is_empty(), "value.individual"),
            part(!report.value.society.is_empty(), "value.society"),
        ],
        "10-1" => [part(is_said(&report.value.necessity_of_face), "value.necessity_of_face"), None],
        "10-2" => {
            let reasons = report.data_items.iter().all(|item| is_said(&item.minimisation_reason));
            return part(reasons, "data_items.minimisation_reason").into_iter().collect();
        }
        "10-4" => return part(!report.accuracy.by_group.is_empty(), "accuracy.by_group").into_iter().collect(),
        "10-5" => [part(is_said(&fallback.error_remedy), "fallback.error_remedy"), None],
        "10-6" => return part(is_said(&fallback.equal_treatment), "fallback.equal_treatment").into_iter().collect(),
        "10-7" => {
            let explained = &report.explanations;
            let all = [&explained.child, &explained.elder, &explained.visitor, &explained.disabled];
            return part(all.into_iter().all(is_said), "explanations").into_iter().collect();
        }
        "10-9" => [part(!report.assessment.is_empty(), "assessment"), None],
        "10-10" => [part(!report.post_launch.is_empty(), "post_launch"), None],
        _ => [None, None],
    };
    parts.into_iter().flatten().chain(risks).collect()
}

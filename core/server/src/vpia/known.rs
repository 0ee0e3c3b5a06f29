//! What this software keeps and which risks come with it, whoever operates it. Texts are in the message catalogue.
//!
//! Measures are listed only where a test of the repository shows them; a risk without one has none here.

use super::stated::{Category, MeasureKind, Phase};

/// A data item of the hub.
pub(super) struct KnownData {
    pub(super) key: &'static str,
    pub(super) category: Category,
    pub(super) subjects: &'static [&'static str],
    pub(super) mandatory: bool,
    /// Whether it is ever written down.
    pub(super) stored: bool,
}

pub(super) const DATA: [KnownData; 13] = [
    known("probe_image", Category::IdentificationCode, &["enrolled", "passer_by"], true, false),
    known("enrolment_image", Category::IdentificationCode, &["enrolled"], true, false),
    known("face_template", Category::IdentificationCode, &["enrolled"], true, true),
    known("name", Category::Basic, &["enrolled"], true, true),
    known("pin", Category::Basic, &["enrolled"], false, true),
    known("instrument_token", Category::Financial, &["enrolled"], true, true),
    known("evidence", Category::Basic, &["enrolled"], false, true),
    known("claim", Category::Basic, &["enrolled"], false, true),
    known("service_request", Category::Behaviour, &["enrolled"], false, true),
    known("admission", Category::Behaviour, &["enrolled"], true, true),
    known("payment", Category::Financial, &["enrolled"], true, true),
    known("refused_payment", Category::Behaviour, &["enrolled", "passer_by"], true, true),
    known("audit_log", Category::Behaviour, &["enrolled"], true, true),
];

const fn known(
    key: &'static str,
    category: Category,
    subjects: &'static [&'static str],
    mandatory: bool,
    stored: bool,
) -> KnownData {
    KnownData { key, category, subjects, mandatory, stored }
}

/// A risk of the software.
pub(super) struct KnownRisk {
    pub(super) id: &'static str,
    pub(super) phase: Phase,
    pub(super) viewpoints5: &'static [u8],
    pub(super) viewpoints10: &'static [u8],
    pub(super) measures: &'static [KnownMeasure],
}

pub(super) struct KnownMeasure {
    /// Its text is `vpia.measure.<key>`.
    pub(super) key: &'static str,
    pub(super) kind: MeasureKind,
    /// A document of the repository.
    pub(super) evidence_ref: Option<&'static str>,
    /// A test of the repository.
    pub(super) test_ref: &'static str,
}

const fn technical(key: &'static str, evidence_ref: Option<&'static str>, test_ref: &'static str) -> KnownMeasure {
    KnownMeasure { key, kind: MeasureKind::Technical, evidence_ref, test_ref }
}

pub(super) const RISKS: [KnownRisk; 11] = [
    KnownRisk {
        id: "image_kept",
        phase: Phase::Acquire,
        viewpoints5: &[1],
        viewpoints10: &[2],
        measures: &[technical("no_picture_is_kept", None, "cam_3_cam_10_no_picture_is_left_in_the_data_folder")],
    },
    KnownRisk {
        id: "enrolled_by_others",
        phase: Phase::Acquire,
        viewpoints5: &[1, 3],
        viewpoints10: &[5],
        measures: &[technical("capture_session", None, "expo_14_nobody_is_enrolled_without_a_session_or_by_a_shop")],
    },
    KnownRisk { id: "not_convinced", phase: Phase::Acquire, viewpoints5: &[3], viewpoints10: &[3, 7], measures: &[] },
    KnownRisk {
        id: "template_theft",
        phase: Phase::Store,
        viewpoints5: &[1, 2],
        viewpoints10: &[2],
        measures: &[
            technical("sealed_per_person", None, "boj_33_pia_7_only_the_same_row_of_the_same_person_opens"),
            technical("signed_log", Some("docs/audit.md"), "a_witness_reads_every_head_and_each_is_signed"),
        ],
    },
    KnownRisk {
        id: "false_match",
        phase: Phase::Process,
        viewpoints5: &[2],
        viewpoints10: &[4, 5],
        measures: &[
            technical("narrow_gallery", None, "expo_6_a_person_outside_the_gallery_is_never_matched"),
            technical("pin_above_limit", None, "jpki_30_above_the_cap_a_pin_stands_beside_the_face"),
            technical("refund_in_full", Some("docs/holds.md"), "vpia_15_a_payment_by_face_is_given_back_in_full"),
        ],
    },
    KnownRisk {
        id: "spoof",
        phase: Phase::Process,
        viewpoints5: &[2],
        viewpoints10: &[5],
        measures: &[technical("attack_is_refused", None, "boj_27_a_screen_no_face_and_two_faces_do_not_pay")],
    },
    KnownRisk {
        id: "beyond_purpose",
        phase: Phase::Process,
        viewpoints5: &[1, 3],
        viewpoints10: &[3, 8],
        measures: &[
            technical(
                "manifest_is_the_limit",
                None,
                "expo_19_what_the_manifest_does_not_cover_never_reaches_the_guest",
            ),
            technical("data_flows_are_shown", None, "vpia_17_flows_come_from_the_manifests"),
        ],
    },
    KnownRisk {
        id: "money_in_doubt",
        phase: Phase::Process,
        viewpoints5: &[2],
        viewpoints10: &[5],
        measures: &[technical(
            "unknown_stays_reserved",
            Some("docs/holds.md"),
            "pay_1_a_deadline_gives_the_money_back_by_itself_once",
        )],
    },
    KnownRisk { id: "uneven_accuracy", phase: Phase::Process, viewpoints5: &[4], viewpoints10: &[4, 6], measures: &[] },
    KnownRisk { id: "left_out", phase: Phase::Process, viewpoints5: &[4], viewpoints10: &[6], measures: &[] },
    KnownRisk { id: "kept_too_long", phase: Phase::Dispose, viewpoints5: &[1, 3], viewpoints10: &[2], measures: &[] },
];

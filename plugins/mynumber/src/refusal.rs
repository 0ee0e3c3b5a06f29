//! Why evidence proves nothing: one code for each reason, and a sentence for the person.

/// A reason. The order is the order of the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    EvidenceMissing,
    CmsMalformed,
    SeveralSigners,
    SignerByKeyId,
    ContentOther,
    CertificateMissing,
    NoSignedAttributes,
    SignedAttributesMalformed,
    AlgorithmRefused,
    DigestMismatch,
    CertificateMalformed,
    KeyTooWeak,
    KeyRefused,
    UnknownCriticalExtension,
    IsACa,
    NotForSigning,
    OtherPolicy,
    NotYetValid,
    Expired,
    UnknownIssuer,
    OtherIssuerName,
    AnchorNotACa,
    AnchorNotYetValid,
    AnchorExpired,
    AnchorTestOnly,
    ChainSignatureWrong,
    SignatureWrong,
    AttributesMissing,
    AttributesMalformed,
}

use Refusal as R;

impl Refusal {
    /// The stable word.
    pub(crate) fn code(self) -> &'static str {
        match self {
            R::EvidenceMissing => "evidence.missing",
            R::CmsMalformed => "cms.malformed",
            R::SeveralSigners => "cms.not_one_signer",
            R::SignerByKeyId => "cms.signer_by_key_id",
            R::ContentOther => "content.other",
            R::CertificateMissing => "cms.certificate_missing",
            R::NoSignedAttributes => "cms.no_signed_attributes",
            R::SignedAttributesMalformed => "cms.signed_attributes_malformed",
            R::AlgorithmRefused => "algorithm.refused",
            R::DigestMismatch => "cms.digest_mismatch",
            R::CertificateMalformed => "certificate.malformed",
            R::KeyTooWeak => "key.too_weak",
            R::KeyRefused => "key.refused",
            R::UnknownCriticalExtension => "certificate.unknown_critical_extension",
            R::IsACa => "certificate.is_a_ca",
            R::NotForSigning => "certificate.not_for_signing",
            R::OtherPolicy => "certificate.other_policy",
            R::NotYetValid => "certificate.not_yet_valid",
            R::Expired => "certificate.expired",
            R::UnknownIssuer => "chain.unknown_issuer",
            R::OtherIssuerName => "chain.other_name",
            R::AnchorNotACa => "anchor.not_a_ca",
            R::AnchorNotYetValid => "anchor.not_yet_valid",
            R::AnchorExpired => "anchor.expired",
            R::AnchorTestOnly => "anchor.test_only",
            R::ChainSignatureWrong => "chain.signature_wrong",
            R::SignatureWrong => "signature.wrong",
            R::AttributesMissing => "attributes.missing",
            R::AttributesMalformed => "attributes.malformed",
        }
    }

    /// What the person is told, in the session's language: nothing that the device sent.
    pub(crate) fn message(self, locale: &str) -> &'static str {
        let (ja, en) = match self {
            R::NotForSigning | R::OtherPolicy => (
                "署名用電子証明書ではありません。6〜16文字の暗証番号で署名してください。",
                "This is not a signature certificate. Sign with the password of 6 to 16 characters.",
            ),
            R::Expired => (
                "署名用電子証明書の有効期限が切れています。市区町村の窓口で更新してください。",
                "The signature certificate has expired. Renew it at the municipal office.",
            ),
            R::NotYetValid => {
                ("署名用電子証明書はまだ有効ではありません。", "The signature certificate is not valid yet.")
            }
            R::ContentOther => (
                "今回の手続きへの署名ではありません。もう一度始めてください。",
                "This is a signature for something else. Begin again.",
            ),
            R::UnknownIssuer | R::OtherIssuerName | R::ChainSignatureWrong | R::AnchorTestOnly => (
                "公的個人認証の発行した証明書ではありません。",
                "The certificate was not issued by the public certification service.",
            ),
            R::EvidenceMissing
            | R::CmsMalformed
            | R::SeveralSigners
            | R::SignerByKeyId
            | R::CertificateMissing
            | R::NoSignedAttributes
            | R::SignedAttributesMalformed
            | R::AlgorithmRefused
            | R::DigestMismatch
            | R::CertificateMalformed
            | R::KeyTooWeak
            | R::KeyRefused
            | R::UnknownCriticalExtension
            | R::IsACa
            | R::AnchorNotACa
            | R::AnchorNotYetValid
            | R::AnchorExpired
            | R::SignatureWrong
            | R::AttributesMissing
            | R::AttributesMalformed => (
                "署名を確かめられませんでした。アプリを更新して、もう一度始めてください。",
                "The signature could not be verified. Update the app and begin again.",
            ),
        };
        if locale == "en" { en } else { ja }
    }
}

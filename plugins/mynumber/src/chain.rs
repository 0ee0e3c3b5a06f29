//! A certificate held against the profile of JPKI signature certificates, and against the roots that the operator trusts.
//!
//! Two levels: a root issues certificates of people directly. Several generations of roots count at once and share a name,
//! so a root is chosen by its key, and each counts for its own time. Revocation is the platform operator's to tell.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use x509_cert::Certificate;
use x509_cert::der::oid::{AssociatedOid, ObjectIdentifier};
use x509_cert::der::{Decode, Encode as _};
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, CertificatePolicies, KeyUsage, SubjectAltName, SubjectKeyIdentifier,
};

use crate::key::Key;
use crate::refusal::Refusal;

/// Of signature certificates; those for logging in have another.
const SIGNATURE_POLICY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.392.200149.8.5.1.1.20");
/// In the name of every root of a test.
const TEST_ONLY: &[u8] = b"TEST ONLY";
/// Extensions that may be critical: those that are looked at.
const KNOWN: [ObjectIdentifier; 5] =
    [KeyUsage::OID, BasicConstraints::OID, CertificatePolicies::OID, SubjectAltName::OID, AuthorityKeyIdentifier::OID];

/// The roots of the operator's setting.
pub(crate) struct Anchors {
    roots: Vec<Certificate>,
    accept_tests: bool,
}

impl Anchors {
    /// Reads DER in base64, separated by white space. `None`: there is none, or one cannot be read.
    pub(crate) fn read(setting: &str, accept_tests: bool) -> Option<Anchors> {
        let read = |word: &str| Certificate::from_der(&STANDARD.decode(word).ok()?).ok();
        let roots: Vec<Certificate> = setting.split_whitespace().map(read).collect::<Option<_>>()?;
        (!roots.is_empty()).then_some(Anchors { roots, accept_tests })
    }

    /// The key of a certificate that one of the roots issued for signatures and that counts now.
    pub(crate) fn check(&self, certificate: &Certificate, now_ms: u64) -> Result<Key, Refusal> {
        let key = Key::of(certificate.tbs_certificate().subject_public_key_info())?;
        profile(certificate)?;
        let validity = certificate.tbs_certificate().validity();
        if now_ms < ms(validity.not_before) {
            return Err(Refusal::NotYetValid);
        }
        if now_ms > ms(validity.not_after) {
            return Err(Refusal::Expired);
        }
        self.issued(certificate, now_ms)?;
        Ok(key)
    }

    fn issued(&self, certificate: &Certificate, now_ms: u64) -> Result<(), Refusal> {
        let issuer_key = issuer_key_id(certificate).ok_or(Refusal::UnknownIssuer)?;
        let of_key = |root: &&Certificate| {
            let own = extension::<SubjectKeyIdentifier>(root).ok().flatten();
            own.is_some_and(|(_, own)| own.0.as_bytes() == issuer_key)
        };
        let root = self.roots.iter().find(of_key).ok_or(Refusal::UnknownIssuer)?;
        let tbs = root.tbs_certificate();
        if tbs.subject() != certificate.tbs_certificate().issuer() {
            return Err(Refusal::OtherIssuerName);
        }
        let is_ca = matches!(extension::<BasicConstraints>(root), Ok(Some((_, constraints))) if constraints.ca);
        let signs = matches!(extension::<KeyUsage>(root), Ok(Some((_, usage))) if usage.key_cert_sign());
        if !is_ca || !signs {
            return Err(Refusal::AnchorNotACa);
        }
        if now_ms < ms(tbs.validity().not_before) {
            return Err(Refusal::AnchorNotYetValid);
        }
        if now_ms > ms(tbs.validity().not_after) {
            return Err(Refusal::AnchorExpired);
        }
        let name = tbs.subject().to_der().map_err(|_| Refusal::AnchorNotACa)?;
        if !self.accept_tests && name.windows(TEST_ONLY.len()).any(|window| window == TEST_ONLY) {
            return Err(Refusal::AnchorTestOnly);
        }
        let key = Key::of(tbs.subject_public_key_info())?;
        let algorithm = certificate.signature_algorithm();
        key.issues_with(algorithm)?;
        if algorithm != certificate.tbs_certificate().signature() {
            return Err(Refusal::AlgorithmRefused);
        }
        let signed = certificate.tbs_certificate().to_der().map_err(|_| Refusal::CertificateMalformed)?;
        let signature = certificate.signature().as_bytes().ok_or(Refusal::ChainSignatureWrong)?;
        if key.signed(&signed, signature) { Ok(()) } else { Err(Refusal::ChainSignatureWrong) }
    }
}

/// The key identifier of the root that a certificate says it is from.
pub(crate) fn issuer_key_id(certificate: &Certificate) -> Option<Vec<u8>> {
    let (_, identifier) = extension::<AuthorityKeyIdentifier>(certificate).ok()??;
    Some(identifier.key_identifier?.as_bytes().to_vec())
}

/// When a certificate ends.
pub(crate) fn ends_ms(certificate: &Certificate) -> u64 {
    ms(certificate.tbs_certificate().validity().not_after)
}

fn profile(certificate: &Certificate) -> Result<(), Refusal> {
    let extensions = certificate.tbs_certificate().extensions().ok_or(Refusal::CertificateMalformed)?;
    if extensions.iter().any(|extension| extension.critical && !KNOWN.contains(&extension.extn_id)) {
        return Err(Refusal::UnknownCriticalExtension);
    }
    if extension::<BasicConstraints>(certificate)?.is_some_and(|(_, constraints)| constraints.ca) {
        return Err(Refusal::IsACa);
    }
    match extension::<KeyUsage>(certificate)? {
        Some((true, usage)) if usage.digital_signature() && usage.non_repudiation() && !usage.key_cert_sign() => {}
        Some(_) | None => return Err(Refusal::NotForSigning),
    }
    let policies = extension::<CertificatePolicies>(certificate)?.ok_or(Refusal::OtherPolicy)?.1;
    if policies.0.iter().any(|policy| policy.policy_identifier == SIGNATURE_POLICY) {
        Ok(())
    } else {
        Err(Refusal::OtherPolicy)
    }
}

/// One extension, and whether it is critical. Twice the same is malformed.
pub(crate) fn extension<'c, T: Decode<'c> + AssociatedOid>(
    certificate: &'c Certificate,
) -> Result<Option<(bool, T)>, Refusal> {
    certificate.tbs_certificate().get_extension::<T>().map_err(|_| Refusal::CertificateMalformed)
}

fn ms(time: x509_cert::time::Time) -> u64 {
    u64::try_from(time.to_unix_duration().as_millis()).unwrap_or(u64::MAX)
}

//! The signed message (CMS, RFC 5652): one signer, named by issuer and number, who signed exactly the challenge.
//!
//! Two advisories of 2026 on open implementations say what is forgotten: a signer chosen by a key identifier, two signers,
//! no signed attributes, a message digest that nobody compares.

use cms::cert::CertificateChoices;
use cms::content_info::ContentInfo;
use cms::signed_data::{SignedData, SignerIdentifier, SignerInfo};
use x509_cert::Certificate;
use x509_cert::attr::Attribute;
use x509_cert::der::asn1::OctetString;
use x509_cert::der::oid::ObjectIdentifier;
use x509_cert::der::{Decode as _, Encode as _};

use crate::key::{Hash, Key};
use crate::refusal::Refusal;

const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
/// Certificates in one message: the signer's, and perhaps the root.
const MOST_CERTIFICATES: usize = 4;

/// A message whose form is right; its signature is not checked yet.
pub(crate) struct Signed {
    signer: SignerInfo,
    /// The signed attributes as they are signed.
    attributes: Vec<u8>,
    digest: Vec<u8>,
    content: Vec<u8>,
    pub(crate) certificate: Certificate,
}

impl Signed {
    /// Reads a message about `challenge`, the content itself inside it or left out.
    pub(crate) fn read(bytes: &[u8], challenge: &[u8]) -> Result<Signed, Refusal> {
        let info = ContentInfo::from_der(bytes).map_err(|_| Refusal::CmsMalformed)?;
        if info.content_type != SIGNED_DATA {
            return Err(Refusal::CmsMalformed);
        }
        let data: SignedData = info.content.decode_as().map_err(|_| Refusal::CmsMalformed)?;
        let mut signers = data.signer_infos.0.iter();
        let (Some(signer), None) = (signers.next(), signers.next()) else { return Err(Refusal::SeveralSigners) };
        let SignerIdentifier::IssuerAndSerialNumber(who) = &signer.sid else { return Err(Refusal::SignerByKeyId) };
        if data.encap_content_info.econtent_type != DATA {
            return Err(Refusal::ContentOther);
        }
        if let Some(content) = &data.encap_content_info.econtent {
            let content = content.decode_as::<OctetString>().map_err(|_| Refusal::CmsMalformed)?;
            if content.as_bytes() != challenge {
                return Err(Refusal::ContentOther);
            }
        }
        let certificates = data.certificates.as_ref().ok_or(Refusal::CertificateMissing)?;
        if certificates.0.len() > MOST_CERTIFICATES {
            return Err(Refusal::CmsMalformed);
        }
        let of_signer = |choice: &CertificateChoices| match choice {
            CertificateChoices::Certificate(certificate) => {
                let tbs = certificate.tbs_certificate();
                (tbs.issuer() == &who.issuer && tbs.serial_number() == &who.serial_number).then(|| certificate.clone())
            }
            CertificateChoices::Other(_) => None,
        };
        let certificate = certificates.0.iter().find_map(of_signer).ok_or(Refusal::CertificateMissing)?;
        let signed = signer.signed_attrs.as_ref().ok_or(Refusal::NoSignedAttributes)?;
        let one = |oid| one_value(signed.iter(), oid);
        let kind = one(CONTENT_TYPE)?.decode_as::<ObjectIdentifier>();
        if kind.map_err(|_| Refusal::SignedAttributesMalformed)? != DATA {
            return Err(Refusal::SignedAttributesMalformed);
        }
        let digest = one(MESSAGE_DIGEST)?.decode_as::<OctetString>().map_err(|_| Refusal::SignedAttributesMalformed)?;
        let attributes = signed.to_der().map_err(|_| Refusal::SignedAttributesMalformed)?;
        Ok(Signed {
            signer: signer.clone(),
            attributes,
            digest: digest.as_bytes().to_vec(),
            content: challenge.to_vec(),
            certificate,
        })
    }

    /// Whether the key of its certificate signed it.
    pub(crate) fn check(&self, key: &Key) -> Result<(), Refusal> {
        let hash = Hash::of(&self.signer.digest_alg)?;
        if hash != key.hash() {
            return Err(Refusal::AlgorithmRefused);
        }
        key.takes(&self.signer.signature_algorithm)?;
        if hash.digest(&self.content) != self.digest {
            return Err(Refusal::DigestMismatch);
        }
        if key.signed(&self.attributes, self.signer.signature.as_bytes()) {
            Ok(())
        } else {
            Err(Refusal::SignatureWrong)
        }
    }
}

/// The one value of a signed attribute that has to be there once.
fn one_value<'a>(
    attributes: impl Iterator<Item = &'a Attribute>,
    oid: ObjectIdentifier,
) -> Result<&'a x509_cert::der::Any, Refusal> {
    let mut found = attributes.filter(|attribute| attribute.oid == oid);
    let (Some(attribute), None) = (found.next(), found.next()) else { return Err(Refusal::SignedAttributesMalformed) };
    let mut values = attribute.values.iter();
    match (values.next(), values.next()) {
        (Some(value), None) => Ok(value),
        (_, _) => Err(Refusal::SignedAttributesMalformed),
    }
}

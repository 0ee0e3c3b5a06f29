//! Who certifies, and cards that sign.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};

use super::der::{bits, context, integer, octets, oid, sequence, set, sorted, time, tlv, utf8, yes};
use super::key::{Algorithm, Key, rsa_info};

const DAY_MS: i64 = 86_400_000;
const YEAR_MS: i64 = 365 * DAY_MS;
const ATTRIBUTE: &str = "1.2.392.200149.8.5.5";

fn key_id(info: &[u8]) -> Vec<u8> {
    digest(&SHA256, info).as_ref()[..20].to_vec()
}

fn name(parts: &[(&str, &str)]) -> Vec<u8> {
    let part = |(kind, text): &(&str, &str)| {
        let value = if *kind == "2.5.4.6" { tlv(0x13, text.as_bytes()) } else { utf8(text) };
        set(vec![sequence(&[&oid(kind), &value])])
    };
    tlv(0x30, &parts.iter().map(part).collect::<Vec<_>>().concat())
}

fn extension(kind: &str, critical: bool, value: &[u8]) -> Vec<u8> {
    let flag = if critical { yes() } else { Vec::new() };
    sequence(&[&oid(kind), &flag, &octets(value)])
}

/// How somebody who certifies is to be; the default is right.
#[derive(Clone, Debug)]
pub struct CertifierPlan {
    /// Of its key.
    pub algorithm: Algorithm,
    /// In its name; `TEST ONLY` by default.
    pub mark: String,
    /// Milliseconds since 1970.
    pub from_ms: i64,
    /// Milliseconds since 1970.
    pub until_ms: i64,
    /// Whether its certificate says that it may certify.
    pub is_ca: bool,
}

impl CertifierPlan {
    /// Ten years around `now_ms`.
    pub fn new(algorithm: Algorithm, now_ms: i64) -> CertifierPlan {
        let (from_ms, until_ms) = (now_ms - 5 * YEAR_MS, now_ms + 5 * YEAR_MS);
        CertifierPlan { algorithm, mark: "TEST ONLY".to_owned(), from_ms, until_ms, is_ca: true }
    }
}

/// A root that issues people's certificates directly.
pub struct Certifier {
    pub(super) key: Key,
    pub(super) name: Vec<u8>,
    pub(super) key_id: Vec<u8>,
    pub(super) certificate: Vec<u8>,
}

impl Certifier {
    /// Draws a key and signs its own certificate.
    pub fn new(plan: &CertifierPlan) -> Certifier {
        let key = Key::new(plan.algorithm);
        let name = name(&[
            ("2.5.4.6", "JP"),
            ("2.5.4.10", "JPKI"),
            ("2.5.4.11", "JPKI for digital signature"),
            ("2.5.4.11", &plan.mark),
        ]);
        let key_id = key_id(&key.info());
        let mut extensions = vec![extension("2.5.29.15", true, &bits(1, &[0x06]))];
        if plan.is_ca {
            extensions.push(extension("2.5.29.19", true, &sequence(&[&yes()])));
        }
        extensions.push(extension("2.5.29.14", false, &octets(&key_id)));
        let tbs = tbs(&[1], &key, &name, (plan.from_ms, plan.until_ms), &name, &key.info(), &extensions);
        let certificate = certified(&tbs, &key);
        Certifier { key, name, key_id, certificate }
    }

    /// DER.
    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// Issues a certificate to a new card.
    pub fn issue(&self, holder: &Holder, plan: &CardPlan) -> Card {
        let key = Key::new(plan.algorithm);
        let info = if plan.weak_key { weak_info() } else { key.info() };
        let subject = name(&[
            ("2.5.4.6", "JP"),
            ("2.5.4.7", &holder.prefecture),
            ("2.5.4.7", &holder.municipality),
            ("2.5.4.3", &format!("{:x}TEST", plan.serial)),
        ]);
        let usage = if plan.for_logging_in { bits(7, &[0x80]) } else { bits(6, &[0xc0]) };
        let policy = if plan.for_logging_in { "1.2.392.200149.8.5.1.3.30" } else { "1.2.392.200149.8.5.1.1.20" };
        let mut extensions = vec![
            extension("2.5.29.15", true, &usage),
            extension("2.5.29.32", true, &sequence(&[&sequence(&[&oid(policy)])])),
            extension("2.5.29.17", false, &holder.names()),
            extension(
                "2.5.29.31",
                false,
                &sequence(&[&sequence(&[&context(0, &context(0, &context(4, &self.name)))])]),
            ),
            extension("2.5.29.35", false, &sequence(&[&tlv(0x80, &self.key_id)])),
        ];
        if plan.is_ca {
            extensions.push(extension("2.5.29.19", true, &sequence(&[&yes()])));
        }
        if plan.unknown_critical {
            extensions.push(extension("1.2.392.200149.9.9.9", true, &utf8("?")));
        }
        let serial = plan.serial.to_be_bytes();
        let forger = plan.forged.then(|| Key::new(plan.algorithm));
        let signer = forger.as_ref().unwrap_or(&self.key);
        let tbs = tbs(&serial, signer, &self.name, (plan.from_ms, plan.until_ms), &subject, &info, &extensions);
        let certificate = certified(&tbs, signer);
        Card { key, issuer: self.name.clone(), serial: serial.to_vec(), key_id: key_id(&info), certificate }
    }
}

/// The public half of an RSA key of 1024 bits: nobody has drawn it, since keys so short are not drawn any more.
fn weak_info() -> Vec<u8> {
    let mut modulus = [0x5a; 128];
    (modulus[0], modulus[127]) = (0xc1, 0x01);
    rsa_info(&sequence(&[&integer(&modulus), &integer(&[1, 0, 1])]))
}

fn tbs(
    serial: &[u8],
    signer: &Key,
    issuer: &[u8],
    (from_ms, until_ms): (i64, i64),
    subject: &[u8],
    info: &[u8],
    extensions: &[Vec<u8>],
) -> Vec<u8> {
    sequence(&[
        &context(0, &integer(&[2])),
        &integer(serial),
        &signer.signs_with(),
        issuer,
        &sequence(&[&time(from_ms), &time(until_ms)]),
        subject,
        info,
        &context(3, &tlv(0x30, &extensions.concat())),
    ])
}

fn certified(tbs: &[u8], signer: &Key) -> Vec<u8> {
    sequence(&[tbs, &signer.signs_with(), &bits(0, &signer.sign(tbs))])
}

/// Whose card it is: invented.
#[derive(Clone, Debug)]
pub struct Holder {
    /// Family and given name with U+3000 between.
    pub name: String,
    /// A digit for each character.
    pub name_flags: String,
    /// `1`, `2` or `3`.
    pub sex: String,
    /// Era digit and Gregorian date.
    pub birth: String,
    /// From the prefecture on.
    pub address: String,
    /// A digit for each character.
    pub address_flags: String,
    /// Of the subject.
    pub prefecture: String,
    /// Of the subject.
    pub municipality: String,
}

impl Holder {
    /// 加賀 花子, born 1985-04-01.
    pub fn hanako() -> Holder {
        Holder {
            name: "加賀　花子".to_owned(),
            name_flags: "00000".to_owned(),
            sex: "2".to_owned(),
            birth: "319850401".to_owned(),
            address: "石川県加賀市大聖寺南町ニ41".to_owned(),
            address_flags: "0".repeat(14),
            prefecture: "Ishikawa-ken".to_owned(),
            municipality: "Kaga-shi".to_owned(),
        }
    }

    /// As alternative names, in the order of real cards.
    fn names(&self) -> Vec<u8> {
        let other = |number: u8, text: &str| {
            context(0, &[oid(&format!("{ATTRIBUTE}.{number}")), context(0, &utf8(text))].concat())
        };
        let Holder { name, name_flags, sex, birth, address, address_flags, .. } = self;
        let names = [(1, name), (4, birth), (3, sex), (5, address), (2, name_flags), (6, address_flags)];
        tlv(0x30, &names.iter().map(|(number, text)| other(*number, text)).collect::<Vec<_>>().concat())
    }
}

/// How a card's certificate is to be; the default is right.
#[derive(Clone, Debug)]
pub struct CardPlan {
    /// Of its key.
    pub algorithm: Algorithm,
    /// Its number.
    pub serial: u64,
    /// Milliseconds since 1970.
    pub from_ms: i64,
    /// Milliseconds since 1970.
    pub until_ms: i64,
    /// A certificate for logging in instead of signing.
    pub for_logging_in: bool,
    /// Says that it may certify.
    pub is_ca: bool,
    /// Signed by a key that says it is the root's.
    pub forged: bool,
    /// A key of 1024 bits.
    pub weak_key: bool,
    /// Something critical that nobody knows.
    pub unknown_critical: bool,
}

impl CardPlan {
    /// Five years around `now_ms`.
    pub fn new(algorithm: Algorithm, serial: u64, now_ms: i64) -> CardPlan {
        CardPlan {
            algorithm,
            serial,
            from_ms: now_ms - YEAR_MS,
            until_ms: now_ms + 4 * YEAR_MS,
            for_logging_in: false,
            is_ca: false,
            forged: false,
            weak_key: false,
            unknown_critical: false,
        }
    }
}

/// How a message is to be signed; the default is right.
#[derive(Clone, Debug, Default)]
pub struct SignPlan {
    /// The content is left out.
    pub detached: bool,
    /// The signer is named by its key instead of issuer and number.
    pub by_key_id: bool,
    /// The same signer twice.
    pub twice: bool,
    /// Without signed attributes: the content itself is signed.
    pub no_attributes: bool,
    /// The digest of something else.
    pub other_digest: bool,
    /// SHA-1.
    pub old_hash: bool,
    /// Without the certificate.
    pub no_certificate: bool,
}

/// A card with its key.
pub struct Card {
    pub(super) key: Key,
    pub(super) issuer: Vec<u8>,
    pub(super) serial: Vec<u8>,
    pub(super) key_id: Vec<u8>,
    pub(super) certificate: Vec<u8>,
}

impl Card {
    /// DER.
    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// A card that uses its own key to certify another, as if it were a root.
    pub fn certifies(self, holder: &Holder, plan: &CardPlan) -> Card {
        let name = self.issuer.clone();
        let root = Certifier { key: self.key, name, key_id: self.key_id, certificate: self.certificate };
        root.issue(holder, plan)
    }

    /// Signs a content: CMS in DER.
    pub fn sign(&self, content: &[u8], plan: &SignPlan) -> Vec<u8> {
        let data = oid("1.2.840.113549.1.7.1");
        let hash_name =
            if plan.old_hash { sequence(&[&oid("1.3.14.3.2.26"), &tlv(5, &[])]) } else { self.key.hash_name() };
        let digest_of = |bytes: &[u8]| {
            if plan.old_hash {
                digest(&SHA1_FOR_LEGACY_USE_ONLY, bytes).as_ref().to_vec()
            } else {
                self.key.hash(bytes)
            }
        };
        let message_digest = if plan.other_digest { digest_of(b"something else") } else { digest_of(content) };
        let attribute = |kind: &str, value: Vec<u8>| sequence(&[&oid(kind), &set(vec![value])]);
        let attributes = sorted(vec![
            attribute("1.2.840.113549.1.9.3", data.clone()),
            attribute("1.2.840.113549.1.9.4", octets(&message_digest)),
        ]);
        let (kept, signature) = if plan.no_attributes {
            (Vec::new(), self.key.sign(content))
        } else {
            (context(0, &attributes), self.key.sign(&tlv(0x31, &attributes)))
        };
        let (version, who) = if plan.by_key_id {
            (3, tlv(0x80, &self.key_id))
        } else {
            (1, sequence(&[&self.issuer, &integer(&self.serial)]))
        };
        let signer =
            sequence(&[&integer(&[version]), &who, &hash_name, &kept, &self.key.signs_with(), &octets(&signature)]);
        let mut signers = vec![signer];
        if plan.twice {
            // The same signer with another signature: a set has no element twice.
            let other = sequence(&[
                &integer(&[version]),
                &who,
                &hash_name,
                &kept,
                &self.key.signs_with(),
                &octets(&vec![7; signature.len()]),
            ]);
            signers.push(other);
        }
        let inside = if plan.detached { Vec::new() } else { context(0, &octets(content)) };
        let certificates = if plan.no_certificate { Vec::new() } else { context(0, &self.certificate) };
        let signed = sequence(&[
            &integer(&[version]),
            &set(vec![hash_name.clone()]),
            &sequence(&[&data, &inside]),
            &certificates,
            &set(signers),
        ]);
        sequence(&[&oid("1.2.840.113549.1.7.2"), &context(0, &signed)])
    }
}

//! Ids of what the hub knows besides money. Money's ids are in `tebura_ledger`.

pub use tebura_ledger::ServiceRequestId;
use tebura_ledger::typed_id;

typed_id! {
    /// A payment: recognition, hold and capture seen as one.
    PaymentId, "pay_"
}
typed_id! {
    /// A person who may have a face, instruments and a PIN.
    PersonId, "person_"
}
typed_id! {
    /// A means to pay of one person.
    InstrumentId, "inst_"
}
typed_id! {
    /// A shop or a municipal office that is paid.
    MerchantId, "mrc_"
}
typed_id! {
    /// A device of a merchant where people pay.
    TillId, "till_"
}
typed_id! {
    /// A caller's key; the id is public, the secret is not stored.
    ApiKeyId, "key_"
}
typed_id! {
    /// A short permission to enrol one live face.
    CaptureSessionId, "cap_"
}
typed_id! {
    /// A set of people among whom a till may look.
    GalleryId, "gal_"
}
typed_id! {
    /// Where a merchant wants its events.
    WebhookEndpointId, "whe_"
}
typed_id! {
    /// One enrolled template of a person.
    ReferenceId, "ref_"
}
typed_id! {
    /// A contract that runs.
    ContractId, "ctr_"
}
typed_id! {
    /// Somebody who signs statements.
    PartyId, "pty_"
}
typed_id! {
    /// A public key of a party; what a signature calls `kid`.
    PartyKeyId, "pk_"
}
typed_id! {
    /// That one person answers for another.
    GuardianLinkId, "grd_"
}
typed_id! {
    /// One attempt of a person to prove who she is.
    ProofingId, "prf_"
}
typed_id! {
    /// What a person said once about one purpose.
    ConsentId, "cns_"
}
typed_id! {
    /// A ticket that opens the enrolment page once.
    EnrolmentId, "enr_"
}
typed_id! {
    /// What a person asks about her own data.
    RightsRequestId, "rgt_"
}

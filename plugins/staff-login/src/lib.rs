//! The use of a company's terminals by its staff: by face, for those who agreed to it, or by card, for everybody alike.
//!
//! The company's head office answers for it. A face opens a terminal and does nothing else: the gallery `staff` holds who
//! agreed, nobody else is looked for, and who takes the consent back is out of it at once and goes on with the card. Nothing
//! is said of hours of work, and no session tells how somebody was recognised but its own record. Absent: passwords,
//! and what the terminal does once it is open.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use tebura_plugin::service::*;

/// Who agreed to be looked for.
const STAFF: &str = "staff";

#[derive(Deserialize)]
struct Settings {
    /// The roles that may use each terminal.
    terminals: BTreeMap<String, Vec<String>>,
    roles: BTreeMap<String, BTreeMap<String, String>>,
    session_minutes: u64,
    /// The consent's wording, by its version.
    consent_version: String,
}

#[derive(Deserialize)]
struct Employ {
    role: String,
}

#[derive(Deserialize)]
struct Consent {
    agreed: bool,
    version: Option<String>,
}

#[derive(Deserialize)]
struct Unlock {
    terminal: String,
}

/// What the service keeps of somebody.
#[derive(Clone, Default, Serialize, Deserialize)]
struct Member {
    role: String,
    /// The version that she agreed to; none: her face is not used.
    agreed: Option<String>,
    /// The terminals that are open for her.
    open: BTreeSet<String>,
}

/// Who uses a terminal.
#[derive(Clone, Serialize, Deserialize)]
struct Session {
    request: String,
    subject: String,
    terminal: String,
    until: Millis,
}

#[derive(Default, Serialize)]
struct Said {
    permitted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    terminal: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    minutes: Option<u64>,
    /// How to go on where the face does not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    other_ways: Vec<&'static str>,
}

#[derive(Default, Serialize)]
struct Kept {
    employed: bool,
    face: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

/// The terminals of one company.
#[derive(Debug, Default)]
pub struct StaffLogin;

impl Service for StaffLogin {
    fn describe(&self) -> Description {
        let kept = include_str!("../schemas/member-output.json");
        let unlock = Action::new("unlock")
            .title("ja", "端末の使用開始")
            .title("en", "Use a terminal")
            .input(include_str!("../schemas/unlock-input.json"))
            .output(include_str!("../schemas/unlock-output.json"))
            .recognised_by(["face", "card", "qr"])
            .message("lock", include_str!("../schemas/lock-message.json"));
        let consent = Action::new("consent")
            .title("ja", "顔認証への同意・撤回")
            .title("en", "Agree to the face, or not any more")
            .input(include_str!("../schemas/consent-input.json"))
            .output(kept)
            .recognised_by(["card", "qr", "face"]);
        let employ = Action::new("employ")
            .title("ja", "従業員の登録")
            .title("en", "Register a member of the staff")
            .input(include_str!("../schemas/employ-input.json"))
            .output(kept)
            .recognised_by(["staff", "card"]);
        let leave = Action::new("leave")
            .title("ja", "退職・抹消")
            .title("en", "Leave the company")
            .output(kept)
            .recognised_by(["staff", "card"]);
        let check = Action::new("check")
            .title("ja", "使用許可の確認")
            .title("en", "Whether a terminal may be used")
            .input(include_str!("../schemas/unlock-input.json"))
            .output(include_str!("../schemas/unlock-output.json"));
        let all = Description::new(include_str!("../schemas/settings.json"));
        all.action(check).action(unlock).action(consent).action(employ).action(leave)
    }

    fn handle(&self, request: &Request) -> Next {
        let answered = match request.action.as_str() {
            "unlock" => request.settings().and_then(|settings| Ok(unlock(request, &settings, &request.input()?))),
            "check" => request.settings().and_then(|settings| Ok(check(request, &settings, &request.input()?))),
            "consent" => request.settings().and_then(|settings| Ok(consent(request, &settings, &request.input()?))),
            "employ" => request.settings().and_then(|settings| Ok(employ(request, &settings, request.input()?))),
            "leave" => Ok(leave(request)),
            other => Err(Fault::new("staff.action_unknown", format!("there is no action {other:?}"))),
        };
        answered.unwrap_or_else(|why| fail(why.code, why.message))
    }

    fn on_timer(&self, request: &Request, at: &Tag) -> Next {
        lock(request, at, "timed_out")
    }

    fn on_message(&self, request: &Request, at: &Tag, _: &Message) -> Next {
        lock(request, at, "locked")
    }
}

fn unlock(request: &Request, settings: &Settings, asked: &Unlock) -> Next {
    let refused = |reason: &'static str| {
        let other_ways = if reason == "no_consent" { vec!["card", "qr"] } else { Vec::new() };
        let told = serde_json::json!({ "terminal": asked.terminal, "reason": reason, "by": request.recognised_by });
        done(&Said { reason: Some(reason), other_ways, ..Said::default() }).tell("staff.refused", &told)
    };
    let Some(roles) = settings.terminals.get(&asked.terminal) else { return refused("terminal_unknown") };
    let Some((subject, member)) = member(request) else { return refused("not_staff") };
    // A card beside the face is a way of its own: then the face decides nothing.
    let by_face_alone = request.recognised_by.iter().all(|way| way == "face");
    if by_face_alone && member.agreed.as_ref() != Some(&settings.consent_version) {
        return refused("no_consent");
    }
    if !roles.contains(&member.role) {
        return refused("role");
    }
    let before = session(&asked.terminal).filter(|before| before.until > request.now);
    if before.is_some_and(|before| before.subject != subject) {
        return refused("in_use");
    }
    let minutes = settings.session_minutes;
    let until = request.now + minutes * 60_000;
    let terminal = asked.terminal.clone();
    let own = Session { request: request.id.clone(), subject: subject.clone(), terminal, until };
    let said = Said {
        permitted: true,
        terminal: Some(asked.terminal.clone()),
        role: settings.roles.get(&member.role).cloned(),
        minutes: Some(minutes),
        ..Said::default()
    };
    let mut member = member;
    member.open.insert(asked.terminal.clone());
    let told = serde_json::json!({ "terminal": asked.terminal, "role": member.role, "by": request.recognised_by });
    wait_until(until)
        .showing(&said)
        .then_with("open", &own)
        .put(session_key(&asked.terminal), json(&own))
        .put(member_key(&subject), json(&member))
        .tell("staff.unlocked", &told)
}

/// For the terminal: who left the company does not go on with a session.
fn check(request: &Request, settings: &Settings, asked: &Unlock) -> Next {
    let terminal = Some(asked.terminal.clone());
    if !settings.terminals.contains_key(&asked.terminal) {
        return done(&Said { reason: Some("terminal_unknown"), terminal, ..Said::default() });
    }
    let Some(session) = session(&asked.terminal).filter(|session| session.until > request.now) else {
        return done(&Said { reason: Some("locked"), terminal, ..Said::default() });
    };
    let minutes = Some((session.until - request.now).div_ceil(60_000));
    done(&Said { permitted: true, terminal, minutes, ..Said::default() })
}

fn lock(request: &Request, at: &Tag, reason: &'static str) -> Next {
    let own = match at.value::<Session>() {
        Ok(own) => own,
        Err(why) => return fail(why.code, why.message),
    };
    let told = serde_json::json!({ "terminal": own.terminal, "reason": reason });
    let said = Said { reason: Some(reason), terminal: Some(own.terminal.clone()), ..Said::default() };
    let next = done(&said).tell("staff.locked", &told);
    // She may have unlocked it again meanwhile, by another request.
    if session(&own.terminal).is_none_or(|now| now.request != request.id) {
        return next;
    }
    let next = next.remove(session_key(&own.terminal));
    match find(&own.subject) {
        Some(mut member) => {
            member.open.remove(&own.terminal);
            next.put(member_key(&own.subject), json(&member))
        }
        None => next,
    }
}

fn employ(request: &Request, settings: &Settings, asked: Employ) -> Next {
    let Some(subject) = &request.subject else { return kept(None, Some("nobody")) };
    if !settings.roles.contains_key(&asked.role) {
        return kept(find(subject).as_ref(), Some("role_unknown"));
    }
    let member = Member { role: asked.role, ..find(subject).unwrap_or_default() };
    let told = serde_json::json!({ "role": member.role });
    kept(Some(&member), None).put(member_key(subject), json(&member)).tell("staff.employed", &told)
}

/// The consent is the employee's own: not the face that it is about shows who gives it.
fn consent(request: &Request, settings: &Settings, asked: &Consent) -> Next {
    let Some((subject, mut member)) = member(request) else { return kept(None, Some("not_staff")) };
    if !asked.agreed {
        member.agreed = None;
        let next = kept(Some(&member), None).put(member_key(&subject), json(&member)).dismiss(STAFF);
        return next.tell("staff.withdrew", &serde_json::json!({ "version": settings.consent_version }));
    }
    if request.recognised_by.iter().all(|way| way == "face") {
        return kept(Some(&member), Some("not_by_the_face_itself"));
    }
    if asked.version.as_ref() != Some(&settings.consent_version) {
        return kept(Some(&member), Some("version_differs"));
    }
    member.agreed = asked.version.clone();
    let next = kept(Some(&member), None).put(member_key(&subject), json(&member)).admit(STAFF);
    next.tell("staff.consented", &serde_json::json!({ "version": settings.consent_version }))
}

fn leave(request: &Request) -> Next {
    let Some((subject, member)) = member(request) else { return kept(None, Some("not_staff")) };
    let next = kept(None, None).remove(member_key(&subject)).dismiss(STAFF);
    // At most as many terminals as a step may write.
    let open = member.open.iter().take(8);
    open.fold(next, |next, terminal| next.remove(session_key(terminal)))
        .tell("staff.left", &serde_json::json!({ "role": member.role }))
}

fn kept(member: Option<&Member>, reason: Option<&'static str>) -> Next {
    let face = member.is_some_and(|member| member.agreed.is_some());
    done(&Kept { employed: member.is_some(), face, reason })
}

/// Whoever asks, where she is of the staff.
fn member(request: &Request) -> Option<(String, Member)> {
    let subject = request.subject.clone()?;
    let member = find(&subject)?;
    Some((subject, member))
}

fn find(subject: &str) -> Option<Member> {
    kv::get(&member_key(subject)).and_then(|bytes| serde_json::from_slice(&bytes).ok())
}

fn session(terminal: &str) -> Option<Session> {
    kv::get(&session_key(terminal)).and_then(|bytes| serde_json::from_slice(&bytes).ok())
}

fn member_key(subject: &str) -> String {
    format!("member/{subject}")
}

fn session_key(terminal: &str) -> String {
    format!("session/{terminal}")
}

fn json<T: Serialize>(value: &T) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

tebura_plugin::export_service!(StaffLogin);

//! What the desk has to look at. Nobody is refused for it, and nothing is put right silently.

use tebura_plugin::service::*;

use crate::patient::Patient;
use crate::visit::Visit;

/// Who is younger comes with a guardian (civil code, article 4).
const MAJORITY: i64 = 18;

/// Reasons to look, by their words: `name_differs`, `birth_date_differs`, `insurance_differs`, `minor_alone`.
pub(crate) fn of(request: &Request, known: &Patient, visit: &Visit) -> Vec<String> {
    let proven =
        |name: &str| request.claim(name).filter(|claim| claim.source == "proven").map(|own| own.value.as_str());
    let proven_birth = proven("birth_date").and_then(Day::parse);
    let stored = known.insurance.as_ref();
    let told = visit.certificate.as_ref();
    let birth = told.and_then(|told| told.birth_date);

    // Where another character stands for one that the card's chip cannot hold, names differ without a reason.
    let is_exact = proven("name_substituted") != Some("true");
    let name = told.and_then(|told| told.name.as_deref()).zip(proven("name").filter(|_| is_exact));
    let name_differs = name.is_some_and(|(told, proven)| without_spaces(told) != without_spaces(proven));
    let others = [proven_birth, stored.map(|own| own.birthdate)];
    let birth_differs = birth.is_some_and(|birth| others.into_iter().flatten().any(|other| other != birth));
    let numbers = told.and_then(|told| told.insurance.as_ref()).zip(stored);
    let insurance_differs = numbers.is_some_and(|(told, stored)| !told.is_of_the_same(stored));
    let born = birth.or(proven_birth).or(stored.map(|own| own.birthdate));
    let minor = born.is_some_and(|born| Day::of(request.now).age_of(born) < MAJORITY);

    let all = [
        ("name_differs", name_differs),
        ("birth_date_differs", birth_differs),
        ("insurance_differs", insurance_differs),
        ("minor_alone", minor && visit.guardian == "none"),
    ];
    all.iter().filter(|(_, holds)| *holds).map(|(word, _)| (*word).to_owned()).collect()
}

fn without_spaces(name: &str) -> String {
    name.chars().filter(|c| !c.is_whitespace()).collect()
}

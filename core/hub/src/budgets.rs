//! How near a face has to be: the false identifications that an operator accepts, divided among those who are searched.
//!
//! The rate is a transaction's; the gallery is counted at each search, so that the threshold follows it as it grows, and a
//! search among too many is refused. Absent: the arithmetic (`tebura_face`), and where the rates are written.

use std::collections::BTreeMap;

use tebura_face::{BudgetError, DerivedThreshold, FalseMatchBudget, MatchPolicy, Similarity};

use crate::hub::Hub;
use crate::ids::{GalleryId, TillId};
use crate::sites::Till;

/// The rates that an operator accepts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Budgets {
    /// Where nothing else is said; `None`: the threshold of the pack.
    pub default: Option<FalseMatchBudget>,
    /// Of tills that have their own.
    pub tills: BTreeMap<TillId, FalseMatchBudget>,
}

/// Who searches, as far as a rate may be its own.
#[derive(Clone, Copy, Debug)]
pub enum Searcher<'a> {
    Till(TillId),
    /// A service, by name.
    Service(&'a str),
}

/// How near a face has to be in a gallery as it is now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SearchRule {
    /// The operator accepts no rate: the pack's own threshold, whatever the gallery's size.
    Pack(MatchPolicy),
    /// What follows from the rate.
    Derived { policy: MatchPolicy, derived: DerivedThreshold },
}

impl SearchRule {
    /// The least similarity and the least lead.
    pub fn policy(&self) -> &MatchPolicy {
        match self {
            SearchRule::Pack(policy) | SearchRule::Derived { policy, .. } => policy,
        }
    }
}

/// A search as an operator may look at it.
#[derive(Clone, Debug)]
pub struct SearchShown {
    pub gallery: GalleryId,
    /// What a probe is compared with there now.
    pub templates: u64,
    pub rate: Option<FalseMatchBudget>,
    pub rule: Result<SearchRule, BudgetError>,
}

impl SearchShown {
    /// Most templates that the rate allows with this pack, where it says.
    pub fn largest(&self) -> Option<u64> {
        match &self.rule {
            Ok(SearchRule::Derived { derived, .. }) => Some(derived.largest_gallery()),
            Err(BudgetError::GalleryTooLarge { largest, .. }) => Some(*largest),
            Ok(SearchRule::Pack(_)) | Err(_) => None,
        }
    }
}

impl Hub {
    /// Sets the rates that the operator accepts, from the next search on.
    pub fn set_budgets(&self, budgets: Budgets) {
        *self.budgets.write().unwrap_or_else(std::sync::PoisonError::into_inner) = budgets;
    }

    /// The rates that the operator accepts.
    pub fn budgets(&self) -> Budgets {
        self.budgets.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    /// The rate that counts for a till or a service.
    pub fn budget_of(&self, searcher: Searcher<'_>) -> Option<FalseMatchBudget> {
        let budgets = self.budgets.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        let own = match searcher {
            Searcher::Till(till) => budgets.tills.get(&till).copied(),
            Searcher::Service(name) => self.service(name).and_then(|service| service.config.false_match_rate),
        };
        own.or(budgets.default)
    }

    /// How near a face has to be in a gallery as it is now.
    ///
    /// # Errors
    /// The gallery is empty or too large for the pack, or nothing was measured of the pack.
    pub fn search_rule(&self, rate: Option<FalseMatchBudget>, gallery: GalleryId) -> Result<SearchRule, BudgetError> {
        let pack = self.pack();
        let Some(rate) = rate else { return Ok(SearchRule::Pack(pack.policy)) };
        let derived =
            pack.curve.as_ref().ok_or(BudgetError::NoCurve)?.derive(rate, self.galleries.templates(gallery))?;
        let threshold = derived.threshold().value();
        let policy = derived.policy(pack.policy.margin()).map_err(|_| BudgetError::Curve { threshold })?;
        Ok(SearchRule::Derived { policy, derived })
    }

    /// How near two faces have to be to be taken for one person's when a face is enrolled: what the accepted rate says of a
    /// search among everybody, and where the pack was not measured on so many, the strictest that was measured.
    pub(crate) fn same_face(&self) -> Similarity {
        let pack = self.pack();
        let (rate, curve) = (self.budgets().default, pack.curve.as_ref());
        match rate.zip(curve) {
            None => pack.policy.threshold(),
            Some((rate, curve)) => curve
                .derive(rate, self.galleries.len())
                .map_or_else(|_| curve.strictest(), |derived| derived.threshold()),
        }
    }

    /// The same with its figures.
    pub fn show_search(&self, searcher: Searcher<'_>, gallery: GalleryId) -> SearchShown {
        let rate = self.budget_of(searcher);
        SearchShown {
            gallery,
            templates: self.galleries.templates(gallery),
            rate,
            rule: self.search_rule(rate, gallery),
        }
    }

    /// How a gallery is searched where nothing is said of a till or service.
    pub fn show_default_search(&self, gallery: GalleryId) -> SearchShown {
        let rate = self.budgets().default;
        SearchShown {
            gallery,
            templates: self.galleries.templates(gallery),
            rate,
            rule: self.search_rule(rate, gallery),
        }
    }

    /// Whether a till may look among those who are in its gallery now. An empty gallery is none too large.
    ///
    /// # Errors
    /// See [`Hub::search_rule`].
    pub fn check_till_search(&self, till: &Till) -> Result<(), BudgetError> {
        self.check_search(Searcher::Till(till.id), till.gallery)
    }

    /// The same of any searcher.
    ///
    /// # Errors
    /// See [`Hub::search_rule`].
    pub fn check_search(&self, searcher: Searcher<'_>, gallery: GalleryId) -> Result<(), BudgetError> {
        match self.search_rule(self.budget_of(searcher), gallery) {
            Ok(_) | Err(BudgetError::EmptyGallery) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

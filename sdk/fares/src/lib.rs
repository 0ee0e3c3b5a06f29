//! Fares of buses and trains, in whole yen.
//!
//! [`compile`] reads one route's fares from a GTFS feed, in either of its ways (`fare_attributes.txt` and `fare_rules.txt`, which
//! GTFS-JP requires, or Fares v2), and says what is wrong with file and line. The [`FareTable`] goes into a service's settings;
//! [`reduce()`] applies an operator's [`Reduction`]s in the order and with the rounding of the policy. Absent: transfers between
//! routes, fares by the time of day, files and archives (texts are passed in), who somebody is.

mod compile;
mod csv;
mod pairs;
mod problem;
mod reduce;
mod table;
mod v1;
mod v2;

pub use compile::{Compiled, Files, compile};
pub use problem::{Problem, What};
pub use reduce::{Party, Priced, Reduced, Reduction, Rounding, RoundingTime, price, reduce};
pub use table::{FareTable, Stop, TableProblem};

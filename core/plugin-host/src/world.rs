//! The worlds that this host runs: their names, what their components export, which tables their manifests have.

use std::fmt;

/// What a plugin is for: the WIT world that its component implements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum World {
    /// Moves money at a far end.
    Rail,
    /// The same, and the far end calls back.
    RailWithNotices,
    /// Proves who somebody is.
    Identity,
    /// Serves people in a city or a shop.
    Service,
}

impl World {
    /// Every world, in the order of the manifest's schema.
    pub const ALL: [World; 4] = [World::Rail, World::RailWithNotices, World::Identity, World::Service];

    /// Package, world and version, as manifests and keyrings write it.
    pub fn name(self) -> &'static str {
        match self {
            World::Rail => "tebura:rail/rail-plugin@1.0.0",
            World::RailWithNotices => "tebura:rail/rail-plugin-with-notices@1.0.0",
            World::Identity => "tebura:identity/identity-plugin@1.0.0",
            World::Service => "tebura:service/service-plugin@1.0.0",
        }
    }

    /// The world of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|world| world.name() == name)
    }

    /// Whether a newer version of this world can take the place of one of `older`.
    pub(crate) fn replaces(self, older: World) -> bool {
        // Whether it is a rail, or what else; not whether it is also called back.
        self.tables().first() == older.tables().first()
    }

    /// What a component exports, no more and no less.
    pub(crate) fn exports(self) -> &'static [&'static str] {
        match self {
            World::Rail => &["tebura:rail/rail@1.0.0"],
            World::RailWithNotices => &["tebura:rail/rail@1.0.0", "tebura:rail/notices@1.0.0"],
            World::Identity => &["tebura:identity/proofing@1.0.0"],
            World::Service => &["tebura:service/service@1.0.0"],
        }
    }

    /// The tables that its manifest has and those of other worlds have not.
    pub(crate) fn tables(self) -> &'static [&'static str] {
        match self {
            World::Rail => &["rail", "money"],
            World::RailWithNotices => &["rail", "money", "notices"],
            World::Identity => &["identity"],
            World::Service => &["service"],
        }
    }
}

impl fmt::Display for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

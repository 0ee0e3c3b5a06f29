//! Which addresses a binding may reach, and the resolver that enforces it.
//!
//! A name is resolved once for each connection, the answers are filtered here, and the connection is made to
//! what is left: no second look-up can swap the address after the check. What is absent: a cache of names.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;

use async_trait::async_trait;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Where a binding's connections may end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Globally routed addresses only.
    Public,
    /// The machine itself only: a sandbox provider.
    Loopback,
    /// These ranges only: a partner's private network.
    Ranges(Vec<AddressRange>),
}

impl Reach {
    /// True if a connection to `address` may be made.
    pub fn allows(&self, address: IpAddr) -> bool {
        match self {
            Reach::Public => is_public(address),
            Reach::Loopback => address.is_loopback(),
            Reach::Ranges(ranges) => ranges.iter().any(|range| range.contains(address)),
        }
    }
}

/// A block of addresses, written as `10.20.0.0/16`. An IPv4 block never matches an IPv4-mapped IPv6 address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressRange {
    network: IpAddr,
    prefix: u8,
}

/// Why a text is not an address range.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an address range; write it as 10.20.0.0/16, with no address bit set after the prefix")]
pub struct AddressRangeError(String);

impl FromStr for AddressRange {
    type Err = AddressRangeError;

    fn from_str(text: &str) -> Result<AddressRange, AddressRangeError> {
        parse_range(text).ok_or_else(|| AddressRangeError(text.to_owned()))
    }
}

fn parse_range(text: &str) -> Option<AddressRange> {
    let (address, prefix) = text.split_once('/')?;
    let network: IpAddr = address.parse().ok()?;
    let prefix: u8 = prefix.parse().ok()?;
    let (bits, width) = bits_of(network);
    (prefix <= width && bits & !mask(prefix, width) == 0).then_some(AddressRange { network, prefix })
}

impl AddressRange {
    /// True if `address` is of the same family and lies in the block.
    pub fn contains(&self, address: IpAddr) -> bool {
        if self.network.is_ipv4() != address.is_ipv4() {
            return false;
        }
        let (network, width) = bits_of(self.network);
        let (bits, _) = bits_of(address);
        bits & mask(self.prefix, width) == network
    }
}

fn bits_of(address: IpAddr) -> (u128, u8) {
    match address {
        IpAddr::V4(address) => (u128::from(address.to_bits()), 32),
        IpAddr::V6(address) => (address.to_bits(), 128),
    }
}

fn mask(prefix: u8, width: u8) -> u128 {
    let all = if width == 32 { u128::from(u32::MAX) } else { u128::MAX };
    let host_bits = u32::from(width - prefix);
    all & u128::MAX.checked_shl(host_bits).unwrap_or(0)
}

/// IPv4 blocks that are not the public Internet (IANA special-purpose registry), plus Azure's metadata server.
const NOT_PUBLIC_V4: [(Ipv4Addr, u8); 17] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(168, 63, 129, 16), 32),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
    (Ipv4Addr::new(255, 255, 255, 255), 32),
];

/// Parts of 2000::/3 that are not plain global unicast: IETF protocols and Teredo, documentation, 6to4.
const NOT_PUBLIC_V6: [(Ipv6Addr, u8); 4] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

/// IPv6 outside 2000::/3 is refused as a whole: loopback, unique local, link-local, multicast, NAT64 (`64:ff9b::/96`)
/// and IPv4-mapped (`::ffff:0:0/96`) all lie there, so a form that nobody thought of fails closed.
fn is_public(address: IpAddr) -> bool {
    let blocked = |network: IpAddr, prefix: u8| AddressRange { network, prefix }.contains(address);
    match address {
        IpAddr::V4(_) => !NOT_PUBLIC_V4.iter().any(|(network, prefix)| blocked((*network).into(), *prefix)),
        IpAddr::V6(v6) => {
            v6.segments()[0] & 0xe000 == 0x2000
                && !NOT_PUBLIC_V6.iter().any(|(network, prefix)| blocked((*network).into(), *prefix))
        }
    }
}

/// Turns a name into addresses. Replaced in tests to play a hostile name server.
#[async_trait]
pub trait Lookup: Send + Sync {
    /// Every address of `name`, in the order to try them.
    async fn addresses(&self, name: &str) -> std::io::Result<Vec<IpAddr>>;
}

/// The operating system's resolver.
pub struct SystemLookup;

#[async_trait]
impl Lookup for SystemLookup {
    async fn addresses(&self, name: &str) -> std::io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect())
    }
}

/// Every address of a name lies outside what the binding may reach.
#[derive(Debug, thiserror::Error)]
#[error("every address of the endpoint's host is outside what its binding may reach")]
pub(crate) struct NoAllowedAddress;

/// Hands only allowed addresses to the connector.
pub(crate) struct CheckedResolver {
    /// An address of any of them will do.
    pub(crate) reaches: Vec<Reach>,
    pub(crate) lookup: Arc<dyn Lookup>,
}

impl Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let reaches = self.reaches.clone();
        let lookup = Arc::clone(&self.lookup);
        Box::pin(async move {
            let found = lookup.addresses(name.as_str()).await?;
            // Port 0 lets the connector fill in the origin's port.
            let is_allowed = |ip: &IpAddr| reaches.iter().any(|reach| reach.allows(*ip));
            let allowed: Vec<SocketAddr> =
                found.into_iter().filter(is_allowed).map(|ip| SocketAddr::new(ip, 0)).collect();
            if allowed.is_empty() {
                return Err(NoAllowedAddress.into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

impl fmt::Display for AddressRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.network, self.prefix)
    }
}

//! Which addresses a webhook may go to: those that anybody on the internet could reach, so that a user cannot make Herald
//! knock at doors inside its own network.
//!
//! Invariant: the address that was checked is the one that is connected to. A name is resolved once, all its addresses are
//! checked, and nobody resolves it again; so a name that points elsewhere a moment later gains nothing.
//!
//! It works by allowing, not by forbidding: of IPv6 only what is assigned as global unicast, and addresses that carry an IPv4
//! one inside only if that one would do.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use url::{Host, Url};

/// Why a URL is no place for webhooks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadUrl {
    #[error("the URL cannot be read; it looks like https://shop.example/hooks")]
    Unreadable,
    #[error("a webhook goes to an https: URL")]
    NotHttps,
    #[error("a webhook's URL holds no user name or password; the signature says who is calling")]
    Credentials,
    #[error("the URL's address is not a public one")]
    Private,
}

/// Why a URL that reads well cannot be called now.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error(transparent)]
    Url(#[from] BadUrl),
    #[error("the name {0} cannot be resolved")]
    Unresolvable(String),
}

/// Checks URLs and addresses. With `allow_private` (a test bench, a closed network) any address does, and plain http.
#[derive(Clone, Copy, Debug)]
pub struct Guard {
    allow_private: bool,
}

impl Guard {
    pub fn new(allow_private: bool) -> Self {
        Self { allow_private }
    }

    /// What can be said of a URL as it stands, without asking anybody.
    pub fn check(self, url: &str) -> Result<Url, BadUrl> {
        let url = Url::parse(url).map_err(|_| BadUrl::Unreadable)?;
        match url.scheme() {
            "https" => {}
            "http" if self.allow_private => {}
            _ => return Err(BadUrl::NotHttps),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(BadUrl::Credentials);
        }
        // The parser has turned every way of writing an IPv4 address (decimal, octal, short) into the usual one.
        let good = match url.host() {
            None => return Err(BadUrl::Unreadable),
            Some(Host::Domain(_)) => true,
            Some(Host::Ipv4(ip)) => self.admits(ip.into()),
            Some(Host::Ipv6(ip)) => self.admits(ip.into()),
        };
        if good { Ok(url) } else { Err(BadUrl::Private) }
    }

    /// The addresses to connect to. One that is not public spoils them all: an honest receiver has none such.
    pub async fn resolve(self, url: &str) -> Result<(Url, Vec<SocketAddr>), Refused> {
        let url = self.check(url)?;
        let port = url.port_or_known_default().ok_or(BadUrl::Unreadable)?;
        let found: Vec<SocketAddr> = match url.host().ok_or(BadUrl::Unreadable)? {
            Host::Ipv4(ip) => vec![(ip, port).into()],
            Host::Ipv6(ip) => vec![(ip, port).into()],
            Host::Domain(name) => {
                let unresolvable = || Refused::Unresolvable(name.to_owned());
                tokio::net::lookup_host((name, port)).await.map_err(|_| unresolvable())?.collect()
            }
        };
        if found.is_empty() {
            return Err(Refused::Unresolvable(url.host_str().unwrap_or_default().to_owned()));
        }
        if found.iter().all(|address| self.admits(address.ip())) {
            Ok((url, found))
        } else {
            Err(BadUrl::Private.into())
        }
    }

    fn admits(self, ip: IpAddr) -> bool {
        self.allow_private || is_public(ip)
    }
}

fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

/// All but the special-purpose blocks of IANA's registry (RFC 6890 and what came after it).
fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let special = matches!(
        (a, b, c),
        (0 | 10 | 127, _, _)            // this network; private; loopback
            | (100, 64..=127, _)        // carriers' own NAT
            | (169, 254, _)             // link-local, and clouds' metadata
            | (172, 16..=31, _)         // private
            | (192, 0, 0 | 2)           // protocol assignments; documentation
            | (192, 88, 99)             // 6to4 relays
            | (192, 168, _)             // private
            | (198, 18 | 19, _)         // benchmarks
            | (198, 51, 100)            // documentation
            | (203, 0, 113)             // documentation
            | (224..=255, _, _) // multicast; reserved; broadcast
    );
    !special
}

/// Global unicast without the parts of it that have a meaning of their own, and NAT64 of a public IPv4 address.
fn is_public_v6(ip: Ipv6Addr) -> bool {
    let [a, b, ..] = ip.segments();
    let inner = |from: usize| {
        let octets = ip.octets();
        Ipv4Addr::new(octets[from], octets[from + 1], octets[from + 2], octets[from + 3])
    };
    match (a, b) {
        (0x64, 0xff9b) => ip.segments()[2..6] == [0; 4] && is_public_v4(inner(12)), // NAT64
        (0x2001, 0..=0x1ff) => false,                                               // Teredo and other assignments
        (0x2001, 0xdb8) => false,                                                   // documentation
        (0x2002, _) => is_public_v4(inner(2)),                                      // 6to4
        (0x3fff, 0..=0xfff) => false,                                               // documentation
        (0x2000..=0x3fff, _) => true,
        // Unspecified, loopback, IPv4-mapped, unique-local, link-local, multicast and whatever is not assigned.
        _ => false,
    }
}

#[cfg(test)]
mod tests;

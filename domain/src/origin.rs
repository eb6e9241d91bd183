//! Web origins (RFC 6454): which pages may call. Scheme, host and port, compared by parts.

use std::fmt;
use std::str::FromStr;

/// `http://` or `https://`, a host, perhaps a port.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Origin {
    https: bool,
    /// Lower case; an IPv6 address in brackets.
    host: String,
    port: u16,
}

#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("an origin is http:// or https:// with a host and perhaps a port, e.g. https://app.example.org")]
pub struct BadOrigin;

impl FromStr for Origin {
    type Err = BadOrigin;

    fn from_str(text: &str) -> Result<Self, BadOrigin> {
        let (https, authority) = match text.trim().split_once("://") {
            Some(("http", authority)) => (false, authority),
            Some(("https", authority)) => (true, authority),
            _ => return Err(BadOrigin),
        };
        let (host, port) = split_host(authority).ok_or(BadOrigin)?;
        Ok(Self { https, host, port: port.unwrap_or(default_port(https)) })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.https { "https" } else { "http" };
        write!(f, "{scheme}://{}", self.host)?;
        if self.port == default_port(self.https) { Ok(()) } else { write!(f, ":{}", self.port) }
    }
}

impl Origin {
    /// Whether a page of this origin came from the host that it now talks to (a `Host` header's value). Behind a proxy that
    /// ends TLS this process sees plain HTTP, so either scheme is taken.
    pub fn is_of_host(&self, header: &str) -> bool {
        split_host(header)
            .is_some_and(|(host, port)| host == self.host && port.unwrap_or(default_port(self.https)) == self.port)
    }

    pub fn is_loopback(&self) -> bool {
        is_loopback_name(&self.host)
    }
}

/// The names of this machine that are taken, and no other (127.0.0.2 or a name that resolves here is not).
pub fn is_loopback_name(host: &str) -> bool {
    matches!(host, "localhost" | "127.0.0.1" | "[::1]")
}

/// `host[:port]` as the host in lower case and the port; `None` if it is anything else.
pub fn split_host(text: &str) -> Option<(String, Option<u16>)> {
    let end = if text.starts_with('[') { text.find(']')? + 1 } else { text.find(':').unwrap_or(text.len()) };
    let (host, rest) = text.split_at(end);
    let port = match rest.strip_prefix(':') {
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => Some(digits.parse().ok()?),
        Some(_) => return None,
        None if rest.is_empty() => None,
        None => return None,
    };
    let good = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~[]:".contains(&byte);
    if host.is_empty() || !host.bytes().all(good) {
        return None;
    }
    Some((host.to_ascii_lowercase(), port))
}

fn default_port(https: bool) -> u16 {
    if https { 443 } else { 80 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_compared_by_parts() {
        let origin = |text: &str| text.parse::<Origin>();
        assert_eq!(origin("https://A.example"), origin("https://a.example:443"));
        assert_ne!(origin("https://a.example"), origin("http://a.example"));
        assert_eq!(origin("http://[::1]:5173").unwrap().to_string(), "http://[::1]:5173");
        assert_eq!(origin("https://a.example:443").unwrap().to_string(), "https://a.example");
        let bad = ["", "null", "*", "a.example", "ftp://a", "https://u@a", "https://a/", "https://a/x", "https://a:x"];
        for bad in bad.into_iter().chain(["https://", "https://a:", "https://a:99999", "http://[::1", "https://a b"]) {
            assert_eq!(origin(bad), Err(BadOrigin), "{bad:?}");
        }
    }

    #[test]
    fn a_page_is_of_the_host_that_it_came_from() {
        let page = "https://a.example".parse::<Origin>().unwrap();
        assert!(page.is_of_host("a.example") && page.is_of_host("A.example:443"));
        assert!(!page.is_of_host("a.example:444") && !page.is_of_host("b.example") && !page.is_of_host(""));
        assert!("http://localhost:1".parse::<Origin>().unwrap().is_loopback());
        assert!(!"http://localhost.evil.example".parse::<Origin>().unwrap().is_loopback());
    }
}

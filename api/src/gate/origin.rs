//! Origins (RFC 6454) and the public address, parsed once and compared by parts.

use std::str::FromStr;

use axum::http::Uri;
use axum::http::uri::Authority;

/// Scheme, host and port of a site.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Origin {
    https: bool,
    /// Lower case; IPv6 in brackets.
    host: String,
    port: u16,
}

#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "an origin is http:// or https:// with a host and perhaps a port, and nothing after, e.g. https://app.example.org"
)]
pub struct BadOrigin;

impl FromStr for Origin {
    type Err = BadOrigin;

    fn from_str(text: &str) -> Result<Self, BadOrigin> {
        let uri: Uri = text.trim().parse().map_err(|_| BadOrigin)?;
        let bare = uri.path_and_query().is_none_or(|rest| rest.as_str() == "/") && !text.trim().ends_with('/');
        let origin = Self::of_uri(&uri).ok_or(BadOrigin)?;
        if bare { Ok(origin) } else { Err(BadOrigin) }
    }
}

impl Origin {
    fn of_uri(uri: &Uri) -> Option<Self> {
        let https = match uri.scheme_str()? {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let authority = uri.authority().filter(|authority| !authority.as_str().contains('@'))?;
        Some(Self { https, host: authority.host().to_ascii_lowercase(), port: port_of(authority, https)? })
    }

    /// Whether a page of this origin came from the host that it now talks to. Behind a proxy that ends TLS this process
    /// sees plain HTTP, so either scheme is taken.
    pub(crate) fn is_of_host(&self, host: &Authority) -> bool {
        host.host().eq_ignore_ascii_case(&self.host) && port_of(host, self.https) == Some(self.port)
    }

    pub(crate) fn is_loopback(&self) -> bool {
        host_is_loopback(&self.host)
    }
}

/// The port of an authority; `None` if what stands there is no port.
fn port_of(authority: &Authority, https: bool) -> Option<u16> {
    let written = authority.as_str().len() > authority.host().len();
    match (written, authority.port_u16()) {
        (true, port) => port,
        (false, _) => Some(if https { 443 } else { 80 }),
    }
}

/// The names of this machine that are taken, and no other (127.0.0.2 or a name that resolves here is not).
pub(crate) fn host_is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host == "127.0.0.1" || host == "[::1]"
}

/// `HERALD_PUBLIC_URL`: where users reach the server, perhaps below a path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PublicUrl {
    /// Without a slash at the end.
    text: String,
    origin: Origin,
}

#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a public URL is http:// or https:// with a host, perhaps a port and a path, e.g. https://judge.example.org")]
pub struct BadPublicUrl;

impl FromStr for PublicUrl {
    type Err = BadPublicUrl;

    fn from_str(text: &str) -> Result<Self, BadPublicUrl> {
        let text = text.trim().trim_end_matches('/');
        let uri: Uri = text.parse().map_err(|_| BadPublicUrl)?;
        if uri.query().is_some() || text.contains('#') {
            return Err(BadPublicUrl);
        }
        let origin = Origin::of_uri(&uri).ok_or(BadPublicUrl)?;
        Ok(Self { text: text.to_owned(), origin })
    }
}

impl PublicUrl {
    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub fn origin(&self) -> Origin {
        self.origin.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_compared_by_parts() {
        let origin = |text: &str| text.parse::<Origin>();
        assert_eq!(origin("https://A.example"), origin("https://a.example:443"));
        assert_ne!(origin("https://a.example"), origin("http://a.example"));
        let host: Authority = "a.example".parse().unwrap();
        assert!(origin("https://a.example").unwrap().is_of_host(&host));
        assert!(!origin("https://a.example:444").unwrap().is_of_host(&host));
        for bad in ["", "null", "*", "a.example", "ftp://a", "https://u@a", "https://a/", "https://a/x", "https://a:x"]
        {
            assert_eq!(origin(bad), Err(BadOrigin), "{bad:?}");
        }
    }

    #[test]
    fn a_public_url_may_have_a_path_and_loses_its_last_slash() {
        let url: PublicUrl = "https://a.example/judge/".parse().unwrap();
        assert_eq!(url.as_str(), "https://a.example/judge");
        for bad in ["", "a.example", "https://", "https://a?x=1", "https://a/#x", "amqp://a"] {
            assert_eq!(bad.parse::<PublicUrl>(), Err(BadPublicUrl), "{bad:?}");
        }
    }
}

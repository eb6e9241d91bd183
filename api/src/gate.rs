//! From where a request may come: which `Host` is ours, which `Origin` may change things, and who plainly sits at this
//! machine. The same rules hold for every route, with a key or without.
//!
//! The threat: any web page that a user visits can send requests to 127.0.0.1, under a name of its own (DNS rebinding: its
//! `Host` gives it away) or across origins (its `Origin` does). Neither may reach what the guest of `herald up` may do.

pub(crate) mod cors;
pub(crate) mod public_url;

use axum::http::header::{HOST, ORIGIN, VIA};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, Uri};

use crate::Mode;
use crate::error::{ApiError, Code, Result};
use herald_domain::origin::{Origin, is_loopback_name};
use public_url::PublicUrl;

pub(crate) struct Gate {
    mode: Mode,
    public_url: Option<PublicUrl>,
    allowed: Vec<Origin>,
}

/// What a request's `Origin` comes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Site {
    /// No `Origin`: not a page's script, or a page's plain GET.
    Unnamed,
    Allowed,
    Foreign,
}

impl Gate {
    pub(crate) fn new(mode: Mode, public_url: Option<PublicUrl>, allowed: Vec<Origin>) -> Self {
        Self { mode, public_url, allowed }
    }

    /// The host and port that the request is for; an error if there is none, more than one, or one that is not ours.
    pub(crate) fn host(&self, uri: &Uri, headers: &HeaderMap) -> Result<Authority> {
        let authority = authority(uri, headers)?;
        match self.mode {
            Mode::Keyed => Ok(authority),
            Mode::Loopback { port } if is_loopback(&authority, port) || self.is_public(&authority) => Ok(authority),
            Mode::Loopback { .. } => Err(ApiError::plain(Code::ForeignHost)),
        }
    }

    /// The address that URLs in answers begin with.
    pub(crate) fn base_url(&self, host: Option<&Authority>) -> String {
        match (&self.public_url, host) {
            (Some(public), _) => public.as_str().to_owned(),
            (None, Some(host)) => format!("http://{host}"),
            (None, None) => String::new(),
        }
    }

    pub(crate) fn origin(&self, headers: &HeaderMap, host: &Authority) -> Site {
        let mut given = headers.get_all(ORIGIN).iter();
        let Some(value) = given.next() else { return Site::Unnamed };
        let origin = value.to_str().ok().and_then(|text| text.parse::<Origin>().ok());
        match origin {
            Some(origin) if given.next().is_none() && self.allows(&origin, host) => Site::Allowed,
            _ => Site::Foreign,
        }
    }

    fn allows(&self, origin: &Origin, host: &Authority) -> bool {
        origin.is_of_host(host.as_str())
            || self.public_url.as_ref().is_some_and(|public| public.origin() == *origin)
            || self.allowed.contains(origin)
            || (matches!(self.mode, Mode::Loopback { .. }) && origin.is_loopback())
    }

    /// Whether a request without a key is the guest's. `Err` says what is in the way.
    pub(crate) fn admits_guest(&self, headers: &HeaderMap, host: &Authority) -> std::result::Result<(), &'static str> {
        let Mode::Loopback { port } = self.mode else {
            return Err("send 'Authorization: Bearer <key>'");
        };
        if !is_loopback(host, port) {
            return Err("only requests to localhost, 127.0.0.1 or [::1] go without a key");
        }
        if self.origin(headers, host) == Site::Foreign {
            return Err("a page of another origin needs a key");
        }
        if headers.keys().any(is_from_a_proxy) {
            return Err("a request that came through a proxy needs a key");
        }
        Ok(())
    }

    fn is_public(&self, authority: &Authority) -> bool {
        self.public_url.as_ref().is_some_and(|public| public.origin().is_of_host(authority.as_str()))
    }
}

fn is_from_a_proxy(name: &HeaderName) -> bool {
    name == VIA || name == "forwarded" || name.as_str().starts_with("x-forwarded-")
}

/// From the request line if it is there (HTTP/2, absolute form), and then `Host` must not say otherwise.
fn authority(uri: &Uri, headers: &HeaderMap) -> Result<Authority> {
    let wrong = |detail| ApiError::new(Code::BadHeader, detail);
    let mut given = headers.get_all(HOST).iter();
    let header = given.next();
    if given.next().is_some() {
        return Err(wrong("the request has more than one Host header; send one"));
    }
    let parsed = header
        .map(|value| value.to_str().ok().and_then(|text| text.parse::<Authority>().ok()))
        .map(|parsed| parsed.filter(|a| !a.as_str().contains('@')).ok_or_else(|| wrong("the Host header is malformed")))
        .transpose()?;
    match (uri.authority(), parsed) {
        (Some(line), Some(header)) if !same(line, &header) => Err(ApiError::plain(Code::ForeignHost)),
        (Some(line), _) if line.as_str().contains('@') => Err(wrong("the request target is malformed")),
        (Some(line), _) => Ok(line.clone()),
        (None, Some(header)) => Ok(header),
        (None, None) => Err(wrong("the request has no Host header; send one")),
    }
}

fn same(a: &Authority, b: &Authority) -> bool {
    a.host().eq_ignore_ascii_case(b.host()) && a.port_u16() == b.port_u16()
}

fn is_loopback(authority: &Authority, port: u16) -> bool {
    is_loopback_name(&authority.host().to_ascii_lowercase()) && authority.port_u16().unwrap_or(80) == port
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect()
    }

    #[test]
    fn the_guest_sits_at_this_machine_and_nowhere_else() {
        let gate = Gate::new(Mode::Loopback { port: 8080 }, None, vec!["https://app.example".parse().unwrap()]);
        let admitted = |pairs: &[(&'static str, &str)]| {
            let headers = headers(pairs);
            gate.host(&Uri::from_static("/x"), &headers).is_ok_and(|host| gate.admits_guest(&headers, &host).is_ok())
        };
        for host in ["localhost:8080", "LocalHost:8080", "127.0.0.1:8080", "[::1]:8080"] {
            assert!(admitted(&[("host", host)]), "{host}");
        }
        for host in
            ["localhost", "localhost:8081", "evil.example:8080", "127.0.0.1.evil.example:8080", "127.0.0.2:8080"]
        {
            assert!(!admitted(&[("host", host)]), "{host}");
        }
        let own = ("host", "localhost:8080");
        for origin in ["http://localhost:8080", "http://localhost:5173", "http://[::1]:3000", "https://app.example"] {
            assert!(admitted(&[own, ("origin", origin)]), "{origin}");
        }
        for origin in ["null", "http://evil.example", "https://app.example.evil.example", "http://app.example", "x"] {
            assert!(!admitted(&[own, ("origin", origin)]), "{origin}");
        }
        for (name, value) in [("forwarded", "for=1.2.3.4"), ("x-forwarded-for", "1.2.3.4"), ("via", "1.1 proxy")] {
            assert!(!admitted(&[own, (name, value)]), "{name}");
        }
    }

    #[test]
    fn a_request_has_exactly_one_host() {
        let gate = Gate::new(Mode::Keyed, None, Vec::new());
        let code = |uri: &'static str, pairs: &[(&'static str, &str)]| {
            let mut map = HeaderMap::new();
            for (name, value) in pairs {
                map.append(HeaderName::from_static(name), value.parse().unwrap());
            }
            gate.host(&Uri::from_static(uri), &map).map(|a| a.to_string()).map_err(|e| e.code())
        };
        assert_eq!(code("/", &[("host", "a.example")]), Ok("a.example".to_owned()));
        assert_eq!(code("http://a.example/", &[("host", "a.example")]), Ok("a.example".to_owned()));
        assert_eq!(code("http://a.example/", &[("host", "b.example")]), Err(Code::ForeignHost));
        assert_eq!(code("/", &[]), Err(Code::BadHeader));
        assert_eq!(code("/", &[("host", "a"), ("host", "b")]), Err(Code::BadHeader));
        assert_eq!(code("/", &[("host", "u@a")]), Err(Code::BadHeader));
    }
}

//! Which web pages may connect: browsers do not keep a foreign page from opening a WebSocket (CWE-1385), so the server does.

use axum::http::{HeaderMap, header};
use herald_domain::origin::Origin;

/// The sites that may connect beside the server's own.
#[derive(Clone, Default, Debug)]
pub struct Origins {
    listed: Vec<Origin>,
    /// Pages from this machine, whatever their port: for `herald up`, so that a development server may connect.
    loopback: bool,
}

impl Origins {
    /// `listed` as in `HERALD_ALLOWED_ORIGINS`; with `loopback`, pages of localhost, 127.0.0.1 and `[::1]` too.
    pub fn new(listed: Vec<Origin>, loopback: bool) -> Self {
        Self { listed, loopback }
    }

    /// Whether the request may connect. Without an `Origin` it does not come from a web page.
    pub(crate) fn allow(&self, headers: &HeaderMap) -> bool {
        let Some(origin) = headers.get(header::ORIGIN) else { return true };
        let Some(origin) = origin.to_str().ok().and_then(|text| text.parse::<Origin>().ok()) else { return false };
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        self.listed.contains(&origin)
            || (self.loopback && origin.is_loopback())
            || host.is_some_and(|host| origin.is_of_host(host))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(origin: &str, host: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if !origin.is_empty() {
            headers.insert(header::ORIGIN, origin.parse().unwrap());
        }
        headers.insert(header::HOST, host.parse().unwrap());
        headers
    }

    #[test]
    fn own_listed_and_loopback_pages_may_connect_and_no_others() {
        let fleet = Origins::new(vec!["https://app.example".parse().unwrap()], false);
        let up = Origins::new(Vec::new(), true);
        for (origin, host, in_fleet, in_up) in [
            ("", "a.example", true, true),
            ("https://a.example", "a.example", true, true),
            ("http://a.example:8080", "a.example:8080", true, true),
            ("https://app.example", "a.example", true, false),
            ("https://app.example:444", "a.example", false, false),
            ("https://evil.example", "a.example", false, false),
            ("http://localhost:5173", "127.0.0.1:8080", false, true),
            ("http://localhost.evil.example", "127.0.0.1:8080", false, false),
            ("null", "a.example", false, false),
        ] {
            let request = request(origin, host);
            assert_eq!((fleet.allow(&request), up.allow(&request)), (in_fleet, in_up), "{origin} to {host}");
        }
    }
}

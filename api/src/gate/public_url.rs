//! `HERALD_PUBLIC_URL`, parsed once.

use std::str::FromStr;

use herald_domain::origin::Origin;

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
        if text.contains(['?', '#']) {
            return Err(BadPublicUrl);
        }
        let authority_at = text.find("://").map_or(0, |at| at + 3);
        let end = text[authority_at..].find('/').map_or(text.len(), |at| authority_at + at);
        let origin = text[..end].parse().map_err(|_| BadPublicUrl)?;
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
    fn a_public_url_may_have_a_path_and_loses_its_last_slash() {
        let url: PublicUrl = "https://a.example/judge/".parse().unwrap();
        assert_eq!(url.as_str(), "https://a.example/judge");
        for bad in ["", "a.example", "https://", "https://a?x=1", "https://a/#x", "amqp://a"] {
            assert_eq!(bad.parse::<PublicUrl>(), Err(BadPublicUrl), "{bad:?}");
        }
    }
}

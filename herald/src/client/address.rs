//! Where a server is and which key opens it: `HERALD_URL` and `HERALD_TOKEN`, else what a running server left in its
//! data folder. The key of the folder is sent only to the address of the folder.

use std::fmt;
use std::path::{Path, PathBuf};

use hyper::Uri;

use super::{Error, Result};

/// Where `herald up` listens unless told otherwise.
pub const DEFAULT_URL: &str = "http://127.0.0.1:8080";
/// The file in the data folder that holds a running server's address.
pub const URL_FILE: &str = "url";
/// The file in the data folder that holds a running server's admin key (mode 0600).
pub const KEY_FILE: &str = "admin.key";

/// Which server to talk to.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct Place {
    /// Address of the server [default: what a running server left in the data folder, else http://127.0.0.1:8080].
    #[arg(long, env = "HERALD_URL", value_name = "URL")]
    pub url: Option<String>,
    /// API key [default: the admin key of the data folder, for that folder's server only].
    #[arg(long, env = "HERALD_TOKEN", value_name = "KEY", hide_env_values = true)]
    pub token: Option<String>,
    /// Folder in which a running server leaves its address and admin key.
    #[arg(long, env = "HERALD_DATA", value_name = "FOLDER", default_value = "data")]
    pub data: PathBuf,
}

impl Place {
    /// The address, and the key if one is needed there.
    pub fn find(&self) -> Result<(Address, Option<String>)> {
        let left = read(&self.data, URL_FILE);
        let address = Address::parse(self.url.as_deref().or(left.as_deref()).unwrap_or(DEFAULT_URL))?;
        let local = left.as_deref().is_some_and(|url| Address::parse(url).is_ok_and(|left| left == address));
        let token = self.token.clone().filter(|token| !token.is_empty());
        let token = token.or_else(|| if local { read(&self.data, KEY_FILE) } else { None });
        Ok((address, token))
    }
}

/// The trimmed text of a file; `None` if it is absent, unreadable or empty.
fn read(folder: &Path, name: &str) -> Option<String> {
    let text = std::fs::read_to_string(folder.join(name)).ok()?;
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// `http://HOST:PORT[/PREFIX]`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Address {
    host: String,
    port: u16,
    prefix: String,
}

impl Address {
    pub fn parse(text: &str) -> Result<Self> {
        let uri: Uri = text.parse().map_err(|_| Error::Address(text.to_owned()))?;
        match uri.scheme_str() {
            Some("http" | "ws") => {}
            Some("https" | "wss") => return Err(Error::Tls(text.to_owned())),
            _ => return Err(Error::Address(text.to_owned())),
        }
        let host = uri.host().filter(|host| !host.is_empty()).ok_or_else(|| Error::Address(text.to_owned()))?;
        let prefix = uri.path().trim_end_matches('/').to_owned();
        Ok(Self { host: host.to_owned(), port: uri.port_u16().unwrap_or(80), prefix })
    }

    /// An absolute URL that the server gave, as the address to connect to and the path with its query.
    pub fn split(url: &str) -> Result<(Self, String)> {
        let uri: Uri = url.parse().map_err(|_| Error::Address(url.to_owned()))?;
        let path = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        let address = Self::parse(url)?;
        Ok((Self { prefix: String::new(), ..address }, path))
    }

    /// What a TCP connection is made to.
    pub fn socket(&self) -> (&str, u16) {
        (self.host.trim_start_matches('[').trim_end_matches(']'), self.port)
    }

    /// The `Host` header.
    pub fn authority(&self) -> String {
        if self.port == 80 { self.host.clone() } else { format!("{}:{}", self.host, self.port) }
    }

    /// The path of a request, below the address's own prefix.
    pub fn path(&self, path: &str) -> String {
        format!("{}{path}", self.prefix)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}{}", self.authority(), self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_http_with_a_host() {
        let plain = Address::parse("http://127.0.0.1:8080").unwrap();
        assert_eq!((plain.socket(), plain.path("/submit")), (("127.0.0.1", 8080), "/submit".to_owned()));
        let below = Address::parse("http://example.test/judge/").unwrap();
        assert_eq!(below.to_string(), "http://example.test/judge");
        assert_eq!((below.socket(), below.path("/submit")), (("example.test", 80), "/judge/submit".to_owned()));
        assert_eq!(Address::parse("http://[::1]:81").unwrap().socket(), ("::1", 81));
        assert!(matches!(Address::parse("https://example.test"), Err(Error::Tls(_))));
        for bad in ["", "127.0.0.1:8080", "ftp://example.test", "http://"] {
            assert!(matches!(Address::parse(bad), Err(Error::Address(_))), "{bad:?}");
        }
    }

    #[test]
    fn the_folder_names_the_server_and_its_key_goes_nowhere_else() {
        let folder = tempfile::tempdir().unwrap();
        let place = |url: Option<&str>| Place { url: url.map(Into::into), token: None, data: folder.path().into() };
        assert_eq!(place(None).find().unwrap().0.to_string(), DEFAULT_URL);
        std::fs::write(folder.path().join(URL_FILE), "http://127.0.0.1:9999\n").unwrap();
        std::fs::write(folder.path().join(KEY_FILE), "hk_1\n").unwrap();
        let (address, key) = place(None).find().unwrap();
        assert_eq!((address.to_string().as_str(), key.as_deref()), ("http://127.0.0.1:9999", Some("hk_1")));
        let (_, key) = place(Some("http://127.0.0.1:9999/")).find().unwrap();
        assert_eq!(key.as_deref(), Some("hk_1"));
        let (_, key) = place(Some("http://example.test:9999")).find().unwrap();
        assert_eq!(key, None, "the folder's key was about to leave for another server");
    }
}

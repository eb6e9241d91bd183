//! Settings of the adapter, and what makes them bad.

use herald_domain::money::Service;
use lapin::uri::{AMQPScheme, AMQPUri};

/// Names, bounds and manners of one broker handle. Every process of a fleet must agree on `prefix`, `delivery_limit` and
/// `queue_limit`: they are arguments of the queues.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RabbitConfig {
    /// First part of every exchange and queue name.
    pub prefix: String,
    /// Worker classes whose queues the publisher declares.
    pub classes: Vec<String>,
    /// Services that are told of transfers. The queue of one that is left out later stays, and fills to its limit, until somebody
    /// deletes it.
    pub services: Vec<Service>,
    /// Shown by RabbitMQ's own tools, with the connection's role behind it.
    pub connection_name: String,
    /// Deliveries after which a message falls through to the dead queue. Only a fuse: attempts are counted in the store.
    pub delivery_limit: u32,
    /// Messages that may be ready in one queue. More are refused by a class's queue; a service's drops the oldest for them.
    pub queue_limit: u32,
    /// Live messages that may wait for one subscription in this process; more are dropped.
    pub live_buffer: usize,
    /// Seconds between heartbeats, unless the URL says otherwise. A peer that is silent for twice as long is given up.
    pub heartbeat_s: u16,
}

impl Default for RabbitConfig {
    fn default() -> Self {
        Self {
            prefix: "herald".to_owned(),
            classes: vec!["any".to_owned()],
            services: Service::ALL.to_vec(),
            connection_name: "herald".to_owned(),
            delivery_limit: 50,
            queue_limit: 1_000_000,
            live_buffer: 10_000,
            heartbeat_s: 5,
        }
    }
}

/// Why the settings cannot work. Never contains the URL: it may hold a password.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ConnectError {
    #[error("the broker's URL cannot be read ({0}); it looks like amqp://user:password@host:5672/vhost")]
    Url(String),
    #[error("amqps: needs a build with the feature 'tls'; use amqp: or build with it")]
    NoTls,
    #[error("'{0}' cannot be part of a queue's name; use 1 to 64 letters, digits, '.', '_' or '-'")]
    Name(String),
}

/// Whether RabbitMQ names may be made from it, with room to spare in their 255 bytes.
pub(crate) fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

pub(crate) fn check(config: &RabbitConfig) -> Result<(), ConnectError> {
    let names = std::iter::once(&config.prefix).chain(&config.classes);
    names.into_iter().find(|name| !is_name(name)).map_or(Ok(()), |bad| Err(ConnectError::Name(bad.clone())))
}

/// Reads the URL. A path of `/` alone means the virtual host `/`, as people expect (strictly it would be the empty name).
pub(crate) fn parse(url: &str, heartbeat_s: u16) -> Result<AMQPUri, ConnectError> {
    let mut uri: AMQPUri = url.parse().map_err(ConnectError::Url)?;
    if uri.scheme == AMQPScheme::AMQPS && !cfg!(feature = "tls") {
        return Err(ConnectError::NoTls);
    }
    if let Some(host) = ipv6_host(url) {
        uri.authority.host = host.to_owned();
    }
    if uri.vhost.is_empty() {
        uri.vhost = "/".to_owned();
    }
    uri.query.heartbeat.get_or_insert(heartbeat_s);
    Ok(uri)
}

/// The parser takes `[::1]` for no host at all.
fn ipv6_host(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    host.strip_prefix('[')?.split_once(']').map(|(inside, _)| inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read_as_people_mean_them() {
        let uri = parse("amqp://u:p%40ss@[::1]:5673/", 5).unwrap();
        assert_eq!((uri.authority.host.as_str(), uri.authority.port, uri.vhost.as_str()), ("::1", 5673, "/"));
        assert_eq!(uri.authority.userinfo.password, "p@ss");
        assert_eq!(uri.query.heartbeat, Some(5));
        let uri = parse("amqp://broker.example/jobs?heartbeat=30", 5).unwrap();
        assert_eq!(
            (uri.authority.host.as_str(), uri.authority.port, uri.vhost.as_str()),
            ("broker.example", 5672, "jobs")
        );
        assert_eq!(uri.query.heartbeat, Some(30));
    }

    #[test]
    fn bad_settings_are_named_without_the_secret() {
        for bad in
            ["http://u:secret@host", "amqp", "amqp://u:secret@host:notaport/", "amqp://u:secret@host/?heartbeat=x"]
        {
            let error = parse(bad, 5).unwrap_err();
            assert!(matches!(error, ConnectError::Url(_)), "{bad}");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
        if !cfg!(feature = "tls") {
            assert_eq!(parse("amqps://host/", 5), Err(ConnectError::NoTls));
        }
        let config = RabbitConfig { classes: vec!["any".to_owned(), "a b".to_owned()], ..RabbitConfig::default() };
        assert_eq!(check(&config), Err(ConnectError::Name("a b".to_owned())));
    }
}

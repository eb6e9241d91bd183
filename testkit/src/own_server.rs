//! What servers of a test's own have in common: a port, and a user to run as.

use std::net::TcpListener;
use std::os::unix::fs::MetadataExt;
use std::sync::atomic::{AtomicU16, Ordering};

use anyhow::{Context, bail};

/// A port that stays free while its server is down: below those that the system hands out by itself. (A client that
/// knocks at a free port among those may by chance be given the same one, and then talks to itself and holds it.)
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = rand::random_range(0..SPAN);
    loop {
        let port = FIRST + (start + NEXT.fetch_add(1, Ordering::Relaxed) % SPAN) % SPAN;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

const FIRST: u16 = 20_000;
const SPAN: u16 = 12_000;

/// User and group that a server has to run as, which refuses to run as root: none where we are not root.
pub(crate) fn server_user(name: &str) -> anyhow::Result<Option<(u32, u32)>> {
    if std::fs::metadata("/proc/self")?.uid() != 0 {
        return Ok(None);
    }
    let passwd = std::fs::read_to_string("/etc/passwd")?;
    let fields = passwd.lines().map(|line| line.split(':').collect::<Vec<_>>()).find(|fields| fields[0] == name);
    let [_, _, uid, gid, ..] = fields.as_deref().with_context(|| format!("there is no user {name}"))? else {
        bail!("the line of {name} in /etc/passwd cannot be read");
    };
    Ok(Some((uid.parse()?, gid.parse()?)))
}

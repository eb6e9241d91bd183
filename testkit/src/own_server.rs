//! What servers of a test's own have in common: a port, and a user to run as.

use std::net::TcpListener;
use std::os::unix::fs::MetadataExt;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};

/// A port that stays free while its server is down: below those that the system hands out by itself. (A client that
/// knocks at a free port among those may by chance be given the same one, and then talks to itself and holds it.)
/// Never one twice in a test program, since servers that are down keep theirs; where it begins is drawn, since other
/// test programs may run beside it.
pub fn free_port() -> u16 {
    static START: LazyLock<u16> = LazyLock::new(|| rand::random_range(0..SPAN));
    static NEXT: AtomicU16 = AtomicU16::new(0);
    loop {
        let port = FIRST + (*START + NEXT.fetch_add(1, Ordering::Relaxed) % SPAN) % SPAN;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

const FIRST: u16 = 20_000;
const SPAN: u16 = 12_000;
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// Waits until every thread of a process group that was sent SIGSTOP has stopped.
pub(crate) async fn wait_until_stopped(group: u32) -> anyhow::Result<()> {
    let since = Instant::now();
    while !all_stopped(group)? {
        ensure!(since.elapsed() < STOP_TIMEOUT, "process group {group} does not stop");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    Ok(())
}

fn all_stopped(group: u32) -> anyhow::Result<bool> {
    let threads = std::fs::read_dir("/proc")?.flatten().filter_map(|process| {
        process.file_name().to_str()?.parse::<u32>().ok()?;
        std::fs::read_dir(process.path().join("task")).ok()
    });
    let stats = threads
        .flat_map(Iterator::flatten)
        .filter_map(|thread| std::fs::read_to_string(thread.path().join("stat")).ok());
    Ok(stats.filter_map(|stat| state_and_group(&stat)).all(|(state, of)| of != group || matches!(state, 'T' | 'Z')))
}

/// From a line of `/proc/PID/stat` (proc(5)): what follows the name, which is in brackets and may hold some itself.
fn state_and_group(stat: &str) -> Option<(char, u32)> {
    let mut fields = stat.rsplit_once(") ")?.1.split(' ');
    Some((fields.next()?.chars().next()?, fields.nth(1)?.parse().ok()?))
}

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

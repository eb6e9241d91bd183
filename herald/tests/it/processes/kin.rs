//! The processes below a process, as the kernel lists them: to see that a killed server leaves nothing running.

use std::collections::HashMap;
use std::process::{Command, Stdio};

/// Each by its id and its start time, so that a reused id is not mistaken for it.
pub struct Kin(Vec<(u32, u64)>);

struct Entry {
    state: char,
    parent: u32,
    started: u64,
}

impl Kin {
    pub fn below(ancestor: u32) -> Self {
        let entries: HashMap<u32, Entry> = all().into_iter().filter_map(|pid| Some((pid, entry(pid)?))).collect();
        let is_below = |pid: &u32| {
            let mut parents = std::iter::successors(Some(*pid), |pid| entries.get(pid).map(|entry| entry.parent));
            parents.any(|parent| parent == ancestor)
        };
        let mut kin: Vec<_> = entries.keys().copied().filter(is_below).filter(|pid| *pid != ancestor).collect();
        kin.sort_unstable();
        Self(kin.into_iter().map(|pid| (pid, entries[&pid].started)).collect())
    }

    /// Those that still run, for a message; `None` if none do.
    pub fn living(&self) -> Option<String> {
        let alive: Vec<_> = self.alive().map(|pid| format!("{pid} ({})", command_line(pid))).collect();
        (!alive.is_empty()).then(|| alive.join(", "))
    }

    pub fn kill(&self) {
        for pid in self.alive() {
            let _ = Command::new("kill").args(["-s", "KILL", &pid.to_string()]).stderr(Stdio::null()).status();
        }
    }

    fn alive(&self) -> impl Iterator<Item = u32> {
        self.0.iter().filter(|(pid, started)| is_alive(*pid, *started)).map(|(pid, _)| *pid)
    }
}

/// A zombie only waits for whoever inherited it.
fn is_alive(pid: u32, started: u64) -> bool {
    entry(pid).is_some_and(|entry| entry.started == started && !matches!(entry.state, 'Z' | 'X'))
}

/// Those that it started and that run.
pub fn children(parent: u32) -> Vec<u32> {
    let is_child =
        |pid: &u32| entry(*pid).is_some_and(|entry| entry.parent == parent && !matches!(entry.state, 'Z' | 'X'));
    all().into_iter().filter(is_child).collect()
}

fn all() -> Vec<u32> {
    let entries = std::fs::read_dir("/proc").unwrap();
    entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect()
}

/// proc(5), `/proc/pid/stat`: state is the third field, parent the fourth, start time the twenty-second.
fn entry(pid: u32) -> Option<Entry> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    Some(Entry {
        state: fields.first()?.chars().next()?,
        parent: fields.get(1)?.parse().ok()?,
        started: fields.get(19)?.parse().ok()?,
    })
}

fn command_line(pid: u32) -> String {
    let bytes = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&bytes).replace('\0', " ")
}

/// A process that has an argument which ends so; as it was called.
pub fn with_argument(end: &str) -> Option<String> {
    let mut called = all().into_iter().map(command_line);
    called.find(|line| line.split(' ').any(|word| word.ends_with(end)))
}

//! The machine: what it is, and whether others are using it.

use std::time::Duration;

use serde::Serialize;

/// Share of all cores that others may use before a round counts as disturbed.
const OTHERS_MAY_USE: f64 = 0.15;
/// How long that is looked at, and how long a round waits for it.
const LOOK: Duration = Duration::from_millis(300);
const LOOKS: usize = 20;
/// Sockets of one measure, and room for everything else.
const OPEN_FILES: u64 = 16_384;

#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Machine {
    pub cpu: String,
    pub cores: usize,
    pub memory_gib: u64,
    pub kernel: String,
}

pub fn describe() -> Machine {
    let cpu_info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let memory = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    Machine {
        cpu: field(&cpu_info, "model name").unwrap_or("unknown").to_owned(),
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        memory_gib: field(&memory, "MemTotal").and_then(kib).unwrap_or(0).div_ceil(1024 * 1024),
        kernel: kernel.trim().to_owned(),
    }
}

/// The value of a `name: value` line.
pub fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let line =
        text.lines().find_map(|line| line.strip_prefix(name).filter(|rest| rest.trim_start().starts_with(':')))?;
    line.split_once(':').map(|(_, value)| value.trim())
}

/// Reads `1234 kB`.
pub fn kib(value: &str) -> Option<u64> {
    value.strip_suffix("kB")?.trim().parse().ok()
}

/// Waits a while for the machine to be ours; whether it is. To be called while nothing of ours works.
pub async fn is_quiet() -> bool {
    for _ in 0..LOOKS {
        let before = CpuTime::now();
        tokio::time::sleep(LOOK).await;
        if CpuTime::now().busy_since(&before) <= OTHERS_MAY_USE {
            return true;
        }
    }
    false
}

/// Jiffies of all cores since boot.
#[derive(Default)]
struct CpuTime {
    all: f64,
    idle: f64,
}

impl CpuTime {
    fn now() -> Self {
        let stat = std::fs::read_to_string("/proc/stat").unwrap_or_default();
        let first = stat.lines().next().unwrap_or_default();
        let columns: Vec<f64> = first.split_whitespace().skip(1).filter_map(|column| column.parse().ok()).collect();
        // user nice system idle iowait irq softirq steal (proc(5)); what follows is contained in user.
        let idle = columns.iter().skip(3).take(2).sum();
        Self { all: columns.iter().take(8).sum(), idle }
    }

    fn busy_since(&self, before: &Self) -> f64 {
        let all = self.all - before.all;
        if all > 0.0 { 1.0 - (self.idle - before.idle) / all } else { 0.0 }
    }
}

/// Lets this process, and those that it starts, open as many files as thousands of sockets need.
pub fn allow_open_files() -> anyhow::Result<()> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let wanted = OPEN_FILES.max(limit.current.unwrap_or(u64::MAX));
    let maximum = limit.maximum.map(|maximum| maximum.max(wanted));
    Ok(setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum })?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_by_their_whole_name() {
        let text = "MemTotal:  2048 kB\nmodel name\t: A CPU\nmodel: 7\n";
        assert_eq!(field(text, "model name"), Some("A CPU"));
        assert_eq!(field(text, "model"), Some("7"));
        assert_eq!(field(text, "MemTotal").and_then(kib), Some(2048));
        assert_eq!(field(text, "Mem"), None);
    }

    #[test]
    fn half_of_the_time_idle_is_half_busy() {
        let before = CpuTime { all: 100.0, idle: 40.0 };
        assert_eq!(CpuTime { all: 200.0, idle: 90.0 }.busy_since(&before), 0.5);
        assert_eq!(before.busy_since(&CpuTime { all: 100.0, idle: 40.0 }), 0.0);
    }
}

//! What the processes of a run use at the moment, read from the machine's `/proc`.
//!
//! All of a run's processes descend from its first one (orphans become its children), so its tree is the pid namespace.
//! What this can miss: a process that comes and goes between two looks and whose parent throws its account away; memory
//! that no process has mapped (files in `/tmp` and `/box`, which their size bounds). A cgroup sees both.

use std::fs;

/// CPU time of live processes and of those that they have waited for; resident memory of the live ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Use {
    pub cpu_ms: u64,
    pub resident_kb: u64,
    pub processes: u32,
}

/// The fields of `/proc/<pid>/stat` that matter here.
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    own_ticks: u64,
    waited_ticks: u64,
    threads: u64,
    resident_pages: u64,
}

/// The whole tree below the first process, without that one's own part.
pub fn of_tree(first: i32) -> Use {
    let mut total = Use::default();
    let mut ticks = stat(first).map_or(0, |stat| stat.waited_ticks);
    let mut pages = 0;
    for pid in descendants(first) {
        if let Some(stat) = stat(pid) {
            ticks += stat.own_ticks + stat.waited_ticks;
            pages += stat.resident_pages;
            total.processes += 1;
        }
    }
    total.cpu_ms = ticks * 1000 / rustix::param::clock_ticks_per_second();
    total.resident_kb = pages * rustix::param::page_size() as u64 / 1024;
    total
}

/// Resident memory with each shared page counted once, which takes longer to find out; `None` if the kernel won't say.
pub fn proportional_kb(first: i32) -> Option<u64> {
    let mut total = 0;
    for pid in descendants(first) {
        let Ok(rollup) = fs::read_to_string(format!("/host/proc/{pid}/smaps_rollup")) else {
            // Ended meanwhile is fine; alive and unreadable is not.
            if stat(pid).is_some_and(|stat| stat.resident_pages > 0) {
                return None;
            }
            continue;
        };
        total += rollup
            .lines()
            .find_map(|line| line.strip_prefix("Pss:"))
            .and_then(|rest| rest.trim().trim_end_matches("kB").trim().parse::<u64>().ok())?;
    }
    Some(total)
}

fn stat(pid: i32) -> Option<Stat> {
    parse(&fs::read_to_string(format!("/host/proc/{pid}/stat")).ok()?)
}

/// The name of a process, in parentheses, may contain anything: the fields are counted from its end.
fn parse(line: &str) -> Option<Stat> {
    let fields: Vec<&str> = line.rsplit_once(')')?.1.split_ascii_whitespace().collect();
    let number = |n: usize| fields.get(n)?.parse::<u64>().ok();
    Some(Stat {
        own_ticks: number(11)? + number(12)?,
        waited_ticks: number(13)? + number(14)?,
        threads: number(17)?,
        resident_pages: number(21)?,
    })
}

fn descendants(first: i32) -> Vec<i32> {
    let mut found = children(first, 1);
    let mut next = 0;
    while let Some(&pid) = found.get(next) {
        next += 1;
        if let Some(stat) = stat(pid) {
            found.extend(children(pid, stat.threads));
        }
    }
    found
}

/// Each thread has a list of the processes that it started.
fn children(pid: i32, threads: u64) -> Vec<i32> {
    let of_thread = |tid: &str| {
        let list = fs::read_to_string(format!("/host/proc/{pid}/task/{tid}/children")).unwrap_or_default();
        list.split_ascii_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<i32>>()
    };
    if threads <= 1 {
        return of_thread(&pid.to_string());
    }
    let tasks = fs::read_dir(format!("/host/proc/{pid}/task")).into_iter().flatten().flatten();
    tasks.flat_map(|task| of_thread(&task.file_name().to_string_lossy())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_full_of_parentheses_does_not_shift_the_fields() {
        let line =
            "7 (a) R 1 (b)) S 1 7 7 0 -1 4194560 100 0 0 0 11 12 13 14 20 0 3 0 5555 1000000 250 1844674407370955161";
        let expected = Stat { own_ticks: 23, waited_ticks: 27, threads: 3, resident_pages: 250 };
        assert_eq!(parse(line), Some(expected));
    }

    #[test]
    fn half_a_line_is_nothing() {
        assert_eq!(parse("7 (a) S 1 7"), None);
        assert_eq!(parse(""), None);
    }
}

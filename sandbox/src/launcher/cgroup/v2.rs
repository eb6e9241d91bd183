//! A group of version 2: one folder. See Documentation/admin-guide/cgroup-v2.rst.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::{Group, GroupLimits, Used, keyed, number, set};
use crate::MemorySource;

const CONTROLLERS: [&str; 2] = ["memory", "pids"];
const ENABLE: &str = "+memory +pids";
/// Where the worker goes so that its former group may hand controllers on.
const WORKER: &str = "herald-worker";

pub struct GroupV2 {
    folders: Vec<PathBuf>,
}

impl GroupV2 {
    pub fn new(folders: Vec<PathBuf>) -> Self {
        Self { folders }
    }
}

/// Sees to it that groups below the launcher's own may have limits. A group with processes of its own cannot hand
/// controllers on ("no internal processes"): if those are only this launcher and what started it, they step aside into a
/// group of their own; strangers are never moved.
pub fn delegate(own: &Path) -> Result<(), String> {
    let available = listed(own, "cgroup.controllers")?;
    if let Some(missing) = CONTROLLERS.into_iter().find(|name| !available.iter().any(|item| item == name)) {
        return Err(format!("the cgroup {} was not given the controller {missing}", own.display()));
    }
    if pass_on(own).is_ok() {
        return Ok(());
    }
    let inside = listed(own, "cgroup.procs")?;
    let family = ancestors(std::process::id());
    if !inside.iter().all(|pid| family.iter().any(|relative| relative.to_string() == *pid)) {
        return Err(format!("the cgroup {} has other processes in it; delegate one of its own", own.display()));
    }
    let aside = own.join(WORKER);
    match fs::create_dir(&aside) {
        Err(e) if e.kind() != io::ErrorKind::AlreadyExists => return Err(format!("could not step aside: {e}")),
        _ => {}
    }
    inside.iter().try_for_each(|pid| set(&aside, "cgroup.procs", pid))?;
    pass_on(own)
}

/// Gives the controllers on to groups below this one.
pub fn pass_on(folder: &Path) -> Result<(), String> {
    let given = listed(folder, "cgroup.subtree_control")?;
    if CONTROLLERS.iter().all(|name| given.iter().any(|item| item == name)) {
        return Ok(());
    }
    set(folder, "cgroup.subtree_control", ENABLE)
}

pub fn limit(folder: &Path, limits: &GroupLimits) -> Result<(), String> {
    set(folder, "memory.max", &limits.memory_kb.saturating_mul(1024).to_string())?;
    // All of the run dies, not one process of it while the others go on.
    set(folder, "memory.oom.group", "1")?;
    // Absent only where the kernel was built without swap.
    if folder.join("memory.swap.max").exists() {
        set(folder, "memory.swap.max", "0")?;
    }
    set(folder, "pids.max", &limits.processes.to_string())?;
    keyed(folder, "cpu.stat", "usage_usec").map(drop).map_err(|e| format!("the cgroup does not count CPU time: {e}"))
}

impl Group for GroupV2 {
    fn folders(&self) -> &[PathBuf] {
        &self.folders
    }

    fn limit(&self, limits: &GroupLimits) -> Result<(), String> {
        self.folders.iter().try_for_each(|folder| limit(folder, limits))
    }

    fn used(&self) -> io::Result<Used> {
        let folder = self.folders.first().ok_or(io::ErrorKind::NotFound)?;
        // Since Linux 5.19; before that, what there is at the moment.
        let peak = number(folder, "memory.peak").or_else(|_| number(folder, "memory.current"))?;
        Ok(Used {
            cpu_us: keyed(folder, "cpu.stat", "usage_usec")?,
            peak_kb: peak / 1024,
            out_of_memory: keyed(folder, "memory.events", "oom_kill")? > 0,
        })
    }

    /// Since Linux 5.14.
    fn kill(&self) {
        for folder in &self.folders {
            let _ = set(folder, "cgroup.kill", "1");
        }
    }

    fn source(&self) -> MemorySource {
        MemorySource::CgroupV2
    }
}

fn listed(folder: &Path, file: &str) -> Result<Vec<String>, String> {
    let text = fs::read_to_string(folder.join(file))
        .map_err(|e| format!("could not read {}: {e}", folder.join(file).display()))?;
    Ok(text.split_ascii_whitespace().map(str::to_owned).collect())
}

/// A process and those that it descends from, itself first.
fn ancestors(pid: u32) -> Vec<u32> {
    let parent = |pid: u32| {
        let stat = fs::read_to_string(format!("/host/proc/{pid}/stat")).ok()?;
        let (_, fields) = stat.rsplit_once(')')?;
        fields.split_ascii_whitespace().nth(1)?.parse().ok().filter(|&parent: &u32| parent > 0)
    };
    std::iter::successors(Some(pid), |&pid| parent(pid)).collect()
}

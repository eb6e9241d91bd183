//! A group of version 1: a folder in each of three hierarchies. See Documentation/admin-guide/cgroup-v1/memory.rst,
//! pids.rst and cpuacct.rst.

use std::io;
use std::path::{Path, PathBuf};

use super::{Group, GroupLimits, Used, keyed, number, set};
use crate::MemorySource;

pub struct GroupV1 {
    folders: Vec<PathBuf>,
}

impl GroupV1 {
    pub fn new(folders: Vec<PathBuf>) -> Self {
        Self { folders }
    }
}

/// `folders`: memory, pids, cpuacct.
pub fn limit(folders: &[PathBuf], limits: &GroupLimits) -> Result<(), String> {
    let [memory, pids, cpuacct] = folders else { return Err("a hierarchy is missing".into()) };
    let bytes = limits.memory_kb.saturating_mul(1024).to_string();
    set(memory, "memory.limit_in_bytes", &bytes)?;
    match memory.join("memory.memsw.limit_in_bytes").exists() {
        // Memory and swap together: none of it is left for swap.
        true => set(memory, "memory.memsw.limit_in_bytes", &bytes)?,
        false => set(memory, "memory.swappiness", "0")?,
    }
    set(pids, "pids.max", &limits.processes.to_string())?;
    // Without this account CPU time could be hidden.
    number(cpuacct, "cpuacct.usage").map(drop).map_err(|e| format!("the cgroup does not count CPU time: {e}"))
}

impl Group for GroupV1 {
    fn folders(&self) -> &[PathBuf] {
        &self.folders
    }

    fn limit(&self, limits: &GroupLimits) -> Result<(), String> {
        limit(&self.folders, limits)
    }

    fn used(&self) -> io::Result<Used> {
        let folder = |n: usize| self.folders.get(n).map(PathBuf::as_path).unwrap_or(Path::new("/nonexistent"));
        let (memory, cpuacct) = (folder(0), folder(2));
        Ok(Used {
            cpu_us: number(cpuacct, "cpuacct.usage")? / 1000,
            peak_kb: number(memory, "memory.max_usage_in_bytes")? / 1024,
            out_of_memory: keyed(memory, "memory.oom_control", "oom_kill")? > 0,
        })
    }

    fn source(&self) -> MemorySource {
        MemorySource::CgroupV1
    }
}

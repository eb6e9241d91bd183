//! Finding the launcher's own place in the hierarchies, from what proc(5) says of mounts and of itself.

use std::path::{Path, PathBuf};

use super::Version;

/// The controllers of version 1 that a run needs, in the order of a group's folders.
const CONTROLLERS: [&str; 3] = ["memory", "pids", "cpuacct"];

/// Where new groups may be made: below these folders of the machine's tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub version: Version,
    pub folders: Vec<PathBuf>,
}

impl Place {
    /// This process's own.
    pub fn own() -> Result<Self, String> {
        let read = |file: &str| std::fs::read_to_string(file).map_err(|e| format!("could not read {file}: {e}"));
        Self::find(&read("/proc/self/mountinfo")?, &read("/proc/self/cgroup")?)
    }

    /// Version 1 where the memory controller is bound to it (it can be bound to one version only), else version 2.
    pub fn find(mountinfo: &str, own: &str) -> Result<Self, String> {
        let memory_is_v1 = memberships(own).any(|(controllers, _)| has(controllers, "memory"));
        let (version, folders) = if memory_is_v1 {
            (Version::One, CONTROLLERS.iter().map(|name| v1_folder(mountinfo, own, name)).collect())
        } else {
            (Version::Two, v2_folder(mountinfo, own).map(|folder| vec![folder]))
        };
        folders.map(|folders| Self { version, folders }).ok_or_else(|| "no cgroup hierarchy is mounted here".to_owned())
    }
}

fn v1_folder(mountinfo: &str, own: &str, controller: &str) -> Option<PathBuf> {
    let (_, path) = memberships(own).find(|(controllers, _)| has(controllers, controller))?;
    mounts(mountinfo)
        .find(|mount| mount.kind == "cgroup" && has(mount.options, controller))
        .and_then(|mount| mount.folder(path))
}

fn v2_folder(mountinfo: &str, own: &str) -> Option<PathBuf> {
    let (_, path) = memberships(own).find(|(controllers, _)| controllers.is_empty())?;
    mounts(mountinfo).find(|mount| mount.kind == "cgroup2").and_then(|mount| mount.folder(path))
}

/// Lines `hierarchy:controllers:path` of `/proc/self/cgroup`, see cgroups(7).
fn memberships(own: &str) -> impl Iterator<Item = (&str, &str)> {
    own.lines().filter_map(|line| line.split_once(':')?.1.split_once(':'))
}

fn has(list: &str, name: &str) -> bool {
    list.split(',').any(|item| item == name)
}

struct Mount<'a> {
    root: &'a str,
    at: &'a str,
    kind: &'a str,
    options: &'a str,
}

impl Mount<'_> {
    /// The folder of the group `path`, if this mount shows it.
    fn folder(&self, path: &str) -> Option<PathBuf> {
        let inside = Path::new(path).strip_prefix(self.root).ok()?;
        let plain = !inside.components().any(|part| part == std::path::Component::ParentDir);
        plain.then(|| if inside.as_os_str().is_empty() { self.at.into() } else { Path::new(self.at).join(inside) })
    }
}

/// Lines of `/proc/self/mountinfo`: six fields, optional ones up to a dash, then type, source and options.
fn mounts(mountinfo: &str) -> impl Iterator<Item = Mount<'_>> {
    mountinfo.lines().filter_map(|line| {
        let (before, after) = line.split_once(" - ")?;
        let mut before = before.split(' ').skip(3);
        let mut after = after.split(' ');
        Some(Mount { root: before.next()?, at: before.next()?, kind: after.next()?, options: after.nth(1)? })
    })
}

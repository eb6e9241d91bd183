//! Finding the launcher's own place in the hierarchies, from what proc(5) says of mounts and of itself, and reaching it.

use std::ffi::CString;
use std::path::{Path, PathBuf};

use rustix::fs::StatVfsMountFlags;
use rustix::mount::MountFlags;

use super::Version;

/// The controllers of version 1 that a run needs, in the order of a group's folders.
const CONTROLLERS: [&str; 3] = ["memory", "pids", "cpuacct"];

/// The end of the name of a group that [`super::v2::delegate`] moves a worker to.
const STEPPED_ASIDE: &str = "/herald-worker";

/// Where new groups may be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub version: Version,
    pub hierarchies: Vec<Hierarchy>,
}

/// One hierarchy, and the group in it below which ours are made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hierarchy {
    /// The group's folder, where a mount of the machine's tree shows it.
    pub shown: Option<PathBuf>,
    /// The controllers that are bound to it, as cgroups(7) writes them; none for version 2.
    pub controllers: String,
    /// The group's name, as `/proc/self/cgroup` would have it.
    pub path: PathBuf,
}

impl Place {
    /// This process's own group, or the one of that name: as in `/proc/self/cgroup`, or by its folder.
    pub fn of(parent: Option<&Path>) -> Result<Self, String> {
        let read = |file: &str| std::fs::read_to_string(file).map_err(|e| format!("could not read {file}: {e}"));
        Self::find(&read("/proc/self/mountinfo")?, &read("/proc/self/cgroup")?, parent)
    }

    /// Version 1 where the memory controller is bound to it (it can be bound to one version only), else version 2.
    pub fn find(mountinfo: &str, own: &str, parent: Option<&Path>) -> Result<Self, String> {
        let memory_is_v1 = memberships(own).any(|(controllers, _)| has(controllers, "memory"));
        let find = |is_it: &dyn Fn(&str) -> bool| {
            let (controllers, path) = memberships(own).find(|(controllers, _)| is_it(controllers))?;
            // Where a worker has stepped aside, its group is the one above; also for whoever is started beside it.
            let path = path.strip_suffix(STEPPED_ASIDE).filter(|_| controllers.is_empty()).unwrap_or(path);
            let path = if path.is_empty() { "/" } else { path };
            hierarchy(mountinfo, controllers, parent.unwrap_or(Path::new(path)))
        };
        let (version, hierarchies) = if memory_is_v1 {
            (Version::One, CONTROLLERS.iter().map(|name| find(&|bound| has(bound, name))).collect())
        } else {
            (Version::Two, find(&str::is_empty).map(|only| vec![only]))
        };
        let hierarchies: Option<Vec<_>> = hierarchies;
        hierarchies.map(|hierarchies| Self { version, hierarchies }).ok_or_else(|| match parent {
            Some(parent) => format!("{} is not the name of a cgroup", parent.display()),
            None => "this process is in no cgroup hierarchy that it can see".to_owned(),
        })
    }

    /// The groups' folders, in the launcher's own mount namespace where `root` leads to the machine's tree. What that
    /// shows read-only or not at all, as containers do, is mounted once more below `stage`, which takes SYS_ADMIN: the
    /// rights in it are what they always were.
    pub fn folders(&self, root: &str, stage: &str) -> Result<Vec<PathBuf>, String> {
        self.hierarchies.iter().enumerate().map(|(n, one)| one.folder(root, &format!("{stage}/{n}"))).collect()
    }
}

impl Hierarchy {
    fn folder(&self, root: &str, stage: &str) -> Result<PathBuf, String> {
        let shown = self.shown.as_ref().map(|folder| below(Path::new(root), folder));
        match shown {
            Some(folder) if !is_read_only(&folder) => Ok(folder),
            _ => self.mounted(stage).map_err(|e| {
                format!("the cgroup hierarchy is read-only or not shown here, and cannot be mounted again: {e}")
            }),
        }
    }

    fn mounted(&self, stage: &str) -> Result<PathBuf, String> {
        let kind = if self.controllers.is_empty() { "cgroup2" } else { "cgroup" };
        let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
        let options = CString::new(self.controllers.as_str()).map_err(|e| e.to_string())?;
        std::fs::create_dir_all(stage).map_err(|e| e.to_string())?;
        rustix::mount::mount("cgroup", stage, kind, flags, options.as_c_str()).map_err(|e| e.to_string())?;
        Ok(below(Path::new(stage), &self.path))
    }
}

fn is_read_only(folder: &Path) -> bool {
    rustix::fs::statvfs(folder).is_ok_and(|found| found.f_flag.contains(StatVfsMountFlags::RDONLY))
}

fn below(root: &Path, folder: &Path) -> PathBuf {
    root.join(folder.strip_prefix("/").unwrap_or(folder))
}

/// The group `named` of the hierarchy that these controllers (none: version 2) are bound to.
fn hierarchy(mountinfo: &str, controllers: &str, named: &Path) -> Option<Hierarchy> {
    let is_it = |mount: &Mount<'_>| match controllers {
        "" => mount.kind == "cgroup2",
        bound => mount.kind == "cgroup" && bound.split(',').all(|name| has(mount.options, name)),
    };
    let candidates = || mounts(mountinfo).filter(is_it);
    // By its folder: the mount knows what the group is called.
    let by_folder = candidates().find_map(|mount| {
        let inside = named.strip_prefix(mount.at).ok()?;
        Some((named.to_owned(), joined(Path::new(mount.root), inside)))
    });
    let (shown, path) = match by_folder {
        Some((folder, path)) => (Some(folder), path),
        None => (candidates().find_map(|mount| mount.folder(named)), named.to_owned()),
    };
    let plain = path.is_absolute() && !path.components().any(|part| part == std::path::Component::ParentDir);
    plain.then(|| Hierarchy { shown, controllers: controllers.to_owned(), path })
}

/// Without a trailing slash.
fn joined(folder: &Path, inside: &Path) -> PathBuf {
    if inside.as_os_str().is_empty() { folder.into() } else { folder.join(inside) }
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
    fn folder(&self, path: &Path) -> Option<PathBuf> {
        path.strip_prefix(self.root).ok().map(|inside| joined(Path::new(self.at), inside))
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

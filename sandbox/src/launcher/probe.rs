//! The self-test's inside: a process that has gone through everything that a program goes through, and says which layers
//! it finds around it. It believes the kernel, not the calls that were made.

use std::fs;
use std::io::ErrorKind;

use rustix::process::{Resource, getrlimit};

use super::ground::{Ground, NAMESPACES, namespace_id};
use crate::{Layer, sys};

/// All layers, in the order in which they are shown.
pub fn layers(ground: &Ground, slot: u32, landlocked: bool) -> Vec<Layer> {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let field = |name: &str| {
        status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim).unwrap_or_default()
    };
    vec![
        namespaces(ground),
        layer("seccomp", seccomp_is_live(field("Seccomp")), "the kernel does not filter system calls"),
        layer("no_new_privs", field("NoNewPrivs") == "1", "the kernel has no no_new_privs"),
        capabilities(&field),
        own_user(ground, slot, field("Groups")),
        layer("read-only root", root_is_read_only(), "the root can be written"),
        layer("rlimits", rlimits_are_set(), "a resource limit did not take"),
        layer("landlock", landlocked, "this kernel has no Landlock, or it is off at boot (lsm=landlock,…)"),
        cgroup(ground),
    ]
}

fn cgroup(ground: &Ground) -> Layer {
    // Only a namespace made inside of the run's own group shows it as the root.
    let inside = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let is_root = |line: &str| line.ends_with(":/") || !["memory", "pids", "cpuacct"].iter().any(|c| line.contains(c));
    match &ground.cgroups {
        Ok(_) => layer("cgroup", inside.lines().all(is_root), "the run is not in its own group"),
        Err(reason) => layer(
            "cgroup",
            false,
            &format!("{reason}; without it, resource limits and polling bound memory and processes"),
        ),
    }
}

fn layer(name: &str, live: bool, if_not: &str) -> Layer {
    Layer { name: name.to_owned(), live, note: (!live).then(|| if_not.to_owned()) }
}

fn namespaces(ground: &Ground) -> Layer {
    let shared: Vec<&str> = NAMESPACES
        .into_iter()
        .zip(&ground.namespaces)
        .filter(|(name, _)| *name != "user" || !ground.privileged)
        .filter(|(name, outside)| namespace_id("/proc", name) == **outside)
        .map(|(name, _)| name)
        .collect();
    let is_second = rustix::process::getpid().as_raw_nonzero().get() == 2;
    layer("namespaces", shared.is_empty() && is_second, &format!("shared with the worker: {}", shared.join(", ")))
}

/// The filter is on, and it is ours.
fn seccomp_is_live(mode: &str) -> bool {
    let refused = |result: std::io::Result<()>| result.is_err_and(|e| e.kind() == ErrorKind::PermissionDenied);
    mode == "2"
        && refused(sys::try_socket(libc::AF_INET).map(drop))
        && refused(sys::try_socket(libc::AF_NETLINK).map(drop))
        && sys::try_socket(libc::AF_UNIX).is_ok()
}

fn capabilities<'a>(field: &impl Fn(&str) -> &'a str) -> Layer {
    let none = |name: &str| u64::from_str_radix(field(name), 16) == Ok(0);
    let mut found =
        layer("no capabilities", ["CapEff", "CapPrm", "CapInh", "CapAmb"].into_iter().all(none), "some are left");
    if found.live && !none("CapBnd") {
        found.note = Some("the bounding set could not be emptied; add SETPCAP to empty it".into());
    }
    found
}

fn own_user(ground: &Ground, slot: u32, groups: &str) -> Layer {
    let id = ground.inner_uid(slot);
    let is_it = rustix::process::getuid().as_raw() == id && rustix::process::getgid().as_raw() == id;
    let mut found =
        layer("own user", is_it && (groups.is_empty() || !ground.privileged), "the user or its groups did not change");
    if found.live && !ground.privileged {
        found.note =
            Some("by a user namespace: outside it is the worker's user; run as root for a user per slot".into());
    }
    found
}

fn root_is_read_only() -> bool {
    ["/probe", "/usr/probe", "/etc/probe", "/dev/probe"]
        .into_iter()
        .all(|path| fs::File::create_new(path).is_err_and(|e| e.kind() == ErrorKind::ReadOnlyFilesystem))
}

fn rlimits_are_set() -> bool {
    let at_most = |resource, most| getrlimit(resource).maximum.is_some_and(|maximum| maximum <= most);
    at_most(Resource::Nofile, 256)
        && at_most(Resource::Core, 0)
        && at_most(Resource::Nproc, 64)
        && getrlimit(Resource::Cpu).maximum.is_some()
        && getrlimit(Resource::Fsize).maximum.is_some()
}

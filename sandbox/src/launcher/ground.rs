//! The ground that all runs stand on, built once when the launcher starts: a mount namespace of its own whose root is a
//! small tmpfs. In it, `/root` is the root that programs will see (all of it read-only), `/boxes` holds the boxes, and
//! `/host` is the machine's tree, which no run keeps.
//!
//! Without root the launcher first enters a user namespace in which it is uid 0, and does the same things there.

use std::ffi::CString;
use std::fs;
use std::io::ErrorKind;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, symlink};
use std::path::{Component, Path};

use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat2};
use rustix::mount::{MountFlags, MountPropagationFlags, MoveMountFlags, OpenTreeFlags, UnmountFlags};
use rustix::thread::CapabilitySet;

use super::cgroup::{Place, Tree};
use crate::seccomp::Purpose;
use crate::sys::{self, ATTR_NODEV, ATTR_NOSUID, ATTR_RDONLY, Instruction};
use crate::wire::Settings;
use crate::{Cgroups, Mount};

/// Namespaces whose identity the self-test compares with the launcher's.
pub const NAMESPACES: [&str; 7] = ["pid", "mnt", "net", "ipc", "uts", "cgroup", "user"];

const READ_ONLY: u64 = ATTR_RDONLY | ATTR_NOSUID | ATTR_NODEV;
const SYSTEM_FOLDERS: [&str; 6] = ["bin", "sbin", "lib", "lib32", "lib64", "libx32"];
/// Two of each of two kinds, and as many that are on their way out.
const WAITING_PROCESSES: u64 = 8;
const DEVICES: [&str; 5] = ["null", "zero", "full", "random", "urandom"];
/// What the dynamic linker and the Java of Debian read; the rest of `/etc` is ours.
const SHOWN_OF_ETC: [&str; 4] = ["ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives"];

pub struct Ground {
    /// Root's rights are there: every slot has a uid of its own. Else every run has a user namespace of its own.
    pub privileged: bool,
    pub first_uid: u32,
    filters: [Vec<Instruction>; 2],
    /// Where every run gets a cgroup, or why none does.
    pub cgroups: Result<Tree, String>,
    /// The launcher's own namespaces, in the order of `NAMESPACES`.
    pub namespaces: Vec<String>,
    /// Device of the launcher's root, to tell our own folders from what is mounted on them.
    device: u64,
}

impl Ground {
    pub fn prepare(settings: &Settings) -> Result<Self, String> {
        let privileged = has_roots_rights()?;
        // Asked before there is another root, under which paths would mean something else.
        let place = match settings.cgroups {
            Cgroups::Off => Err("switched off".to_owned()),
            Cgroups::Auto | Cgroups::Require => Place::own(),
        };
        enter_own_namespaces(privileged).map_err(|e| {
            let hint = if privileged { "" } else { "; without root the kernel must allow user namespaces" };
            format!("could not enter a mount namespace: {e}{hint}")
        })?;
        let namespaces = NAMESPACES.iter().map(|name| namespace_id("/proc", name)).collect();
        stand_on_tmpfs()?;
        build_root(settings)?;
        let cgroups = place.and_then(|place| Tree::open(&place, "/host"));
        if let (Cgroups::Require, Err(reason)) = (settings.cgroups, &cgroups) {
            return Err(format!("cgroups are required: {reason}"));
        }
        let device = fs::metadata("/root").map_err(|e| format!("could not look at the root: {e}"))?.dev();
        let filters = [Purpose::Compile, Purpose::Run].map(crate::seccomp::program);
        Ok(Self { privileged, first_uid: settings.first_uid, filters, cgroups, namespaces, device })
    }

    /// The system calls that a run may make; a box is writable for compilers only.
    pub fn filter(&self, writable: bool) -> &[Instruction] {
        let [compile, run] = &self.filters;
        if writable { compile } else { run }
    }

    /// Whether sandboxes may wait for their program. Not where the number of processes is bounded by uid alone: those that wait
    /// would count.
    pub fn keeps_sandboxes(&self) -> bool {
        !self.privileged || self.cgroups.is_ok()
    }

    /// How many processes beside its own a run may find counted as its uid's. With a cgroup that is not the bound that holds,
    /// and a user namespace of its own counts for itself.
    pub fn waiting_processes(&self) -> u64 {
        if self.privileged && self.keeps_sandboxes() { WAITING_PROCESSES } else { 0 }
    }

    /// The uid that a slot's programs have, as they see it.
    pub fn inner_uid(&self, slot: u32) -> u32 {
        self.first_uid + slot
    }

    /// The same uid, as the launcher names it.
    pub fn outer_uid(&self, slot: u32) -> u32 {
        if self.privileged { self.inner_uid(slot) } else { 0 }
    }

    /// Makes the place where a mount will be shown. Only ever in the launcher's own tmpfs: not through a symbolic link,
    /// not in something mounted.
    pub fn make_target(&self, mount: &Mount) -> Result<(), String> {
        let complain =
            |why: &str| Err(format!("cannot show {} at {}: {why}", mount.from.display(), mount.to.display()));
        let Ok(inside) = mount.to.strip_prefix("/") else { return complain("the path inside is not absolute") };
        let source = host_path(&mount.from)?;
        let is_folder = rustix::fs::fstat(&source).is_ok_and(|stat| stat.st_mode & libc::S_IFMT == libc::S_IFDIR);
        let mut path = Path::new("/root").to_owned();
        let mut components = inside.components().peekable();
        if components.peek().is_none() {
            return complain("it would hide the root");
        }
        while let Some(component) = components.next() {
            let Component::Normal(name) = component else { return complain("the path inside is not plain") };
            path.push(name);
            let last = components.peek().is_none();
            let made = if last && !is_folder {
                fs::File::create_new(&path).map(drop)
            } else {
                fs::DirBuilder::new().mode(0o755).create(&path)
            };
            match made {
                Ok(()) => {}
                Err(e) if e.kind() == ErrorKind::AlreadyExists => match fs::symlink_metadata(&path) {
                    Ok(found) if found.dev() == self.device && (found.is_dir() || (last && found.is_file())) => {}
                    _ => return complain("something else is there"),
                },
                Err(e) => return complain(&e.to_string()),
            }
        }
        Ok(())
    }
}

/// A string for the kernel.
pub fn text(value: &str) -> Result<CString, String> {
    CString::new(value).map_err(|_| format!("{value:?} has a zero byte in it"))
}

/// A path of the machine's tree, its symbolic links followed as the machine would.
pub fn host_path(path: &Path) -> Result<OwnedFd, String> {
    let complain = |e: rustix::io::Errno| format!("could not open {}: {e}", path.display());
    let root = rustix::fs::open("/host", OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty());
    let root = root.map_err(complain)?;
    openat2(&root, path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty(), ResolveFlags::IN_ROOT).map_err(complain)
}

/// Shows the tree that `source` is the root of at `target` as well, with these attributes on all of it.
pub fn bind(source: BorrowedFd<'_>, target: &str, attributes: u64) -> Result<(), String> {
    let complain = |e: std::io::Error| format!("could not bind {target}: {e}");
    let how = OpenTreeFlags::OPEN_TREE_CLONE
        | OpenTreeFlags::OPEN_TREE_CLOEXEC
        | OpenTreeFlags::AT_EMPTY_PATH
        | OpenTreeFlags::AT_RECURSIVE;
    let tree = rustix::mount::open_tree(source, "", how).map_err(|e| complain(e.into()))?;
    sys::set_mount_attributes(tree.as_fd(), attributes, true).map_err(complain)?;
    rustix::mount::move_mount(&tree, "", CWD, target, MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH)
        .map_err(|e| complain(e.into()))
}

/// `name`'s namespace of this process, as text that is equal only for the same namespace.
pub fn namespace_id(proc: &str, name: &str) -> String {
    fs::read_link(format!("{proc}/self/ns/{name}")).map(|link| link.to_string_lossy().into_owned()).unwrap_or_default()
}

fn has_roots_rights() -> Result<bool, String> {
    let needed = CapabilitySet::SYS_ADMIN | CapabilitySet::SETUID | CapabilitySet::SETGID;
    let held = rustix::thread::capabilities(None).map_err(|e| format!("could not read the capabilities: {e}"))?;
    let is_root = rustix::process::getuid().is_root();
    match (is_root, held.effective.contains(needed)) {
        (true, true) => Ok(true),
        // As uid 0 the number of processes cannot be limited, in whatever namespace.
        (true, false) => {
            Err("root without capabilities: give it SYS_ADMIN, SETUID and SETGID, or run as another user".into())
        }
        (false, _) => Ok(false),
    }
}

fn enter_own_namespaces(privileged: bool) -> std::io::Result<()> {
    if privileged {
        sys::unshare(sys::NEW_MOUNT)?;
    } else {
        let (uid, gid) = (rustix::process::getuid().as_raw(), rustix::process::getgid().as_raw());
        sys::unshare(sys::NEW_USER | sys::NEW_MOUNT)?;
        fs::write("/proc/self/setgroups", "deny")?;
        fs::write("/proc/self/uid_map", format!("0 {uid} 1"))?;
        fs::write("/proc/self/gid_map", format!("0 {gid} 1"))?;
    }
    // Nothing that is mounted here reaches the machine, nor the other way round.
    rustix::mount::mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)?;
    Ok(())
}

/// Makes a fresh tmpfs the root, with the machine's tree below `/host`.
fn stand_on_tmpfs() -> Result<(), String> {
    let stage = ["/tmp", "/mnt", "/run", "/var", "/home"].into_iter().find(|path| Path::new(path).is_dir());
    let stage = stage.ok_or("there is no folder to mount on")?;
    let complain = |what: &str, e: std::io::Error| format!("could not {what}: {e}");
    let options = c"size=1m,nr_inodes=4096,mode=0755";
    rustix::mount::mount("ground", stage, "tmpfs", MountFlags::NOSUID | MountFlags::NODEV, options)
        .map_err(|e| complain("mount a tmpfs", e.into()))?;
    for folder in ["host", "root", "boxes"] {
        let path = format!("{stage}/{folder}");
        fs::DirBuilder::new().mode(0o755).create(path).map_err(|e| complain("make a folder in the tmpfs", e))?;
    }
    rustix::process::pivot_root(stage, format!("{stage}/host").as_str())
        .map_err(|e| complain("change the root (a container's seccomp profile must allow pivot_root)", e.into()))?;
    std::env::set_current_dir("/").map_err(|e| complain("enter the new root", e))
}

/// The root that programs will see.
fn build_root(settings: &Settings) -> Result<(), String> {
    for folder in ["usr", "etc", "dev", "proc", "tmp", "box"] {
        make_folder(&format!("/root/{folder}"))?;
    }
    bind(host_path(Path::new("usr"))?.as_fd(), "/root/usr", READ_ONLY)?;
    for name in SYSTEM_FOLDERS {
        let (from, to) = (format!("/host/{name}"), format!("/root/{name}"));
        match fs::symlink_metadata(&from) {
            Ok(found) if found.is_symlink() => fs::read_link(&from)
                .and_then(|target| symlink(target, &to))
                .map_err(|e| format!("could not copy the link {to}: {e}"))?,
            Ok(found) if found.is_dir() => {
                make_folder(&to)?;
                bind(host_path(Path::new(name))?.as_fd(), &to, READ_ONLY)?;
            }
            _ => {}
        }
    }
    build_etc(settings)?;
    build_dev()
}

fn build_etc(settings: &Settings) -> Result<(), String> {
    let ids = settings.first_uid..settings.first_uid.saturating_add(settings.slots);
    let users: String = ids.clone().map(|id| format!("box{id}:x:{id}:{id}:box:/box:/usr/sbin/nologin\n")).collect();
    let groups: String = ids.map(|id| format!("box{id}:x:{id}:\n")).collect();
    let files = [
        ("passwd", format!("root:x:0:0:root:/:/usr/sbin/nologin\n{users}")),
        ("group", format!("root:x:0:\n{groups}")),
        ("hosts", "127.0.0.1 localhost box\n".to_owned()),
        ("nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n".to_owned()),
    ];
    for (name, contents) in files {
        fs::write(format!("/root/etc/{name}"), contents).map_err(|e| format!("could not write /etc/{name}: {e}"))?;
    }
    let java = fs::read_dir("/host/etc").into_iter().flatten().flatten().map(|entry| entry.file_name());
    let java = java.filter_map(|name| name.into_string().ok()).filter(|name| name.starts_with("java"));
    for name in SHOWN_OF_ETC.into_iter().map(str::to_owned).chain(java) {
        let Ok(found) = fs::metadata(format!("/host/etc/{name}")) else { continue };
        let to = format!("/root/etc/{name}");
        if found.is_dir() {
            make_folder(&to)?
        } else {
            make_file(&to)?
        }
        bind(host_path(&Path::new("etc").join(&name))?.as_fd(), &to, READ_ONLY)?;
    }
    Ok(())
}

/// Five devices without state, and the names by which programs reopen what they already have.
fn build_dev() -> Result<(), String> {
    for name in DEVICES {
        let to = format!("/root/dev/{name}");
        make_file(&to)?;
        bind(host_path(&Path::new("dev").join(name))?.as_fd(), &to, ATTR_RDONLY | ATTR_NOSUID)?;
    }
    let links = [
        ("stdin", "/proc/self/fd/0"),
        ("stdout", "/proc/self/fd/1"),
        ("stderr", "/proc/self/fd/2"),
        ("fd", "/proc/self/fd"),
    ];
    for (name, target) in links {
        symlink(target, format!("/root/dev/{name}")).map_err(|e| format!("could not make /dev/{name}: {e}"))?;
    }
    Ok(())
}

fn make_folder(path: &str) -> Result<(), String> {
    fs::DirBuilder::new().mode(0o755).create(path).map_err(|e| format!("could not make {path}: {e}"))
}

fn make_file(path: &str) -> Result<(), String> {
    fs::File::create_new(path).map(drop).map_err(|e| format!("could not make {path}: {e}"))
}

/// Forgets the tree that was the root before a `pivot_root(".", ".")`.
pub fn forget_old_root() -> rustix::io::Result<()> {
    rustix::mount::unmount(".", UnmountFlags::DETACH)
}

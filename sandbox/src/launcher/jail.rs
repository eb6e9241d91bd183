//! What a run sees: the prepared root made read-only, with `/proc`, `/tmp`, `/box` and the mounts that were asked for.

use std::os::fd::AsFd;

use rustix::fs::{CWD, Mode};
use rustix::mount::{MountFlags, MoveMountFlags, OpenTreeFlags};

use super::boxes::tmpfs_options;
use super::child::Launch;
use super::ground::{bind, forget_old_root, host_path, text};
use crate::sys::{self, ATTR_NODEV, ATTR_NOSUID, ATTR_RDONLY};

/// Called in the run's own mount namespace, still with the right to mount. Ends with nothing else in reach.
pub fn build(launch: &Launch<'_>) -> Result<(), String> {
    let complain = |what: &str, e: std::io::Error| format!("could not {what}: {e}");
    rustix::system::sethostname(b"box").map_err(|e| complain("name the host", e.into()))?;
    // If the machine runs out of memory, this goes first and the worker last.
    std::fs::write("/host/proc/self/oom_score_adj", "1000").map_err(|e| complain("be the first to go", e))?;
    show_root()?;
    let data = c"hidepid=invisible,subset=pid";
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    rustix::mount::mount("proc", "/root/proc", "proc", flags, data).map_err(|e| complain("mount /proc", e.into()))?;
    let own = if launch.ground.privileged { launch.ground.inner_uid(launch.place.slot) } else { own_uid() };
    let options = text(&tmpfs_options(launch.place.size_kb, own))?;
    let flags = MountFlags::NOSUID | MountFlags::NODEV;
    rustix::mount::mount("tmp", "/root/tmp", "tmpfs", flags, options.as_c_str())
        .map_err(|e| complain("mount /tmp", e.into()))?;
    let folder =
        rustix::fs::open(launch.place.path(), rustix::fs::OFlags::PATH | rustix::fs::OFlags::CLOEXEC, Mode::empty())
            .map_err(|e| complain("find the box", e.into()))?;
    let read_only = if launch.writable { 0 } else { ATTR_RDONLY };
    bind(folder.as_fd(), "/root/box", ATTR_NOSUID | ATTR_NODEV | read_only)?;
    for mount in launch.mounts {
        let target = format!("/root{}", mount.to.display());
        bind(host_path(&mount.from)?.as_fd(), &target, ATTR_RDONLY | ATTR_NOSUID | ATTR_NODEV)?;
    }
    std::env::set_current_dir("/root").map_err(|e| complain("enter the root", e))?;
    rustix::process::pivot_root(".", ".").map_err(|e| complain("change the root", e.into()))?;
    forget_old_root().map_err(|e| complain("forget the machine's tree", e.into()))?;
    std::env::set_current_dir("/").map_err(|e| complain("enter the new root", e))
}

/// A copy of the prepared root over itself: this run's own, so it can be read-only here and become the root.
fn show_root() -> Result<(), String> {
    let complain = |e: std::io::Error| format!("could not show the root: {e}");
    let how = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC | OpenTreeFlags::AT_RECURSIVE;
    let tree = rustix::mount::open_tree(CWD, "/root", how).map_err(|e| complain(e.into()))?;
    sys::set_mount_attributes(tree.as_fd(), ATTR_RDONLY | ATTR_NOSUID | ATTR_NODEV, false).map_err(complain)?;
    rustix::mount::move_mount(&tree, "", CWD, "/root", MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH)
        .map_err(|e| complain(e.into()))
}

fn own_uid() -> u32 {
    rustix::process::getuid().as_raw()
}

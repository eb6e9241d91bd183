//! Who a run's processes are: the slot's own uid and gid, no other groups, no capability, now or ever again.

use rustix::process::{Gid, Uid};
use rustix::thread::{CapabilitySet, CapabilitySets};

use super::ground::Ground;

/// In a fresh user namespace: become `id` there, which outside is still the user that started the launcher.
pub fn map_user(id: u32) -> Result<(), String> {
    let write = |file: &str, value: &str| {
        std::fs::write(format!("/host/proc/self/{file}"), value).map_err(|e| format!("could not write {file}: {e}"))
    };
    write("setgroups", "deny")?;
    write("uid_map", &format!("{id} 0 1"))?;
    write("gid_map", &format!("{id} 0 1"))
}

/// Gives up everything. The bounding set may stay where the right to shrink it (SETPCAP) was never given, as in a
/// container with few capabilities: with no_new_privs it is of no use to anyone, and the self-test tells.
pub fn drop_rights(ground: &Ground, slot: u32) -> Result<(), String> {
    let complain = |what: &str, e: rustix::io::Errno| format!("could not {what}: {e}");
    for capability in CapabilitySet::all().iter() {
        match rustix::thread::remove_capability_from_bounding_set(capability) {
            Ok(()) | Err(rustix::io::Errno::PERM | rustix::io::Errno::INVAL) => {}
            Err(e) => return Err(complain("shrink the bounding set", e)),
        }
    }
    if ground.privileged {
        let id = ground.inner_uid(slot);
        let (uid, gid) = (Uid::from_raw(id), Gid::from_raw(id));
        rustix::thread::set_thread_groups(&[]).map_err(|e| complain("drop the groups", e))?;
        rustix::thread::set_thread_res_gid(gid, gid, gid).map_err(|e| complain("set the gid", e))?;
        rustix::thread::set_thread_res_uid(uid, uid, uid).map_err(|e| complain("set the uid", e))?;
    }
    rustix::thread::clear_ambient_capability_set().map_err(|e| complain("clear the ambient set", e))?;
    let none = CapabilitySet::empty();
    rustix::thread::set_capabilities(None, CapabilitySets { effective: none, permitted: none, inheritable: none })
        .map_err(|e| complain("drop the capabilities", e))
}

//! The network namespace of a box: empty, with nothing but a loopback device that is down. To make one takes the kernel longer
//! than everything else of a sandbox together, so the runs of a submission, which follow one another, have it in common; two
//! submissions never do.
//!
//! The launcher is in the one that it made or entered last. It has no socket there that anyone could reach.

use std::cell::OnceCell;
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{Mode, OFlags};
use rustix::thread::LinkNameSpaceType;

use crate::sys;

#[derive(Debug, Default)]
pub struct Network {
    namespace: OnceCell<OwnedFd>,
}

impl Network {
    /// Puts this process, and so whatever it starts next, into the namespace, which is made when it is first needed.
    pub fn enter(&self) -> Result<(), String> {
        let complain = |e: std::io::Error| format!("could not enter the box's network namespace: {e}");
        if let Some(namespace) = self.namespace.get() {
            let kind = Some(LinkNameSpaceType::Network);
            return rustix::thread::move_into_link_name_space(namespace.as_fd(), kind).map_err(|e| complain(e.into()));
        }
        sys::unshare(sys::NEW_NETWORK).map_err(complain)?;
        let namespace = rustix::fs::open("/host/proc/self/ns/net", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty());
        let _ = self.namespace.set(namespace.map_err(|e| complain(e.into()))?);
        Ok(())
    }
}

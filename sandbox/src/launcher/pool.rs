//! Sandboxes that are made before they are needed. Each serves one program and is never used again; until then it waits with
//! every layer in place. It belongs to one box, so what one submission got nothing of another has ever been near.
//!
//! Invariant: a sandbox that waits was made for exactly what is asked of it, else it goes and another is made; whatever left
//! the pool is reaped, and its cgroup removed, before the launcher ends.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::Signal;

use super::boxes::{Place, Wanted};
use super::cgroup::Group;
use super::child::{self, Launch, Started};
use super::ground::Ground;
use super::orders::Order;
use crate::Mount;
use crate::wire::send;

/// One sandbox, waiting or in use.
pub struct Prepared {
    pub place: Place,
    pub pid: i32,
    pub pidfd: OwnedFd,
    /// Closing it is how the first process learns that it must end.
    pub status: Option<OwnedFd>,
    pub stdout: Option<OwnedFd>,
    pub stderr: Option<OwnedFd>,
    pub group: Option<Box<dyn Group>>,
    orders: OwnedFd,
    writable: bool,
    mounts: Vec<Mount>,
}

impl Prepared {
    pub fn make(ground: &Ground, wanted: &Wanted<'_>) -> Result<Self, String> {
        let Wanted { place, writable, mounts } = wanted.clone();
        mounts.iter().try_for_each(|mount| ground.make_target(mount))?;
        let group = ground.cgroups.as_ref().ok().map(|tree| tree.make()).transpose()?;
        let folders = group.as_ref().map_or([].as_slice(), |group| group.folders());
        match child::start(&Launch { ground, place: &place, writable, mounts, group: folders }) {
            Ok(Started { pid, pidfd, status, orders, stdout, stderr }) => {
                let (status, stdout, stderr) = (Some(status), Some(stdout), Some(stderr));
                let mounts = mounts.to_vec();
                Ok(Self { place, pid, pidfd, status, stdout, stderr, group, orders, writable, mounts })
            }
            Err(reason) => {
                discard(group, ground);
                Err(reason)
            }
        }
    }

    /// An error means that it has not read the order, and will not.
    pub fn order(&self, order: &Order, fds: &[BorrowedFd<'_>]) -> Result<(), String> {
        send(self.orders.as_fd(), order, fds).map_err(|e| format!("the sandbox takes no orders: {e}"))
    }

    /// The kernel has ended everything else in the namespace before.
    pub fn is_dead(&self) -> bool {
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        poll(&mut [PollFd::new(&self.pidfd, PollFlags::IN)], Some(&now)).is_ok_and(|ready| ready > 0)
    }

    /// Ends the first process, and with it all that is in its namespace: by a signal, and where the right to send that
    /// is missing by no longer listening to it.
    pub fn kill(&mut self) {
        self.status = None;
        if let Some(group) = &self.group {
            group.kill();
        }
        let _ = rustix::process::pidfd_send_signal(&self.pidfd, Signal::KILL);
    }
}

#[derive(Default)]
pub struct Pool {
    ready: Vec<Prepared>,
    dying: Vec<Prepared>,
}

impl Pool {
    /// One that waits and was made for this.
    pub fn take(&mut self, wanted: &Wanted<'_>) -> Option<Prepared> {
        while let Some(at) = self.ready.iter().position(|ready| ready.is_like(wanted)) {
            let ready = self.ready.swap_remove(at);
            if ready.mounts == wanted.mounts && !ready.is_dead() {
                return Some(ready);
            }
            self.bury(ready);
        }
        None
    }

    /// Waits again, if it is the only one of its kind.
    pub fn give_back(&mut self, ground: &Ground, prepared: Prepared) {
        let Prepared { place, writable, mounts, .. } = &prepared;
        let kind = Wanted { place: place.clone(), writable: *writable, mounts };
        if ground.keeps_sandboxes() && !self.ready.iter().any(|ready| ready.is_like(&kind)) {
            self.ready.push(prepared);
        } else {
            self.bury(prepared);
        }
    }

    /// Ends one that is no longer needed.
    pub fn bury(&mut self, mut prepared: Prepared) {
        prepared.kill();
        self.dying.push(prepared);
    }

    /// Ends those that wait in this box.
    pub fn leave_box(&mut self, box_id: u64) {
        while let Some(at) = self.ready.iter().position(|ready| ready.place.box_id == box_id) {
            let ready = self.ready.swap_remove(at);
            self.bury(ready);
        }
    }

    pub fn leave_all(&mut self) {
        while let Some(ready) = self.ready.pop() {
            self.bury(ready);
        }
    }

    /// Makes the first that is wanted and not there. Whether it made one.
    pub fn make_one<'a>(&mut self, ground: &Ground, mut wanted: impl Iterator<Item = Wanted<'a>>) -> bool {
        let next = wanted.find(|wanted| !self.ready.iter().any(|ready| ready.is_like(wanted)));
        // Whoever needs it will be told why it cannot be made.
        let made = next.and_then(|wanted| Prepared::make(ground, &wanted).ok());
        made.map(|prepared| self.ready.push(prepared)).is_some()
    }

    /// What becomes readable when one that is dying is dead.
    pub fn descriptors(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.dying.iter().map(|dying| dying.pidfd.as_fd())
    }

    pub fn is_empty(&self) -> bool {
        self.ready.is_empty() && self.dying.is_empty()
    }

    /// Reaps the dead, here and only here, and removes their cgroups.
    pub fn reap(&mut self, ground: &Ground) {
        let mut at = 0;
        while at < self.dying.len() {
            if !self.dying[at].is_dead() {
                at += 1;
                continue;
            }
            let dead = self.dying.swap_remove(at);
            let _ = crate::sys::wait_for(dead.pid);
            discard(dead.group, ground);
        }
    }
}

impl Prepared {
    fn is_like(&self, wanted: &Wanted<'_>) -> bool {
        self.place.box_id == wanted.place.box_id && self.writable == wanted.writable
    }
}

fn discard(group: Option<Box<dyn Group>>, ground: &Ground) {
    if let (Some(group), Ok(tree)) = (group, &ground.cgroups) {
        tree.discard(group);
    }
}

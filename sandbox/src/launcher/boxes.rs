//! The boxes: one tmpfs each, mounted in the launcher's own mount namespace where nobody else sees it.
//!
//! A box belongs to a slot, and a slot is one uid: what runs in one box at a time are processes of one submission only.
//! The launcher mounts and unmounts; it never opens anything inside.

use rustix::mount::{MountFlags, UnmountFlags};

use super::ground::{Ground, text};
use crate::Mount;
use crate::wire::{Ask, Settings};

/// Enough for a compiler's temporary files, too few to fill the kernel's memory with empty ones.
const MAX_FILES: u32 = 16 * 1024;

/// A sandbox that may be needed, or is.
#[derive(Clone, Debug)]
pub struct Wanted<'a> {
    pub place: Place,
    pub writable: bool,
    pub mounts: &'a [Mount],
}

struct Slot {
    box_id: u64,
    /// The mounts of the next run that may write the box, and of the next that may not, if one is to be expected.
    expected: [Option<Vec<Mount>>; 2],
    running: bool,
    /// Closed by its owner, and only waiting for the run in it to be dead.
    closed: bool,
}

pub struct Boxes {
    settings: Settings,
    slots: Vec<Option<Slot>>,
    next_id: u64,
}

/// Where a run takes place.
#[derive(Clone, Debug)]
pub struct Place {
    pub box_id: u64,
    pub slot: u32,
    pub size_kb: u64,
}

impl Place {
    /// The box, as the launcher's mount namespace knows it.
    pub fn path(&self) -> String {
        format!("/boxes/{}", self.slot)
    }
}

/// Options of a tmpfs that belongs to `uid` alone.
pub fn tmpfs_options(size_kb: u64, uid: u32) -> String {
    format!("size={size_kb}k,nr_inodes={MAX_FILES},mode=0700,uid={uid},gid={uid}")
}

impl Boxes {
    pub fn new(settings: Settings) -> Self {
        let slots = (0..settings.slots).map(|_| None).collect();
        Self { settings, slots, next_id: 1 }
    }

    /// Whether this can be done now, or must wait for a slot or for the run that is in the box.
    pub fn ready_for(&self, ask: &Ask) -> bool {
        match ask {
            Ask::Open => self.slots.iter().any(Option::is_none),
            Ask::Write { box_id, .. } | Ask::Read { box_id, .. } | Ask::Run { box_id, .. } | Ask::Probe { box_id } => {
                self.find(*box_id).is_none_or(|n| self.slots[n].as_ref().is_none_or(|slot| !slot.running))
            }
            Ask::Begin(_) | Ask::Close { .. } | Ask::Forget { .. } => true,
        }
    }

    /// A fresh box in a free slot.
    pub fn open(&mut self, ground: &Ground) -> Result<u64, String> {
        let free = self.slots.iter().position(Option::is_none).ok_or("no slot is free")?;
        let path = format!("/boxes/{free}");
        let options = tmpfs_options(self.settings.box_kb, ground.outer_uid(free as u32));
        std::fs::create_dir_all(&path).map_err(|e| format!("could not make a place for a box: {e}"))?;
        rustix::mount::mount(
            "box",
            path.as_str(),
            "tmpfs",
            MountFlags::NOSUID | MountFlags::NODEV,
            text(&options)?.as_c_str(),
        )
        .map_err(|e| format!("could not mount a box: {e}"))?;
        let box_id = self.next_id;
        self.next_id += 1;
        self.slots[free] =
            Some(Slot { box_id, expected: [Some(Vec::new()), Some(Vec::new())], running: false, closed: false });
        Ok(box_id)
    }

    /// Where a run in the box of this question would be.
    pub fn enter(&self, ask: &Ask) -> Result<Place, String> {
        let box_id = ask.box_id().ok_or("this takes place in no box")?;
        let slot = self.find(box_id).ok_or("the box is closed")?;
        Ok(Place { box_id, slot: slot as u32, size_kb: self.settings.box_kb })
    }

    /// Another program is running: what comes after it is mostly one more like it, or after compiling one that writes nothing.
    pub fn expect_after(&mut self, box_id: u64, writable: bool, mounts: &[Mount]) {
        self.with(box_id, |slot| {
            slot.expected[1] = Some(mounts.to_vec());
            if writable {
                slot.expected[0] = None;
            }
        });
    }

    /// The sandboxes that are to be expected next.
    pub fn wanted(&self) -> impl Iterator<Item = Wanted<'_>> {
        let open = self.slots.iter().enumerate().filter_map(|(n, slot)| Some((n as u32, slot.as_ref()?)));
        open.filter(|(_, slot)| !slot.closed).flat_map(|(slot, open)| {
            let place = Place { box_id: open.box_id, slot, size_kb: self.settings.box_kb };
            [true, false].into_iter().zip(&open.expected).filter_map(move |(writable, mounts)| {
                Some(Wanted { place: place.clone(), writable, mounts: mounts.as_deref()? })
            })
        })
    }

    pub fn occupy(&mut self, box_id: u64) {
        self.with(box_id, |slot| slot.running = true);
    }

    /// The run in the box is dead.
    pub fn leave(&mut self, box_id: u64) {
        self.with(box_id, |slot| slot.running = false);
        self.sweep();
    }

    /// The owner needs the box no longer.
    pub fn close(&mut self, box_id: u64) {
        self.with(box_id, |slot| slot.closed = true);
        self.sweep();
    }

    fn sweep(&mut self) {
        for (n, slot) in self.slots.iter_mut().enumerate() {
            if !slot.as_ref().is_some_and(|slot| slot.closed && !slot.running) {
                continue;
            }
            match rustix::mount::unmount(format!("/boxes/{n}"), UnmountFlags::DETACH | UnmountFlags::NOFOLLOW) {
                Ok(()) => *slot = None,
                // The slot stays taken: a box is never handed out with something in it.
                Err(error) => eprintln!("sandbox launcher: could not unmount box {n}: {error}"),
            }
        }
    }

    fn find(&self, box_id: u64) -> Option<usize> {
        self.slots.iter().position(|slot| slot.as_ref().is_some_and(|slot| slot.box_id == box_id && !slot.closed))
    }

    fn with(&mut self, box_id: u64, change: impl FnOnce(&mut Slot)) {
        if let Some(slot) = self.slots.iter_mut().flatten().find(|slot| slot.box_id == box_id) {
            change(slot);
        }
    }
}

//! What the worker and its launcher say to each other: one JSON value per message of a SOCK_SEQPACKET socket pair, with
//! file descriptors beside it. Contents (input, output, source files) travel as memory files, never in a message.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{Cgroups, Exit, Layer, Limits, MemorySource, Mount, StoppedBy};

/// The largest message; a longer command line or environment is refused by the worker.
pub const MAX_MESSAGE: usize = 128 * 1024;

/// A run's input and its own output, and the memory files that keep what it writes.
const MAX_FDS: usize = 4;

/// From the worker. `id` names the question; its answer bears the same.
#[derive(Debug, Serialize, Deserialize)]
pub struct Request {
    pub id: u64,
    pub ask: Ask,
}

#[derive(Debug, Serialize, Deserialize)]
pub enum Ask {
    /// The first message: build the ground that everything else stands on.
    Begin(Settings),
    /// A box; answered once a slot is free.
    Open,
    Close {
        box_id: u64,
    },
    /// Files, whose contents follow one another in the memory file that comes along.
    Write {
        box_id: u64,
        files: Vec<Entry>,
    },
    /// What is in the box, one file or every file: to be written into the memory file that comes along (see `listing`).
    Read {
        box_id: u64,
        path: Option<String>,
        max_bytes: u64,
    },
    /// A program; its input comes along, then what `job.fds` names.
    Run {
        box_id: u64,
        job: Job,
    },
    /// Report from inside which layers are live; an empty input comes along.
    Probe {
        box_id: u64,
    },
    /// Forget the question with this id: kill its run, or take it out of the queue. Is not answered itself.
    Forget {
        asked: u64,
    },
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Settings {
    pub slots: u32,
    pub first_uid: u32,
    pub box_kb: u64,
    pub cgroups: Cgroups,
}

/// A file of a box without its contents; a folder if the path ends in `/`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub path: String,
    pub executable: bool,
    pub length: u64,
}

impl Ask {
    /// The box that it is about, if there is one.
    pub fn box_id(&self) -> Option<u64> {
        match self {
            Self::Close { box_id }
            | Self::Write { box_id, .. }
            | Self::Read { box_id, .. }
            | Self::Run { box_id, .. }
            | Self::Probe { box_id } => Some(*box_id),
            Self::Begin(_) | Self::Open | Self::Forget { .. } => None,
        }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Job {
    pub argv: Vec<String>,
    pub env: Vec<(String, String)>,
    pub limits: Limits,
    pub writable: bool,
    pub mounts: Vec<Mount>,
    pub fds: JobFds,
}

/// What comes along with a program, after its input, in this order.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct JobFds {
    /// Where the program itself writes its output.
    pub stdout: bool,
    /// Memory files for both outputs, which the worker reads while they grow.
    pub kept: bool,
}

/// From the launcher.
#[derive(Debug, Serialize, Deserialize)]
pub struct Reply {
    pub id: u64,
    pub answer: Answer,
}

#[derive(Debug, Serialize, Deserialize)]
pub enum Answer {
    Ready,
    Opened {
        box_id: u64,
    },
    Written,
    /// How long what was asked for is in the memory file; `None`: it is not there, not plain, or too much.
    Read(Option<u64>),
    /// The outputs that are not empty come along as memory files.
    Ran(Outcome),
    Probed(Vec<Layer>),
    /// A layer or limit could not be set up.
    Failed(String),
    /// The run ended in a way that says nothing about the program.
    Lost(String),
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Outcome {
    pub exit: Exit,
    pub stopped_by: Option<StoppedBy>,
    pub cpu_ms: u64,
    pub wall_ms: u64,
    pub memory_kb: u64,
    pub memory_source: MemorySource,
    pub stdout_bytes: u64,
    pub stderr_bytes: u64,
}

/// Sends one message, without waiting.
pub fn send<T: Serialize>(socket: BorrowedFd<'_>, message: &T, fds: &[BorrowedFd<'_>]) -> io::Result<()> {
    let body = serde_json::to_vec(message)?;
    if body.len() > MAX_MESSAGE {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the message is too long"));
    }
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_FDS))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    if !fds.is_empty() && !ancillary.push(SendAncillaryMessage::ScmRights(fds)) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "too many file descriptors"));
    }
    let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
    rustix::io::retry_on_intr(|| rustix::net::sendmsg(socket, &[IoSlice::new(&body)], &mut ancillary, flags))?;
    Ok(())
}

/// The receiving end, with its buffer.
pub struct Receiver<F> {
    socket: F,
    buffer: Vec<u8>,
}

impl<F: AsFd> Receiver<F> {
    pub fn new(socket: F) -> Self {
        Self { socket, buffer: vec![0; MAX_MESSAGE] }
    }

    /// Whether a message is there, or the end.
    pub fn is_ready(&self) -> bool {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        poll(&mut [PollFd::new(&self.socket, PollFlags::IN)], Some(&now)).is_ok_and(|ready| ready > 0)
    }

    /// Waits for one message; `None` when the other side is gone.
    pub fn receive<T: DeserializeOwned>(&mut self) -> io::Result<Option<(T, Vec<OwnedFd>)>> {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_FDS))];
        let mut ancillary = RecvAncillaryBuffer::new(&mut space);
        let got = rustix::io::retry_on_intr(|| {
            let mut into = [IoSliceMut::new(&mut self.buffer)];
            rustix::net::recvmsg(&self.socket, &mut into, &mut ancillary, RecvFlags::CMSG_CLOEXEC)
        })?;
        let fds = ancillary
            .drain()
            .filter_map(|message| match message {
                RecvAncillaryMessage::ScmRights(fds) => Some(fds),
                _ => None,
            })
            .flatten()
            .collect();
        if got.bytes == 0 {
            return Ok(None);
        }
        if got.flags.contains(ReturnFlags::TRUNC) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a message was cut"));
        }
        Ok(Some((serde_json::from_slice(&self.buffer[..got.bytes])?, fds)))
    }
}

impl<F: AsFd> AsFd for Receiver<F> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::unix::fs::FileExt;

    use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};

    use super::*;

    fn pair() -> (OwnedFd, OwnedFd) {
        socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None).unwrap()
    }

    #[test]
    fn a_message_arrives_whole_with_its_files() {
        let (here, there) = pair();
        let memory = rustix::fs::memfd_create("test", rustix::fs::MemfdFlags::CLOEXEC).unwrap();
        let mut memory = std::fs::File::from(memory);
        memory.write_all(b"contents").unwrap();
        let files = vec![Entry { path: "a.c".into(), executable: false, length: 8 }];
        send(here.as_fd(), &Request { id: 7, ask: Ask::Write { box_id: 1, files } }, &[memory.as_fd()]).unwrap();
        let (request, fds): (Request, _) = Receiver::new(there).receive().unwrap().unwrap();
        assert_eq!(request.id, 7);
        let mut read = [0; 8];
        std::fs::File::from(fds.into_iter().next().unwrap()).read_exact_at(&mut read, 0).unwrap();
        assert_eq!(&read, b"contents");
    }

    #[test]
    fn the_end_of_the_other_side_is_no_message() {
        let (here, there) = pair();
        drop(here);
        assert!(Receiver::new(there).receive::<Reply>().unwrap().is_none());
    }

    #[test]
    fn an_oversized_message_is_refused_where_it_is_made() {
        let (here, _there) = pair();
        let reply = Reply { id: 1, answer: Answer::Failed("x".repeat(MAX_MESSAGE)) };
        assert_eq!(send(here.as_fd(), &reply, &[]).unwrap_err().kind(), io::ErrorKind::InvalidInput);
    }
}

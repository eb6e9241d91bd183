//! One launcher's life, seen from the worker: the socket, and who waits for which answer.

use std::collections::HashMap;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::SandboxError;
use crate::wire::{Answer, Ask, Reply, Request, send};

type Delivery = (Answer, Vec<OwnedFd>);

pub struct Link {
    socket: OwnedFd,
    launcher_pid: u32,
    state: Mutex<State>,
}

struct State {
    next_id: u64,
    /// Once the launcher is gone, nothing can be asked on this link any more.
    open: bool,
    waiting: HashMap<u64, oneshot::Sender<Delivery>>,
}

impl Link {
    pub fn new(socket: OwnedFd, launcher_pid: u32) -> Self {
        Self { socket, launcher_pid, state: Mutex::new(State { next_id: 1, open: true, waiting: HashMap::new() }) }
    }

    pub fn launcher_pid(&self) -> u32 {
        self.launcher_pid
    }

    pub fn is_open(&self) -> bool {
        self.state().open
    }

    /// Asks, without waiting. Dropping the call takes the question back.
    pub fn ask(self: &Arc<Self>, ask: Ask, fds: &[BorrowedFd<'_>]) -> Result<Call, SandboxError> {
        let (sender, receiver) = oneshot::channel();
        let mut state = self.state();
        if !state.open {
            return Err(gone());
        }
        let id = state.next_id;
        state.next_id += 1;
        send(self.socket.as_fd(), &Request { id, ask }, fds).map_err(|e| match e.kind() {
            std::io::ErrorKind::InvalidInput => SandboxError::Setup(format!("the run cannot be asked for: {e}")),
            _ => SandboxError::Gone(format!("it takes no questions: {e}")),
        })?;
        state.waiting.insert(id, sender);
        Ok(Call { link: self.clone(), id, receiver, answered: false })
    }

    /// Says that nobody needs the box any more; if the launcher is gone, so is the box.
    pub fn close_box(&self, box_id: u64) {
        self.tell(Ask::Close { box_id });
    }

    /// Hands an answer to whoever asked.
    pub fn deliver(&self, Reply { id, answer }: Reply, fds: Vec<OwnedFd>) {
        let waiting = self.state().waiting.remove(&id);
        let opened = if let Answer::Opened { box_id } = answer { Some(box_id) } else { None };
        let taken = waiting.is_some_and(|sender| sender.send((answer, fds)).is_ok());
        if let (false, Some(box_id)) = (taken, opened) {
            self.close_box(box_id);
        }
    }

    /// Ends the link: the launcher sees the end of its socket, and whoever waits is told.
    pub fn close(&self) {
        let mut state = self.state();
        state.open = false;
        state.waiting.clear();
        let _ = rustix::net::shutdown(&self.socket, rustix::net::Shutdown::Both);
    }

    /// A message without an answer. Fails only if the launcher is gone, which needs no telling then.
    fn tell(&self, ask: Ask) {
        let state = self.state();
        if state.open {
            let _ = send(self.socket.as_fd(), &Request { id: 0, ask }, &[]);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AsFd for Link {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

fn gone() -> SandboxError {
    SandboxError::Gone("it ended; try again".into())
}

/// A question under way.
pub struct Call {
    link: Arc<Link>,
    id: u64,
    receiver: oneshot::Receiver<Delivery>,
    answered: bool,
}

impl Call {
    /// Waits for the answer, as long as it takes.
    pub async fn answer(mut self) -> Result<Delivery, SandboxError> {
        let answer = (&mut self.receiver).await;
        self.answered = true;
        answer.map_err(|_| gone())
    }

    /// Waits for the answer; a launcher that is silent for longer than this is given up and replaced.
    pub async fn answer_within(self, patience: Duration) -> Result<Delivery, SandboxError> {
        let link = self.link.clone();
        match tokio::time::timeout(patience, self.answer()).await {
            Ok(answer) => answer,
            Err(_) => {
                link.close();
                Err(SandboxError::Gone("it does not answer; try again".into()))
            }
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if !self.answered {
            // An answer that is on its way already finds nobody; see `deliver`.
            self.link.state().waiting.remove(&self.id);
            self.link.tell(Ask::Forget { asked: self.id });
        }
    }
}

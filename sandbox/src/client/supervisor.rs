//! Keeps one launcher running: a thread of its own starts it, hands out its answers, and starts another when it has died.
//!
//! It is a thread, not a task, because a launcher dies with the *thread* that started it (`PR_SET_PDEATHSIG`), and threads
//! of a runtime come and go. It ends when the last user of the sandbox is gone.

use std::hash::{BuildHasher, RandomState};
use std::os::fd::{AsFd, OwnedFd};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair, sockopt};
use rustix::process::{Pid, PidfdFlags};
use tokio::sync::{oneshot, watch};

use super::link::Link;
use crate::wire::{Answer, Ask, Receiver, Reply, Request, Settings, send};
use crate::{LAUNCHER_ARG, SandboxError};

/// How long a launcher may take to build its ground.
const START_PATIENCE: Duration = Duration::from_secs(20);
/// How long a question waits for a launcher that is being restarted.
const RESTART_PATIENCE: Duration = Duration::from_secs(10);
/// How long a launcher may take to end its runs and remove their cgroups.
const END_PATIENCE: Duration = Duration::from_secs(2);
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

pub struct Supervisor {
    link: watch::Receiver<Option<Arc<Link>>>,
    ending: Arc<Ending>,
}

/// Told to the thread when nobody needs the launcher any more.
#[derive(Default)]
struct Ending {
    wanted: Mutex<bool>,
    changed: Condvar,
    /// Whether the thread is gone, and the launcher with it.
    done: Mutex<bool>,
    is_done: Condvar,
}

impl Supervisor {
    /// Starts the thread and the first launcher; its failure to start is the caller's.
    pub async fn start(settings: Settings) -> Result<Arc<Self>, SandboxError> {
        let (published, link) = watch::channel(None);
        let ending = Arc::<Ending>::default();
        let (first, started) = oneshot::channel();
        let thread = Thread { settings, published, ending: ending.clone() };
        std::thread::Builder::new()
            .name("sandbox-launcher".into())
            .spawn(move || thread.run(first))
            .map_err(|e| SandboxError::Setup(format!("could not start a thread: {e}")))?;
        // Made before waiting, so that a caller that goes away ends the thread.
        let supervisor = Arc::new(Self { link, ending });
        started.await.map_err(|_| SandboxError::Gone("its thread ended".into()))??;
        Ok(supervisor)
    }

    pub fn current(&self) -> Option<Arc<Link>> {
        self.link.borrow().clone()
    }

    /// The launcher's link; while it is being restarted, waits a little.
    pub async fn link(&self) -> Result<Arc<Link>, SandboxError> {
        let mut link = self.link.clone();
        let there = tokio::time::timeout(
            RESTART_PATIENCE,
            link.wait_for(|link| link.as_ref().is_some_and(|link| link.is_open())),
        )
        .await;
        match there {
            Ok(Ok(link)) => link.clone().ok_or_else(|| SandboxError::Gone("it ended".into())),
            _ => Err(SandboxError::Gone("it does not come back; see the log for the reason".into())),
        }
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        *self.ending.wanted.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.ending.changed.notify_all();
        if let Some(link) = self.current() {
            link.close();
        }
        // A process that ends right after this would otherwise kill the launcher while it cleans up. Mostly milliseconds.
        let done = self.ending.done.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.ending.is_done.wait_timeout_while(done, END_PATIENCE, |done| !*done));
    }
}

/// Whether the process, a child that was not waited for, has ended within this time.
fn has_ended(pid: u32, patience: Duration) -> bool {
    let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) else { return false };
    let Ok(pidfd) = rustix::process::pidfd_open(pid, PidfdFlags::empty()) else { return false };
    let timeout = Timespec { tv_sec: patience.as_secs() as i64, tv_nsec: i64::from(patience.subsec_nanos()) };
    poll(&mut [PollFd::new(&pidfd, PollFlags::IN)], Some(&timeout)).is_ok_and(|ready| ready > 0)
}

impl Drop for Thread {
    fn drop(&mut self) {
        *self.ending.done.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.ending.is_done.notify_all();
    }
}

struct Thread {
    settings: Settings,
    published: watch::Sender<Option<Arc<Link>>>,
    ending: Arc<Ending>,
}

impl Thread {
    fn run(self, first: oneshot::Sender<Result<(), SandboxError>>) {
        let mut first = Some(first);
        let mut pause = FIRST_PAUSE;
        while !self.is_ending() {
            match self.start_launcher() {
                Ok((child, link, receiver)) => {
                    self.published.send_replace(Some(link.clone()));
                    if let Some(first) = first.take() {
                        let _ = first.send(Ok(()));
                    }
                    pause = FIRST_PAUSE;
                    self.serve(child, &link, receiver);
                }
                Err(reason) => {
                    if let Some(first) = first.take() {
                        let _ = first.send(Err(SandboxError::Setup(reason)));
                        return;
                    }
                    tracing::error!(error = reason, "the sandbox launcher does not start; trying again");
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
            self.rest(jittered(pause));
        }
    }

    /// Hands out answers until the launcher is gone, then makes sure of that.
    fn serve(&self, mut child: Child, link: &Link, mut receiver: Receiver<OwnedFd>) {
        while let Ok(Some((reply, fds))) = receiver.receive::<Reply>() {
            link.deliver(reply, fds);
        }
        self.published.send_replace(None);
        link.close();
        // It sees the end of its socket and cleans up; one that stands still is not waited for long.
        if !has_ended(child.id(), END_PATIENCE) {
            let _ = child.kill();
        }
        let ended = child.wait();
        if !self.is_ending() {
            tracing::error!(status = ?ended.ok(), "the sandbox launcher died; starting another");
        }
    }

    fn start_launcher(&self) -> Result<(Child, Arc<Link>, Receiver<OwnedFd>), String> {
        let complain = |e: std::io::Error| format!("could not start the launcher: {e}");
        let (ours, theirs) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)
            .map_err(|e| complain(e.into()))?;
        let mut child = Command::new("/proc/self/exe")
            .arg(LAUNCHER_ARG)
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::from(theirs))
            .stdout(Stdio::null())
            .spawn()
            .map_err(complain)?;
        match self.begin(&ours) {
            Ok(receiver) => {
                let link = Arc::new(Link::new(ours, child.id()));
                Ok((child, link, receiver))
            }
            Err(reason) => {
                let _ = child.kill();
                let _ = child.wait();
                Err(reason)
            }
        }
    }

    fn begin(&self, socket: &OwnedFd) -> Result<Receiver<OwnedFd>, String> {
        let complain = |e: std::io::Error| format!("the launcher does not start: {e}");
        let mut receiver = Receiver::new(socket.try_clone().map_err(complain)?);
        send(socket.as_fd(), &Request { id: 0, ask: Ask::Begin(self.settings.clone()) }, &[]).map_err(complain)?;
        let patience = |patience| sockopt::set_socket_timeout(socket, sockopt::Timeout::Recv, patience);
        patience(Some(START_PATIENCE)).map_err(|e| complain(e.into()))?;
        match receiver.receive::<Reply>().map_err(complain)? {
            Some((Reply { answer: Answer::Ready, .. }, _)) => {}
            Some((Reply { answer: Answer::Failed(reason), .. }, _)) => return Err(reason),
            _ => {
                return Err("this binary does not become the launcher: its main must begin with \
                            `launcher_main_if_asked`"
                    .into());
            }
        }
        patience(None).map_err(|e| complain(e.into()))?;
        Ok(receiver)
    }

    fn is_ending(&self) -> bool {
        *self.ending.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn rest(&self, pause: Duration) {
        let wanted = self.ending.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.ending.changed.wait_timeout_while(wanted, pause, |wanted| !*wanted));
    }
}

/// Between half of the pause and all of it.
fn jittered(pause: Duration) -> Duration {
    pause / 2 + pause.mul_f64((RandomState::new().hash_one(0) % 1000) as f64 / 2000.0)
}

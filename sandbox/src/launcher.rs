//! The launcher: a small process with one thread that starts and watches runs for the worker.
//!
//! Why a process of its own: to fork from the worker, with its threads and hundreds of megabytes, would cost tens of
//! milliseconds and is not safe. The launcher is this same executable started afresh, so it shares no memory with the
//! worker, holds no connection, no secret and no environment, and stays below 5 MiB. It dies with the worker, and every
//! run dies with it.
//!
//! Invariants: nothing privileged ever opens, makes, chowns or removes a path inside a box; a limit that cannot be set
//! ends the run before its program starts; a run is answered only once its whole pid namespace is dead.

mod active;
mod boxes;
mod cgroup;
mod child;
mod ground;
mod identity;
mod init;
mod jail;
mod landlocked;
mod orders;
mod output;
mod pool;
mod probe;
mod reader;
mod usage;
mod writer;

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::wire::{Answer, Ask, Receiver, Reply, Request, send};
use active::Active;
use boxes::Boxes;
use ground::Ground;
use pool::Pool;

/// Runs the launcher to its end on the socket that the worker left as standard input.
pub fn main() -> ! {
    // A panic must not unwind into the loop from a child of it.
    std::panic::set_hook(Box::new(|panic| {
        eprintln!("sandbox launcher: {panic}");
        std::process::abort();
    }));
    let code = match prepare().and_then(serve) {
        Ok(()) => 0,
        Err(error) => {
            eprintln!("sandbox launcher: {error}");
            1
        }
    };
    std::process::exit(code)
}

/// Takes its leave of whatever started this process, save for the socket.
fn prepare() -> io::Result<Receiver<BorrowedFd<'static>>> {
    crate::sys::close_from(3)?;
    crate::sys::reset_signals();
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o022));
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
    // Ctrl-C in the worker's terminal is for the worker, which ends its runs in order.
    rustix::process::setsid().map(drop).or_else(|e| if e == rustix::io::Errno::PERM { Ok(()) } else { Err(e) })?;
    Ok(Receiver::new(crate::sys::inherited(0)))
}

fn serve(mut socket: Receiver<BorrowedFd<'static>>) -> io::Result<()> {
    let Some((Request { id, ask: Ask::Begin(settings) }, _)) = socket.receive()? else {
        return Err(io::Error::other("the first message is not the settings"));
    };
    let ground = match Ground::prepare(&settings) {
        Ok(ground) => ground,
        Err(reason) => return send(socket.as_fd(), &Reply { id, answer: Answer::Failed(reason) }, &[]),
    };
    crate::sys::forget_clean_file_pages("/host/proc/self/smaps")?;
    send(socket.as_fd(), &Reply { id, answer: Answer::Ready }, &[])?;
    let boxes = Boxes::new(settings);
    Launcher { socket, ground, boxes, pool: Pool::default(), runs: Vec::new(), waiting: VecDeque::new() }.serve()
}

/// How long the runs that are left at the end may take to die.
const LAST_PATIENCE: Duration = Duration::from_secs(1);

struct Launcher {
    socket: Receiver<BorrowedFd<'static>>,
    ground: Ground,
    boxes: Boxes,
    pool: Pool,
    runs: Vec<Active>,
    /// Questions that wait for a slot or for the box's current run, in order.
    waiting: VecDeque<(Request, Vec<OwnedFd>)>,
}

impl Launcher {
    fn serve(mut self) -> io::Result<()> {
        loop {
            if self.wait()? {
                let Some((request, fds)) = self.socket.receive()? else { return self.end() };
                self.waiting.push_back((request, fds));
            }
            self.watch_runs()?;
            self.take_waiting()?;
            self.pool.reap(&self.ground);
            self.prepare_next();
        }
    }

    /// Makes sandboxes that will be wanted, as long as nobody asks for anything.
    fn prepare_next(&mut self) {
        if self.ground.keeps_sandboxes() {
            while !self.socket.is_ready() && self.pool.make_one(&self.ground, self.boxes.wanted()) {}
        }
    }

    /// Nobody is there any more: every run dies, and their cgroups go.
    fn end(&mut self) -> io::Result<()> {
        let patience = Instant::now() + LAST_PATIENCE;
        self.runs.iter_mut().for_each(Active::forget);
        self.pool.leave_all();
        while !(self.runs.is_empty() && self.pool.is_empty()) && Instant::now() < patience {
            self.watch_runs()?;
            self.pool.reap(&self.ground);
            let _ = poll(&mut [], Some(&timespec(Duration::from_millis(2))));
        }
        if let Ok(tree) = &self.ground.cgroups {
            tree.close();
        }
        Ok(())
    }

    /// Sleeps until a message, an event of a run, or the next moment to look at one. Whether a message is there.
    fn wait(&self) -> io::Result<bool> {
        let now = Instant::now();
        let next = self.runs.iter().map(Active::look_at).min();
        let timeout = next.map(|at| timespec(at.saturating_duration_since(now)));
        let mut fds = vec![PollFd::new(&self.socket, PollFlags::IN)];
        for run in &self.runs {
            fds.extend(run.descriptors().map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)));
        }
        fds.extend(self.pool.descriptors().map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)));
        match poll(&mut fds, timeout.as_ref()) {
            Ok(_) => Ok(!fds[0].revents().is_empty()),
            Err(rustix::io::Errno::INTR) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Looks at every run; answers those that have ended.
    fn watch_runs(&mut self) -> io::Result<()> {
        let mut n = 0;
        while n < self.runs.len() {
            if !self.runs[n].watch(self.ground.keeps_sandboxes()) {
                n += 1;
                continue;
            }
            let run = self.runs.swap_remove(n);
            self.boxes.leave(run.box_id());
            let asked_by = run.asked_by();
            let (answer, files, sandbox, reusable) = run.finish();
            if let Some(id) = asked_by {
                let fds: Vec<_> = files.iter().map(AsFd::as_fd).collect();
                send(self.socket.as_fd(), &Reply { id, answer }, &fds)?;
            }
            match reusable {
                true => self.pool.give_back(&self.ground, sandbox),
                false => self.pool.bury(sandbox),
            }
        }
        Ok(())
    }

    /// Does what can be done of what was asked.
    fn take_waiting(&mut self) -> io::Result<()> {
        let mut later = VecDeque::new();
        while let Some((request, fds)) = self.waiting.pop_front() {
            if let Ask::Forget { asked } = request.ask {
                self.runs.iter_mut().filter(|run| run.asked_by() == Some(asked)).for_each(Active::forget);
                later.retain(|(waiting, _): &(Request, _)| waiting.id != asked);
            } else if !self.boxes.ready_for(&request.ask) {
                later.push_back((request, fds));
            } else {
                let frees = matches!(request.ask, Ask::Close { .. });
                if let Some(answer) = self.take(request.id, request.ask, fds) {
                    send(self.socket.as_fd(), &Reply { id: request.id, answer }, &[])?;
                }
                // Those who have waited for it come before what was asked later, and nothing else may wake us for them.
                while frees && let Some(earlier) = later.pop_back() {
                    self.waiting.push_front(earlier);
                }
            }
        }
        self.waiting = later;
        Ok(())
    }

    /// Does one thing; the answer, unless it comes later or never.
    fn take(&mut self, id: u64, ask: Ask, fds: Vec<OwnedFd>) -> Option<Answer> {
        match ask {
            Ask::Open => Some(match self.boxes.open(&self.ground) {
                Ok(box_id) => Answer::Opened { box_id },
                Err(reason) => Answer::Failed(reason),
            }),
            Ask::Close { box_id } => {
                self.boxes.close(box_id);
                self.pool.leave_box(box_id);
                None
            }
            Ask::Begin(_) => Some(Answer::Failed("the sandbox has its settings already".into())),
            ask => match Active::start(id, ask, fds, (&mut self.boxes, &mut self.pool, &self.ground)) {
                Ok(run) => {
                    self.boxes.occupy(run.box_id());
                    self.runs.push(run);
                    None
                }
                Err(reason) => Some(Answer::Failed(reason)),
            },
        }
    }
}

fn timespec(duration: Duration) -> Timespec {
    Timespec { tv_sec: duration.as_secs() as i64, tv_nsec: i64::from(duration.subsec_nanos()) }
}

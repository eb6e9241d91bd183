//! The first process of a run once the program runs: it waits. When the program has ended it kills whatever the program
//! left behind, reaps it, and only then reports, so that the time of children that nobody waited for counts as well.
//! (What a program's own `SIGCHLD` set to "ignore" throws away is lost to the kernel's accounts and to ours.)
//!
//! Its end is the end of all: it also ends as soon as nobody listens to the status pipe, because the launcher is gone or
//! wants the run dead. Signals say the same, but the launcher of a container may lack the right to send them (KILL).

use rustix::event::{PollFd, PollFlags, poll};

use super::child::{fail, monotonic_ns, say};
use crate::sys::{self, STATUS_FD};

/// Waits for the program, reports on it, and ends: with it ends the pid namespace.
pub fn wait_for(program: i32) -> ! {
    // The other end of a program's pipe must see when the program itself is done with it.
    sys::close_up_to(2).unwrap_or_else(|e| fail(&format!("could not let go of the streams: {e}")));
    let ending = sys::children_ending().unwrap_or_else(|e| fail(&format!("could not watch the program: {e}")));
    let status = sys::inherited(STATUS_FD);
    let wait_status = loop {
        if let Some(wait_status) = reap_until(program) {
            break wait_status;
        }
        let mut fds = [PollFd::new(&ending, PollFlags::IN), PollFd::new(&status, PollFlags::empty())];
        let _ = poll(&mut fds, None);
        if !fds[1].revents().is_empty() {
            sys::exit_now(1);
        }
        let mut signals = [0; 1024];
        let _ = rustix::io::read(&ending, &mut signals);
    };
    let at = monotonic_ns();
    sys::kill_all_others();
    while let Ok(Some(_)) = sys::wait_for(-1) {}
    let used = sys::children_usage();
    say(&format!("done {at} {wait_status} {} {}", used.cpu_us, used.max_rss_kb));
    sys::exit_now(0)
}

/// Does once beforehand what telling of the end needs: code is brought in at first use, and the end is waited for.
pub fn rehearse() {
    let used = sys::children_usage();
    let at = monotonic_ns();
    std::hint::black_box(format!("done {at} 0 {} {}\n", used.cpu_us, used.max_rss_kb));
}

/// Reaps what has ended, orphans of the program among it; the program's own end, if that was there.
fn reap_until(program: i32) -> Option<i32> {
    while let Ok(Some((pid, wait_status, _))) = sys::reap_ended() {
        if pid == program {
            return Some(wait_status);
        }
    }
    None
}

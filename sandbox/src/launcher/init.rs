//! The first process of a run once the program runs: it waits. When the program has ended it kills whatever the program
//! left behind, reaps it, and only then reports, so that the time of children that nobody waited for counts as well.
//! (What a program's own `SIGCHLD` set to "ignore" throws away is lost to the kernel's accounts and to ours.)

use super::child::{monotonic_ns, say};
use crate::sys;

/// Waits for the program, reports on it, and ends: with it ends the pid namespace.
pub fn wait_for(program: i32) -> ! {
    let mut ended = 0;
    // Orphans of the program become children of this process; their ends are of no interest.
    while let Ok(Some((pid, status, _))) = sys::wait_for(-1) {
        if pid == program {
            ended = status;
            break;
        }
    }
    let at = monotonic_ns();
    sys::kill_all_others();
    while let Ok(Some(_)) = sys::wait_for(-1) {}
    let used = sys::children_usage();
    say(&format!("done {at} {ended} {} {}", used.cpu_us, used.max_rss_kb));
    sys::exit_now(0)
}

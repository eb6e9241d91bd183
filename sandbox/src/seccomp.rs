//! The seccomp filter of every run: our own BPF, laid out as a binary search tree over the system call numbers.
//!
//! It is a list of what is allowed (`allowed`): what no rule names is refused with EPERM, and what is newer than the list
//! does not exist (ENOSYS), see seccomp(2). Foreign entry points (32-bit, x32) never pass.
//!
//! A linear chain of comparisons costs every run several tenths of a millisecond when the kernel checks and compiles it.
//! Here neighbouring numbers with the same rule are one segment, and a system call passes some seven comparisons to find
//! the segment that it is in.

mod allowed;

use crate::sys::Instruction;
pub use allowed::Purpose;
use allowed::{Check, NEWEST_KNOWN, rules};

#[cfg(target_arch = "x86_64")]
const ARCH: u32 = 0xc000_003e;
#[cfg(target_arch = "aarch64")]
const ARCH: u32 = 0xc000_00b7;
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
compile_error!("the sandbox knows the system calls of x86_64 and aarch64 only: add its numbers to seccomp/allowed.rs");

/// Set in the number of a system call that was entered as x32; no native number is as large.
const X32_BIT: u32 = 0x4000_0000;

const LOAD_WORD: u16 = (libc::BPF_LD | libc::BPF_W | libc::BPF_ABS) as u16;
const IF_EQUAL: u16 = (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16;
const IF_AT_LEAST: u16 = (libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K) as u16;
const IF_ANY_BIT: u16 = (libc::BPF_JMP | libc::BPF_JSET | libc::BPF_K) as u16;
const JUMP: u16 = (libc::BPF_JMP | libc::BPF_JA) as u16;
const RETURN: u16 = (libc::BPF_RET | libc::BPF_K) as u16;

// Offsets in `struct seccomp_data`; both architectures are little-endian, so an argument's low word comes first.
const AT_NUMBER: u32 = 0;
const AT_ARCH: u32 = 4;
const AT_ARGUMENTS: u32 = 16;

/// The whole program.
pub fn program(purpose: Purpose) -> Vec<Instruction> {
    let mut code = vec![
        plain(LOAD_WORD, AT_ARCH),
        branch(IF_EQUAL, ARCH, 1, 0),
        plain(RETURN, libc::SECCOMP_RET_KILL_PROCESS),
        plain(LOAD_WORD, AT_NUMBER),
        branch(IF_AT_LEAST, X32_BIT, 0, 1),
        refuse(libc::EPERM),
    ];
    code.extend(tree(&segments(rules(purpose))));
    code
}

/// Numbers from one segment's first up to the next one's have the same rule. The first segment begins at 0, the last has no
/// end.
fn segments(mut rules: Vec<(u32, Check)>) -> Vec<(u32, Check)> {
    const REFUSED: Check = Check::Refuse(libc::EPERM);
    rules.sort_by_key(|(number, _)| *number);
    let mut segments = vec![(0, REFUSED)];
    for (number, check) in rules {
        segments.extend([(number, check), (number + 1, REFUSED)]);
    }
    segments.push((NEWEST_KNOWN + 1, Check::Refuse(libc::ENOSYS)));
    // Of two that begin at the same number the later one holds: between neighbours nothing is refused.
    segments.reverse();
    segments.dedup_by_key(|(first, _)| *first);
    segments.reverse();
    segments.dedup_by_key(|(_, check)| *check);
    segments
}

/// A search tree over segments. Every path through it ends in a return.
fn tree(segments: &[(u32, Check)]) -> Vec<Instruction> {
    match segments {
        [] => vec![refuse(libc::EPERM)],
        [(_, check)] => action(*check),
        _ => {
            let (low, high) = segments.split_at(segments.len() / 2);
            let (left, right) = (tree(low), tree(high));
            let pivot = high[0].0;
            let mut code = match u8::try_from(left.len()) {
                Ok(skip) => vec![branch(IF_AT_LEAST, pivot, skip, 0)],
                Err(_) => vec![branch(IF_AT_LEAST, pivot, 0, 1), plain(JUMP, left.len() as u32)],
            };
            code.extend(left);
            code.extend(right);
            code
        }
    }
}

/// What is done once the number has matched.
fn action(check: Check) -> Vec<Instruction> {
    match check {
        Check::Allow => vec![allow()],
        Check::Refuse(errno) => vec![refuse(errno)],
        Check::OnlyIf { argument, values } => {
            let mut code = vec![plain(LOAD_WORD, AT_ARGUMENTS + 8 * argument)];
            for (n, value) in values.iter().enumerate() {
                code.push(branch(IF_EQUAL, *value, (values.len() - n) as u8, 0));
            }
            code.extend([refuse(libc::EPERM), allow()]);
            code
        }
        Check::Unless { argument, values } => {
            let mut code = vec![plain(LOAD_WORD, AT_ARGUMENTS + 8 * argument)];
            for (n, value) in values.iter().enumerate() {
                code.push(branch(IF_EQUAL, *value, (values.len() - n) as u8, 0));
            }
            code.extend([allow(), refuse(libc::EPERM)]);
            code
        }
        Check::UnlessBits { argument, mask } => vec![
            plain(LOAD_WORD, AT_ARGUMENTS + 8 * argument),
            branch(IF_ANY_BIT, mask, 0, 1),
            refuse(libc::EPERM),
            allow(),
        ],
    }
}

fn plain(code: u16, k: u32) -> Instruction {
    Instruction { code, jt: 0, jf: 0, k }
}

fn branch(code: u16, k: u32, if_true: u8, if_false: u8) -> Instruction {
    Instruction { code, jt: if_true, jf: if_false, k }
}

fn allow() -> Instruction {
    plain(RETURN, libc::SECCOMP_RET_ALLOW)
}

fn refuse(errno: i32) -> Instruction {
    plain(RETURN, libc::SECCOMP_RET_ERRNO | errno as u32)
}

#[cfg(test)]
mod tests;

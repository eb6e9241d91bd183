//! The seccomp filter of every run: our own BPF, laid out as a binary search tree over the system call numbers.
//!
//! A linear chain of comparisons costs every run several tenths of a millisecond when the kernel checks and compiles it;
//! a tree of the same rules about a fifth of that, and a system call passes some seven comparisons instead of ninety.
//! Rules name what is refused; everything else passes. Foreign entry points (32-bit, x32) never pass.

mod denied;

use crate::sys::Instruction;
use denied::{Check, rules};

#[cfg(target_arch = "x86_64")]
const ARCH: u32 = 0xc000_003e;
#[cfg(target_arch = "aarch64")]
const ARCH: u32 = 0xc000_00b7;
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
compile_error!("the sandbox knows the system calls of x86_64 and aarch64 only: add its numbers to seccomp/denied.rs");

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
pub fn program() -> Vec<Instruction> {
    let mut rules = rules();
    rules.sort_by_key(|(number, _)| *number);
    let mut code = vec![
        plain(LOAD_WORD, AT_ARCH),
        branch(IF_EQUAL, ARCH, 1, 0),
        plain(RETURN, libc::SECCOMP_RET_KILL_PROCESS),
        plain(LOAD_WORD, AT_NUMBER),
        branch(IF_AT_LEAST, X32_BIT, 0, 1),
        refuse(libc::EPERM),
    ];
    code.extend(tree(&rules));
    code
}

/// A search tree over `rules`, which are sorted by number. Every path through it ends in a return.
fn tree(rules: &[(u32, Check)]) -> Vec<Instruction> {
    match rules {
        [] => vec![allow()],
        [(number, check)] => {
            let action = action(*check);
            let mut code = vec![branch(IF_EQUAL, *number, 0, action.len() as u8)];
            code.extend(action);
            code.push(allow());
            code
        }
        _ => {
            let (low, high) = rules.split_at(rules.len() / 2);
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

//! What compilers have made, so that the same program need not be compiled again: kept in this worker's memory, up to so many
//! bytes, what was used longest ago going first.
//!
//! Invariants. An artefact is found only under the SHA-256 of everything that its compiler was given: every file of the box,
//! the whole command with its flags, environment, limits and mounts, and the version of the toolchain. So nobody can put
//! one in another program's place: who could name the same key has handed in the same program. It is what a compiler left in
//! the sandbox, read as plain files before anything of it ran; it never changes, and never touches the machine's disk. A
//! compile that failed is not kept: a busy machine may have been the reason, and it holds up nobody who mends his program.

use std::sync::{Arc, Mutex, PoisonError};

use herald_domain::submission::Output;
use herald_sandbox::{BoxFile, Run};
use sha2::{Digest, Sha256};

/// One artefact takes at most this share of the room, so that it does not cost all the others theirs.
const MOST_OF_ALL: u64 = 4;
/// What an entry and each of its files take beside their contents.
const OVERHEAD_BYTES: u64 = 256;

/// A compiled program: all that is in its box, and what the compiler said.
#[derive(Debug)]
pub(crate) struct Artefact {
    pub files: Vec<BoxFile>,
    pub said: Option<Output>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key([u8; 32]);

impl Key {
    /// Of this compile run over these files, by the toolchain of this version.
    pub(crate) fn of(version: Option<&str>, run: &Run, files: &[BoxFile]) -> Self {
        let mut hash = Parts(Sha256::new());
        hash.text(version.unwrap_or_default());
        hash.list(&run.argv, |hash, word| hash.text(word));
        hash.list(&run.env, |hash, (name, value)| {
            hash.text(name);
            hash.text(value);
        });
        hash.bytes(&run.stdin);
        hash.text(&format!("{:?} {}", run.limits, run.writable));
        hash.list(&run.mounts, |hash, mount| hash.text(&format!("{:?} {:?}", mount.from, mount.to)));
        hash.list(files, |hash, file| {
            hash.text(&file.path);
            hash.bytes(&[u8::from(file.executable)]);
            hash.bytes(&file.content);
        });
        Self(hash.0.finalize().into())
    }
}

/// Every part with its length before it, so that no two inputs come to the same bytes.
struct Parts(Sha256);

impl Parts {
    fn bytes(&mut self, bytes: &[u8]) {
        self.0.update((bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }

    fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    fn list<T>(&mut self, items: &[T], each: impl Fn(&mut Self, &T)) {
        self.0.update((items.len() as u64).to_le_bytes());
        items.iter().for_each(|item| each(self, item));
    }
}

pub(crate) struct Artefacts {
    room_bytes: u64,
    /// The one used last stands last.
    kept: Mutex<Vec<(Key, Arc<Artefact>)>>,
}

impl Artefacts {
    /// With room for so many bytes; none: nothing is kept.
    pub(crate) fn new(room_bytes: u64) -> Self {
        Self { room_bytes, kept: Mutex::default() }
    }

    /// The largest that is kept.
    pub(crate) fn most_bytes(&self) -> u64 {
        self.room_bytes / MOST_OF_ALL
    }

    pub(crate) fn find(&self, key: &Key) -> Option<Arc<Artefact>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.iter().position(|(other, _)| other == key).map(|at| kept.remove(at));
        let outcome = if found.is_some() { "hit" } else { "miss" };
        metrics::counter!("herald_compile_cache_total", "outcome" => outcome).increment(1);
        let (key, artefact) = found?;
        kept.push((key, artefact.clone()));
        Some(artefact)
    }

    /// Keeps it, unless another of the same key is there already or it is too large.
    pub(crate) fn keep(&self, key: Key, artefact: Artefact) {
        if artefact.bytes() > self.most_bytes() {
            return;
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.iter().any(|(other, _)| *other == key) {
            return;
        }
        kept.push((key, Arc::new(artefact)));
        let mut bytes: u64 = kept.iter().map(|(_, artefact)| artefact.bytes()).sum();
        while bytes > self.room_bytes {
            bytes -= kept.remove(0).1.bytes();
        }
        metrics::gauge!("herald_compile_cache_bytes").set(bytes as f64);
    }
}

impl Artefact {
    fn bytes(&self) -> u64 {
        let files = self.files.iter().map(|file| (file.path.len() + file.content.len()) as u64 + OVERHEAD_BYTES);
        files.sum::<u64>() + self.said.as_ref().map_or(0, |said| said.text.len() as u64) + OVERHEAD_BYTES
    }
}

#[cfg(test)]
mod tests {
    use herald_sandbox::{Limits, Mount};

    use super::*;

    fn run() -> Run {
        let limits = Limits {
            cpu_ms: 1,
            wall_ms: 2,
            memory_kb: 3,
            limit_address_space: false,
            stack_kb: 4,
            processes: 5,
            file_kb: 6,
            stdout_bytes: 7,
            stderr_bytes: 8,
        };
        let word = |text: &str| text.to_owned();
        Run {
            argv: vec![word("/cc"), word("a"), word("b")],
            env: vec![(word("HOME"), word("/tmp"))],
            stdin: Vec::new(),
            limits,
            writable: true,
            mounts: Vec::new(),
        }
    }

    fn files() -> Vec<BoxFile> {
        vec![BoxFile::new("main.c", "one"), BoxFile::new("two.h", "two")]
    }

    /// One of this size, overhead included.
    fn artefact(bytes: u64) -> Artefact {
        let content = vec![0; (bytes - 2 * OVERHEAD_BYTES - 4) as usize];
        Artefact { files: vec![BoxFile::new("main", content)], said: None }
    }

    fn key(n: u8) -> Key {
        Key([n; 32])
    }

    #[test]
    fn whatever_a_compiler_is_given_is_in_the_key() {
        let same = Key::of(Some("1"), &run(), &files());
        assert_eq!(same, Key::of(Some("1"), &run(), &files()));
        let word = |text: &str| text.to_owned();
        let mut limits = run();
        limits.limits.memory_kb += 1;
        let runs = [
            Run { argv: vec![word("/cc"), word("ab")], ..run() },
            Run { argv: vec![word("/cc"), word("b"), word("a")], ..run() },
            Run { argv: vec![word("/cc"), word("a"), word("b"), word("-O3")], ..run() },
            Run { env: vec![(word("HOME"), word("/box"))], ..run() },
            Run { env: Vec::new(), ..run() },
            Run { mounts: vec![Mount { from: "/a".into(), to: "/b".into() }], ..run() },
            Run { stdin: vec![0], ..run() },
            limits,
        ];
        let boxes = [
            vec![BoxFile::new("main.c", "onetwo.h"), BoxFile::new("two", "")],
            vec![BoxFile::new("two.h", "two"), BoxFile::new("main.c", "one")],
            vec![BoxFile::new("main.c", "one")],
            vec![BoxFile::new("main.c", "one "), BoxFile::new("two.h", "two")],
            vec![BoxFile::new("main.d", "one"), BoxFile::new("two.h", "two")],
            vec![BoxFile { executable: true, ..BoxFile::new("main.c", "one") }, BoxFile::new("two.h", "two")],
        ];
        let mut keys = vec![same, Key::of(Some("2"), &run(), &files()), Key::of(None, &run(), &files())];
        keys.extend(runs.iter().map(|run| Key::of(Some("1"), run, &files())));
        keys.extend(boxes.iter().map(|files| Key::of(Some("1"), &run(), files)));
        for (n, key) in keys.iter().enumerate() {
            assert!(!keys[..n].contains(key), "input {n} has the key of another");
        }
    }

    #[test]
    fn what_was_used_longest_ago_goes_when_room_runs_out() {
        let artefacts = Artefacts::new(8_192);
        (1..=4).for_each(|n| artefacts.keep(key(n), artefact(2_048)));
        assert!(artefacts.find(&key(1)).is_some());
        artefacts.keep(key(5), artefact(1_024));
        let there: Vec<_> = (1..=5).filter(|n| artefacts.find(&key(*n)).is_some()).collect();
        assert_eq!(there, [1, 3, 4, 5], "2 was used longest ago");
    }

    #[test]
    fn one_that_is_there_is_never_replaced() {
        let artefacts = Artefacts::new(8_192);
        artefacts.keep(key(1), artefact(1_024));
        artefacts.keep(key(1), artefact(2_048));
        assert_eq!(artefacts.find(&key(1)).unwrap().bytes(), 1_024);
    }

    #[test]
    fn one_that_is_too_large_is_not_kept_and_costs_no_other_its_place() {
        let artefacts = Artefacts::new(8_192);
        (1..=4).for_each(|n| artefacts.keep(key(n), artefact(2_048)));
        artefacts.keep(key(5), artefact(2_049));
        assert!(artefacts.find(&key(5)).is_none());
        assert!((1..=4).all(|n| artefacts.find(&key(n)).is_some()));
        let none = Artefacts::new(0);
        none.keep(key(1), artefact(1_024));
        assert!(none.find(&key(1)).is_none(), "no room, no cache");
    }
}

//! A program in its language: how it is compiled and run, as runs of the sandbox.
//!
//! Invariant: a command is a list of words made from the languages file; a file name of a submission is one word of it,
//! never an option.

use std::borrow::Cow;

use herald_domain::submission::SourceFile;
use herald_sandbox::{BoxFile, Limits, Run};

use crate::languages::{CompileSpec, Language, LanguageSpec, SOURCES};

/// Where a compiler puts the program: in the work folder.
pub(crate) const BINARY: &str = "/box/main";
const STACK_KB: u64 = 64 * 1_024;
/// One file that a compiler writes.
const COMPILE_FILE_KB: u64 = 64 * 1_024;
/// One file that a program writes below `/tmp`.
const RUN_FILE_KB: u64 = 16 * 1_024;
/// What a compiler may print on each stream.
const COMPILE_OUTPUT_BYTES: u64 = 1_024 * 1_024;
/// What a managed run-time needs beside its heap.
const RUN_TIME_MB: u64 = 64;
const LEAST_HEAP_MB: u64 = 16;

/// Limits of one run, before the language adds its share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RunLimits {
    pub cpu_ms: u64,
    pub wall_ms: u64,
    pub memory_kb: u64,
    pub output_kb: u64,
    pub processes: u64,
}

impl RunLimits {
    /// For a language's probe.
    pub(crate) const PROBE: Self =
        Self { cpu_ms: 5_000, wall_ms: 20_000, memory_kb: 512 * 1_024, output_kb: 64, processes: 64 };
}

pub(crate) struct Program<'a> {
    language: &'a Language,
    files: &'a [SourceFile],
}

impl<'a> Program<'a> {
    /// The first file is the entry point.
    pub(crate) fn new(language: &'a Language, files: &'a [SourceFile]) -> Self {
        Self { language, files }
    }

    /// What to write into the work folder.
    pub(crate) fn files(&self) -> Vec<BoxFile> {
        self.files.iter().map(|file| BoxFile::new(file.name.as_str(), file.content.as_str())).collect()
    }

    /// The run that compiles it, if the language has one.
    pub(crate) fn compile(&self) -> Option<Run> {
        let compile = self.spec().compile.as_ref()?;
        let limits = compile_limits(compile);
        Some(Run { writable: true, ..self.command(&compile.argv, Vec::new(), limits) })
    }

    pub(crate) fn run(&self, stdin: Vec<u8>, limits: &RunLimits) -> Run {
        self.command(&self.spec().run.argv, stdin, self.run_limits(limits))
    }

    /// The run that prints the toolchain's version.
    pub(crate) fn version(&self, limits: &RunLimits) -> Run {
        self.command(&self.spec().version, Vec::new(), self.run_limits(limits))
    }

    fn spec(&self) -> &LanguageSpec {
        &self.language.spec
    }

    fn run_limits(&self, limits: &RunLimits) -> Limits {
        let run = &self.spec().run;
        Limits {
            cpu_ms: limits.cpu_ms,
            wall_ms: limits.wall_ms,
            memory_kb: limits.memory_kb,
            limit_address_space: run.address_space,
            stack_kb: STACK_KB,
            processes: limits.processes + run.extra_processes,
            file_kb: RUN_FILE_KB,
            stdout_bytes: limits.output_kb * 1_024,
            stderr_bytes: limits.output_kb * 1_024,
        }
    }

    fn command(&self, argv: &[String], stdin: Vec<u8>, limits: Limits) -> Run {
        Run {
            argv: argv.iter().flat_map(|word| self.words(word, &limits)).collect(),
            env: self.environment(&limits),
            stdin,
            limits,
            writable: false,
            mounts: self.language.toolchain.mounts.clone(),
        }
    }

    fn environment(&self, limits: &Limits) -> Vec<(String, String)> {
        let basic = [("PATH", "/usr/bin:/bin"), ("HOME", "/tmp"), ("TMPDIR", "/tmp"), ("LANG", "C.UTF-8")];
        let basic = basic.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let own = self.spec().env.iter().map(|(name, value)| (name.clone(), self.fill(value, limits)));
        basic.into_iter().chain(own).collect()
    }

    fn words(&self, word: &str, limits: &Limits) -> Vec<String> {
        match word {
            SOURCES => self.sources().into_iter().map(|name| path(name).into_owned()).collect(),
            word => vec![self.fill(word, limits)],
        }
    }

    /// The entry point, then every other file that has one of the language's extensions.
    fn sources(&self) -> Vec<&str> {
        let extensions = &self.spec().extensions;
        let is_source = |name: &str| name.rsplit_once('.').is_some_and(|(_, end)| extensions.iter().any(|e| e == end));
        let others = self.files.iter().skip(1).map(|file| file.name.as_str()).filter(|name| is_source(name));
        std::iter::once(self.entry()).chain(others).collect()
    }

    fn entry(&self) -> &str {
        self.files.first().map_or(&*self.language.spec.source_name, |file| &*file.name)
    }

    /// Replaces the placeholders; what is put in is not looked at again.
    fn fill(&self, word: &str, limits: &Limits) -> String {
        let mut filled = String::with_capacity(word.len());
        let mut rest = word;
        while let Some((before, after)) = rest.split_once('{') {
            filled.push_str(before);
            let (name, behind) = after.split_once('}').unwrap_or((after, ""));
            filled.push_str(&self.value(name, limits));
            rest = behind;
        }
        filled + rest
    }

    fn value(&self, placeholder: &str, limits: &Limits) -> String {
        let memory_mb = limits.memory_kb / 1_024;
        match placeholder {
            "tool" => self.language.toolchain.tool.clone(),
            "bin" => self.language.toolchain.bin.clone(),
            "source" => path(self.entry()).into_owned(),
            "stem" => self.entry().split_once('.').map_or(self.entry(), |(stem, _)| stem).to_owned(),
            "binary" => BINARY.to_owned(),
            "memory_mb" => memory_mb.to_string(),
            "stack_kb" => limits.stack_kb.to_string(),
            "heap_mb" => heap_mb(memory_mb).to_string(),
            // The languages file was checked for these.
            other => format!("{{{other}}}"),
        }
    }
}

/// What of the limit is left for a managed heap: all but the run-time's own share, at least half.
fn heap_mb(memory_mb: u64) -> u64 {
    memory_mb.saturating_sub(RUN_TIME_MB).max(memory_mb / 2).max(LEAST_HEAP_MB)
}

fn compile_limits(compile: &CompileSpec) -> Limits {
    Limits {
        cpu_ms: compile.cpu_ms,
        wall_ms: compile.wall_ms,
        memory_kb: compile.memory_mb * 1_024,
        limit_address_space: compile.address_space,
        stack_kb: STACK_KB,
        processes: compile.processes,
        file_kb: COMPILE_FILE_KB,
        stdout_bytes: COMPILE_OUTPUT_BYTES,
        stderr_bytes: COMPILE_OUTPUT_BYTES,
    }
}

/// A file name as an argument: one that looks like an option is written as a path.
fn path(name: &str) -> Cow<'_, str> {
    if name.starts_with('-') { format!("./{name}").into() } else { name.into() }
}

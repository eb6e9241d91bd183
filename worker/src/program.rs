//! A program in its language: how it is compiled and run, as runs of the sandbox.
//!
//! Invariant: a command is a list of words made from the languages file; a file name of a submission is one word of it,
//! never an option.

use std::borrow::Cow;

use herald_domain::language::allows;
use herald_domain::submission::SourceFile;
use herald_sandbox::{BoxFile, Limits, Mount, Run};

use crate::languages::{CompileSpec, EXTRAS, FLAGS, INSIDE, Language, LanguageSpec, PREPARED, PrepareSpec, SOURCES};

/// Where a compiler puts the program: in the work folder.
pub(crate) const BINARY: &str = "/box/main";
/// Of a compiler's thread, and of a program's unless it asks for another.
pub(crate) const STACK_KB: u64 = 64 * 1_024;
/// One file that a compiler writes.
const COMPILE_FILE_KB: u64 = 64 * 1_024;
/// One file that a program writes below `/tmp`, unless it asks for another size.
pub(crate) const RUN_FILE_KB: u64 = 16 * 1_024;
/// What is made once may take longer and be larger.
const PREPARE_CPU_MS: u64 = 60_000;
const PREPARE_FILE_KB: u64 = 224 * 1_024;
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
    /// CPU time beyond `cpu_ms` after which a run is stopped.
    pub extra_ms: u64,
    pub memory_kb: u64,
    pub stack_kb: u64,
    pub output_kb: u64,
    pub file_kb: u64,
    pub processes: u64,
}

impl RunLimits {
    /// For a language's probe.
    pub(crate) const PROBE: Self = Self {
        cpu_ms: 5_000,
        wall_ms: 20_000,
        extra_ms: 0,
        memory_kb: 512 * 1_024,
        stack_kb: STACK_KB,
        output_kb: 64,
        file_kb: RUN_FILE_KB,
        processes: 64,
    };
}

pub(crate) struct Program<'a> {
    language: &'a Language,
    files: &'a [SourceFile],
    flags: &'a [String],
    /// Whether the first file is a problem's own, and what was handed in comes after it.
    driver: bool,
    /// Compiled without what the language has prepared.
    plain: bool,
}

impl<'a> Program<'a> {
    /// The first file is the entry point.
    pub(crate) fn new(language: &'a Language, files: &'a [SourceFile]) -> Self {
        Self { language, files, flags: &[], driver: false, plain: false }
    }

    /// The same; with a `driver`, the entry point is the problem's and the second file is what was handed in.
    pub(crate) fn driven(language: &'a Language, files: &'a [SourceFile], driver: bool) -> Self {
        Self { language, files, flags: &[], driver, plain: false }
    }

    /// With flags, which are taken as they are: see [`Self::refused_flag`].
    pub(crate) fn flagged(self, flags: &'a [String]) -> Self {
        Self { flags, ..self }
    }

    /// The first flag that the language does not allow.
    pub(crate) fn refused_flag(&self) -> Option<&'a str> {
        self.flags.iter().map(String::as_str).find(|flag| !allows(&self.spec().flags, flag))
    }

    /// What to write into the work folder: the language's own files, unless the program brings one of that name.
    pub(crate) fn files(&self) -> Vec<BoxFile> {
        let own = self.spec().files.iter().filter(|(name, _)| !self.files.iter().any(|file| file.name == **name));
        let own = own.map(|(name, content)| BoxFile::new(name.as_str(), content.as_str()));
        self.files.iter().map(|file| BoxFile::new(file.name.as_str(), file.content.as_str())).chain(own).collect()
    }

    /// The run that compiles it, if the language has one.
    pub(crate) fn compile(&self) -> Option<Run> {
        let compile = self.spec().compile.as_ref()?;
        let limits = compile_limits(compile);
        // A compiler begins at the entry point. What only looks over one file is to look over the one handed in.
        let only_looks = !compile.argv.iter().any(|word| word.contains("{binary}"));
        let handed_in = Self { files: self.files.get(usize::from(self.driver)..).unwrap_or_default(), ..*self };
        let program = if only_looks && compile.argv.iter().all(|word| word != SOURCES) { &handed_in } else { self };
        let mut run = Run { writable: true, ..program.command(&compile.argv, Vec::new(), limits) };
        run.mounts.extend(self.prepared().cloned());
        Some(run)
    }

    /// The run that makes what lets programs like this compile faster.
    pub(crate) fn prepare(&self, spec: &PrepareSpec) -> Run {
        let longer = CompileSpec { cpu_ms: PREPARE_CPU_MS, wall_ms: 10 * PREPARE_CPU_MS, ..CompileSpec::default() };
        let limits = Limits { file_kb: PREPARE_FILE_KB, ..compile_limits(&longer) };
        Run { writable: true, ..self.command(&spec.argv, Vec::new(), limits) }
    }

    /// Whether what the language can prepare would help here, and can do no harm.
    pub(crate) fn wants_prepared(&self) -> bool {
        let has = |text: &str| self.files.iter().any(|file| file.content.contains(text));
        let fits = |spec: &PrepareSpec| has(&spec.used_with) && !spec.not_with.iter().any(|text| has(text));
        self.flags.is_empty() && self.spec().prepare.as_ref().is_some_and(fits)
    }

    /// What is there of it.
    pub(crate) fn prepared(&self) -> Option<&Mount> {
        self.language.prepared.mount().filter(|_| !self.plain && self.wants_prepared())
    }

    /// The same without, if a compiler that has used it may have said something else.
    pub(crate) fn to_be_heard(&self) -> Option<Self> {
        let spec = self.spec().prepare.as_ref().filter(|_| self.prepared().is_some())?;
        (!spec.says_the_same).then(|| self.plainly())
    }

    /// The same without.
    fn plainly(&self) -> Self {
        Self { plain: true, ..*self }
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
            cpu_ms: limits.cpu_ms + limits.extra_ms,
            wall_ms: limits.wall_ms,
            memory_kb: limits.memory_kb,
            limit_address_space: run.address_space,
            stack_kb: limits.stack_kb,
            processes: limits.processes + run.extra_processes,
            file_kb: limits.file_kb,
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
            FLAGS => self.flags.to_vec(),
            EXTRAS => self.language.toolchain.extras.clone(),
            SOURCES => self.sources().into_iter().map(|name| path(name).into_owned()).collect(),
            word if word.contains(PREPARED) && self.prepared().is_none() => Vec::new(),
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
            "prepared" => INSIDE.to_owned(),
            "quarter_stack_kb" => (limits.stack_kb / 4).to_string(),
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

//! What a language has made once, so that compiling is faster: a precompiled header, or an archive of a compiler's classes.
//!
//! Invariant: it changes neither what a program means nor what a compiler says of it. So it is made inside the sandbox by
//! the compiler that uses it, lies in a folder that only this worker's user can enter, is shown read-only, and is left out
//! wherever its use could matter (flags, words of `not_with`) or it is not ready yet. If a compiler has anything to say, it
//! says it of a second, plain run, unless it says the same in either.
//!
//! It is made when the first program comes that it would help: a worker that gets none spends nothing on it.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use herald_sandbox::{BoxFile, Exit, Mount};

use super::Language;
use super::spec::PrepareSpec;
use crate::program::Program;
use crate::runner::Runner;

/// Where it is shown inside.
pub(crate) const INSIDE: &str = "/opt/prepared";
/// The largest that is taken.
const MAX_BYTES: u64 = 256 * 1_024 * 1_024;
const NAME: &str = "herald-prepared-";

/// Of one language.
#[derive(Debug, Default)]
pub(crate) struct Prepared {
    begun: AtomicBool,
    ready: OnceLock<Mount>,
}

impl Prepared {
    pub(crate) fn mount(&self) -> Option<&Mount> {
        self.ready.get()
    }
}

/// A private folder of this process, removed with the value. One that a killed process has left goes with the next.
#[derive(Debug)]
pub(crate) struct PreparedFolder(PathBuf);

impl PreparedFolder {
    fn new(below: &Path) -> std::io::Result<Self> {
        sweep(below);
        let unique = fs::read_to_string("/proc/sys/kernel/random/uuid")?;
        let path = below.join(format!("{NAME}{}-{}", std::process::id(), unique.trim()));
        DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }
}

impl Drop for PreparedFolder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Removes the folders of processes that are no more. Those of other users are not ours to remove, and the attempt fails.
fn sweep(below: &Path) {
    for entry in fs::read_dir(below).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let pid = name.to_str().and_then(|name| name.strip_prefix(NAME)?.split('-').next());
        if pid.is_some_and(|pid| pid.parse::<u32>().is_ok() && !Path::new("/proc").join(pid).exists()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// The folder, once something needs it.
pub(crate) type SharedFolder = Arc<OnceLock<Option<PreparedFolder>>>;

/// Begins to make it, unless that was done before. Who asks does not wait.
pub(crate) fn begin(runner: &Arc<dyn Runner>, language: &Arc<Language>) {
    let Some(spec) = language.spec.prepare.clone() else { return };
    if language.prepared.begun.swap(true, Ordering::Relaxed) {
        return;
    }
    let (runner, language) = (runner.clone(), language.clone());
    tokio::spawn(async move {
        match make(&*runner, &language, &spec).await {
            Ok(mount) => {
                let _ = language.prepared.ready.set(mount);
                tracing::info!(language = %language.spec.id, "compiles faster from now on");
            }
            Err(reason) => tracing::warn!(language = %language.spec.id, "compiles as before: {reason}"),
        }
    });
}

async fn make(runner: &dyn Runner, language: &Language, spec: &PrepareSpec) -> Result<Mount, String> {
    let _beside = runner.neighbours().beside().await;
    let folder = runner.open().await.map_err(|error| error.to_string())?;
    let files: Vec<_> = spec.files.iter().map(|(name, text)| BoxFile::new(name.as_str(), text.as_str())).collect();
    folder.write_files(&files).await.map_err(|error| error.to_string())?;
    let run = Program::new(language, &[]).prepare(spec);
    let report = folder.run(run).await.map_err(|error| error.to_string())?;
    if report.stopped_by.is_some() || report.exit != Exit::Code(0) {
        return Err(format!("it ended by {:?}, {:?}", report.stopped_by, report.exit));
    }
    let made = folder.read_file(&spec.made, MAX_BYTES).await.map_err(|error| error.to_string())?;
    let made = made.ok_or_else(|| format!("it left no {} that can be read", spec.made))?;
    let (kept, id, place) = (language.folder.clone(), language.spec.id.clone(), spec.place.clone());
    let kept = tokio::task::spawn_blocking(move || keep(&kept, &id, &place, &made)).await;
    kept.map_err(|error| error.to_string())?.map_err(|error| error.to_string())
}

/// The parent is closed to others, so that what lies below may be as open as the sandbox's users need it.
fn keep(folder: &SharedFolder, id: &str, place: &str, made: &[u8]) -> std::io::Result<Mount> {
    let folder = folder.get_or_init(|| PreparedFolder::new(&std::env::temp_dir()).ok());
    let folder = folder.as_ref().ok_or_else(|| std::io::Error::other("no private folder could be made"))?;
    let own = folder.0.join(id);
    let file = own.join(place);
    let mut path = own.clone();
    fs::create_dir_all(file.parent().unwrap_or(&own))?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
    for name in Path::new(place).parent().into_iter().flatten() {
        path.push(name);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
    }
    fs::write(&file, made)?;
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644))?;
    Ok(Mount { from: own, to: PathBuf::from(INSIDE) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_is_private_and_goes_with_its_process() {
        let below = tempfile::tempdir().unwrap();
        let left = below.path().join(format!("{NAME}4294967295-x"));
        fs::create_dir(&left).unwrap();
        let folder = PreparedFolder::new(below.path()).unwrap();
        assert!(!left.exists(), "its process is no more");
        let path = folder.0.clone();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
        let second = PreparedFolder::new(below.path()).unwrap();
        assert!(path.exists() && second.0 != path, "its process lives");
        drop(folder);
        assert!(!path.exists());
    }

    #[test]
    fn what_is_kept_can_be_read_by_whom_it_is_shown_to() {
        let shared = SharedFolder::default();
        let mount = keep(&shared, "toy", "bits/all.gch", b"made").unwrap();
        let file = mount.from.join("bits/all.gch");
        assert_eq!(fs::read(&file).unwrap(), b"made");
        for (path, mode) in [(&mount.from, 0o755), (&mount.from.join("bits"), 0o755), (&file, 0o644)] {
            assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, mode, "{}", path.display());
        }
        drop(shared);
        assert!(!file.exists());
    }
}

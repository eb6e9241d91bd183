use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;

use herald_sandbox::{Exit, Mount, Report, SandboxError};

use super::*;
use crate::runner::fake::{FakeRunner, Reply, printed};

fn load(text: &str) -> Result<Languages, LanguagesError> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    Languages::load(Some(file.path()))
}

fn language(changes: &str) -> String {
    let keys =
        [r#"id = "toy""#, r#"name = "Toy""#, r#"source_name = "main.toy""#, r#"probe = """#, r#"version = ["{tool}"]"#];
    format!("[[language]]\n{}\n{changes}", keys.join("\n"))
}

#[test]
fn the_built_in_file_is_good_and_has_the_promised_ids() {
    let languages = Languages::load(None).unwrap();
    let ids: Vec<_> = languages.infos().into_iter().map(|info| info.id).collect();
    assert_eq!(
        ids,
        ["c", "cpp", "cpp17", "cpp20", "cpp23", "rust", "go", "java", "python", "pypy", "javascript", "typescript"]
    );
}

#[test]
fn a_wrong_file_names_the_language_and_what_is_wrong() {
    let run = "[language.run]\nargv = [\"{tool}\"]\n";
    for (changes, expected) in [
        (format!("tool = [\"env\"]\n{run}"), "language 'toy': 'env' is not an absolute path"),
        ("tool = []\n[language.run]\nargv = [\"sh\", \"-c\"]\n".into(), "argv starts with 'sh', not with {tool}"),
        (
            "tool = []\n[language.run]\nargv = [\"{tool}\", \"{soruce}\"]\n".into(),
            "'{soruce}' has an unknown placeholder",
        ),
        (format!("tool = []\nenv = {{ A = \"{{x}}\" }}\n{run}"), "'{x}' has an unknown placeholder"),
        (format!("tool = []\ntoools = []\n{run}"), "unknown field `toools`"),
        (format!("tool = []\n{run}time_factor = 0.0\n"), "time_factor is not within"),
        (format!("tool = []\nflags = [\"O\"]\n{run}"), "'O' is no flag"),
        (format!("tool = []\nflags = [\"-O\"]\n{run}"), "it allows flags, but {flags} stands in no argv"),
        (
            format!("tool = []\nextra = [{{ needs = \"/ld\", words = [] }}]\n{run}"),
            "it has extra words, but {extras} stands in no argv",
        ),
        (format!("tool = []\nfiles = {{ \"a/b\" = \"\" }}\n{run}"), "'a/b' among its files is not a plain file name"),
    ] {
        let error = load(&language(&changes)).err().unwrap().to_string();
        assert!(error.contains(expected), "{error:?} lacks {expected:?}");
    }
    let twice = language(&format!("tool = []\n{run}"));
    assert!(load(&format!("{twice}{twice}")).err().unwrap().to_string().contains("stands in it twice"));
    let missing = Languages::load(Some(Path::new("/nonexistent.toml"))).err().unwrap();
    assert_eq!(missing.to_string(), "the languages file /nonexistent.toml cannot be read");
}

fn found(tool: &str, needs: &str, home: &Path) -> Result<Toolchain, String> {
    let mounts = r#"mounts = ["~/share*", "/nonexistent/share"]"#;
    let text = language(&format!("tool = {tool}\nneeds = {needs}\n{mounts}\n[language.run]\nargv = [\"{{tool}}\"]\n"));
    toolchain::find(&spec::parse(&text).unwrap()[0], Some(home))
}

/// A home folder with toolchains 1.9 and 1.10, and a shim.
fn home() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    for version in ["1.9", "1.10"] {
        let bin = home.path().join(format!("chains/{version}/bin"));
        fs::create_dir_all(&bin).unwrap();
        fs::write(bin.join("toy"), "").unwrap();
    }
    fs::create_dir(home.path().join("bin")).unwrap();
    fs::write(home.path().join("bin/rustup"), "").unwrap();
    symlink(home.path().join("bin/rustup"), home.path().join("bin/toy")).unwrap();
    symlink(home.path().join("chains/1.9/bin/toy"), home.path().join("toy")).unwrap();
    home
}

#[test]
fn a_toolchain_outside_usr_is_shown_under_opt_and_the_newest_wins() {
    let home = home();
    let root = home.path().canonicalize().unwrap();
    let expected = |version: &str| Toolchain {
        tool: "/opt/toy/bin/toy".into(),
        bin: "/opt/toy/bin".into(),
        mounts: vec![Mount { from: root.join("chains").join(version), to: "/opt/toy".into() }],
        extras: Vec::new(),
    };
    assert_eq!(found(r#"["/nonexistent/toy", "~/chains/*/bin/toy"]"#, "[]", home.path()), Ok(expected("1.10")));
    assert_eq!(found(r#"["~/toy"]"#, "[]", home.path()), Ok(expected("1.9")), "links are followed");
    let system = found(r#"["/usr/bin/env"]"#, "[]", home.path()).unwrap();
    assert!(system.tool.starts_with("/usr/") && system.mounts.is_empty(), "{system:?}");
    let share = home.path().join("share-1");
    fs::create_dir(&share).unwrap();
    let system = found(r#"["/usr/bin/env"]"#, "[]", home.path()).unwrap();
    assert_eq!(system.mounts, [Mount { from: share.clone(), to: share }], "at the same place");
}

#[test]
fn extra_words_are_used_where_what_they_need_is_installed() {
    let home = home();
    let text = language(
        "tool = [\"/usr/bin/env\"]\n[language.run]\nargv = [\"{tool}\", \"{extras}\"]\n\
         [[language.extra]]\nneeds = \"~/chains/1.9/bin/toy\"\nwords = [\"-a\", \"b\"]\n\
         [[language.extra]]\nneeds = \"~/chains/1.8/bin/toy\"\nwords = [\"-c\"]\n",
    );
    let found = toolchain::find(&spec::parse(&text).unwrap()[0], Some(home.path())).unwrap();
    assert_eq!(found.extras, ["-a", "b"]);
}

#[test]
fn a_shim_a_home_folder_and_a_missing_need_are_refused_with_the_reason() {
    let home = home();
    let shim = found(r#"["~/bin/toy"]"#, "[]", home.path()).unwrap_err();
    assert!(shim.ends_with("is a shim of rustup; install the tool itself"), "{shim}");
    assert!(found(r#"["~/bin/toy", "~/chains/*/bin/toy"]"#, "[]", home.path()).is_ok(), "the next candidate is tried");
    fs::write(home.path().join("bin/real"), "").unwrap();
    let whole_home = found(r#"["~/bin/real"]"#, "[]", home.path()).unwrap_err();
    assert!(whole_home.ends_with("which is not to be shown inside"), "{whole_home}");
    let needs = found(r#"["/usr/bin/env"]"#, r#"["/nonexistent/ld"]"#, home.path()).unwrap_err();
    assert_eq!(needs, "/nonexistent/ld is missing; install it");
}

#[tokio::test]
async fn a_language_is_offered_until_its_probe_fails_and_is_tried_once() {
    let text = language("tool = [\"/usr/bin/env\"]\n[language.run]\nargv = [\"{tool}\", \"{source}\"]\n");
    let languages = load(&text).unwrap();
    assert!(languages.infos()[0].available, "installed counts as available");
    let broken =
        || Reply::Report(Report { exit: Exit::Code(127), stderr: b"no such library\n".to_vec(), ..printed("") });
    // The fake's first folder always works: use it up.
    let runner = FakeRunner::new(vec![broken(), broken()]);
    drop(runner.open().await.unwrap());
    let error = languages.ready(&runner, "toy").await.unwrap_err();
    let reason = "its probe does not run: exit code 127: no such library";
    assert_eq!(error, Unusable::Unavailable { id: "toy".into(), reason: reason.into() });
    assert_eq!(languages.infos()[0].reason.as_deref(), Some(reason));
    assert!(!languages.infos()[0].available);
    languages.ready(&runner, "toy").await.unwrap_err();
    assert_eq!(runner.runs().len(), 2, "tried twice in a row, then never again");
}

#[tokio::test]
async fn a_sandbox_that_is_away_says_nothing_about_the_language() {
    let languages = load(&language("tool = [\"/usr/bin/env\"]\n[language.run]\nargv = [\"{tool}\"]\n")).unwrap();
    let runner = FakeRunner::new(vec![
        Reply::Error(SandboxError::Gone("restarting".into())),
        Reply::Report(printed("ok")),
        Reply::Report(printed("\ntoy 1.0\nmore")),
    ]);
    drop(runner.open().await.unwrap());
    let error = languages.ready(&runner, "toy").await.unwrap_err();
    assert!(matches!(error, Unusable::Untried { .. }), "{error:?}");
    assert!(languages.infos()[0].available);
    let ready = languages.ready(&runner, "toy").await.unwrap();
    assert_eq!(ready.version.as_deref(), Some("toy 1.0"));
    assert_eq!(languages.infos()[0].version.as_deref(), Some("toy 1.0"));
}

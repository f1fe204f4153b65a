//! The plays of `examples/`, run as a reader would run them; what they print is a snapshot.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::print_stderr, reason = "a test may")]

use std::path::{Path, PathBuf};
use std::process::Command;

/// Plays that are pages of the documentation: the folder of the play, the title of the page.
const TRANSCRIPTS: [(&str, &str); 5] = [
    ("git-hook", "The git hook, played"),
    ("pre-commit", "pre-commit, played"),
    ("github-actions", "GitHub Actions, played"),
    ("gitlab-ci", "GitLab CI, played"),
    ("server-hook", "A hook on the server, played"),
];

fn plays() -> Vec<PathBuf> {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut plays: Vec<PathBuf> = std::fs::read_dir(examples)
        .unwrap()
        .map(|entry| entry.unwrap().path().join("play.sh"))
        .filter(|play| play.exists())
        .collect();
    plays.sort();
    plays
}

fn pre_commit() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target/oracles/pre-commit/bin")
}

/// The folders of programs, pre-commit's too where `.ci/oracles` has installed it.
fn path() -> std::ffi::OsString {
    let found = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(std::iter::once(pre_commit()).chain(std::env::split_paths(&found))).unwrap()
}

/// Runs one play and returns what it printed.
fn play(script: &Path) -> String {
    let home = tempfile::tempdir().unwrap();
    let output = Command::new("sh")
        .arg(script)
        .env_clear()
        .env("PATH", path())
        .env("HOME", home.path())
        .env("LC_ALL", "C.UTF-8")
        .env("DRIFTGATE", env!("CARGO_BIN_EXE_driftgate"))
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{} failed\n{printed}\n{errors}", script.display());
    assert_eq!(errors, "", "{} wrote to standard error", script.display());
    printed.replace(env!("CARGO_BIN_EXE_driftgate"), "driftgate")
}

#[test]
fn every_play_prints_what_its_snapshot_says() {
    let plays = plays();
    assert!(plays.len() >= 4, "the plays are gone");
    for script in plays {
        let name = script.parent().unwrap().file_name().unwrap().to_string_lossy().into_owned();
        if TRANSCRIPTS.iter().any(|(transcript, _)| *transcript == name) {
            continue;
        }
        insta::with_settings!({ snapshot_path => "snapshots/examples", prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(name, play(&script));
        });
    }
}

/// The transcripts in the documentation are what the plays print; `DRIFTGATE_BLESS=1` writes them.
#[test]
fn every_transcript_is_what_its_play_prints() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (name, title) in TRANSCRIPTS {
        if name == "pre-commit" && !pre_commit().join("pre-commit").exists() {
            println!("skipped: .ci/oracles has not installed pre-commit");
            continue;
        }
        let script = root.join("examples").join(name).join("play.sh");
        let page = format!(
            "# {title}\n\nMade by running [`examples/{name}/play.sh`](https://github.com/driftgate/driftgate/blob/main/examples/{name}/play.sh); `~` is the home folder of a \
             machine that has git and not yet driftgate.\n\n````console\n{}\n````\n",
            play(&script).trim()
        );
        let file = root.join("docs/transcripts").join(format!("{name}.md"));
        if std::env::var_os("DRIFTGATE_BLESS").is_some() {
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(&file, &page).unwrap();
        }
        let there = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(
            there == page,
            "{} is not current: run DRIFTGATE_BLESS=1 cargo test --test examples\n{page}",
            file.display()
        );
    }
}

/// The samples that the plays start from, and those that are there to be read.
#[test]
fn every_sample_is_in_order() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    for sample in ["flask-migrate", "prisma-monorepo", "prisma-postgres", "sqlalchemy-postgres"] {
        let home = tempfile::tempdir().unwrap();
        let script = home.path().join("sample.sh");
        let text = format!(
            ". '{}'\nexamples='{}'\nstart {sample}\nshow \"$DRIFTGATE\" check --all\nshow \"$DRIFTGATE\" diff\n",
            examples.join("lib.sh").display(),
            examples.display()
        );
        std::fs::write(&script, text).unwrap();
        let printed = play(&script);
        assert!(printed.contains("no findings in "), "{sample}: {printed}");
        assert!(printed.contains("in-sync"), "{sample}: {printed}");
    }
}

//! The plays of `examples/`, run as a reader would run them; what they print is a snapshot.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::print_stderr, reason = "a test may")]

use std::path::{Path, PathBuf};
use std::process::Command;

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

/// Runs one play and returns what it printed.
fn play(script: &Path) -> String {
    let home = tempfile::tempdir().unwrap();
    let output = Command::new("sh")
        .arg(script)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
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
        insta::with_settings!({ snapshot_path => "snapshots/examples", prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(name, play(&script));
        });
    }
}

/// The samples that the plays start from, and those that are there to be read.
#[test]
fn every_sample_is_in_order() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    for sample in ["flask-migrate", "prisma-postgres", "sqlalchemy-postgres"] {
        let home = tempfile::tempdir().unwrap();
        let script = home.path().join("sample.sh");
        let text = format!(
            ". '{}'\nexamples='{}'\nstart {sample}\nshow \"$DRIFTGATE\" check --all\nshow \"$DRIFTGATE\" diff\n",
            examples.join("lib.sh").display(),
            examples.display()
        );
        std::fs::write(&script, text).unwrap();
        let printed = play(&script);
        assert!(printed.contains("no findings in 1 project"), "{sample}: {printed}");
        assert!(printed.contains("in-sync"), "{sample}: {printed}");
    }
}

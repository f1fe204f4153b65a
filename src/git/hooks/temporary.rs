//! Hooks while they are written: a file beside the hook, which takes its place in one step.
//!
//! An installation that is killed leaves that file behind. The next one takes it away, and only it: the name must be
//! ours, the text must be what we write, and nobody may be writing it. That is told by a lock on the file, which the
//! system gives up for a process that ends, however it ends. Where locks cannot be had nothing is taken away.

use std::fs::{File, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use super::{HookKind, MARKER, SharedMode};

/// What stands between a hook's name and the number of the process that writes it.
const INFIX: &str = ".driftgate-";
/// How every script of ours begins.
const SHEBANG: &str = "#!/bin/sh\n";

/// A whole script beside the hook that it is to become. It goes away with this unless it took its place.
pub(super) struct Temporary {
    path: PathBuf,
    /// Held for its lock.
    _file: File,
    placed: bool,
}

impl Temporary {
    /// Writes a script beside a hook.
    ///
    /// # Errors
    /// Where the disk refuses; a file that is there already is someone else's and is left alone.
    pub(super) fn write(hook: &Path, script: &str, shared: SharedMode) -> io::Result<Self> {
        let mut name = hook.file_name().unwrap_or_default().to_owned();
        name.push(format!("{INFIX}{}", std::process::id()));
        let path = hook.with_file_name(name);
        let mut options = File::options();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o777);
        let mut file = options.open(&path)?;
        // Without a lock the file is whole all the same; it is then taken away by nobody.
        let _ = file.lock();
        let written =
            file.write_all(script.as_bytes()).and_then(|()| shared.apply(&file)).and_then(|()| file.sync_all());
        let temporary = Self { path, _file: file, placed: false };
        written.map(|()| temporary)
    }

    /// Puts the script in the hook's place.
    pub(super) fn place(mut self, hook: &Path) -> io::Result<()> {
        std::fs::rename(&self.path, hook)?;
        self.placed = true;
        Ok(())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.placed {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Removes what installations that were cut short left in a hooks folder; what was removed, in the order of its names.
/// What cannot be looked at or removed stays: it is in nobody's way.
pub(super) fn sweep(dir: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(dir) else { return Vec::new() };
    let mut left: Vec<PathBuf> = entries
        .flatten()
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()))
        .filter(|entry| entry.file_name().to_str().is_some_and(is_name))
        .map(|entry| entry.path())
        .filter(|path| is_left(path).unwrap_or(false) && std::fs::remove_file(path).is_ok())
        .collect();
    left.sort();
    left
}

/// Whether a file has the name of a hook while it is written.
fn is_name(name: &str) -> bool {
    HookKind::ALL.iter().any(|hook| {
        let process = name.strip_prefix(hook.name()).and_then(|rest| rest.strip_prefix(INFIX));
        process.is_some_and(|process| !process.is_empty() && process.bytes().all(|byte| byte.is_ascii_digit()))
    })
}

/// Whether a file of such a name is ours, and nobody is writing it.
fn is_left(path: &Path) -> io::Result<bool> {
    let file = File::open(path)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(false),
        Err(TryLockError::Error(error)) => return Err(error),
    }
    let start = format!("{SHEBANG}{MARKER}");
    let mut text = Vec::new();
    (&file).take(start.len() as u64).read_to_end(&mut text)?;
    // It may have been cut short before a byte was written.
    Ok(start.as_bytes().starts_with(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(paths: &[PathBuf]) -> Vec<&str> {
        paths.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect()
    }

    #[test]
    fn only_what_is_ours_and_left_is_swept() {
        let dir = tempfile::tempdir().unwrap();
        let ours = format!("{SHEBANG}{MARKER} version 0\n# an older one\n");
        let files = [
            ("pre-commit.driftgate-12", ours.as_str()),
            ("pre-push.driftgate-3", ""),
            ("update.driftgate-44", "#!/bin/sh\n# drift"),
            // None of these is.
            ("pre-commit", ours.as_str()),
            ("pre-commit.legacy", ours.as_str()),
            ("pre-commit.driftgate-", ours.as_str()),
            ("pre-commit.driftgate-12.bak", ours.as_str()),
            ("pre-commit.driftgate-x", ours.as_str()),
            ("commit-msg.driftgate-12", ours.as_str()),
            ("pre-commit.driftgate-13", "#!/bin/sh\n# my own notes\n"),
        ];
        for (name, text) in files {
            std::fs::write(dir.path().join(name), text).unwrap();
        }
        std::fs::create_dir(dir.path().join("pre-commit.driftgate-14")).unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(dir.path().join("pre-commit"), dir.path().join("pre-commit.driftgate-15")).unwrap();
        let swept = sweep(dir.path());
        assert_eq!(names(&swept), ["pre-commit.driftgate-12", "pre-push.driftgate-3", "update.driftgate-44"]);
        for (name, text) in &files[3..] {
            assert_eq!(std::fs::read_to_string(dir.path().join(name)).unwrap(), *text, "{name}");
        }
        assert_eq!(sweep(dir.path()), [] as [PathBuf; 0]);
        assert_eq!(sweep(&dir.path().join("nowhere")), [] as [PathBuf; 0]);
    }

    #[test]
    fn what_is_being_written_is_left_to_who_writes_it() {
        let dir = tempfile::tempdir().unwrap();
        let hook = dir.path().join("pre-commit");
        let script = format!("{SHEBANG}{MARKER} version 1\n");
        let temporary = Temporary::write(&hook, &script, SharedMode::Umask).unwrap();
        assert_eq!(sweep(dir.path()), [] as [PathBuf; 0]);
        temporary.place(&hook).unwrap();
        assert_eq!(std::fs::read_to_string(&hook).unwrap(), script);
        // One that is given up leaves nothing.
        drop(Temporary::write(&hook, &script, SharedMode::Umask).unwrap());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_of_someone_elses_is_not_written_over() {
        let dir = tempfile::tempdir().unwrap();
        let theirs = dir.path().join(format!("pre-commit{INFIX}{}", std::process::id()));
        std::fs::write(&theirs, "mine").unwrap();
        assert!(Temporary::write(&dir.path().join("pre-commit"), "x", SharedMode::Umask).is_err());
        assert_eq!(std::fs::read_to_string(&theirs).unwrap(), "mine");
    }
}

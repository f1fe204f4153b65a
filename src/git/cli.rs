//! The installed git: for what the built-in reader cannot open (reftable, split and sparse indexes, partial clones).

use std::cell::RefCell;
use std::ffi::{OsStr, OsString};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::git::env::{Env, names};
use crate::git::error::GitError;
use crate::git::snapshot::ObjectId;
use crate::source::Source;

/// The largest header that `cat-file` writes, and then some.
const MAX_HEADER: u64 = 4096;

/// The installed git, run in one repository.
pub(crate) struct GitCli {
    /// The environment as it was given, `GIT_*` included: it names this repository.
    env: Env,
    /// What is laid over it once the repository's places are known, so that a relative `GIT_DIR` means the same everywhere.
    places: Vec<(&'static str, OsString)>,
    dir: PathBuf,
    batch: RefCell<Option<Batch>>,
}

/// A running `git cat-file --batch`.
struct Batch {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
}

impl Drop for Batch {
    fn drop(&mut self) {
        // It ends by itself at the end of its input; waiting keeps no zombie behind.
        drop(self.stdin.take());
        if self.child.wait().is_err() {
            self.child.kill().ok();
        }
    }
}

/// What `git cat-file` says of an object.
pub(crate) enum CatFile {
    /// Its type and its bytes.
    Object(String, Vec<u8>),
    /// It is larger than [`Source::MAX_LEN`]: its size.
    TooLarge(usize),
    /// It is not there.
    Missing,
}

impl GitCli {
    /// Git, run in `dir`.
    pub(crate) fn new(env: &Env, dir: &Path) -> Self {
        Self { env: env.clone(), places: Vec::new(), dir: dir.to_owned(), batch: RefCell::new(None) }
    }

    /// The same with the repository's places, absolute.
    pub(crate) fn at(env: &Env, dir: &Path, places: Vec<(&'static str, OsString)>) -> Self {
        Self { env: env.clone(), places, dir: dir.to_owned(), batch: RefCell::new(None) }
    }

    fn command<S: AsRef<OsStr>>(&self, args: &[S]) -> Command {
        let mut command = Command::new("git");
        command
            .args(args)
            .current_dir(&self.dir)
            .env_clear()
            .envs(self.env.iter())
            .envs(self.places.iter().map(|(name, value)| (*name, value)))
            .env(names::GIT_OPTIONAL_LOCKS, "0")
            .env(names::GIT_TERMINAL_PROMPT, "0")
            .env(names::LC_ALL, "C");
        command
    }

    /// What a command prints; [`GitError::Command`] where it fails.
    pub(crate) fn run<S: AsRef<OsStr>>(&self, args: &[S]) -> Result<Vec<u8>, GitError> {
        match self.status(args)? {
            (0, stdout, _) => Ok(stdout),
            (_, _, message) => Err(GitError::Command { command: words(args), message }),
        }
    }

    /// The exit code, the output and the message of a command. A death by signal counts as 255.
    pub(crate) fn status<S: AsRef<OsStr>>(&self, args: &[S]) -> Result<(i32, Vec<u8>, String), GitError> {
        let output =
            self.command(args).stdin(Stdio::null()).output().map_err(|error| self.spawn_error(args, &error))?;
        let message = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Ok((output.status.code().unwrap_or(255), output.stdout, message))
    }

    /// The first line that a command prints.
    pub(crate) fn line<S: AsRef<OsStr>>(&self, args: &[S]) -> Result<String, GitError> {
        let stdout = self.run(args)?;
        Ok(String::from_utf8_lossy(&stdout).lines().next().unwrap_or_default().to_owned())
    }

    fn spawn_error<S: AsRef<OsStr>>(&self, args: &[S], error: &std::io::Error) -> GitError {
        if error.kind() == std::io::ErrorKind::NotFound && self.dir.is_dir() {
            return GitError::NoGit { wanted: format!("`git {}`", words(args)) };
        }
        GitError::Command { command: words(args), message: error.to_string() }
    }

    /// An object, by its id. One process answers all questions.
    pub(crate) fn cat_file(&self, id: &ObjectId) -> Result<CatFile, GitError> {
        let args = ["cat-file", "--batch"];
        let mut slot = self.batch.borrow_mut();
        if slot.is_none() {
            let mut child = self
                .command(&args)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .map_err(|error| self.spawn_error(&args, &error))?;
            let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
            let stdout = stdout.ok_or_else(|| batch_error("it has no output"))?;
            *slot = Some(Batch { child, stdin, stdout: BufReader::new(stdout) });
        }
        let Some(batch) = slot.as_mut() else { return Err(batch_error("it is not running")) };
        let answer = batch.ask(id);
        if answer.is_err() {
            *slot = None;
        }
        answer.map_err(|error| batch_error(&error.to_string()))
    }
}

impl Batch {
    fn ask(&mut self, id: &ObjectId) -> std::io::Result<CatFile> {
        let ended = || std::io::Error::new(std::io::ErrorKind::UnexpectedEof, "it ended");
        let stdin = self.stdin.as_mut().ok_or_else(ended)?;
        stdin.write_all(format!("{id}\n").as_bytes())?;
        stdin.flush()?;
        let mut header = String::new();
        (&mut self.stdout).take(MAX_HEADER).read_line(&mut header)?;
        // `<id> <type> <size>`, or `<id> missing`.
        let mut parts = header.split_ascii_whitespace().skip(1);
        let kind = parts.next().ok_or_else(ended)?.to_owned();
        let Some(size) = parts.next() else { return Ok(CatFile::Missing) };
        let size: u64 = size.parse().map_err(|_| std::io::Error::other("its answer makes no sense"))?;
        let len = usize::try_from(size).unwrap_or(usize::MAX);
        let mut body = (&mut self.stdout).take(size.saturating_add(1));
        if kind == "blob" && len > Source::MAX_LEN {
            std::io::copy(&mut body, &mut std::io::sink())?;
            return Ok(CatFile::TooLarge(len));
        }
        let mut bytes = Vec::new();
        body.read_to_end(&mut bytes)?;
        if bytes.pop() != Some(b'\n') || bytes.len() != len {
            return Err(ended());
        }
        Ok(CatFile::Object(kind, bytes))
    }
}

fn batch_error(message: &str) -> GitError {
    GitError::Command { command: "cat-file --batch".to_owned(), message: message.to_owned() }
}

/// A command's words, for messages.
fn words<S: AsRef<OsStr>>(args: &[S]) -> String {
    args.iter().map(|arg| arg.as_ref().to_string_lossy()).collect::<Vec<_>>().join(" ")
}

//! Why a command could not do what was asked. Every one of them ends with exit code 2 and says that nothing was checked.

use std::io;
use std::path::{Path, PathBuf};

use crate::check::CheckError;
use crate::git::{GitError, SnapshotError, shell_word};
use crate::policy::{PolicyErrors, did_you_mean};

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(super) enum Failure {
    /// The command line asks for what cannot be.
    #[error("{message}")]
    Usage {
        /// What.
        message: String,
        /// What to write instead.
        help: String,
    },
    /// The policy.
    #[error(transparent)]
    Policy(#[from] PolicyErrors),
    /// Git.
    #[error(transparent)]
    Git(#[from] GitError),
    /// A snapshot.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// The check itself.
    #[error(transparent)]
    Check(#[from] CheckError),
    /// A file that cannot be written.
    #[error("cannot write {}: {error}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Standard output.
    #[error("cannot write the report: {0}")]
    Output(#[from] io::Error),
}

impl Failure {
    pub(super) fn usage(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Usage { message: message.into(), help: help.into() }
    }

    /// What mends it.
    pub(super) fn help(&self) -> Option<String> {
        match self {
            Self::Usage { help, .. } => Some(help.clone()),
            Self::Git(error) => error.help(),
            Self::Snapshot(SnapshotError::Unavailable { help, .. })
            | Self::Check(CheckError::Snapshot(SnapshotError::Unavailable { help, .. })) => help.clone(),
            Self::Check(CheckError::NoSuchProject { name, known }) => {
                let near = did_you_mean(name, known.iter().map(String::as_str));
                Some(near.unwrap_or_else(|| match known.as_slice() {
                    [] => "no project was found at all; `driftgate init --print` says what is looked for".to_owned(),
                    [only] => format!("the only project is `{only}`: leave --project out"),
                    known => format!("one of `{}`", known.join("`, `")),
                }))
            }
            Self::Write { path, error } => write_help(path, error),
            Self::Policy(_) | Self::Output(_) => None,
        }
    }
}

/// What makes a file writable.
fn write_help(path: &Path, error: &io::Error) -> Option<String> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    match (error.kind(), folder) {
        (io::ErrorKind::NotFound, Some(folder)) => {
            Some(format!("make its folder first: mkdir -p {}", shell_word(&folder.display().to_string())))
        }
        (io::ErrorKind::IsADirectory, _) => Some("name a file in that folder".to_owned()),
        (io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem, _) => {
            Some("name a file that you may write".to_owned())
        }
        _ => None,
    }
}

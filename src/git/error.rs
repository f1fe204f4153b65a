//! What can go wrong in this room. None of it ever means "there is nothing to check".

use std::path::PathBuf;

use crate::git::snapshot::SnapshotError;

/// Why git, the disk or the environment could not say what is to be judged. Callers print the message, the
/// [help](GitError::help), that nothing was checked, and exit with 2.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GitError {
    /// No repository here.
    #[error("{} is {} git repository{}", path.display(), if named.is_some() { "no" } else { "not inside a" }, named.map(|name| format!(", and {name} names it")).unwrap_or_default())]
    NotARepository {
        /// Where one was looked for.
        path: PathBuf,
        /// The variable that named that place.
        named: Option<&'static str>,
    },
    /// Git refuses a repository of another user.
    #[error("git refuses the repository at {}: it is not owned by the current user", path.display())]
    DubiousOwnership {
        /// The folder to declare safe.
        path: PathBuf,
    },
    /// Neither the built-in reader nor an installed git can read it.
    #[error("the repository cannot be read: {reason}")]
    Unsupported {
        /// What stands in the way.
        reason: String,
        /// What mends it.
        help: String,
    },
    /// The index breaks its own format.
    #[error("the index {} is damaged: {reason}", path.display())]
    DamagedIndex {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// `GIT_INDEX_FILE` names a file that is not there.
    #[error("GIT_INDEX_FILE names {}, which does not exist", path.display())]
    MissingIndex {
        /// The file.
        path: PathBuf,
    },
    /// The index holds a merge that is not resolved.
    #[error("{count} path{s} {are} not merged yet, {first} among them", s = if *count == 1 { "" } else { "s" }, are = if *count == 1 { "is" } else { "are" })]
    Unmerged {
        /// How many.
        count: usize,
        /// The first.
        first: String,
    },
    /// A name that resolves to no commit.
    #[error("no commit is named `{name}`{}", if *shallow { " in this clone, which is shallow" } else { "" })]
    UnknownRevision {
        /// The name.
        name: String,
        /// Whether the clone is shallow.
        shallow: bool,
    },
    /// The commit that a range starts from is not in this clone.
    #[error("{wanted} is not in this clone{}", if *shallow { ", which is shallow" } else { "" })]
    MissingBase {
        /// What was wanted: `the base commit 1a2b3c4 of pull request #7`.
        wanted: String,
        /// Whether the clone is shallow.
        shallow: bool,
        /// What gets it.
        help: String,
    },
    /// Two commits without a common ancestor.
    #[error("{from} and {to} have no common ancestor{}", if *shallow { " in this clone, which is shallow" } else { "" })]
    NoMergeBase {
        /// The base, as given.
        from: String,
        /// The tip, as given.
        to: String,
        /// Whether the clone is shallow.
        shallow: bool,
        /// What gets it.
        help: String,
    },
    /// An object that should be there is not.
    #[error("the {kind} {id} is not in this clone: {reason}")]
    MissingObject {
        /// `blob`, `tree`, `commit`.
        kind: &'static str,
        /// Its id.
        id: String,
        /// Why.
        reason: String,
    },
    /// An object that cannot be what git wrote.
    #[error("the {kind} {id} is damaged: {reason}")]
    DamagedObject {
        /// `tree`, `commit`.
        kind: &'static str,
        /// Its id.
        id: String,
        /// Why.
        reason: String,
    },
    /// A scope that needs a working directory or an index.
    #[error("a bare repository has no {what}")]
    Bare {
        /// `index`, `working directory`.
        what: &'static str,
    },
    /// An event from which no range follows.
    #[error("{message}")]
    Event {
        /// Why.
        message: String,
        /// What to do.
        help: String,
    },
    /// An installed git failed.
    #[error("`git {command}` failed: {message}")]
    Command {
        /// The command, without `git`.
        command: String,
        /// What it said.
        message: String,
    },
    /// No git on the PATH, and it is needed.
    #[error("{wanted} needs the git command, and none was found on the PATH")]
    NoGit {
        /// What needs it.
        wanted: String,
    },
    /// Reading or writing a file failed.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// `read`, `write`, `list`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// More than is ever read.
    #[error("{what} holds more than {limit} files")]
    TooMany {
        /// What.
        what: String,
        /// The bound.
        limit: usize,
    },
    /// The hooks of this repository are not ours to write.
    #[error("{message}")]
    Hooks {
        /// Why.
        message: String,
        /// The way out.
        help: String,
    },
}

impl GitError {
    /// An error of the disk.
    pub(crate) fn io(action: &'static str, path: impl Into<PathBuf>, source: std::io::Error) -> Self {
        Self::Io { action, path: path.into(), source }
    }

    /// The command or setting that mends it, where there is one.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::NotARepository { named: Some(variable), .. } => {
                Some(format!("unset {variable}, or let it name a repository"))
            }
            Self::NotARepository { .. } => Some(
                "run it inside a repository, or compare folders with `driftgate diff --schema … --migrations …`"
                    .to_owned(),
            ),
            Self::DubiousOwnership { path } => Some(format!(
                "git config --global --add safe.directory {}",
                shell_word(&path.display().to_string().replace('\\', "/"))
            )),
            Self::Unsupported { help, .. }
            | Self::MissingBase { help, .. }
            | Self::NoMergeBase { help, .. }
            | Self::Event { help, .. }
            | Self::Hooks { help, .. } => Some(help.clone()),
            Self::DamagedIndex { .. } => {
                Some("look at it with `git fsck`; `git reset` writes a new one and keeps your files".to_owned())
            }
            Self::MissingIndex { .. } => Some("unset GIT_INDEX_FILE, or name an index that exists".to_owned()),
            Self::Unmerged { .. } => Some("resolve the conflicts, `git add` the files, and run it again".to_owned()),
            Self::UnknownRevision { name, .. } if name.is_empty() => {
                Some("the name is empty: is a variable not set that was to hold it?".to_owned())
            }
            Self::UnknownRevision { name, shallow } => Some(match name.strip_prefix("origin/") {
                // A name for the remote's default branch, which a clone has and `git remote add` does not make.
                Some("HEAD") => "get it with `git fetch origin && git remote set-head origin --auto`".to_owned(),
                Some(branch) => {
                    let refs = shell_word(&format!("{branch}:refs/remotes/{name}"));
                    format!("get it with `git fetch origin {refs}`")
                }
                None if name == "HEAD" => {
                    "nothing is committed on this branch yet: name another commit, or judge what is staged with `driftgate check --staged`"
                        .to_owned()
                }
                None if let Some((from, to)) = name.split_once("..") => {
                    let word = |end: &str| shell_word(if end.is_empty() { "HEAD" } else { end });
                    let to = to.trim_start_matches('.');
                    format!("a range is two options: --from {} --to {}", word(from), word(to))
                }
                None if *shallow => "get more history with `git fetch --deepen=50`".to_owned(),
                None => "see the names there are with `git branch --all` and `git tag`".to_owned(),
            }),
            Self::MissingObject { .. } | Self::DamagedObject { .. } => {
                Some("fetch it with `git fetch --refetch`, or check the repository with `git fsck`".to_owned())
            }
            Self::Bare { .. } => {
                Some("name commits instead: `--base REF`, `--from A --to B` or `--all --at REV`".to_owned())
            }
            Self::NoGit { .. } => Some("install git and make sure it is on the PATH".to_owned()),
            Self::Io { action: "read", source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
                Some("name what is there; a path is taken from the folder in which this is run".to_owned())
            }
            Self::Io { path, source, .. } if source.kind() == std::io::ErrorKind::NotADirectory => {
                let folder = path.parent().unwrap_or(path);
                Some(format!("{} is to be a folder: move what is there away", folder.display()))
            }
            Self::Io { path, source, .. } if source.kind() == std::io::ErrorKind::IsADirectory => {
                Some(format!("move the folder {} away", path.display()))
            }
            Self::Command { .. } | Self::Io { .. } | Self::TooMany { .. } => None,
        }
    }
}

impl From<GitError> for SnapshotError {
    fn from(error: GitError) -> Self {
        Self::Unavailable { message: error.to_string(), help: error.help() }
    }
}

/// A word as a POSIX shell reads it back.
pub(crate) fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=:@%,^~".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ownership_is_mended_by_gits_own_line() {
        let error = GitError::DubiousOwnership { path: "/src/my app".into() };
        assert_eq!(error.help().as_deref(), Some("git config --global --add safe.directory '/src/my app'"));
        let SnapshotError::Unavailable { message, help } = error.into();
        assert_eq!(message, "git refuses the repository at /src/my app: it is not owned by the current user");
        assert!(help.is_some_and(|help| help.contains("safe.directory")));
    }

    #[test]
    fn a_name_that_is_no_commit_is_told_how_it_becomes_one() {
        let help = |name: &str| GitError::UnknownRevision { name: name.to_owned(), shallow: false }.help();
        assert_eq!(help("main..HEAD").as_deref(), Some("a range is two options: --from main --to HEAD"));
        let default = help("origin/HEAD").unwrap_or_default();
        assert!(default.contains("git remote set-head origin --auto"), "{default}");
        assert_eq!(help("v1...").as_deref(), Some("a range is two options: --from v1 --to HEAD"));
    }

    #[test]
    fn words_survive_the_shell() {
        assert_eq!(shell_word("origin/main"), "origin/main");
        assert_eq!(shell_word("it's"), r"'it'\''s'");
        assert_eq!(shell_word(""), "''");
    }
}

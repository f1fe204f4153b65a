//! Finding the repository: from the folder where a command runs and the environment that git gives its hooks.

use std::path::{Path, PathBuf};

use git2::{ErrorCode, RepositoryOpenFlags};

use crate::git::cli::GitCli;
use crate::git::env::{Env, names};
use crate::git::error::GitError;

/// What opening found out.
pub(crate) struct Places {
    /// The folder that holds `HEAD` and the index: that of the linked worktree where there is one.
    pub(crate) git_dir: PathBuf,
    /// The folder that holds what all worktrees share.
    pub(crate) common_dir: PathBuf,
    /// The root of the working directory; none in a bare repository.
    pub(crate) work_tree: Option<PathBuf>,
    /// Bytes of an object id: 20 or 32.
    pub(crate) hash_len: usize,
    /// The repository in libgit2, where it can open it.
    pub(crate) library: Option<git2::Repository>,
}

impl Places {
    /// Finds it as git would: with libgit2, and where that cannot, with the installed git.
    pub(crate) fn find(cwd: &Path, env: &Env) -> Result<Self, GitError> {
        match open_library(cwd, env) {
            Ok(places) => Ok(places),
            Err(error) => open_installed(cwd, env, &error),
        }
    }
}

/// Where `GIT_DIR` points. Git exports it relative to the folder in which it starts a hook; a hook that changed into a
/// subfolder still means that one.
fn explicit_git_dir(cwd: &Path, env: &Env) -> Option<PathBuf> {
    let given = PathBuf::from(env.get_os(names::GIT_DIR)?);
    let mut bases = cwd.ancestors().map(|base| base.join(&given));
    Some(bases.find(|dir| dir.exists()).unwrap_or_else(|| cwd.join(&given)))
}

/// Opens it with libgit2.
fn open_library(cwd: &Path, env: &Env) -> Result<Places, git2::Error> {
    let explicit = explicit_git_dir(cwd, env);
    let library = if let Some(dir) = &explicit {
        let flags = RepositoryOpenFlags::NO_SEARCH | RepositoryOpenFlags::NO_DOTGIT;
        git2::Repository::open_ext(dir, flags, [] as [&Path; 0])?
    } else {
        let ceilings: Vec<PathBuf> = env
            .get_os(names::GIT_CEILING_DIRECTORIES)
            .map(|list| std::env::split_paths(list).filter(|dir| !dir.as_os_str().is_empty()).collect())
            .unwrap_or_default();
        git2::Repository::open_ext(cwd, RepositoryOpenFlags::empty(), &ceilings)?
    };
    let work_tree = match (env.get_os(names::GIT_WORK_TREE), library.workdir()) {
        (Some(given), _) => Some(real(&cwd.join(given))),
        (None, Some(found)) => {
            let found = real(found);
            // With a `GIT_DIR` from elsewhere and nothing else said, git takes the current folder for the root.
            let elsewhere = explicit.is_some() && !real(cwd).starts_with(&found);
            let configured = || library.config().is_ok_and(|config| config.get_string("core.worktree").is_ok());
            Some(if elsewhere && !configured() { real(cwd) } else { found })
        }
        (None, None) => None,
    };
    let hash_len = if library.object_format() == git2::ObjectFormat::Sha256 { 32 } else { 20 };
    Ok(Places {
        git_dir: real(library.path()),
        common_dir: real(library.commondir()),
        work_tree,
        hash_len,
        library: Some(library),
    })
}

/// That there is no repository here, or where `GIT_DIR` says that there is one.
fn not_a_repository(cwd: &Path, env: &Env) -> GitError {
    match env.get_os(names::GIT_DIR) {
        Some(named) => GitError::NotARepository { path: cwd.join(named), named: Some(names::GIT_DIR) },
        None => GitError::NotARepository { path: cwd.to_owned(), named: None },
    }
}

/// Opens it with the installed git, after libgit2 has failed with `why`.
fn open_installed(cwd: &Path, env: &Env, why: &git2::Error) -> Result<Places, GitError> {
    let cli = GitCli::new(env, cwd);
    let args = ["rev-parse", "--path-format=absolute", "--git-dir", "--git-common-dir", "--show-object-format"];
    let (code, stdout, message) = match cli.status(&args) {
        Ok(answer) => answer,
        Err(GitError::NoGit { .. }) => {
            return Err(match why.code() {
                ErrorCode::NotFound => not_a_repository(cwd, env),
                ErrorCode::Owner => GitError::DubiousOwnership { path: owned_root(cwd) },
                _ => GitError::Unsupported {
                    reason: format!("{}; no git was found on the PATH that could", why.message()),
                    help: "install git and make sure it is on the PATH".to_owned(),
                },
            });
        }
        Err(error) => return Err(error),
    };
    if code != 0 {
        return Err(if message.contains("dubious ownership") {
            // `fatal: detected dubious ownership in repository at '/path'`
            let named = message.lines().next().and_then(|line| line.split_once('\'')?.1.strip_suffix('\''));
            GitError::DubiousOwnership { path: named.map_or_else(|| owned_root(cwd), PathBuf::from) }
        } else if message.contains("not a git repository") {
            not_a_repository(cwd, env)
        } else {
            GitError::Unsupported {
                reason: message.lines().next().unwrap_or_default().trim_start_matches("fatal: ").to_owned(),
                help: "see `git status` in this folder".to_owned(),
            }
        });
    }
    let text = String::from_utf8_lossy(&stdout).into_owned();
    let mut lines = text.lines();
    let mut path = || real(Path::new(lines.next().unwrap_or_default()));
    let (git_dir, common_dir) = (path(), path());
    let hash_len = if lines.next() == Some("sha256") { 32 } else { 20 };
    let root = cli.status(&["rev-parse", "--show-toplevel"])?;
    let root = String::from_utf8_lossy(&root.1).trim_end_matches(['\n', '\r']).to_owned();
    let work_tree = (!root.is_empty()).then(|| real(Path::new(&root)));
    Ok(Places { git_dir, common_dir, work_tree, hash_len, library: None })
}

/// The folder to declare safe: the nearest one with a `.git` in it.
fn owned_root(cwd: &Path) -> PathBuf {
    cwd.ancestors().find(|dir| dir.join(".git").exists()).unwrap_or(cwd).to_owned()
}

/// Where the index is, and whether the environment says so.
///
/// Git changes into the root of the working directory before it reads a relative `GIT_INDEX_FILE`, wherever it was
/// started; so does this.
pub(crate) fn index_path(
    cwd: &Path,
    env: &Env,
    git_dir: &Path,
    work_tree: Option<&Path>,
) -> Result<(PathBuf, bool), GitError> {
    let Some(given) = env.get_os(names::GIT_INDEX_FILE) else { return Ok((git_dir.join("index"), false)) };
    let path = work_tree.unwrap_or(cwd).join(given);
    if path.exists() {
        return Ok((path, true));
    }
    Err(GitError::MissingIndex { path })
}

/// A path without links and `..`, or as it was given where the disk does not know it.
pub(crate) fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

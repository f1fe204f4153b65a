//! Installing and removing git hooks.
//!
//! Who owns what decides everything here. A repository whose hooks belong to a hook manager is left to it: the caller is
//! handed the lines to add there. `core.hooksPath` is honoured where the repository itself sets it; where a user or a
//! system set it, it points to hooks of many repositories, which one of them has no business to change. A hook that was
//! there before is moved beside ours as `<hook>.legacy`, runs first, and is put back by [`uninstall`]. Files are written
//! under another name and renamed, so that at no moment a commit finds half a hook.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::git::env::Env;
use crate::git::error::{GitError, shell_word};
use crate::git::repository::Repo;

mod manager;
mod temporary;

pub use manager::{Manager, Snippet};
use temporary::Temporary;

/// The script of every hook.
const SCRIPT: &str = include_str!("../../hooks/hook.sh");
/// What stands in every script that is ours, of any version.
const MARKER: &str = "# driftgate hook 5d0c2a4e-8f1b-4c7e-9a36-d1f7be0c4f52";
/// Rises whenever the script changes.
const SCRIPT_VERSION: u32 = 3;
/// The suffix of a hook that was there before.
const LEGACY: &str = "legacy";

/// Hooks that can be installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum HookKind {
    /// Before a commit: judges the index.
    PreCommit,
    /// Before a merge is committed: judges the index.
    PreMergeCommit,
    /// Before a push: judges what each branch brings.
    PrePush,
    /// On a server, before anything of a push is taken: judges what each branch brings.
    PreReceive,
    /// On a server, before one branch is updated.
    Update,
}

impl HookKind {
    /// Every hook.
    pub const ALL: [Self; 5] = [Self::PreCommit, Self::PreMergeCommit, Self::PrePush, Self::PreReceive, Self::Update];

    /// Git's name of it.
    pub fn name(self) -> &'static str {
        match self {
            Self::PreCommit => "pre-commit",
            Self::PreMergeCommit => "pre-merge-commit",
            Self::PrePush => "pre-push",
            Self::PreReceive => "pre-receive",
            Self::Update => "update",
        }
    }

    /// The hook of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|hook| hook.name() == name)
    }
}

/// What is to be installed.
#[derive(Debug, Clone)]
pub struct InstallRequest {
    /// The hooks; none for those that fit: before commits and merges, in a bare repository before a push is taken.
    pub hooks: Vec<HookKind>,
    /// The program that they start, absolute. Where it is gone, they look on the PATH.
    pub binary: PathBuf,
    /// Whether git hooks are written even where a hook manager is at work.
    pub raw: bool,
    /// Whether a hook lets pass where the program is found nowhere.
    pub allow_missing: bool,
}

/// What [`install`] is going to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InstallPlan {
    /// Nothing: a hook manager is at work, and this is to be added to its file.
    Managed(Snippet),
    /// Write these, in this folder.
    Hooks {
        /// The folder.
        dir: PathBuf,
        /// One for each hook that was asked for.
        hooks: Vec<PlannedHook>,
    },
}

/// A hook that is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedHook {
    /// What is going to happen to its file.
    pub hook: InstalledHook,
    /// The text.
    pub script: String,
}

/// What [`install`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InstallOutcome {
    /// Nothing: a hook manager is at work, and this is to be added to its file.
    Managed(Snippet),
    /// Wrote these, in this folder.
    Installed {
        /// The folder.
        dir: PathBuf,
        /// One for each hook that was asked for.
        hooks: Vec<InstalledHook>,
        /// What earlier installations that were cut short had left there.
        swept: Vec<PathBuf>,
    },
}

/// One hook that was installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstalledHook {
    /// Which.
    pub hook: HookKind,
    /// Its file.
    pub path: PathBuf,
    /// What happened to it.
    pub action: InstallAction,
}

/// What happened to a hook's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InstallAction {
    /// It is new.
    Created,
    /// An older one of ours was replaced.
    Updated,
    /// It was there already.
    Unchanged,
    /// A hook of someone else's was moved here and still runs first.
    Chained {
        /// Where it is now.
        legacy: PathBuf,
    },
}

/// What [`uninstall`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UninstallOutcome {
    /// The hooks that were there.
    pub hooks: Vec<UninstalledHook>,
    /// What installations that were cut short had left.
    pub swept: Vec<PathBuf>,
}

/// One hook that [`uninstall`] looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UninstalledHook {
    /// Which.
    pub hook: HookKind,
    /// Its file.
    pub path: PathBuf,
    /// What happened to it.
    pub action: UninstallAction,
}

/// What happened to a hook's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UninstallAction {
    /// It was ours and is gone.
    Removed,
    /// It was ours, and the hook from before is back.
    Restored,
    /// It is not ours and was left alone.
    Foreign,
}

/// Says what [`install`] would do in the repository that `cwd` and the environment name, and writes nothing.
///
/// # Errors
/// Those of [`install`], but for those of writing.
pub fn plan(cwd: &Path, env: &Env, request: &InstallRequest) -> Result<InstallPlan, GitError> {
    plan_in(&Repo::open(cwd, env)?, request)
}

/// Installs hooks in the repository that `cwd` and the environment name.
///
/// # Errors
/// Where there is no repository or no git, where the hooks folder belongs to more than this repository, where a hook is
/// in the way that cannot be chained, and where the disk refuses.
pub fn install(cwd: &Path, env: &Env, request: &InstallRequest) -> Result<InstallOutcome, GitError> {
    let repo = Repo::open(cwd, env)?;
    // Everything that could refuse is looked at before anything is written.
    let (dir, hooks) = match plan_in(&repo, request)? {
        InstallPlan::Managed(snippet) => return Ok(InstallOutcome::Managed(snippet)),
        InstallPlan::Hooks { dir, hooks } => (dir, hooks),
    };
    std::fs::create_dir_all(&dir).map_err(|error| GitError::io("make the folder", &dir, error))?;
    let swept = temporary::sweep(&dir);
    let shared = SharedMode::of(&repo);
    for planned in &hooks {
        planned.hook.write(&planned.script, shared)?;
    }
    Ok(InstallOutcome::Installed { dir, hooks: hooks.into_iter().map(|planned| planned.hook).collect(), swept })
}

fn plan_in(repo: &Repo, request: &InstallRequest) -> Result<InstallPlan, GitError> {
    let hooks = match (request.hooks.as_slice(), repo.work_tree()) {
        ([], Some(_)) => &[HookKind::PreCommit, HookKind::PreMergeCommit],
        ([], None) => &[HookKind::PreReceive] as &[_],
        (named, _) => named,
    };
    // One that is named twice would find its own file in the way.
    let hooks: Vec<HookKind> = hooks.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
    if !request.raw
        && let Some(root) = repo.work_tree()
        && let Some(manager) = Manager::detect(root)
    {
        return Ok(InstallPlan::Managed(manager.snippet(&hooks, &request.binary)));
    }
    let dir = hooks_dir(repo)?;
    let hooks = hooks.iter().map(|&hook| plan_hook(&dir, hook, request)).collect::<Result<_, _>>()?;
    Ok(InstallPlan::Hooks { dir, hooks })
}

/// Removes our hooks from the repository that `cwd` and the environment name, and puts back those from before. Hooks
/// that are not there are not listed.
///
/// # Errors
/// Where there is no repository or no git, and where the disk refuses.
pub fn uninstall(cwd: &Path, env: &Env) -> Result<UninstallOutcome, GitError> {
    let repo = Repo::open(cwd, env)?;
    let dir = hooks_dir(&repo)?;
    let mut hooks = Vec::new();
    for hook in HookKind::ALL {
        let path = dir.join(hook.name());
        let action = match read_hook(&path)? {
            None => continue,
            Some(text) if !is_ours(&text) => UninstallAction::Foreign,
            Some(_) => {
                let legacy = legacy_of(&path);
                if exists(&legacy) {
                    std::fs::rename(&legacy, &path).map_err(|error| GitError::io("rename", &legacy, error))?;
                    UninstallAction::Restored
                } else {
                    std::fs::remove_file(&path).map_err(|error| GitError::io("remove", &path, error))?;
                    UninstallAction::Removed
                }
            }
        };
        hooks.push(UninstalledHook { hook, path, action });
    }
    Ok(UninstallOutcome { hooks, swept: temporary::sweep(&dir) })
}

/// The folder of this repository's hooks: shared by all its worktrees.
fn hooks_dir(repo: &Repo) -> Result<PathBuf, GitError> {
    let (code, stdout, _) = repo.cli().status(&["config", "--show-scope", "--null", "--get", "core.hooksPath"])?;
    if code == 0 {
        let mut parts = stdout.split(|&byte| byte == 0).map(String::from_utf8_lossy);
        let (scope, value) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        if !matches!(&*scope, "local" | "worktree") && !value.is_empty() {
            return Err(GitError::Hooks {
                message: format!(
                    "core.hooksPath is set to {value} in the {scope} configuration of git: hooks written there would run in every repository"
                ),
                help: format!(
                    "give this repository a folder of its own, `git config --local core.hooksPath {}`, and install again; or call `driftgate check --staged` from the hook in that folder",
                    shell_word(&repo.common_dir().join("hooks").display().to_string())
                ),
            });
        }
    }
    let base = repo.work_tree().unwrap_or_else(|| repo.git_dir());
    Ok(base.join(repo.cli().line(&["rev-parse", "--git-path", "hooks"])?))
}

/// What to write for one hook, if nothing is in the way.
fn plan_hook(dir: &Path, hook: HookKind, request: &InstallRequest) -> Result<PlannedHook, GitError> {
    let path = dir.join(hook.name());
    let script = script(hook, request);
    let action = match read_hook(&path)? {
        None => InstallAction::Created,
        Some(text) if text == script.as_bytes() && is_executable(&path) => InstallAction::Unchanged,
        Some(text) if is_ours(&text) => InstallAction::Updated,
        Some(text) => {
            if let Some(manager) = Manager::of_hook(&text) {
                let snippet = manager.snippet(&[hook], &request.binary);
                return Err(GitError::Hooks {
                    message: format!(
                        "the {} hook was written by {}, which breaks when it is moved",
                        hook.name(),
                        manager.name()
                    ),
                    help: format!("add this to {}, or uninstall that hook first:\n{}", snippet.file, snippet.text),
                });
            }
            let legacy = legacy_of(&path);
            if exists(&legacy) && !is_copy(&path, &legacy) {
                return Err(GitError::Hooks {
                    message: format!(
                        "both {} and {} are hooks of someone else's, and only one can be kept beside ours",
                        path.display(),
                        legacy.display()
                    ),
                    help: "join the two, or remove the one that is not needed, and install again".to_owned(),
                });
            }
            InstallAction::Chained { legacy }
        }
    };
    Ok(PlannedHook { hook: InstalledHook { hook, path, action }, script })
}

impl InstalledHook {
    fn write(&self, script: &str, shared: SharedMode) -> Result<(), GitError> {
        if self.action == InstallAction::Unchanged {
            return Ok(());
        }
        let written = Temporary::write(&self.path, script, shared).and_then(|temporary| {
            if let InstallAction::Chained { legacy } = &self.action {
                // A second name first, so that there is a hook at every moment; never over a file that exists.
                match std::fs::hard_link(&self.path, legacy) {
                    Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                        if !is_copy(&self.path, legacy) {
                            return Err(error);
                        }
                    }
                    Err(_) => std::fs::rename(&self.path, legacy)?,
                    Ok(()) => {}
                }
            }
            temporary.place(&self.path)
        });
        written.map_err(|error| GitError::io("write", &self.path, error))
    }
}

/// Whether both names have the same text: an installation that was killed between giving a hook its second name and
/// putting ours in its place leaves that, and replacing one of them loses nothing.
fn is_copy(path: &Path, other: &Path) -> bool {
    matches!((std::fs::read(path), std::fs::read(other)), (Ok(a), Ok(b)) if a == b)
}

/// The script of a hook.
fn script(hook: HookKind, request: &InstallRequest) -> String {
    let binary = request.binary.display().to_string();
    // Git for Windows runs hooks in a shell that wants forward slashes.
    let binary = if cfg!(windows) { binary.replace('\\', "/") } else { binary };
    let quoted = format!("'{}'", binary.replace('\'', r"'\''"));
    let shown: String = binary.chars().filter(|c| !"\"$`\\".contains(*c) && !c.is_control()).collect();
    SCRIPT
        .replace("@MARKER@", &format!("{MARKER} version {SCRIPT_VERSION}"))
        .replace("@HOOK@", hook.name())
        .replace("@MISSING@", if request.allow_missing { "0" } else { "1" })
        .replace("@BINARY_SHOWN@", &shown)
        .replace("@BINARY@", &quoted)
}

/// A hook's bytes; none where there is no such file.
fn read_hook(path: &Path) -> Result<Option<Vec<u8>>, GitError> {
    match std::fs::read(path) {
        Ok(text) => Ok(Some(text)),
        // A link that leads nowhere is a file of someone's all the same.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(exists(path).then(Vec::new)),
        Err(error) => Err(GitError::io("read", path, error)),
    }
}

fn is_ours(text: &[u8]) -> bool {
    text.windows(MARKER.len()).any(|window| window == MARKER.as_bytes())
}

fn legacy_of(path: &Path) -> PathBuf {
    path.with_extension(LEGACY)
}

fn exists(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok()
}

fn is_executable(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o100 != 0)
    }
    #[cfg(not(unix))]
    {
        path.exists()
    }
}

/// What `core.sharedRepository` adds to or demands of a file's mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SharedMode {
    /// The umask alone decides.
    Umask,
    /// These bits are added.
    Plus(u32),
    /// Exactly these bits.
    Exactly(u32),
}

impl SharedMode {
    fn of(repo: &Repo) -> Self {
        let value = repo.cli().line(&["config", "--get", "core.sharedRepository"]).unwrap_or_default();
        Self::parse(&value)
    }

    /// Reads the setting (`git_config_perm` in git's `setup.c`).
    fn parse(value: &str) -> Self {
        match value.to_ascii_lowercase().as_str() {
            "" | "umask" | "false" | "no" | "off" | "0" => Self::Umask,
            "group" | "true" | "yes" | "on" | "1" => Self::Plus(0o660),
            "all" | "world" | "everybody" | "2" => Self::Plus(0o664),
            other => match u32::from_str_radix(other, 8) {
                Ok(mode) if mode & 0o600 == 0o600 => Self::Exactly(mode & 0o666),
                _ => Self::Umask,
            },
        }
    }

    /// The mode of a file that can be run, from the one that the umask gave: whoever may read may also run.
    fn mode(self, mode: u32) -> u32 {
        let runnable = |mode: u32| mode | (mode & 0o444) >> 2;
        match self {
            Self::Umask => mode,
            Self::Plus(bits) => runnable(mode | bits),
            Self::Exactly(bits) => runnable(bits),
        }
    }

    fn apply(self, file: &std::fs::File) -> std::io::Result<()> {
        #[cfg(unix)]
        if self != Self::Umask {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = file.metadata()?.permissions().mode() & 0o777;
            file.set_permissions(std::fs::Permissions::from_mode(self.mode(mode)))?;
        }
        #[cfg(not(unix))]
        let _ = (self.mode(0), file);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_repositories_share_their_hooks() {
        assert_eq!(SharedMode::parse("").mode(0o755), 0o755);
        assert_eq!(SharedMode::parse("group").mode(0o700), 0o770);
        assert_eq!(SharedMode::parse("world").mode(0o700), 0o775);
        assert_eq!(SharedMode::parse("0640").mode(0o755), 0o750);
        assert_eq!(SharedMode::parse("nonsense"), SharedMode::Umask);
        assert_eq!(SharedMode::parse("0060"), SharedMode::Umask, "the owner must be able to read and write");
    }

    #[test]
    fn scripts_leave_no_placeholder_and_quote_the_program() {
        for hook in HookKind::ALL {
            let binary = PathBuf::from("/opt/it's $HOME/driftgate");
            let script = script(hook, &InstallRequest { hooks: Vec::new(), binary, raw: false, allow_missing: false });
            assert!(!script.contains('@') || !script.contains("@H"), "{script}");
            for placeholder in ["@MARKER@", "@HOOK@", "@BINARY@", "@BINARY_SHOWN@", "@MISSING@"] {
                assert!(!script.contains(placeholder), "{placeholder}");
            }
            assert!(script.contains(r"driftgate='/opt/it'\''s $HOME/driftgate'"), "{script}");
            assert!(is_ours(script.as_bytes()));
            assert_eq!(HookKind::from_name(hook.name()), Some(hook));
        }
    }
}

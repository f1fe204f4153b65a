//! Throw-away repositories for tests: real git, no configuration but the test's own, fixed dates.

#![allow(dead_code, reason = "every test binary uses its own part of this")]

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use driftgate::git::{Change, ChangedPath, Env, GitError, LeftoverKind, Scope, ScopeRequest, Snapshot};
use driftgate::source::RepoPath;

/// The date of the first commit; every further one is a minute later.
const FIRST_COMMIT: u64 = 1_700_000_000;

/// A repository in a folder of its own, which goes away with it.
pub(crate) struct TestRepo {
    dir: tempfile::TempDir,
    root: PathBuf,
    clock: std::cell::Cell<u64>,
    variables: Vec<(String, String)>,
}

impl TestRepo {
    /// An empty repository with the branch `main`.
    pub(crate) fn new() -> Self {
        Self::init(&[])
    }

    /// The same with further options of `git init`.
    pub(crate) fn init(options: &[&str]) -> Self {
        let repo = Self::nowhere();
        std::fs::create_dir(&repo.root).expect("the folder is new");
        repo.git(&[&["init", "--quiet", "--initial-branch=main"], options].concat());
        repo
    }

    /// A clone of another one.
    pub(crate) fn clone_of(other: &TestRepo, options: &[&str]) -> Self {
        let repo = Self::nowhere();
        // Through a URL: options such as `--depth` do nothing for a path.
        let url = format!("file://{}", other.root.display());
        let root = repo.root.display().to_string();
        let args = [&["clone", "--quiet"], options, &[&url, &root]].concat();
        repo.git_in(repo.dir.path(), &args);
        repo
    }

    fn nowhere() -> Self {
        let dir = tempfile::tempdir().expect("there is room for a folder");
        let root = dir.path().canonicalize().expect("the folder is there").join("repo");
        Self { dir, root, clock: std::cell::Cell::new(FIRST_COMMIT), variables: Vec::new() }
    }

    /// The root of the working directory.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// A place beside the repository, outside it.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.root.with_file_name(name)
    }

    /// Sets a variable for everything that follows.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<String>) {
        self.variables.push((name.to_owned(), value.into()));
    }

    /// The environment that git and driftgate see.
    pub(crate) fn env(&self) -> Env {
        let date = format!("{} +0000", self.clock.get());
        let home = self.dir.path().join("home");
        let mut env = Env::new([
            ("PATH", std::env::var_os("PATH").unwrap_or_default()),
            ("HOME", home.into()),
            ("GIT_CONFIG_GLOBAL", "/dev/null".into()),
            ("GIT_CONFIG_SYSTEM", "/dev/null".into()),
            ("GIT_AUTHOR_NAME", "A U Thor".into()),
            ("GIT_AUTHOR_EMAIL", "author@example.org".into()),
            ("GIT_COMMITTER_NAME", "A U Thor".into()),
            ("GIT_COMMITTER_EMAIL", "author@example.org".into()),
            ("GIT_AUTHOR_DATE", date.clone().into()),
            ("GIT_COMMITTER_DATE", date.into()),
            ("LC_ALL", "C".into()),
            // Submodules and partial clones of local folders are off by default.
            ("GIT_ALLOW_PROTOCOL", "file".into()),
        ]);
        for (name, value) in &self.variables {
            env = env.with(name, value);
        }
        env
    }

    /// Runs a program in a folder.
    #[must_use]
    pub(crate) fn run_in<S: AsRef<OsStr>>(&self, dir: &Path, program: &str, args: &[S]) -> Output {
        let mut command = Command::new(program);
        command.args(args).current_dir(dir).env_clear().envs(self.env().iter());
        loop {
            let output = command.output().unwrap_or_else(|error| panic!("{program} is needed for this test: {error}"));
            // A hook that was just written cannot be run while a process that another test has started, and that is not yet
            // the program it is to become, holds it open. Nothing of what was asked has been done then.
            if output.status.success() || !String::from_utf8_lossy(&output.stderr).contains("Text file busy") {
                return output;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }

    /// Runs git in a folder; it must succeed.
    pub(crate) fn git_in<S: AsRef<OsStr>>(&self, dir: &Path, args: &[S]) -> String {
        let words: Vec<_> = args.iter().map(|arg| arg.as_ref().to_string_lossy().into_owned()).collect();
        let output = self.run_in(dir, "git", args);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {}: {stderr}", words.join(" "));
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    /// Runs git; it must succeed.
    pub(crate) fn git<S: AsRef<OsStr>>(&self, args: &[S]) -> String {
        self.git_in(&self.root, args)
    }

    /// Writes a file.
    pub(crate) fn write(&self, path: &str, text: &str) -> &Self {
        let place = self.root.join(path);
        std::fs::create_dir_all(place.parent().expect("a file lies in a folder")).expect("the folder can be made");
        std::fs::write(place, text).expect("the file can be written");
        self
    }

    /// Removes a file.
    pub(crate) fn remove(&self, path: &str) -> &Self {
        std::fs::remove_file(self.root.join(path)).expect("the file is there");
        self
    }

    /// Stages everything.
    pub(crate) fn add(&self) -> &Self {
        self.git(&["add", "--all"]);
        self
    }

    /// Stages everything and commits it; the commit's id.
    pub(crate) fn commit(&self, message: &str) -> String {
        self.add();
        self.clock.set(self.clock.get() + 60);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", message]);
        self.rev("HEAD")
    }

    /// The commit that a name means.
    pub(crate) fn rev(&self, name: &str) -> String {
        self.git(&["rev-parse", "--verify", name])
    }

    /// Writes an executable hook.
    pub(crate) fn hook(&self, name: &str, text: &str) {
        let place = self.root.join(".git/hooks").join(name);
        std::fs::create_dir_all(place.parent().expect("hooks lie in a folder")).expect("the folder can be made");
        write_executable(&place, text);
    }

    /// Loads a change from the root.
    pub(crate) fn load(&self, scope: Scope) -> Result<Change, GitError> {
        Change::load(ScopeRequest::Given(scope), &self.root, &self.env())
    }

    /// What is staged.
    pub(crate) fn staged(&self) -> Change {
        self.load(Scope::Staged).expect("the staged change can be loaded")
    }

    /// What changed, as git sees it.
    pub(crate) fn git_changed(&self) -> Vec<String> {
        let stdout = self.git(&["-c", "core.quotePath=false", "diff", "--cached", "--no-renames", "--name-only"]);
        stdout.lines().map(str::to_owned).collect()
    }
}

/// Writes a file that can be run.
pub(crate) fn write_executable(place: &Path, text: &str) {
    std::fs::write(place, text).expect("the file can be written");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(place, std::fs::Permissions::from_mode(0o755)).expect("its mode can be set");
    }
}

/// The paths that changed, each with `+`, `-` or `~` before it.
pub(crate) fn changed(change: &Change) -> Vec<String> {
    let sign = |path: &ChangedPath| match (path.before, path.after) {
        (None, _) => '+',
        (_, None) => '-',
        _ => '~',
    };
    change.changed.iter().map(|path| format!("{}{}", sign(path), path.path)).collect()
}

/// The files of a snapshot.
pub(crate) fn files(snapshot: &dyn Snapshot) -> Vec<String> {
    snapshot.files().expect("the snapshot can be listed").iter().map(|file| file.path.to_string()).collect()
}

/// The text of a file; none where it is not there.
pub(crate) fn text(snapshot: &dyn Snapshot, path: &str) -> Option<String> {
    let text = snapshot.read(&RepoPath::new(path)).expect("the snapshot can be read").text();
    text.map(|source| source.text().to_owned())
}

/// The leftovers under some folders: `path: sort`.
pub(crate) fn leftovers(change: &Change, dirs: &[&str]) -> Vec<String> {
    let dirs: Vec<RepoPath> = dirs.iter().map(|dir| RepoPath::new(*dir)).collect();
    let worktree = change.worktree.as_ref().expect("the scope has a working directory");
    let found = worktree.leftovers(&dirs).expect("the working directory can be read");
    let sort = |kind: &LeftoverKind| match kind {
        LeftoverKind::Untracked => "untracked".to_owned(),
        LeftoverKind::Ignored { file, line, pattern } => format!("ignored by {file}:{line}:{pattern}"),
        LeftoverKind::IntentToAdd => "intent to add".to_owned(),
        LeftoverKind::Unstaged => "unstaged".to_owned(),
        LeftoverKind::UnstagedDeletion => "unstaged deletion".to_owned(),
    };
    found.iter().map(|leftover| format!("{}: {}", leftover.path, sort(&leftover.kind))).collect()
}

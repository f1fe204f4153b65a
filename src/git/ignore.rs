//! Ignore files: whether git ignores a path, and by which line of which file (`git check-ignore -v`).
//!
//! The rules are those of git's gitignore page. A file below an ignored folder is ignored whatever is said of the file
//! itself; among the files that speak, the one nearest to the path wins; within a file, the last line that matches.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::git::disk;
use crate::git::env::{Env, names};
use crate::git::repository::Repo;
use crate::source::RepoPath;

mod pattern;

use pattern::Pattern;

/// The largest ignore file that is read, in bytes.
const MAX_LEN: u64 = 4 * 1024 * 1024;

/// The line that makes git ignore a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IgnoredBy {
    /// The file: relative to the root where it lies below it.
    pub(crate) file: String,
    /// The line, counted from 1.
    pub(crate) line: usize,
    /// The pattern as it stands there.
    pub(crate) pattern: String,
}

/// An ignore file, read.
struct IgnoreFile {
    name: String,
    /// The folder that its patterns are relative to.
    base: RepoPath,
    rules: Vec<Rule>,
}

/// A line of an ignore file.
struct Rule {
    line: usize,
    text: String,
    negated: bool,
    folders_only: bool,
    /// Whether it speaks of a path below the base, and not of a name anywhere.
    anchored: bool,
    pattern: Pattern,
}

impl Rule {
    /// Reads a line; none for empty ones and comments.
    fn parse(line: usize, text: &str) -> Option<Self> {
        if text.starts_with('#') {
            return None;
        }
        let mut rest = without_trailing_spaces(text.strip_suffix('\r').unwrap_or(text));
        let shown = rest.to_owned();
        let negated = rest.strip_prefix('!').inspect(|inner| rest = inner).is_some();
        let folders_only = rest.strip_suffix('/').inspect(|inner| rest = inner).is_some();
        let anchored = rest.contains('/');
        rest = rest.strip_prefix('/').unwrap_or(rest);
        if rest.is_empty() {
            return None;
        }
        let pattern = Pattern::parse(rest.as_bytes(), anchored);
        Some(Self { line, text: shown, negated, folders_only, anchored, pattern })
    }
}

/// Trailing spaces do not count, unless the first of them is quoted with a backslash.
fn without_trailing_spaces(text: &str) -> &str {
    let trimmed = text.trim_end_matches(' ');
    let backslashes = trimmed.len() - trimmed.trim_end_matches('\\').len();
    if backslashes % 2 == 1 && trimmed.len() < text.len() { &text[..=trimmed.len()] } else { trimmed }
}

impl IgnoreFile {
    fn parse(name: String, base: RepoPath, text: &str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let rules = text.split('\n').enumerate().filter_map(|(at, line)| Rule::parse(at + 1, line)).collect();
        Self { name, base, rules }
    }

    fn read(place: &Path, name: String, base: RepoPath) -> Option<Self> {
        let metadata = std::fs::metadata(place).ok().filter(|file| file.is_file() && file.len() <= MAX_LEN)?;
        let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0));
        std::io::Read::read_to_end(&mut std::fs::File::open(place).ok()?, &mut bytes).ok()?;
        // Bytes that are not UTF-8 become the same private characters as in paths.
        Some(Self::parse(name, base, RepoPath::from_bytes(&bytes).as_str()))
    }

    /// The last line that speaks of the path.
    fn verdict(&self, path: &RepoPath, folder: bool, fold_case: bool) -> Option<&Rule> {
        let below = path.strip_prefix(&self.base).filter(|below| !below.is_empty())?;
        self.rules.iter().rev().find(|rule| {
            let subject = if rule.anchored { below } else { path.file_name() };
            (folder || !rule.folders_only) && rule.pattern.matches(subject.as_bytes(), fold_case)
        })
    }
}

/// The line of one ignore file that makes git ignore a path, if no other file speaks of it: a folder above the path that is
/// ignored takes everything below it along.
pub(crate) fn hidden_by(file: &RepoPath, text: &str, path: &RepoPath) -> Option<IgnoredBy> {
    let base = file.parent().unwrap_or_default();
    let ignores = IgnoreFile::parse(file.to_string(), base, text);
    let mut folder = RepoPath::root();
    let parts: Vec<&str> = path.components().collect();
    for (at, part) in parts.iter().enumerate() {
        folder = folder.join(part);
        let is_folder = at + 1 < parts.len();
        if let Some(rule) = ignores.verdict(&folder, is_folder, false).filter(|rule| !rule.negated) {
            return Some(IgnoredBy { file: ignores.name.clone(), line: rule.line, pattern: rule.text.clone() });
        }
    }
    None
}

/// All ignore files of a repository's working directory, read as they are asked for.
pub(crate) struct Ignores {
    root: PathBuf,
    fold_case: bool,
    /// `info/exclude`, then the user's own.
    outer: Vec<IgnoreFile>,
    folders: RefCell<HashMap<RepoPath, Option<Rc<IgnoreFile>>>>,
}

impl Ignores {
    /// Those of a repository with a working directory at `root`.
    pub(crate) fn new(repo: &Repo, root: &Path) -> Self {
        let exclude = repo.common_dir().join("info").join("exclude");
        let users = repo.config_path("core.excludesFile").or_else(|| default_excludes(repo.env()));
        let outer = [Some(exclude), users].into_iter().flatten().filter_map(|place| {
            let inside = place.strip_prefix(root).ok().map(Path::to_path_buf);
            let name = inside.as_ref().unwrap_or(&place).display().to_string().replace('\\', "/");
            IgnoreFile::read(&place, name, RepoPath::root())
        });
        Self {
            root: root.to_owned(),
            fold_case: repo.config_bool("core.ignoreCase"),
            outer: outer.collect(),
            folders: RefCell::default(),
        }
    }

    fn of_folder(&self, dir: &RepoPath) -> Option<Rc<IgnoreFile>> {
        if let Some(known) = self.folders.borrow().get(dir) {
            return known.clone();
        }
        let path = dir.join(".gitignore");
        // Git does not follow a symbolic link here, so that a tree cannot point it elsewhere.
        let place = disk::locate(&self.root, &path);
        let place = place.filter(|place| std::fs::symlink_metadata(place).is_ok_and(|found| found.is_file()));
        let read = place.and_then(|place| IgnoreFile::read(&place, path.to_string(), dir.clone())).map(Rc::new);
        self.folders.borrow_mut().insert(dir.clone(), read.clone());
        read
    }

    /// What is said of one path itself, the folders above it left aside: the line, and whether it ignores.
    fn verdict(&self, path: &RepoPath, folder: bool) -> Option<(IgnoredBy, bool)> {
        let found = |file: &IgnoreFile| {
            let rule = file.verdict(path, folder, self.fold_case)?;
            let by = IgnoredBy { file: file.name.clone(), line: rule.line, pattern: rule.text.clone() };
            Some((by, !rule.negated))
        };
        let mut dir = path.parent();
        while let Some(at) = dir {
            if let Some(verdict) = self.of_folder(&at).as_deref().and_then(found) {
                return Some(verdict);
            }
            dir = at.parent();
        }
        self.outer.iter().find_map(found)
    }

    /// The line that makes git ignore an untracked file or folder; none where it does not.
    pub(crate) fn ignored_by(&self, path: &RepoPath, folder: bool) -> Option<IgnoredBy> {
        let mut above: Vec<RepoPath> = std::iter::successors(path.parent(), RepoPath::parent).collect();
        above.retain(|dir| !dir.is_root());
        for dir in above.iter().rev() {
            if let Some((by, true)) = self.verdict(dir, true) {
                return Some(by);
            }
        }
        self.verdict(path, folder).filter(|(_, ignored)| *ignored).map(|(by, _)| by)
    }
}

/// Where the user's ignore file is without `core.excludesFile`.
fn default_excludes(env: &Env) -> Option<PathBuf> {
    let config = env.get_os(names::XDG_CONFIG_HOME).map(PathBuf::from);
    let config = config.or_else(|| env.get_os(names::HOME).map(|home| Path::new(home).join(".config")))?;
    Some(config.join("git").join("ignore"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::process::{Command, Stdio};

    use proptest::prelude::*;

    use super::*;

    /// What `git check-ignore` says of paths, beside what we say. Needs an installed git.
    fn compare(files: &BTreeMap<&str, String>, paths: &[String]) -> Result<(), TestCaseError> {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        let git = |args: &[&str]| {
            let mut command = Command::new("git");
            command.args(args).current_dir(&root).env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
            command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null").env("HOME", &root);
            command
        };
        prop_assert!(git(&["init", "--quiet"]).status().unwrap().success());
        for (dir, text) in files {
            std::fs::create_dir_all(root.join(dir)).unwrap();
            std::fs::write(root.join(dir).join(".gitignore"), text).unwrap();
        }
        for path in paths {
            // The same name may be a folder of another path; then it is one.
            std::fs::create_dir_all(root.join(path).parent().unwrap()).ok();
        }
        let mut asked = git(&["check-ignore", "--no-index", "--verbose", "--non-matching", "-z", "--stdin"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input: Vec<u8> = paths.iter().flat_map(|path| path.bytes().chain([0])).collect();
        std::io::Write::write_all(&mut asked.stdin.take().unwrap(), &input).unwrap();
        let output = asked.wait_with_output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let fields: Vec<&str> = text.split('\0').collect();
        let env = Env::new([("HOME", root.as_os_str())]);
        let repo = Repo::open(&root, &env).unwrap();
        let ignores = Ignores::new(&repo, &root);
        for answer in fields.chunks_exact(4) {
            let path = RepoPath::new(answer[3]);
            let ours = ignores.ignored_by(&path, root.join(answer[3]).is_dir());
            let ours = ours.map(|by| (by.file, by.line.to_string(), by.pattern));
            let theirs = (answer[0].to_owned(), answer[1].to_owned(), answer[2].to_owned());
            let theirs = Some(theirs).filter(|(file, _, pattern)| !file.is_empty() && !pattern.starts_with('!'));
            prop_assert_eq!(ours, theirs, "{} under {:?}", answer[3], files);
        }
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn git_itself_agrees(
            root in proptest::collection::vec("!?/?([ab*?]|\\*\\*|/|[ab]\\*|\\[a-c\\]|\\\\[a*]){1,5}/?[ ]?", 0..6),
            inner in proptest::collection::vec("!?/?([ab*?]|\\*\\*|/){1,4}/?", 0..4),
            paths in proptest::collection::vec("[abc]{1,3}(/[abc]{1,2}){0,3}", 1..40),
        ) {
            // A pattern with an empty part in its middle (`a//b`) or of slashes alone matches nothing anyone has.
            let text = |lines: Vec<String>| lines.into_iter().filter(|l| !l.contains("//")).map(|l| l + "\n").collect();
            compare(&BTreeMap::from([("", text(root)), ("a", text(inner))]), &paths)?;
        }
    }

    fn verdict(text: &str, path: &str, folder: bool) -> Option<(usize, bool)> {
        let file = IgnoreFile::parse(".gitignore".to_owned(), RepoPath::root(), text);
        file.verdict(&RepoPath::new(path), folder, false).map(|rule| (rule.line, !rule.negated))
    }

    #[test]
    fn lines_are_read_as_git_reads_them() {
        assert_eq!(verdict("# *.sql\n\n*.sql\r\n", "a/b.sql", false), Some((3, true)));
        assert_eq!(verdict("*.sql\n!keep.sql\n", "a/keep.sql", false), Some((2, false)));
        assert_eq!(verdict("build/\n", "a/build", false), None);
        assert_eq!(verdict("build/\n", "a/build", true), Some((1, true)));
        assert_eq!(verdict("/migrations\n", "a/migrations", true), None);
        assert_eq!(verdict("/migrations\n", "migrations", true), Some((1, true)));
        assert_eq!(verdict("a/*.sql\n", "a/b.sql", false), Some((1, true)));
        assert_eq!(verdict("a/*.sql\n", "x/a/b.sql", false), None);
        assert_eq!(verdict("\\#x\n\\!y\nz\\ \n", "#x", false), Some((1, true)));
        assert_eq!(verdict("\\#x\n\\!y\nz\\ \n", "!y", false), Some((2, true)));
        assert_eq!(verdict("\\#x\n\\!y\nz\\   \n", "z ", false), Some((3, true)));
        assert_eq!(verdict("x   \n", "x", false), Some((1, true)));
        assert_eq!(verdict("/\n!\n", "x", false), None);
    }
}

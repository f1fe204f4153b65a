//! From a branch to its record: which commit let the schema run ahead of its migrations, and which one repaired it.
//!
//! The state after every commit along first parents is compared with the state before it. Most commits change nothing that
//! a verdict depends on: they cost the comparison of two trees. A verdict depends on the files that were read for it and
//! on which files there are, so a commit that changes only files that were never read cannot change it. What is read
//! again is parsed once for each text and replayed from where two histories part.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use super::CheckError;
use super::load::{self, Found};
use crate::catalog::difference::{Difference, Kind};
use crate::finding::Level;
use crate::git::{
    ChangedPath, FileList, FileText, ObjectId, Repository, Snapshot, SnapshotError, WalkedCommit, WalkedSnapshot,
};
use crate::history::{HistoryProblemKind, Replayer};
use crate::policy::Policy;
use crate::project::{ECOSYSTEMS, EcosystemKind, ProjectState};
use crate::source::RepoPath;

/// After so many commits the repository lets go of what it read on the way.
const FORGET: usize = 256;

/// Which commits are walked.
#[derive(Debug, Clone, Default)]
pub struct Bounds {
    /// Commits that are ancestors of this one are left out.
    pub after: Option<ObjectId>,
    /// No more than this many, the newest.
    pub limit: Option<usize>,
    /// None before the first that is older than this: seconds since 1970, UTC.
    pub since: Option<i64>,
}

/// A commit, as the record speaks of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedCommit {
    /// Its id.
    pub id: ObjectId,
    /// When it was committed: seconds since 1970, UTC.
    pub seconds: i64,
    /// Its author's name.
    pub author: String,
    /// The first line of its message.
    pub subject: String,
}

impl From<&WalkedCommit> for RecordedCommit {
    fn from(commit: &WalkedCommit) -> Self {
        let WalkedCommit { id, seconds, author, subject, .. } = commit;
        Self { id: *id, seconds: *seconds, author: author.clone(), subject: subject.clone() }
    }
}

/// What was wrong for a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trouble {
    /// The migrations did not build what was declared.
    Drift,
    /// The migrations could not be applied one after the other.
    Broken,
    /// A file could not be read, so that nothing was known of the project.
    Unreadable,
    /// Something differs that an opaque place could explain.
    NotJudged,
}

impl Trouble {
    /// The word in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Drift => "drift",
            Self::Broken => "broken",
            Self::Unreadable => "unreadable",
            Self::NotJudged => "not-judged",
        }
    }
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ending {
    /// It is still so.
    Open,
    /// A commit put it right.
    Repaired,
    /// The project is gone.
    Gone,
}

impl Ending {
    /// The word in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Repaired => "repaired",
            Self::Gone => "gone",
        }
    }
}

/// What was wrong from one commit to another, in one project.
#[derive(Debug, Clone)]
pub struct Episode {
    /// The project's name.
    pub project: String,
    /// What was wrong.
    pub trouble: Trouble,
    /// The commit that brought it; none where it was there before the first commit that was looked at.
    pub opened: Option<RecordedCommit>,
    /// The commit that ended it; none where it is still so.
    pub closed: Option<RecordedCommit>,
    /// How it ended.
    pub ending: Ending,
    /// How many commits stood with it: 1 where the very next one repaired it.
    pub commits: usize,
    /// From the one commit's date to the other's, else to that of the newest commit; dates that run backwards count as
    /// none.
    pub seconds: i64,
    /// What differed, sorted, without places.
    pub differences: Vec<Difference>,
    /// Why it could not be applied or read, sorted.
    pub reasons: Vec<Reason>,
}

/// Why something could not be applied or read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reason {
    /// The file.
    pub path: RepoPath,
    /// The line, counted from 1.
    pub line: Option<usize>,
    /// In a person's words.
    pub message: String,
}

/// A project that was met on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedProject {
    /// Its name, the last it had.
    pub name: String,
    /// Whose.
    pub ecosystem: EcosystemKind,
    /// The commits after which its migrations did not build what it declared.
    pub drifting: usize,
    /// The commits after which it was there.
    pub commits: usize,
}

/// What became of a branch.
#[derive(Debug, Clone, Default)]
pub struct Record {
    /// The state before the first commit that was looked at; none where that was the first of all.
    pub before: Option<ObjectId>,
    /// The oldest and the newest commit that were looked at.
    pub ends: Option<(RecordedCommit, RecordedCommit)>,
    /// How many commits were looked at.
    pub commits: usize,
    /// How many of them changed something that a verdict depends on.
    pub touching: usize,
    /// Whether this clone holds no more of the history.
    pub cut: bool,
    /// The projects, sorted by name.
    pub projects: Vec<RecordedProject>,
    /// What was wrong, the oldest first.
    pub episodes: Vec<Episode>,
}

/// Walks a branch from a commit back along first parents, and tells what became of it. `progress` is told how many of how
/// many commits are done.
///
/// # Errors
/// Where git cannot say; a file that does not parse is an [`Episode`].
pub fn walk(
    repository: &Repository,
    tip: &str,
    bounds: &Bounds,
    policy: &Policy,
    project: Option<&str>,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Record, CheckError> {
    let (commits, cut) = commits(repository, tip, bounds)?;
    let mut walk = Walk::new(repository, policy, project);
    let before = commits.first().and_then(|first| first.parent);
    if let Some(before) = before {
        walk.look(&before, None, &[])?;
    }
    let mut touching = 0;
    for (at, commit) in commits.iter().enumerate() {
        progress(at, commits.len());
        let changed = repository.changed(commit).map_err(SnapshotError::from)?;
        if walk.matters(&changed) {
            walk.look(&commit.id, Some(at), &changed)?;
            touching += 1;
        }
        for tracked in &mut walk.tracked {
            tracked.commits += 1;
            tracked.drifting += usize::from(tracked.open.keys().any(|key| key.trouble == Trouble::Drift));
        }
        if at % FORGET == FORGET - 1 {
            repository.forget();
        }
    }
    progress(commits.len(), commits.len());
    if let Some(name) = project
        && !walk.names.contains(name)
    {
        return Err(CheckError::NoSuchProject { name: name.to_owned(), known: walk.names.into_iter().collect() });
    }
    let ends = commits.first().zip(commits.last()).map(|(first, last)| (first.into(), last.into()));
    let (projects, episodes) = walk.finish(&commits);
    Ok(Record { before, ends, commits: commits.len(), touching, cut, projects, episodes })
}

/// The commits to look at, the oldest first, and whether the clone ends before them.
fn commits(repository: &Repository, tip: &str, bounds: &Bounds) -> Result<(Vec<WalkedCommit>, bool), SnapshotError> {
    let mut walk = repository.first_parents(tip)?;
    let mut commits = Vec::new();
    // Where ancestors of another commit are to be left out, they are found afterwards, by halves.
    let limit = bounds.limit.filter(|_| bounds.after.is_none());
    while limit.is_none_or(|limit| commits.len() < limit) {
        let Some(commit) = walk.next().transpose()? else { break };
        if bounds.since.is_some_and(|since| commit.seconds < since) {
            break;
        }
        commits.push(commit);
    }
    if let Some(after) = &bounds.after {
        // Whatever descends along first parents from an ancestor is one too.
        let (mut new, mut old) = (0, commits.len());
        while new < old {
            let middle = usize::midpoint(new, old);
            if repository.is_ancestor(&commits[middle].id, after)? { old = middle } else { new = middle + 1 }
        }
        commits.truncate(new.min(bounds.limit.unwrap_or(usize::MAX)));
    }
    commits.reverse();
    Ok((commits, walk.is_cut()))
}

/// What makes something that is wrong the same thing in the next commit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    trouble: Trouble,
    kind: Option<Kind>,
    table: Option<String>,
    name: String,
}

/// Something that is wrong.
#[derive(Debug, Clone)]
enum Item {
    Difference(Box<Difference>),
    Reason(Reason),
}

/// Where something began: before the first commit, or with one of those walked.
type Since = Option<usize>;

/// A project on the way.
struct Tracked {
    found: Found,
    /// What makes two finds of it equal.
    facts: String,
    /// The files that were read for it.
    read: BTreeSet<RepoPath>,
    /// Held so that what was parsed for it need not be parsed again.
    state: ProjectState,
    replayer: Replayer,
    open: BTreeMap<Key, (Since, Item)>,
    drifting: usize,
    commits: usize,
}

/// Something that was wrong and is over, or open at the end.
struct Ended {
    project: String,
    key: Key,
    item: Item,
    opened: Since,
    closed: Option<usize>,
    ending: Ending,
}

struct Walk<'a> {
    repository: &'a Repository,
    policy: &'a Policy,
    wanted: Option<&'a str>,
    /// Every name that a project had.
    names: BTreeSet<String>,
    tracked: Vec<Tracked>,
    gone: Vec<RecordedProject>,
    ended: Vec<Ended>,
    /// Files that the projects were found by.
    read: BTreeSet<RepoPath>,
    last: Option<WalkedSnapshot>,
}

impl<'a> Walk<'a> {
    fn new(repository: &'a Repository, policy: &'a Policy, wanted: Option<&'a str>) -> Self {
        Self {
            repository,
            policy,
            wanted,
            names: BTreeSet::new(),
            tracked: Vec::new(),
            gone: Vec::new(),
            ended: Vec::new(),
            read: BTreeSet::new(),
            last: None,
        }
    }

    /// Whether a change can alter any verdict: a file that may matter comes or goes, or one that was read is another now.
    fn matters(&self, changed: &[ChangedPath]) -> bool {
        changed.iter().any(|changed| {
            let path = &changed.path;
            let stays = changed.before.is_some() && changed.after.is_some();
            let was_read =
                || self.read.contains(path) || self.tracked.iter().any(|tracked| tracked.read.contains(path));
            if stays { was_read() } else { was_read() || ECOSYSTEMS.iter().any(|one| one.may_matter(path)) }
        })
    }

    /// Looks at the state after a commit.
    fn look(&mut self, commit: &ObjectId, at: Since, changed: &[ChangedPath]) -> Result<(), SnapshotError> {
        let snapshot = self.repository.snapshot(commit, self.last.as_ref())?;
        let recording = Recording::new(&snapshot);
        let mut found = load::discover(&recording, self.policy)?;
        let mut old = std::mem::take(&mut self.tracked);
        load::keep_lost(&mut found, old.iter().map(|tracked| &tracked.found), &recording)?;
        self.read = recording.into_read();
        let all = found;
        for found in &all {
            self.names.insert(found.project.name.clone());
            if self.wanted.is_some_and(|wanted| wanted != found.project.name) {
                continue;
            }
            let before = load::same_project_at(found, &all, old.iter().map(|tracked| &tracked.found));
            let before = before.map(|index| old.swap_remove(index));
            let tracked = self.follow((found, &all), before, &snapshot, at, changed)?;
            self.tracked.push(tracked);
        }
        for tracked in old {
            self.let_go(tracked, at);
        }
        self.last = Some(snapshot);
        Ok(())
    }

    /// A project in the next commit.
    fn follow(
        &mut self,
        (found, all): (&Found, &[Found]),
        before: Option<Tracked>,
        snapshot: &WalkedSnapshot,
        at: Since,
        changed: &[ChangedPath],
    ) -> Result<Tracked, SnapshotError> {
        let facts = format!("{:?}", found.project);
        let (mut replayer, open, drifting, commits, held) = match before {
            Some(before) if before.facts == facts && !before.depends_on(changed) => return Ok(before),
            Some(before) => {
                let Tracked { replayer, open, drifting, commits, state, .. } = before;
                (replayer, open, drifting, commits, Some(state))
            }
            None => (Replayer::new(found.project.dialect()), BTreeMap::new(), 0, 0, None),
        };
        let recording = Recording::new(snapshot);
        let state = load::load_next((found, all), &recording, &mut replayer)?;
        drop(held);
        let read = recording.into_read();
        let mut tracked = Tracked { found: found.clone(), facts, read, state, replayer, open, drifting, commits };
        self.settle(&mut tracked, at);
        Ok(tracked)
    }

    /// Compares what is wrong with what was.
    fn settle(&mut self, tracked: &mut Tracked, at: Since) {
        let mut now = troubles(&tracked.state, self.policy);
        if !tracked.state.is_judged() {
            // What differed before an unreadable file may differ still; nobody can say.
            let unknown = |key: &&Key| matches!(key.trouble, Trouble::Drift | Trouble::NotJudged | Trouble::Broken);
            for key in tracked.open.keys().filter(unknown).cloned().collect::<Vec<_>>() {
                if let Some((_, item)) = tracked.open.get(&key) {
                    now.entry(key).or_insert_with(|| item.clone());
                }
            }
        }
        let mut open = BTreeMap::new();
        for (key, item) in now {
            // What was uncertain and is certain now, or the other way about, is the same thing still.
            let other = match key.trouble {
                Trouble::Drift => Some(Key { trouble: Trouble::NotJudged, ..key.clone() }),
                Trouble::NotJudged => Some(Key { trouble: Trouble::Drift, ..key.clone() }),
                _ => None,
            };
            let before = tracked.open.remove(&key).or_else(|| other.and_then(|other| tracked.open.remove(&other)));
            open.insert(key, before.unwrap_or((at, item)));
        }
        let over = std::mem::replace(&mut tracked.open, open);
        self.close(&tracked.found.project.name, over, at, Ending::Repaired);
    }

    fn close(&mut self, project: &str, over: BTreeMap<Key, (Since, Item)>, closed: Since, ending: Ending) {
        let ended = over.into_iter().map(|(key, (opened, item))| Ended {
            project: project.to_owned(),
            key,
            item,
            opened,
            closed,
            ending,
        });
        self.ended.extend(ended);
    }

    /// A project that is not there any more.
    fn let_go(&mut self, mut tracked: Tracked, at: Since) {
        let open = std::mem::take(&mut tracked.open);
        self.close(&tracked.found.project.name, open, at, Ending::Gone);
        self.gone.push(tracked.recorded());
    }

    /// Puts together what began and ended together.
    fn finish(mut self, commits: &[WalkedCommit]) -> (Vec<RecordedProject>, Vec<Episode>) {
        let mut projects = std::mem::take(&mut self.gone);
        for mut tracked in std::mem::take(&mut self.tracked) {
            let open = std::mem::take(&mut tracked.open);
            self.close(&tracked.found.project.name, open, None, Ending::Open);
            projects.push(tracked.recorded());
        }
        projects.sort_by(|a, b| (&a.name, a.ecosystem).cmp(&(&b.name, b.ecosystem)));
        // One that was away for a time is one project.
        projects.dedup_by(|later, first| {
            let same = (&later.name, later.ecosystem) == (&first.name, first.ecosystem);
            if same {
                first.drifting += later.drifting;
                first.commits += later.commits;
            }
            same
        });
        let mut together: BTreeMap<_, Vec<Ended>> = BTreeMap::new();
        for ended in self.ended {
            let key = (
                ended.opened,
                ended.closed.unwrap_or(usize::MAX),
                ended.project.clone(),
                ended.key.trouble,
                ended.ending,
            );
            together.entry(key).or_default().push(ended);
        }
        let episodes = together.into_values().filter_map(|group| episode(group, commits)).collect();
        (projects, episodes)
    }
}

impl Tracked {
    /// Whether its verdict can be another after a change.
    fn depends_on(&self, changed: &[ChangedPath]) -> bool {
        changed.iter().any(|changed| {
            let comes_or_goes = changed.before.is_none() || changed.after.is_none();
            self.read.contains(&changed.path) || (comes_or_goes && self.found.ecosystem.may_matter(&changed.path))
        })
    }

    fn recorded(&self) -> RecordedProject {
        let project = &self.found.project;
        RecordedProject {
            name: project.name.clone(),
            ecosystem: project.ecosystem,
            drifting: self.drifting,
            commits: self.commits,
        }
    }
}

/// What is wrong with a project.
fn troubles(state: &ProjectState, policy: &Policy) -> BTreeMap<Key, Item> {
    let mut all = BTreeMap::new();
    let mut reason = |trouble: Trouble, path: &RepoPath, line: Option<usize>, message: &str, keyed: &str| {
        let key = Key { trouble, kind: None, table: Some(path.to_string()), name: keyed.to_owned() };
        let item = Item::Reason(Reason { path: path.clone(), line, message: message.to_owned() });
        all.entry(key).or_insert(item);
    };
    for problem in &state.declared.problems {
        let line = problem.place.as_ref().map(|place| place.start().0);
        reason(Trouble::Unreadable, &problem.path, line, &problem.message, "");
    }
    for problem in &state.history.problems {
        let trouble = match problem.kind {
            HistoryProblemKind::LockMismatch | HistoryProblemKind::ComputedParent => continue,
            HistoryProblemKind::Unreadable | HistoryProblemKind::Unsupported => Trouble::Unreadable,
            _ => Trouble::Broken,
        };
        let keyed = if trouble == Trouble::Broken { problem.message.as_str() } else { "" };
        let line = problem.place.as_ref().map(|place| place.start().0);
        reason(trouble, &problem.path, line, &problem.message, keyed);
    }
    if !state.is_judged() {
        return all;
    }
    for failure in state.replay.migrations.iter().flat_map(|migration| &migration.failures).filter(|f| f.certain) {
        let message = failure.error.to_string();
        reason(Trouble::Broken, failure.place.path(), Some(failure.place.start().0), &message, &message);
    }
    let counts_beyond = policy.alembic.beyond_engine == Some(Level::Error);
    for difference in state.gap.iter().filter(|difference| !difference.beyond_engine || counts_beyond) {
        let trouble = if difference.certain { Trouble::Drift } else { Trouble::NotJudged };
        let mut name = difference.name.clone();
        if name.is_empty() {
            name = difference.declared.clone().or_else(|| difference.replayed.clone()).unwrap_or_default();
        }
        let table = difference.table.as_ref().or(difference.enumeration.as_ref()).map(ToString::to_string);
        // The text that a place points into is not needed any more.
        let bare = Difference { declared_at: None, migrated_at: None, sql: Vec::new(), ..difference.clone() };
        all.insert(Key { trouble, kind: Some(difference.kind), table, name }, Item::Difference(Box::new(bare)));
    }
    all
}

/// What began and ended together, as one.
fn episode(group: Vec<Ended>, commits: &[WalkedCommit]) -> Option<Episode> {
    let first = group.first()?;
    let (project, trouble, ending) = (first.project.clone(), first.key.trouble, first.ending);
    let commit = |at: Option<usize>| at.and_then(|at| commits.get(at)).map(RecordedCommit::from);
    let (opened, closed) = (commit(first.opened), commit(first.closed));
    let (from, to) = (first.opened.unwrap_or(0), first.closed.unwrap_or(commits.len()));
    let start =
        opened.as_ref().map(|commit| commit.seconds).or_else(|| commits.first().map(|commit| commit.seconds))?;
    let end = closed.as_ref().map(|commit| commit.seconds).or_else(|| commits.last().map(|commit| commit.seconds))?;
    let mut differences = Vec::new();
    let mut reasons = Vec::new();
    for ended in group {
        match ended.item {
            Item::Difference(difference) => differences.push(*difference),
            Item::Reason(reason) => reasons.push(reason),
        }
    }
    reasons.sort();
    Some(Episode {
        project,
        trouble,
        opened,
        closed,
        ending,
        commits: to.saturating_sub(from),
        seconds: end.saturating_sub(start).max(0),
        differences,
        reasons,
    })
}

/// A snapshot that remembers what was read of it.
struct Recording<'a> {
    inner: &'a dyn Snapshot,
    read: RefCell<BTreeSet<RepoPath>>,
}

impl<'a> Recording<'a> {
    fn new(inner: &'a dyn Snapshot) -> Self {
        Self { inner, read: RefCell::default() }
    }

    fn into_read(self) -> BTreeSet<RepoPath> {
        self.read.into_inner()
    }
}

impl Snapshot for Recording<'_> {
    fn describe(&self) -> String {
        self.inner.describe()
    }

    fn id(&self) -> String {
        self.inner.id()
    }

    fn files(&self) -> Result<&FileList, SnapshotError> {
        self.inner.files()
    }

    fn read(&self, path: &RepoPath) -> Result<FileText, SnapshotError> {
        self.read.borrow_mut().insert(path.clone());
        self.inner.read(path)
    }
}

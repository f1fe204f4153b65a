//! Migrations in their order, and their replay.
//!
//! An ecosystem hands over a [`History`]: its migrations, each with a [`Script`] that can be run against a catalog.
//! A SQL file is read once into operations; an Alembic revision is evaluated while it runs, because it may ask the
//! catalog (`if not inspector.has_table(…)`). [`replay`] runs them in order on an empty catalog.

mod altered;
pub(crate) mod foundation;
mod run;
mod script;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use crate::catalog::{Catalog, Dialect, Opaque};
use crate::source::{Place, RepoPath, Source};

pub use run::{Failure, Run, Step};
pub use script::Operations;
pub(crate) use script::dropped;

/// One migration.
#[derive(Clone)]
pub struct Migration {
    /// What it is known by: Prisma's directory name, Alembic's revision id.
    pub id: String,
    /// What a person calls it: the directory name, or the revision's file name without `.py`.
    pub name: String,
    /// What stands for it in the repository: Prisma's directory, Alembic's file.
    pub path: RepoPath,
    /// Its text: `migration.sql` or the revision. None where the directory holds no script.
    pub source: Option<Arc<Source>>,
    /// What running it does.
    pub script: Arc<dyn Script>,
    /// Ids of the migrations it comes directly after, in the order written. In a timeline: the one before.
    pub parents: Vec<String>,
    /// Ids of further migrations that must come first (Alembic's `depends_on`).
    pub depends_on: Vec<String>,
    /// Alembic's branch labels.
    pub labels: Vec<String>,
    /// Its message: Alembic's docstring, the slug of a Prisma directory.
    pub message: Option<String>,
    /// The place of what makes it that migration: the `revision = …` line, or the start of the file.
    pub place: Option<Place>,
    /// The place of `down_revision = …`.
    pub parents_place: Option<Place>,
}

impl fmt::Debug for Migration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Migration").field("id", &self.id).field("path", &self.path).finish_non_exhaustive()
    }
}

/// Something that does operations when it is run.
pub trait Script: Send + Sync {
    /// Does everything, in order, through [`Run::apply`]. It looks at [`Run::catalog`] where it asks the database.
    fn run(&self, run: &mut Run<'_>);

    /// A hash of all that decides what running does on a given catalog: its path, its text, and the texts it imports.
    /// Equal migrations of two snapshots are replayed once.
    fn fingerprint(&self) -> u64;

    /// Names of the tables that its way back drops: it was written to make them, whatever is left of it.
    fn takes_back(&self) -> Vec<String> {
        Vec::new()
    }
}

/// What is wrong with a history before anything is replayed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryProblem {
    /// What.
    pub kind: HistoryProblemKind,
    /// Where.
    pub place: Option<Place>,
    /// The file or directory it is about.
    pub path: RepoPath,
    /// In a person's words.
    pub message: String,
}

/// Kinds of [`HistoryProblem`]s; each is reported by the rule of its name.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum HistoryProblemKind {
    /// A migration that does not parse (`unreadable-source`).
    Unreadable,
    /// A migration directory without its script (`missing-migration-file`).
    MissingFile,
    /// A migration of an older language than the one that runs today, which is read all the same (`unreadable-source`, where
    /// the project was of today's before).
    Outdated,
    /// A parent that is not there (`missing-parent`); its id.
    MissingParent(String),
    /// Two migrations with one id (`duplicate-revision`); the id.
    DuplicateId(String),
    /// Migrations that descend from themselves (`revision-cycle`); their ids.
    Cycle(Vec<String>),
    /// A parent that is computed (`computed-parent`).
    ComputedParent,
    /// A file among the revisions that Alembic refuses as one (no `revision`).
    NotARevision,
    /// `migration_lock.toml` is missing or names another provider than the schema (`lock-mismatch`).
    LockMismatch,
    /// A layout that is known and not supported (Prisma 8); `unreadable-source`.
    Unsupported,
}

/// The migrations of one project in one snapshot.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// In an order in which they can be applied. Migrations that no order can reach (below a missing parent, in a
    /// cycle) stand last.
    pub migrations: Vec<Migration>,
    /// What is wrong with it.
    pub problems: Vec<HistoryProblem>,
    /// What could not be read in it, outside the migrations' own operations.
    pub opaque: Vec<Opaque>,
    /// Whether its first migrations may work on tables that something else has made (`create_all`, an older history):
    /// so it is with Alembic, while Prisma replays every history from nothing.
    pub may_have_base: bool,
}

impl History {
    /// The migration of that id.
    pub fn get(&self, id: &str) -> Option<&Migration> {
        self.migrations.iter().find(|migration| migration.id == id)
    }

    /// The migrations by their ids, for whoever asks for many: [`Self::get`] looks through them.
    pub fn by_id(&self) -> BTreeMap<&str, &Migration> {
        // Of two with one id the first is it, as for `get`.
        self.migrations.iter().rev().map(|migration| (migration.id.as_str(), migration)).collect()
    }

    /// Ids of the migrations from which none descends.
    pub fn heads(&self) -> Vec<&str> {
        let parents: BTreeSet<&str> =
            self.migrations.iter().flat_map(|migration| migration.parents.iter().map(String::as_str)).collect();
        self.migrations.iter().map(|migration| migration.id.as_str()).filter(|id| !parents.contains(id)).collect()
    }

    /// Ids of the migrations that have no parent.
    pub fn bases(&self) -> Vec<&str> {
        self.migrations.iter().filter(|m| m.parents.is_empty()).map(|m| m.id.as_str()).collect()
    }
}

/// What running one migration did.
#[derive(Debug, Clone)]
pub struct Replayed {
    /// The migration's id.
    pub id: String,
    /// Its operations, in the order they ran.
    pub steps: Vec<Step>,
    /// What the database would have refused.
    pub failures: Vec<Failure>,
}

/// A history that was run on an empty database.
#[derive(Debug, Clone)]
pub struct Replay {
    /// The database afterwards.
    pub catalog: Catalog,
    /// What each migration did, in the history's order; shared with the replay it was continued from.
    pub migrations: Vec<Arc<Replayed>>,
    /// Fingerprints of the migrations, in order: where two histories part.
    fingerprints: Vec<u64>,
    /// The first statement that wants a table of a database which was there before the first migration; none where the
    /// history starts from nothing, as far as can be told.
    base: Option<Place>,
    /// What the ways back of those migrations drop that ran before there was any table, see [`Script::takes_back`].
    taken_back: Vec<String>,
    /// What it has cost, see [`MOST_WORK`].
    work: u64,
}

impl Replay {
    /// An empty database.
    fn new(dialect: Dialect) -> Self {
        Self {
            catalog: Catalog::new(dialect),
            migrations: Vec::new(),
            fingerprints: Vec::new(),
            base: None,
            taken_back: Vec::new(),
            work: 0,
        }
    }
}

/// Runs every migration of `history`, in order, on an empty database.
pub fn replay(history: &History, dialect: Dialect) -> Replay {
    replay_on(history, Replay::new(dialect), 0)
}

/// Runs `after`, and `before` as far as the two are the same only once. Returns both replays, `before`'s first.
pub fn replay_both(before: &History, after: &History, dialect: Dialect) -> (Replay, Replay) {
    let prints =
        |history: &History| -> Vec<u64> { history.migrations.iter().map(|m| m.script.fingerprint()).collect() };
    let (old, new) = (prints(before), prints(after));
    let shared = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let prefix = replay_until(before, Replay::new(dialect), 0, shared);
    (replay_on(before, prefix.clone(), shared), replay_on(after, prefix, shared))
}

/// How many migrations lie between two states that a [`Replayer`] keeps.
const STRIDE: usize = 64;

/// Replays one history after the other, as a branch has them commit by commit: what a history has in common with the one
/// before it is not run again.
#[derive(Debug)]
pub(crate) struct Replayer {
    dialect: Dialect,
    /// States on the way of the last replay, the shortest first; the last is its end.
    kept: Vec<Replay>,
}

impl Replayer {
    /// A replayer that has replayed nothing.
    pub(crate) fn new(dialect: Dialect) -> Self {
        Self { dialect, kept: Vec::new() }
    }

    /// The database it replays for.
    pub(crate) fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Runs a history; the same as [`replay`].
    pub(crate) fn replay(&mut self, history: &History) -> Replay {
        let prints: Vec<u64> = history.migrations.iter().map(|m| m.script.fingerprint()).collect();
        while self.kept.last().is_some_and(|kept| !prints.starts_with(&kept.fingerprints)) {
            self.kept.pop();
        }
        let mut state = self.kept.last().cloned().unwrap_or_else(|| Replay::new(self.dialect));
        while state.fingerprints.len() < prints.len() {
            let from = state.fingerprints.len();
            let to = (from / STRIDE + 1) * STRIDE;
            state = replay_until(history, state, from, to.min(prints.len()));
            // Ends that lie behind are of no use any more; what lies on a stride is.
            self.kept.retain(|kept| kept.fingerprints.len().is_multiple_of(STRIDE));
            self.kept.push(state.clone());
        }
        state
    }
}

/// Continues `replay` with the migrations of `history` behind the first `from`.
fn replay_on(history: &History, replay: Replay, from: usize) -> Replay {
    replay_until(history, replay, from, history.migrations.len())
}

/// Continues `replay` with the migrations of `history` from one position up to another.
fn replay_until(history: &History, replay: Replay, from: usize, to: usize) -> Replay {
    history.migrations[from..to]
        .iter()
        .fold(replay, |replay, migration| replay_one(history.may_have_base, replay, migration))
}

/// Continues `replay` with those migrations of `history` whose fingerprint is wanted.
fn replay_only(history: &History, replay: Replay, wanted: impl Fn(&u64) -> bool) -> Replay {
    history
        .migrations
        .iter()
        .filter(|migration| wanted(&migration.script.fingerprint()))
        .fold(replay, |replay, migration| replay_one(false, replay, migration))
}

/// Continues `replay` with one migration.
fn replay_one(may_have_base: bool, mut replay: Replay, migration: &Migration) -> Replay {
    let empty = replay.catalog.tables.is_empty();
    let mut run = Run {
        catalog: &mut replay.catalog,
        steps: Vec::new(),
        failures: Vec::new(),
        copied: 0,
        work: replay.work,
        caught: false,
        supposed: false,
    };
    migration.script.run(&mut run);
    let Run { steps, mut failures, work, .. } = run;
    replay.work = work;
    if may_have_base && empty && replay.base.is_none() {
        replay.taken_back.extend(migration.script.takes_back());
        let baseline = !replay.migrations.is_empty();
        replay.base = foundation::doubt_base(baseline, &replay.taken_back, &steps, &mut failures, &mut replay.catalog);
    }
    if !empty && migration.parents.is_empty() && migration.depends_on.is_empty() && !migration.labels.is_empty() {
        foundation::doubt_other_beginning(&mut failures, &mut replay.catalog);
    }
    replay.fingerprints.push(migration.script.fingerprint());
    replay.migrations.push(Arc::new(Replayed { id: migration.id.clone(), steps, failures }));
    replay
}

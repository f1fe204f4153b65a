//! Migrations in their order, and their replay.
//!
//! An ecosystem hands over a [`History`]: its migrations, each with a [`Script`] that can be run against a catalog.
//! A SQL file is read once into operations; an Alembic revision is evaluated while it runs, because it may ask the
//! catalog (`if not inspector.has_table(…)`). [`replay`] runs them in order on an empty catalog.

mod altered;
pub(crate) mod foundation;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use crate::catalog::apply::{ApplyError, Effect};
use crate::catalog::operation::{Caught, Operation, OperationKind, TransactionKind};
use crate::catalog::{Catalog, Dialect, Object, ObjectName, Opaque, Reach, TableKind};
use crate::source::{Place, RepoPath, Source};

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

/// A migration being run.
pub struct Run<'a> {
    catalog: &'a mut Catalog,
    steps: Vec<Step>,
    failures: Vec<Failure>,
    /// What was copied so that it can be gone back to, see [`MOST_COPIED`].
    copied: u64,
    /// What the history has cost so far, see [`MOST_WORK`].
    work: u64,
    /// Whether an error of what is being done is caught: where it may come of a doubt, what follows may not be done.
    caught: bool,
    /// Whether the database is only supposed to be the one whose rules apply, see [`Run::suppose_database`].
    supposed: bool,
}

/// One operation that was run.
#[derive(Debug, Clone)]
pub struct Step {
    /// The operation.
    pub operation: Operation,
    /// What it did. Empty where a guard held it back, where it failed and where it changes nothing.
    pub effects: Vec<Effect>,
}

/// An operation that the database would refuse.
#[derive(Debug, Clone)]
pub struct Failure {
    /// Where.
    pub place: Place,
    /// Why.
    pub error: ApplyError,
    /// Whether no earlier doubt could explain it: else it is doubt itself, not a broken history.
    pub certain: bool,
}

/// The most failures that are kept of one migration: as many that are certain, and as many in doubt.
const MOST_FAILURES: usize = 1_000;

/// The most that replaying a history may cost, in units of [`Catalog::cost`]: about a second. 3,000 migrations of 70 models
/// cost a twentieth of it.
const MOST_WORK: u64 = 120_000_000;

/// The most that the savepoints and transactions of one migration may copy, in units of [`Catalog::cost_of_copy`]: a copy is
/// kept until the migration ends.
const MOST_COPIED: u64 = 4_000_000;

impl Run<'_> {
    /// The tables that this migration has worked on so far.
    pub(crate) fn tables(&self) -> BTreeSet<ObjectName> {
        self.steps.iter().filter_map(|step| step.operation.table().cloned()).collect()
    }

    /// The database as it is at this moment.
    pub fn catalog(&self) -> &Catalog {
        self.catalog
    }

    /// Does one operation. A failure is recorded and the run goes on with the next one.
    ///
    /// Of a conditional operation the branch is done that the catalog asks for; where it cannot tell, both are in doubt.
    pub fn apply(&mut self, operation: Operation) {
        // What is over is not even weighed.
        if self.work > MOST_WORK || !self.pay(self.catalog.cost(&operation), &operation.place) {
            return;
        }
        if let OperationKind::When { condition, then, otherwise } = &operation.kind {
            for chosen in self.catalog.choose(condition, then, otherwise) {
                self.apply(chosen);
            }
            return;
        }
        if let OperationKind::Attempt { body, caught, handler } = operation.kind {
            return self.attempt(body, caught, handler);
        }
        let doubts = self.catalog.doubts.len();
        match self.catalog.apply(&operation) {
            Ok(mut effects) => {
                effects.shrink_to_fit();
                // Which tables were there before the first migration is not known, whatever the migrations make.
                let is_known = !self.caught && !self.catalog.doubts.iter().any(foundation::is_of_base);
                self.catalog.note_known(&operation, &effects, if is_known { doubts } else { 0 });
                if self.caught && doubts > 0 {
                    self.catalog.forget_known(&operation);
                }
                self.steps.push(Step { operation, effects });
            }
            Err(error) => {
                if !operation.guard.swallows(&error) && !self.is_about_temporary(&operation) {
                    let of_another = self.supposed && error.is_of_one_database();
                    let certain = !of_another && !self.catalog.could_explain(&operation, &error);
                    if !certain && self.make_without_targets(&operation, &error) {
                        return;
                    }
                    if of_another {
                        self.doubt_what_may_differ(&operation);
                    } else if !certain {
                        self.doubt_what_failed(&operation);
                    }
                    self.fail(Failure { place: operation.place.clone(), error, certain });
                }
                self.steps.push(Step { operation, effects: Vec::new() });
            }
        }
    }

    /// Says that nothing tells which database it is: what only the one refuses whose rules apply is no certain failure.
    pub(crate) fn suppose_database(&mut self) {
        self.supposed = true;
    }

    /// Does one operation whose error is caught.
    pub(crate) fn apply_caught(&mut self, operation: Operation) {
        let outer = std::mem::replace(&mut self.caught, true);
        self.apply(operation);
        self.caught = outer;
    }

    /// Tells the catalog which tables or views the operations to come drop in one statement: they may refer to each other.
    pub(crate) fn drop_together(&mut self, names: &[&ObjectName]) {
        self.catalog.drop_together(names);
    }

    /// Pays for work, in units of [`Catalog::cost`]. Where a history costs more than is spent on any, the rest of it is not
    /// done: from there on everything is in doubt.
    pub(crate) fn pay(&mut self, units: u64, place: &Place) -> bool {
        let could = self.work <= MOST_WORK;
        self.work = self.work.saturating_add(units);
        let can = self.work <= MOST_WORK;
        if could && !can {
            let reason = "the migrations change more than is followed".to_owned();
            self.catalog.doubts.push(Opaque { place: place.clone(), reason, reach: Reach::Everything });
        }
        can
    }

    /// Keeps a failure. The first of a sort say what is wrong, and every rule asks each of them about every statement;
    /// those in doubt take no room from those that are certain.
    fn fail(&mut self, failure: Failure) {
        if self.failures.iter().filter(|known| known.certain == failure.certain).take(MOST_FAILURES).count()
            < MOST_FAILURES
        {
            self.failures.push(failure);
        }
    }

    /// A block with an exception handler: where it catches a failure, all that the block did is taken back and the
    /// handler is done instead.
    fn attempt(&mut self, body: Vec<Operation>, caught: Caught, handler: Vec<Operation>) {
        let Some(first) = body.first().or(handler.first()) else { return };
        if !self.pay(self.catalog.cost_of_copy(), &first.place) {
            return;
        }
        let before = self.catalog.clone();
        let steps = self.steps.len();
        // Whether the block fails is seen by its own failures, however many were kept before it.
        let outer = std::mem::take(&mut self.failures);
        let mut failed = None;
        for operation in body {
            self.apply_caught(operation);
            failed = self.failures.drain(..).find(|failure| failure.certain);
            if failed.is_some() {
                break;
            }
        }
        self.failures = outer;
        let Some(failure) = failed else { return };
        if !failure.error.is_caught(caught) {
            return self.fail(failure);
        }
        *self.catalog = before;
        self.steps.truncate(steps);
        for operation in handler {
            self.apply(operation);
        }
    }

    /// A copy of a catalog, of the one as it is by default, so that what is done at `place` can be taken back. None, with the
    /// doubt recorded, where a script has taken more copies than can be paid for.
    fn copy_of(&mut self, kept: Option<&Catalog>, place: &Place) -> Option<Catalog> {
        let could_pay = self.copied <= MOST_COPIED;
        let catalog = kept.unwrap_or(self.catalog);
        let cost = catalog.cost_of_copy();
        self.copied = self.copied.saturating_add(cost);
        self.work = self.work.saturating_add(cost);
        if self.copied <= MOST_COPIED {
            return Some(catalog.clone());
        }
        if could_pay {
            let reason = "more is taken back, or may be, than is followed".to_owned();
            self.catalog.doubts.push(Opaque { place: place.clone(), reason, reach: Reach::Everything });
        }
        None
    }

    /// Whether an operation fails on a temporary table of which not everything is known: no comparison ever sees it.
    fn is_about_temporary(&self, operation: &Operation) -> bool {
        let catalog = &*self.catalog;
        let named = match &operation.kind {
            // A temporary view is kept as such a table is.
            OperationKind::DropView { name, .. } => Some(name),
            _ => operation.table(),
        };
        let table = named.and_then(|table| catalog.resolve(&catalog.tables, table));
        table.is_some_and(|name| {
            catalog.tables.get(&name).is_some_and(|table| table.kind == TableKind::Temporary)
                && catalog.doubt_about(&Object::Table(&name)).is_some()
        })
    }

    /// Makes a table that fails, in doubt, for want of one that it refers to: it is there in any case, and what is not known
    /// are its references. Whether that could be done.
    fn make_without_targets(&mut self, operation: &Operation, error: &ApplyError) -> bool {
        let OperationKind::CreateTable(table) = &operation.kind else { return false };
        let Some((without, columns)) = foundation::without_missing_targets(self.catalog, table) else { return false };
        let made = Operation { kind: OperationKind::CreateTable(Box::new(without)), ..operation.clone() };
        let Ok(effects) = self.catalog.apply(&made) else { return false };
        for column in columns {
            self.catalog.doubt(Opaque {
                place: operation.place.clone(),
                reason: "a reference to a table that is not known".to_owned(),
                reach: Reach::Column(table.name.clone(), column),
            });
        }
        self.fail(Failure { place: operation.place.clone(), error: error.clone(), certain: false });
        self.steps.push(Step { operation: operation.clone(), effects });
        true
    }

    /// An operation that fails here may well have been done on the real database: what it would have made or changed is
    /// in doubt from now on.
    fn doubt_what_failed(&mut self, operation: &Operation) {
        let mut tables: Vec<ObjectName> = operation.table().cloned().into_iter().collect();
        if let OperationKind::RenameTable { to, .. } = &operation.kind {
            tables.push(to.clone());
        }
        for table in tables {
            let name = self.catalog.new_name(&table);
            if self.catalog.doubt_about(&Object::Table(&name)).is_none() {
                self.catalog.doubt(Opaque {
                    place: operation.place.clone(),
                    reason: "a statement whose effect depends on one that could not be read".to_owned(),
                    reach: Reach::Table(table),
                });
            }
        }
    }

    /// An operation that fails on the database that is supposed and may work on another: what it would have made or changed.
    fn doubt_what_may_differ(&mut self, operation: &Operation) {
        let reach = match (&operation.kind, operation.table()) {
            (OperationKind::AddColumn { column, .. }, Some(table)) => {
                Reach::Column(table.clone(), column.column.name.clone())
            }
            (_, Some(table)) => Reach::Table(table.clone()),
            (_, None) => return,
        };
        let reason = "which database this is, is not known, and not every one refuses it".to_owned();
        self.catalog.doubt(Opaque { place: operation.place.clone(), reason, reach });
    }

    /// Does one operation as a part of rebuilding its table, as Alembic's batch mode does on SQLite: nothing in the
    /// table itself holds a column back, what is on a column goes with it.
    pub fn apply_in_rebuild(&mut self, operation: Operation) {
        self.catalog.rebuild(true);
        self.apply(operation);
        self.catalog.rebuild(false);
    }

    /// Changes what rebuilding a table changes by itself, beside what is asked for.
    pub(crate) fn reshape(&mut self, name: &ObjectName, change: impl FnOnce(&mut crate::catalog::Table)) {
        self.catalog.reshape(name, change);
    }

    /// Records that something is asked for which is not there, outside any operation.
    pub fn miss(&mut self, place: Place, what: &'static str, name: impl Into<String>) {
        let certain = !self.catalog.doubts.iter().any(|doubt| doubt.reach == Reach::Everything);
        self.fail(Failure { place, error: ApplyError::Missing { what, name: name.into() }, certain });
    }

    /// Records that a condition of the database's engine itself is broken (two statements that may not stand in one
    /// transaction): not an operation, and still a reason why the history cannot be applied.
    pub fn refuse(&mut self, place: Place, reason: impl Into<String>) {
        self.failures.push(Failure { place, error: ApplyError::Refused(reason.into()), certain: true });
    }
}

/// A script that is a list of operations.
#[derive(Debug, Clone)]
pub struct Operations {
    /// The operations, in order.
    pub operations: Vec<Operation>,
    /// Reasons why the database would refuse the script whatever the catalog holds, with their places.
    pub refusals: Vec<(Place, String)>,
    /// See [`Script::fingerprint`].
    pub fingerprint: u64,
}

impl Script for Operations {
    fn run(&self, run: &mut Run<'_>) {
        let mut undone = None;
        // The state of each name that was set last: an older one of the same name is never gone back to.
        let mut savepoints: BTreeMap<&str, Catalog> = BTreeMap::new();
        let last_returns = last_returns(&self.operations);
        let rolled_back = rolled_back(&self.operations);
        let mut dropped_until = 0;
        for (at, operation) in self.operations.iter().enumerate() {
            if let OperationKind::Transaction(kind) = &operation.kind {
                match kind {
                    // MySQL commits before every statement that changes a schema.
                    TransactionKind::Begin if run.catalog.dialect == Dialect::MySql => {}
                    TransactionKind::Begin if rolled_back.contains(&at) => {
                        undone = run.copy_of(None, &operation.place);
                    }
                    TransactionKind::Rollback => {
                        if let Some(before) = undone.take() {
                            *run.catalog = before;
                        }
                    }
                    _ => {}
                }
            }
            if let OperationKind::Savepoint { name, back } = &operation.kind {
                if *back && let Some(kept) = savepoints.get(name.as_str()) {
                    if let Some(before) = run.copy_of(Some(kept), &operation.place) {
                        *run.catalog = before;
                    }
                } else if last_returns.get(name.as_str()).is_some_and(|last| *last > at)
                    && let Some(copy) = run.copy_of(None, &operation.place)
                {
                    savepoints.insert(name, copy);
                }
            }
            if at >= dropped_until {
                let together = dropped_with(&self.operations, at);
                run.catalog.drop_together(&together);
                dropped_until = at + together.len().max(1);
            }
            run.apply(operation.clone());
        }
        run.catalog.drop_together(&[]);
        for (place, reason) in &self.refusals {
            run.refuse(place.clone(), reason.clone());
        }
    }

    fn fingerprint(&self) -> u64 {
        self.fingerprint
    }
}

/// Where each savepoint is gone back to for the last time.
fn last_returns(operations: &[Operation]) -> BTreeMap<&str, usize> {
    let returns = operations.iter().enumerate().filter_map(|(at, operation)| match &operation.kind {
        OperationKind::Savepoint { name, back: true } => Some((name.as_str(), at)),
        _ => None,
    });
    returns.collect()
}

/// The tables or views that the first of some operations drop.
pub(crate) fn dropped(operations: &[Operation]) -> Vec<&ObjectName> {
    let names = operations.iter().map_while(|operation| match &operation.kind {
        OperationKind::DropTable { name, .. } | OperationKind::DropView { name, .. } => Some(name),
        _ => None,
    });
    names.collect()
}

/// The beginnings of transactions that end in a ROLLBACK.
fn rolled_back(operations: &[Operation]) -> BTreeSet<usize> {
    let mut begun = Vec::new();
    let mut found = BTreeSet::new();
    for (at, operation) in operations.iter().enumerate() {
        match &operation.kind {
            OperationKind::Transaction(TransactionKind::Begin) => begun.push(at),
            OperationKind::Transaction(TransactionKind::Rollback) => found.extend(begun.drain(..)),
            OperationKind::Transaction(_) => begun.clear(),
            _ => {}
        }
    }
    found
}

/// The tables or views that one `DROP TABLE a, b` drops together, from its first operation on: they may refer to each other.
fn dropped_with(operations: &[Operation], at: usize) -> Vec<&ObjectName> {
    let mut names = Vec::new();
    let mut last: Option<&Operation> = None;
    for operation in &operations[at..] {
        let (OperationKind::DropTable { name, .. } | OperationKind::DropView { name, .. }) = &operation.kind else {
            break;
        };
        if last.is_some_and(|last| !is_one_statement(last, operation)) {
            break;
        }
        names.push(name);
        last = Some(operation);
    }
    names
}

/// Whether two operations that follow each other are of one statement: no `;` stands between them.
fn is_one_statement(one: &Operation, next: &Operation) -> bool {
    if one.place.path() == next.place.path() && one.place.span == next.place.span {
        return true;
    }
    let (start, end) = (one.place.span.start.min(next.place.span.start), one.place.span.end.max(next.place.span.end));
    let between = one.place.source.text().get(start as usize..end as usize).unwrap_or(";");
    one.place.path() == next.place.path() && !between.trim_end().trim_end_matches(';').contains(';')
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

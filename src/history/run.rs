//! One migration being run: what it does to the catalog, what the database would refuse of it, and what it may cost.

use std::collections::BTreeSet;

use super::foundation;
use crate::catalog::apply::{ApplyError, Effect};
use crate::catalog::operation::{Caught, Operation, OperationKind};
use crate::catalog::{Catalog, Object, ObjectName, Opaque, Reach, TableKind};
use crate::source::Place;

/// A migration being run.
pub struct Run<'a> {
    pub(super) catalog: &'a mut Catalog,
    pub(super) steps: Vec<Step>,
    pub(super) failures: Vec<Failure>,
    /// What was copied so that it can be gone back to, see [`MOST_COPIED`].
    pub(super) copied: u64,
    /// What the history has cost so far, see [`MOST_WORK`].
    pub(super) work: u64,
    /// Whether an error of what is being done is caught: where it may come of a doubt, what follows may not be done.
    pub(super) caught: bool,
    /// Whether the database is only supposed to be the one whose rules apply, see [`Run::suppose_database`].
    pub(super) supposed: bool,
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
/// cost a fifteenth of it.
const MOST_WORK: u64 = 90_000_000;

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
    pub(super) fn copy_of(&mut self, kept: Option<&Catalog>, place: &Place) -> Option<Catalog> {
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

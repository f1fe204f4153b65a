//! Histories that do not start from nothing.
//!
//! In some projects the first tables were made by other means (`create_all`, a dump, an older tool), and the migrations only
//! alter them. What such a database held before its first migration is written nowhere. Two things are known of it:
//!
//! * A table that is declared and that no migration ever makes was there. A statement that fails for want of it is no
//!   broken history, and nothing in that table can be held against the migrations ([`settle`]).
//! * Before a change the project worked. So what a change adds is judged on the database as it was declared before that
//!   change ([`rebuild`]): a column without its migration is missing there, and a migration that alters a table which
//!   nobody knows is a mistake.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Failure, History, Replay, Replayed, Step, altered, replay_only};
use crate::catalog::apply::{ApplyError, Effect};
use crate::catalog::operation::{Constraint, NewTable, OperationKind};
use crate::catalog::{Catalog, Column, Dialect, Enum, IndexPart, Name, Object, ObjectName, Opaque, Reach, Table};
use crate::source::Place;

/// Why a database is in doubt before the first migration.
const STANDS_ON_OTHERS: &str = "the history begins with tables that it does not make";

/// Why a database is in doubt behind a second beginning.
const BEGINS_ANEW: &str = "a branch that begins anew and makes the same tables: which of them is run is not known";

/// Whether a doubt is that of a history's foundation: of what migrations themselves make it says nothing.
pub(crate) fn is_foundation(doubt: &Opaque) -> bool {
    doubt.reach == Reach::Everything && doubt.reason == STANDS_ON_OTHERS
}

/// Whether a doubt is one of what was there before a history, or of which of its beginnings was run.
pub(super) fn is_of_base(doubt: &Opaque) -> bool {
    is_foundation(doubt) || doubt.reason == BEGINS_ANEW
}

/// A history whose first migrations make no table and fail for want of one stands on tables that it does not make. What
/// there is before it is unknown, so nothing that is missing can be held against it.
///
/// It is the first of its migrations that makes or wants a table, or alters an enum, which tells: one that alters a table before any was made
/// did not find an empty database. A first migration that does nothing (`baseline`) stands for a database that was there,
/// unless its way back drops the table that is missing (`taken_back`): then it has lost the statement that makes it.
pub(super) fn doubt_base(
    baseline: bool,
    taken_back: &[String],
    steps: &[Step],
    failures: &mut [Failure],
    catalog: &mut Catalog,
) -> Option<Place> {
    let makes_table = |step: &Step| matches!(step.operation.kind, OperationKind::CreateTable(_));
    let wanting = failures.iter().find(|failure| match failure.error {
        ApplyError::Missing { what: "the table" | "the schema", .. } => true,
        ApplyError::Missing { what: "the enum", .. } => alters_enum(steps, failure),
        _ => false,
    });
    let first = wanting.map(|failure| failure.place.clone())?;
    if let Some(ApplyError::Missing { name, .. }) = wanting.map(|failure| &failure.error)
        && taken_back.iter().any(|table| name.rsplit('.').next() == Some(table))
    {
        return None;
    }
    // Statements run in the order of the steps: was a table made before the one that failed?
    let at = steps.iter().position(|step| same_place(&step.operation.place, &first)).unwrap_or(steps.len());
    if !baseline && steps[..at].iter().any(makes_table) {
        return None;
    }
    for failure in failures {
        failure.certain = false;
    }
    catalog.doubts.push(Opaque { place: first.clone(), reason: STANDS_ON_OTHERS.to_owned(), reach: Reach::Everything });
    Some(first)
}

/// Whether a statement that failed is one that alters an enum: such a one was there, like a table that is altered. A column
/// of an enum that nothing makes is no such sign.
fn alters_enum(steps: &[Step], failure: &Failure) -> bool {
    let alters = |kind: &OperationKind| {
        matches!(
            kind,
            OperationKind::AddEnumValue { .. }
                | OperationKind::RenameEnumValue { .. }
                | OperationKind::RenameType { .. }
        )
    };
    steps.iter().any(|step| same_place(&step.operation.place, &failure.place) && alters(&step.operation.kind))
}

fn same_place(one: &Place, other: &Place) -> bool {
    one.path() == other.path() && one.span == other.span
}

/// A table without its references to tables that are not there, and the columns of those references; none where it has no
/// such reference.
pub(super) fn without_missing_targets(catalog: &Catalog, table: &NewTable) -> Option<(NewTable, Vec<String>)> {
    let mut lost: Vec<String> = Vec::new();
    let mut keep = |constraint: &Constraint| {
        let Constraint::ForeignKey(key) = constraint else { return true };
        let own = catalog.new_name(&key.target) == catalog.new_name(&table.name);
        let there = own || catalog.table(&key.target).is_some();
        if !there {
            lost.extend(key.key.columns.iter().cloned());
        }
        there
    };
    let mut without = table.clone();
    without.constraints.retain(&mut keep);
    for column in &mut without.columns {
        column.constraints.retain(&mut keep);
    }
    (!lost.is_empty()).then_some((without, lost))
}

/// A migration with a label of its own that begins anew and makes tables which are there already is another way to the same
/// database: one of the two is run, and which is not known.
pub(super) fn doubt_other_beginning(failures: &mut [Failure], catalog: &mut Catalog) {
    let is_there = |failure: &&Failure| matches!(failure.error, ApplyError::Exists { what: "the table", .. });
    let Some(first) = failures.iter().filter(|failure| failure.certain).find(is_there) else { return };
    let place = first.place.clone();
    for failure in failures {
        failure.certain = false;
    }
    catalog.doubts.push(Opaque { place, reason: BEGINS_ANEW.to_owned(), reach: Reach::Everything });
}

/// Takes back the certainty of failures, and of differences, that are about something which is declared and which no
/// migration makes.
pub(crate) fn settle(history: &History, replay: &mut Replay, declared: &Catalog) {
    if !history.may_have_base || replay.migrations.iter().all(|done| done.failures.iter().all(|f| !f.certain)) {
        return;
    }
    let mut foundation = Foundation { made: made(replay), declared: names(declared), clouded: BTreeSet::new() };
    // In the order in which they fail: what fails for want of the foundation makes further statements fail.
    for done in &mut replay.migrations {
        let excused: Vec<bool> = done.failures.iter().map(|failure| foundation.excuses(done, failure)).collect();
        if !excused.contains(&true) {
            continue;
        }
        let done = Arc::make_mut(done);
        for (at, _) in excused.iter().enumerate().filter(|(_, excused)| **excused) {
            done.failures[at].certain = false;
            let failure = &done.failures[at];
            let mut reaches: Vec<Reach> = failed(done, failure).cloned().map(Reach::Table).collect();
            if let Some((what, holder)) = holder(failure) {
                let holder = object(&holder);
                reaches.push(if what == "the enum" { Reach::Type(holder) } else { Reach::Table(holder) });
            }
            let reason = format!("{}, and no migration makes it", failure.error);
            let opaque = |reach| Opaque { place: failure.place.clone(), reason: reason.clone(), reach };
            replay.catalog.doubts.extend(reaches.into_iter().map(opaque));
        }
    }
}

/// Runs the migrations that `after` has gained on the database as it was declared before: `before` is that history with its
/// replay, settled. Where the history stands on nothing but itself, and where more was done to it than adding migrations,
/// it gives `replay` back, which is the plain replay of `after`, settled by what was declared before: what is declared only
/// now was not there. Gives the database that the new ones were run on as well: what differed there is an old difference.
pub(crate) fn rebuild(
    before: (&History, &Replay),
    (declared, now): (&Catalog, &Catalog),
    after: &History,
    mut replay: Replay,
) -> (Replay, Option<Catalog>) {
    match on_what_was(before, (declared, now), after, &replay) {
        Some((rebuilt, base)) => (rebuilt, Some(base)),
        None => {
            settle(after, &mut replay, declared);
            (replay, None)
        }
    }
}

fn on_what_was(
    before: (&History, &Replay),
    (declared, now): (&Catalog, &Catalog),
    after: &History,
    replay: &Replay,
) -> Option<(Replay, Catalog)> {
    let (history, old) = before;
    // What was declared before is what there was, where all of it could be read.
    let is_known = !declared.open && declared.doubts.iter().all(|doubt| doubt.reach != Reach::Everything);
    if !history.may_have_base || !is_known {
        return None;
    }
    let gained = gained(history, old, after, replay)?;
    let mut catalog = old.catalog.clone();
    let made = made(old);
    // A table that was declared and is made only now was an omission till now.
    let late: BTreeSet<&Name> = new(replay, &gained)
        .flat_map(|done| &done.steps)
        .flat_map(|step| &step.effects)
        .filter_map(|effect| match effect {
            Effect::TableCreated(name) => Some(name),
            _ => None,
        })
        .collect();
    let wanted: BTreeSet<String> = old
        .migrations
        .iter()
        .chain(&replay.migrations)
        .flat_map(|done| &done.failures)
        .filter_map(|failure| holder(failure).map(|(_, holder)| holder))
        .collect();
    catalog.retain_doubts(|doubt| Some(&doubt.place) != old.base.as_ref() || doubt.reach != Reach::Everything);
    let stands: Vec<&Table> = declared
        .tables
        .values()
        .filter(|table| {
            let name = &table.name;
            let unknown = || {
                let about = |doubt: &&Opaque| doubt.reach.covers(&Object::Table(name), catalog.dialect);
                !catalog.tables.contains_key(name)
                    || catalog.doubts.iter().filter(|doubt| doubt.reach != Reach::Everything).any(|d| about(&d))
            };
            match old.base {
                _ if late.contains(name) => false,
                Some(_) => unknown(),
                None => wanted.contains(&name.to_string()) && !made.contains(&name.to_string()),
            }
        })
        .collect();
    if stands.is_empty() && old.base.is_none() {
        return None;
    }
    let dialect = catalog.dialect;
    let on = |reach: &Reach| match reach {
        Reach::Table(_) | Reach::Column(..) => stands
            .iter()
            .any(|table| reach.covers(&Object::Table(&table.name), dialect) || is_column_of(reach, table, dialect)),
        _ => false,
    };
    // A column that the models have not was made by a revision: what it is stays in doubt.
    let is_undeclared = |reach: &Reach| match reach {
        Reach::Column(name, column) => stands.iter().any(|table| {
            reach.covers(&Object::Column(&table.name, column), dialect)
                && table.name.name == name.name
                && table.column(dialect, column).is_none()
        }),
        _ => false,
    };
    catalog.retain_doubts(|doubt| !on(&doubt.reach) || is_undeclared(&doubt.reach));
    catalog.schemas.extend(stands.iter().map(|table| table.name.schema.clone()));
    // And so was a column.
    let added = |migrations: &mut dyn Iterator<Item = &Arc<Replayed>>| -> BTreeSet<(String, String)> {
        let columns = migrations.flat_map(|done| &done.steps).filter_map(|step| match &step.operation.kind {
            OperationKind::AddColumn { table, column, if_absent: false } => {
                Some((table.name.clone(), column.column.name.clone()))
            }
            _ => None,
        });
        columns.collect()
    };
    let earlier = added(&mut old.migrations.iter());
    let late_columns: BTreeSet<(String, String)> =
        added(&mut new(replay, &gained)).difference(&earlier).cloned().collect();
    // Nor was an enum made by a migration, and a label may be one that it lacked till now.
    for (name, enumeration) in &declared.enums {
        catalog.enums.entry(name.clone()).or_insert_with(|| Enum { place: None, ..enumeration.clone() });
    }
    // What a migration has made, and of which something is not known, is as the models have it: what was done is in there.
    let (known, own): (Vec<&Table>, Vec<&Table>) =
        stands.iter().partition(|table| made.contains(&table.name.to_string()));
    for table in known {
        catalog.put_table(altered::named(without(table, &late_columns), dialect));
    }
    let own = own.into_iter().map(|table| without(table, &late_columns)).collect();
    altered::put(&mut catalog, own, &old.migrations, &old.catalog.doubts);
    if old.base.is_some() {
        let others = declared.tables.values().filter(|table| stands.iter().all(|one| one.name != table.name));
        others.for_each(|table| complete(&mut catalog, &without(table, &late_columns)));
    }
    let base = catalog.clone();
    // Of a table that may have been declared it is not known what it held, and so it is not nobody's. And a model that could
    // not be read to its end says not all that its table held.
    let is_of_unknown = |doubt: &&Opaque| match &doubt.reach {
        Reach::Table(table) | Reach::Column(table, _) => {
            let taken = declared.resolve(&declared.tables, table);
            taken.as_ref().map_or_else(
                || catalog.table(table).is_none() && !made.contains(&table.name),
                |name| stands.iter().any(|one| one.name == *name),
            )
        }
        _ => false,
    };
    let unknown: Vec<Opaque> = declared.doubts.iter().filter(is_of_unknown).cloned().collect();
    catalog.doubts.extend(unknown.iter().cloned());
    let start = Replay {
        catalog,
        migrations: old.migrations.clone(),
        fingerprints: old.fingerprints.clone(),
        base: None,
        taken_back: old.taken_back.clone(),
        work: old.work,
    };
    let mut rebuilt = replay_only(after, start, |print| gained.contains(print));
    // They are those of the models, and listed with them.
    rebuilt
        .catalog
        .retain_doubts(|doubt| !unknown.iter().any(|known| known.place == doubt.place && known.reason == doubt.reason));
    forgive_what_is_not_declared(&mut rebuilt, old.migrations.len());
    // All that was declared is there now: what is left are extensions, and what the application makes by itself before it
    // runs the migrations.
    let mut made_beside = Catalog::new(dialect);
    if declared.made_at_start && now.made_at_start {
        let new = now.tables.values().filter(|table| !declared.tables.contains_key(&table.name));
        new.for_each(|table| made_beside.put_table(table.clone()));
    }
    settle(after, &mut rebuilt, &made_beside);
    Some((rebuilt, base))
}

/// The fingerprints of the migrations that `after` has gained; none where more was done to the history than adding some.
///
/// A migration that imports the application's modules has another fingerprint as soon as one of those is edited, and with
/// each new column the models are. It is the one that was run while it does the same.
fn gained(history: &History, old: &Replay, after: &History, replay: &Replay) -> Option<BTreeSet<u64>> {
    let known: BTreeSet<u64> = old.fingerprints.iter().copied().collect();
    let mut run: BTreeMap<&str, &Replayed> = BTreeMap::new();
    for (migration, done) in history.migrations.iter().zip(&old.migrations) {
        if run.insert(&migration.id, done).is_some() {
            return None;
        }
    }
    let mut gained = BTreeSet::new();
    for (migration, done) in after.migrations.iter().zip(&replay.migrations) {
        let print = migration.script.fingerprint();
        match run.remove(migration.id.as_str()) {
            Some(before) if known.contains(&print) || does_the_same(before, done) => {}
            // An edit of what was run already.
            Some(_) => return None,
            None if known.contains(&print) => {}
            None => {
                gained.insert(print);
            }
        }
    }
    run.is_empty().then_some(gained)
}

/// Whether a migration did the same in two replays, at the same places.
fn does_the_same(one: &Replayed, other: &Replayed) -> bool {
    let told = |step: &Step| format!("{:?}", step.operation);
    one.steps.len() == other.steps.len()
        && one.steps.iter().zip(&other.steps).all(|(one, other)| told(one) == told(other))
}

/// What those migrations of a replay did that are listed.
fn new<'a>(replay: &'a Replay, listed: &'a BTreeSet<u64>) -> impl Iterator<Item = &'a Arc<Replayed>> {
    let numbered = replay.fingerprints.iter().zip(&replay.migrations);
    numbered.filter(|(print, _)| listed.contains(print)).map(|(_, done)| done)
}

/// A table without those of its columns that are in a list, each with the name of its table, and without what is on them.
fn without(table: &Table, columns: &BTreeSet<(String, String)>) -> Table {
    let is_gone = |column: &str| columns.contains(&(table.name.name.clone(), column.to_owned()));
    let mut table = table.clone();
    table.columns.retain(|column| !is_gone(&column.name));
    table.indexes.retain(|index| !index.parts.iter().filter_map(IndexPart::column).any(is_gone));
    table.foreign_keys.retain(|key| !key.columns.iter().any(|column| is_gone(column)));
    table
}

/// Gives a table the columns that were declared and that no migration makes: on a database that was there before the first
/// one, a table that a migration makes may be another than the one of its name today.
fn complete(catalog: &mut Catalog, declared: &Table) {
    let dialect = catalog.dialect;
    let Some(known) = catalog.tables.get(&declared.name) else { return };
    let lacks = |column: &&Column| known.column(dialect, &column.name).is_none();
    let lacking: Vec<Column> = declared.columns.iter().filter(lacks).cloned().collect();
    if lacking.is_empty() {
        return;
    }
    let mut table = known.clone();
    table.columns.extend(lacking.into_iter().map(|column| Column { place: None, ..column }));
    catalog.put_table(table);
}

/// The foundation holds more than was declared: a column may stay for a while after its model has lost it, and constraints
/// have the names that they were once given. What is dropped was there, and so was an enum that gets a value: models declare
/// enums in ways of their own. What a query reads may be a view, and those are not declared at all. And it may hold less:
/// what a migration makes and was declared already may have been missing till then.
fn forgive_what_is_not_declared(replay: &mut Replay, from: usize) {
    let is_forgiven = |kind: &OperationKind| {
        matches!(
            kind,
            OperationKind::DropTable { .. }
                | OperationKind::DropColumn { .. }
                | OperationKind::DropConstraint { .. }
                | OperationKind::DropIndex { .. }
                | OperationKind::DropType { .. }
                | OperationKind::DropView { .. }
                | OperationKind::DropSequence { .. }
                | OperationKind::AddEnumValue { .. }
                | OperationKind::CreateView { .. }
                | OperationKind::Query(_)
        )
    };
    let new = &replay.migrations[from..];
    // What stands there without a place is declared and made by no migration before: it may have been an omission till now.
    let is_late = |failure: &Failure| matches!(failure.error, ApplyError::Exists { made_at: None, .. });
    let dropped: BTreeSet<String> = new
        .iter()
        .flat_map(|done| &done.steps)
        .filter_map(|step| match &step.operation.kind {
            OperationKind::DropTable { name, .. } => Some(name.name.clone()),
            _ => None,
        })
        .collect();
    for done in &mut replay.migrations[from..] {
        let forgiven = |failure: &Failure| {
            let is_missing = || matches!(failure.error, ApplyError::Missing { .. });
            let was_there = || {
                done.steps.iter().any(|step| step.operation.place == failure.place && is_forgiven(&step.operation.kind))
                    || failed(done, failure).any(|table| dropped.contains(&table.name))
            };
            failure.certain && (is_late(failure) || (is_missing() && was_there()))
        };
        let forgiven: Vec<usize> = (0..done.failures.len()).filter(|&at| forgiven(&done.failures[at])).collect();
        if forgiven.is_empty() {
            continue;
        }
        let done = Arc::make_mut(done);
        for at in forgiven {
            done.failures[at].certain = false;
            let failure = &done.failures[at];
            for table in failed(done, failure) {
                replay.catalog.doubts.push(Opaque {
                    place: failure.place.clone(),
                    reason: format!("{}: it was made before the first migration", failure.error),
                    reach: Reach::Table(table.clone()),
                });
            }
        }
    }
}

/// What a history stands on without making it.
struct Foundation {
    /// Names of tables and enums that some migration makes.
    made: BTreeSet<String>,
    /// Names of tables and enums that are declared.
    declared: BTreeSet<String>,
    /// Names of tables about which a statement fails for want of the foundation.
    clouded: BTreeSet<String>,
}

impl Foundation {
    /// Whether a statement fails for want of the foundation, or of what could not be made for want of it; what it would
    /// have made is remembered.
    fn excuses(&mut self, done: &Replayed, failure: &Failure) -> bool {
        let ApplyError::Missing { what, .. } = &failure.error else { return false };
        let not_made = |name: &str| self.declared.contains(name) && !self.made.contains(name);
        let holder = holder(failure).map(|(_, holder)| holder).unwrap_or_default();
        // An index or a constraint that is not there, on a table that no migration makes.
        let on_foundation = || {
            !matches!(*what, "the table" | "the column" | "the enum" | "the type" | "the schema")
                && failed(done, failure).any(|table| not_made(&table.to_string()))
        };
        let excused = self.explains(failure)
            || on_foundation()
            || self.clouded.contains(bare(&holder))
            || failed(done, failure).any(|table| self.clouded.contains(&table.name));
        if excused {
            self.clouded.extend(failed(done, failure).map(|table| table.name.clone()));
        }
        excused
    }

    /// Whether a failure is about something that the project declares and no migration has ever made.
    fn explains(&self, failure: &Failure) -> bool {
        let ApplyError::Missing { what, name } = &failure.error else { return false };
        match *what {
            // Whoever may make extensions and schemas is seldom who runs the revisions.
            "the type" if is_of_extension(name) => return true,
            "the schema" => {
                let within = format!("{name}.");
                return self.declared.iter().any(|table| table.starts_with(&within))
                    && !self.made.iter().any(|table| table.starts_with(&within));
            }
            _ => {}
        }
        holder(failure).is_some_and(|(_, holder)| self.declared.contains(&holder) && !self.made.contains(&holder))
    }
}

/// The tables that the failed statement is about.
fn failed<'a>(done: &'a Replayed, failure: &'a Failure) -> impl Iterator<Item = &'a ObjectName> {
    done.steps.iter().filter(|step| step.operation.place == failure.place).filter_map(|step| step.operation.table())
}

/// The table, enum or type whose want makes a statement fail, with what it is: a column or an index is named with its table
/// in front, or behind it.
fn holder(failure: &Failure) -> Option<(&'static str, String)> {
    let ApplyError::Missing { what, name } = &failure.error else { return None };
    let holder = match *what {
        "the table" | "the enum" | "the type" => name.as_str(),
        "the column" => name.rsplit_once('.').map_or(name.as_str(), |(table, _)| table),
        _ => name.rsplit_once(" of ").map_or(name.as_str(), |(_, table)| table),
    };
    Some((what, holder.to_owned()))
}

/// A name as an error has it: its schema in front, where there is one.
fn object(name: &str) -> ObjectName {
    match name.rsplit_once('.') {
        Some((schema, name)) => ObjectName::qualified(schema, name),
        None => ObjectName::bare(name),
    }
}

/// A name without its schema.
fn bare(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(_, name)| name)
}

/// Types that extensions of PostgreSQL bring.
fn is_of_extension(name: &str) -> bool {
    let types = [
        "box2d",
        "box3d",
        "citext",
        "cube",
        "geography",
        "geometry",
        "halfvec",
        "hstore",
        "lquery",
        "ltree",
        "ltxtquery",
        "raster",
        "seg",
        "sparsevec",
        "vector",
    ];
    types.contains(&bare(name).to_ascii_lowercase().as_str())
}

fn made(replay: &Replay) -> BTreeSet<String> {
    let steps = replay.migrations.iter().flat_map(|migration| &migration.steps);
    steps
        .flat_map(|step| &step.effects)
        .filter_map(|effect| match effect {
            Effect::TableCreated(name) | Effect::EnumCreated(name) => Some(name.to_string()),
            Effect::TableRenamed { to, .. } | Effect::EnumRenamed { to, .. } => Some(to.to_string()),
            _ => None,
        })
        .collect()
}

fn names(catalog: &Catalog) -> BTreeSet<String> {
    catalog.tables.keys().chain(catalog.enums.keys()).map(ToString::to_string).collect()
}

fn is_column_of(reach: &Reach, table: &Table, dialect: Dialect) -> bool {
    table.columns.iter().any(|column| reach.covers(&Object::Column(&table.name, &column.name), dialect))
}

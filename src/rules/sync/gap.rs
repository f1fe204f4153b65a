//! The new part of the gap, sorted by who brought it.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use crate::catalog::apply::Effect;
use crate::catalog::difference::{Aspect, Difference, Side};
use crate::catalog::{Catalog, Name, ObjectName, Reach, Table};
use crate::history::Migration;
use crate::project::{ProjectChange, ProjectState, Touch};
use crate::rules::RuleSettings;
use crate::rules::sync::broken_history::stopped;
use crate::rules::sync::standing::{Doubt, Standing};
use crate::source::{Place, RepoPath};

/// What a change adds to the gap, without what doubt could explain.
pub(super) struct NewGap<'a> {
    /// Declared and not produced, or no longer declared and still there.
    pub(super) uncovered: Vec<&'a Difference>,
    /// Made by a new migration and not declared.
    pub(super) undeclared: Vec<&'a Difference>,
    /// Of a form that stands elsewhere since before the change.
    pub(super) doubted: Vec<Doubt<'a>>,
}

impl<'a> NewGap<'a> {
    /// Sorts what is new. Nothing is, where the schema or the migrations could not be read.
    pub(super) fn of(change: &'a ProjectChange<'_>, settings: &RuleSettings) -> Self {
        let mut gap = Self { uncovered: Vec::new(), undeclared: Vec::new(), doubted: Vec::new() };
        if change.whole_state || !change.after.is_judged() {
            return gap;
        }
        let sorting = Sorting {
            change,
            new: new_files(change).iter().map(|migration| migration.path.as_str()).collect(),
            stopped: stopped(change, settings),
            moved: OnceCell::new(),
        };
        let standing = Standing::of(change);
        let certain = change.new_differences().into_iter().filter(|difference| difference.certain);
        for difference in certain.filter(|difference| !is_by_hand(change, difference) && !sorting.is_told(difference)) {
            if let Some(doubt) = standing.doubt(difference) {
                gap.doubted.push(doubt);
            } else if sorting.is_undeclared(difference) {
                gap.undeclared.push(difference);
            } else {
                gap.uncovered.push(difference);
            }
        }
        gap
    }
}

/// What the sorting asks again and again.
struct Sorting<'a> {
    change: &'a ProjectChange<'a>,
    /// Where the migrations lie that the change adds.
    new: BTreeSet<&'a str>,
    /// Those that fail since the change.
    stopped: Vec<&'a Migration>,
    /// What the change declares otherwise than it was declared before.
    moved: OnceCell<Vec<Difference>>,
}

impl Sorting<'_> {
    /// Whether the failure of a migration says enough: one that the change adds would have made what it names, and one that
    /// was there before made what was declared then, or leaves behind what it could not finish.
    fn is_told(&self, difference: &Difference) -> bool {
        self.stopped.iter().any(|migration| {
            let text = migration.source.as_ref().map_or("", |source| source.text());
            let is_new = self.new.contains(migration.path.as_str());
            is_named(text, difference) && (is_new || self.is_left_behind(difference))
        })
    }

    /// Whether a difference can be the work of migrations that were there before the change: nothing that the change
    /// declares, or makes by a migration of its own, or declares no more.
    fn is_left_behind(&self, difference: &Difference) -> bool {
        let Some(before) = self.change.before else { return false };
        match difference.kind.side {
            Side::Missing => !self.is_declared_anew(difference),
            Side::Extra => !self.is_by_new(difference) && !is_declared(&before.declared.catalog, difference),
            Side::Changed => !self.is_by_new(difference) && !self.is_declared_anew(difference),
        }
    }

    fn is_by_new(&self, difference: &Difference) -> bool {
        !self.new.is_empty() && made_anew(self.change, difference).is_some()
    }

    /// Whether a new migration, and not the schema, made the difference.
    fn is_undeclared(&self, difference: &Difference) -> bool {
        let change = self.change;
        if self.new.is_empty() {
            return false;
        }
        let by_new = self.is_by_new(difference);
        match difference.kind.side {
            Side::Missing => false,
            // An object that was declared and is not any more is the schema's doing, whoever made it.
            Side::Extra => match change.before {
                // Nor is it a new migration's where the older ones had made it already: then it is declared elsewhere now.
                Some(before) => {
                    by_new
                        || !(is_declared(&before.declared.catalog, difference)
                            || is_declared(&before.replay.catalog, difference))
                }
                None => by_new,
            },
            // Both have it, and one of them moved: the one whose declaration is as it was did not.
            Side::Changed => {
                let Some(before) = change.before else { return false };
                if difference.contrast.is_some() {
                    return by_new && !self.is_declared_anew(difference);
                }
                let old = declared_text(&before.declared.catalog, difference);
                let new = declared_text(&change.after.declared.catalog, difference);
                match (old, new) {
                    (Some(old), Some(new)) => by_new && old == new,
                    _ => !change.schema_touched(),
                }
            }
        }
    }

    /// Whether the declaration in a difference is one that the change made or altered: asked of the ecosystem, which knows
    /// keys and indexes by more than their names.
    fn is_declared_anew(&self, difference: &Difference) -> bool {
        let moved = self.moved.get_or_init(|| {
            let Some(before) = self.change.before else { return Vec::new() };
            let (after, before) = (&self.change.after.declared.catalog, &before.declared.catalog);
            self.change.ecosystem.compare(self.change.project, after, before)
        });
        let here = moved.iter().filter(|other| {
            other.table == difference.table
                && other.enumeration == difference.enumeration
                && other.kind.side != Side::Extra
        });
        here.into_iter().any(|other| {
            let is_same = other.kind.aspect == difference.kind.aspect && other.declared == difference.declared;
            let is_whole = match other.kind.aspect {
                Aspect::Table | Aspect::Enum => true,
                Aspect::Column => other.name == difference.name,
                _ => false,
            };
            is_same || is_whole
        })
    }
}

/// Whether a migration's text names what a difference is about: a column, a label or a table by its name, what hangs on a
/// table by that of the table as well, since the database often chooses its name.
fn is_named(text: &str, difference: &Difference) -> bool {
    let names = |name: &str| {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        text.match_indices(name).any(|(at, found)| {
            let (before, after) = (text.get(..at), text.get(at + found.len()..));
            !name.is_empty()
                && !before.is_some_and(|before| before.ends_with(is_word))
                && !after.is_some_and(|after| after.starts_with(is_word))
        })
    };
    let hangs = matches!(
        difference.kind.aspect,
        Aspect::Index | Aspect::Unique | Aspect::ForeignKey | Aspect::PrimaryKey | Aspect::Check
    );
    names(&difference.name) || (hangs && difference.table.as_ref().is_some_and(|table| names(&table.name)))
}

/// Whether a migration gives the database a default or a condition that never was declared and that the engine does not
/// compare: its next migration takes neither away, and a required column needs the one where there are rows.
fn is_by_hand(change: &ProjectChange<'_>, difference: &Difference) -> bool {
    let was_declared = |state: &ProjectState| is_declared(&state.declared.catalog, difference);
    difference.beyond_engine
        && difference.kind.side == Side::Extra
        && matches!(difference.kind.aspect, Aspect::Default | Aspect::Check)
        && !change.before.is_some_and(was_declared)
}

/// Where a new migration made what a difference is about, or gave it the name or the form that it has.
pub(super) fn made_anew<'a>(change: &'a ProjectChange<'_>, difference: &'a Difference) -> Option<&'a Place> {
    let new = change.shared.get(|| NewWork::of(change));
    if let Some(place) = difference.migrated_at.as_ref().filter(|place| new.holds(place.path())) {
        return Some(place);
    }
    let step = |&(migration, step): &(usize, usize)| change.after.replay.migrations.get(migration)?.steps.get(step);
    let mut made = new.steps.iter().filter_map(step);
    let made = made.find(|step| step.effects.iter().any(|effect| makes(effect, difference)))?;
    Some(&made.operation.place)
}

/// What the new migrations of a change are and do, as far as [`made_anew`] asks: it is asked of each difference.
struct NewWork {
    /// Where they lie.
    paths: BTreeSet<String>,
    /// Their steps that give a name or a form to what is there, the last first: the positions of the migration and of the step.
    steps: Vec<(usize, usize)>,
}

impl NewWork {
    fn of(change: &ProjectChange<'_>) -> Self {
        let new = new_files(change);
        let ids: BTreeSet<&str> = new.iter().map(|migration| migration.id.as_str()).collect();
        let replayed = change.after.replay.migrations.iter().enumerate();
        let own = replayed.filter(|(_, migration)| ids.contains(migration.id.as_str())).rev();
        let steps = own.flat_map(|(at, migration)| {
            let alters = migration.steps.iter().enumerate().filter(|(_, step)| step.effects.iter().any(alters));
            alters.map(move |(step, _)| (at, step)).rev()
        });
        Self { paths: new.iter().map(|migration| migration.path.to_string()).collect(), steps: steps.collect() }
    }

    /// Whether a path is one of theirs or lies below one.
    fn holds(&self, path: &RepoPath) -> bool {
        let path = path.as_str();
        let folders = path.match_indices('/').filter_map(|(at, _)| path.get(..at));
        folders.chain([path]).any(|part| self.paths.contains(part))
    }
}

/// Whether [`makes`] may hold of an effect.
fn alters(effect: &Effect) -> bool {
    matches!(
        effect,
        Effect::TableRenamed { .. }
            | Effect::ColumnRenamed { .. }
            | Effect::ObjectRenamed { .. }
            | Effect::ColumnChanged { .. }
            | Effect::EnumRenamed { .. }
            | Effect::EnumValueAdded { .. }
            | Effect::EnumValueGone { .. }
            | Effect::CommentSet { .. }
    )
}

/// Where any migration added the label that a difference is about: the place of an enum is that where the enum was made.
pub(super) fn label_added<'a>(change: &'a ProjectChange<'_>, difference: &Difference) -> Option<&'a Place> {
    if difference.kind.aspect != Aspect::EnumValue {
        return None;
    }
    let mut steps = change.after.replay.migrations.iter().rev().flat_map(|migration| migration.steps.iter().rev());
    let added = steps.find(|step| step.effects.iter().any(|effect| makes(effect, difference)));
    added.map(|step| &step.operation.place)
}

/// Whether an effect gave what a difference is about its name, or an enum its label: the places of such stay those where
/// they were made.
fn makes(effect: &Effect, difference: &Difference) -> bool {
    let in_table = |table: &Name, name: &str| difference.table.as_ref() == Some(table) && difference.name == *name;
    let in_enum = |of: &Name, label: &str| difference.enumeration.as_ref() == Some(of) && difference.name == *label;
    match (effect, difference.kind.aspect) {
        (Effect::TableRenamed { to, .. }, Aspect::Table) => difference.table.as_ref() == Some(to),
        (
            Effect::ColumnRenamed { table, to, .. },
            Aspect::Column | Aspect::Type | Aspect::Nullability | Aspect::Default,
        )
        | (
            Effect::ObjectRenamed { table, to, .. },
            Aspect::Index | Aspect::Unique | Aspect::ForeignKey | Aspect::PrimaryKey | Aspect::Check,
        ) => in_table(table, to),
        (Effect::ColumnChanged { table, after, .. }, Aspect::Type | Aspect::Nullability | Aspect::Default) => {
            in_table(table, &after.name)
        }
        (Effect::CommentSet { table, column }, Aspect::Comment) => {
            in_table(table, column.as_deref().unwrap_or_default())
        }
        (Effect::EnumRenamed { to, .. }, Aspect::Enum) => difference.enumeration.as_ref() == Some(to),
        (Effect::EnumValueAdded { name, value }, Aspect::EnumValue) => in_enum(name, value),
        (Effect::EnumValueGone { name, renamed_to: Some(label), .. }, Aspect::EnumValue) => in_enum(name, label),
        _ => false,
    }
}

/// Whether a catalog declares what a difference is about.
pub(super) fn is_declared(catalog: &Catalog, difference: &Difference) -> bool {
    let name = difference.name.as_str();
    if let Some(table) = &difference.table {
        let Some(table) = catalog.table(&ObjectName::from(table)) else { return false };
        return match difference.kind.aspect {
            Aspect::Column | Aspect::Type | Aspect::Nullability => table.column(catalog.dialect, name).is_some(),
            Aspect::Default => table.column(catalog.dialect, name).is_some_and(|column| {
                column.default.is_some() || column.auto_increment.is_some() || column.generated.is_some()
            }),
            Aspect::Index | Aspect::Unique => table.indexes.iter().any(|index| index.name.as_deref() == Some(name)),
            Aspect::ForeignKey => table.foreign_keys.iter().any(|key| key.name.as_deref() == Some(name)),
            Aspect::Check => table.checks.iter().any(|check| check.name.as_deref() == Some(name)),
            Aspect::PrimaryKey => table.primary_key.is_some(),
            // One that was never written cannot be gone.
            Aspect::Comment => comment_of(catalog, table, name).is_some(),
            _ => true,
        };
    }
    match (difference.kind.aspect, &difference.enumeration) {
        (Aspect::Enum, _) => catalog.enums.keys().any(|known| known.name == name || known.to_string() == name),
        (Aspect::EnumValue, Some(of)) => {
            catalog.enums.get(of).is_some_and(|known| known.labels.iter().any(|label| label == name))
        }
        (Aspect::Schema, _) => catalog.schemas.contains(name),
        (Aspect::Extension, _) => catalog.extensions.contains_key(name),
        _ => false,
    }
}

/// The comment of a column, or of the table itself where no column is named.
fn comment_of<'a>(catalog: &Catalog, table: &'a Table, column: &str) -> Option<&'a str> {
    match column {
        "" => table.comment.as_deref(),
        column => table.column(catalog.dialect, column)?.comment.as_deref(),
    }
}

/// The declaration of what a difference is about, without places; none where it is not declared or has no text.
fn declared_text(catalog: &Catalog, difference: &Difference) -> Option<String> {
    let table = catalog.table(&ObjectName::from(difference.table.as_ref()?))?;
    match difference.kind.aspect {
        Aspect::Type | Aspect::Nullability | Aspect::Default | Aspect::Column => {
            let column = table.column(catalog.dialect, &difference.name)?;
            Some(format!(
                "{} {} {:?} {:?} {:?}",
                column.ty, column.nullable, column.default, column.auto_increment, column.generated
            ))
        }
        Aspect::Comment => Some(comment_of(catalog, table, &difference.name).unwrap_or_default().to_owned()),
        _ => None,
    }
}

/// The first of the files that could not be read, where each of them was so before and none is touched: then it is not the
/// change that made them so (`unreadable-source` speaks of those that it did).
pub(super) fn unread_before<'a>(change: &'a ProjectChange<'_>) -> Option<&'a RepoPath> {
    let before = change.before?;
    let is_old = |path: &RepoPath| {
        before.unread().any(|old| old == path) && !change.touched.iter().any(|(changed, _)| changed.path == *path)
    };
    change.after.unread().next().filter(|_| change.after.unread().all(is_old))
}

/// Whether a change beside files that could not be read before either, or beside migrations that cannot be read, declares
/// what was declared before: every file of the schema that it touches declares tables, and all tables are the same.
pub(super) fn declares_the_same(change: &ProjectChange<'_>) -> bool {
    let Some(before) = change.before else { return false };
    let (old, new) = (&before.declared.catalog, &change.after.declared.catalog);
    let is_read = |path: &RepoPath| {
        new.tables.values().any(|table| table.place.as_ref().is_some_and(|place| place.path() == path))
    };
    let mut schema = change.touched.iter().filter(|(_, touch)| *touch == Touch::Schema);
    let is_read_whole = |state: &ProjectState| {
        state.declared.problems.is_empty()
            && !state.declared.catalog.doubts.iter().any(|doubt| doubt.reach == Reach::Everything)
    };
    (unread_before(change).is_some() || (is_read_whole(before) && is_read_whole(change.after)))
        && change.project.dialect() == old.dialect
        && schema.all(|(path, _)| path.before.is_some() && path.after.is_some() && is_read(&path.path))
        && change.ecosystem.compare(change.project, new, old).is_empty()
}

/// Migrations that the change adds.
pub(super) fn new_files<'a>(change: &'a ProjectChange<'_>) -> Vec<&'a Migration> {
    change.new_migrations()
}

/// What of `wanted` a state still lacks.
pub(super) fn remaining<'a>(wanted: &[&'a Difference], state: &ProjectState) -> Vec<&'a Difference> {
    // A difference that is still there may look different now (half of a table's columns are made): what counts is
    // whether its object still differs.
    let open: BTreeSet<_> = state.gap.iter().map(object_key).collect();
    wanted.iter().copied().filter(|difference| open.contains(&object_key(difference))).collect()
}

/// What a difference is about, whichever way it differs.
fn object_key(difference: &Difference) -> (Aspect, Option<&Name>, Option<&Name>, &str) {
    (difference.kind.aspect, difference.table.as_ref(), difference.enumeration.as_ref(), &difference.name)
}

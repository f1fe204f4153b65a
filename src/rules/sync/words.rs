//! The words for differences, and the findings about them.

use std::collections::{BTreeMap, BTreeSet};

use super::gap::{is_declared, label_added, made_anew, new_files};
use crate::catalog::apply::Effect;
use crate::catalog::contrast::Contrast;
use crate::catalog::difference::{Aspect, Difference, Side};
use crate::catalog::{Catalog, Column, Name, ObjectName};
use crate::finding::{Finding, Level};
use crate::project::{EcosystemKind, ProjectChange, UnregisteredModel};
use crate::rules::RuleId;
use crate::rules::text::{count, shell_word, slug};
use crate::source::{Place, RepoPath};

/// The most places that one finding relates to: a person reads no more, and the message names them all.
const MOST_RELATED: usize = 12;

/// The most statements that are proposed.
const MOST_STATEMENTS: usize = 12;

/// Differences by what a person edits at once: a table, an enum, or the database. What the ecosystem's own engine would
/// not see is kept apart, as it weighs less.
pub(super) fn groups<'a>(differences: &[&'a Difference]) -> Vec<Vec<&'a Difference>> {
    let mut groups: BTreeMap<(bool, u8, String), Vec<&Difference>> = BTreeMap::new();
    for &difference in differences {
        let (rank, name) = owner(difference);
        groups.entry((difference.beyond_engine, rank, name)).or_default().push(difference);
    }
    groups.into_values().collect()
}

/// The object that holds what differs, and its rank in the order of reports.
fn owner(difference: &Difference) -> (u8, String) {
    if let Some(table) = &difference.table {
        return (0, table.to_string());
    }
    match difference.kind.aspect {
        Aspect::EnumValue | Aspect::Enum => {
            (1, difference.enumeration.as_ref().map_or_else(|| difference.name.clone(), ToString::to_string))
        }
        _ => (2, String::new()),
    }
}

/// The object of a finding about these: `users.age` for one thing in a table, `users` for several.
fn object(group: &[&Difference]) -> String {
    let (_, owner) = group.first().map(|difference| owner(difference)).unwrap_or_default();
    match group {
        [one] if one.kind.aspect != Aspect::Table && one.kind.aspect != Aspect::Enum && !one.name.is_empty() => {
            if owner.is_empty() { one.name.clone() } else { format!("{owner}.{}", one.name) }
        }
        [one] if owner.is_empty() => one.name.clone(),
        _ => owner,
    }
}

/// The noun of an aspect, where several of them are counted.
fn noun(aspect: Aspect) -> &'static str {
    match aspect {
        Aspect::Schema => "schema",
        Aspect::Table => "table",
        Aspect::Column => "column",
        Aspect::Type => "type",
        Aspect::Nullability => "nullability",
        Aspect::Default => "default",
        Aspect::PrimaryKey => "primary key",
        Aspect::Unique => "unique constraint",
        Aspect::Index => "index",
        Aspect::ForeignKey => "foreign key",
        Aspect::Check => "check",
        Aspect::Enum => "enum",
        Aspect::EnumValue => "value",
        Aspect::Comment => "comment",
        Aspect::Extension => "extension",
    }
}

/// Who is at fault, for the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// The change declares it and brings no migration for it.
    Schema,
    /// A new migration does it and the schema says otherwise.
    Migration,
    /// It is so, whoever did it.
    State,
}

/// The counter of a column that only one side gives: it is no default, and what fails without it is each row that is added.
fn counter(difference: &Difference) -> Option<String> {
    let (Aspect::Default, Some(table)) = (difference.kind.aspect, &difference.table) else { return None };
    let only = match (&difference.declared, &difference.replayed) {
        (Some(only), None) | (None, Some(only)) => only,
        _ => return None,
    };
    (only == "auto_increment").then(|| format!("AUTO_INCREMENT of {table}.{}", difference.name))
}

/// The headline about one difference.
fn one(difference: &Difference, fault: Fault) -> String {
    let object = counter(difference).unwrap_or_else(|| difference.object());
    let both = |object: &str, declared: &str, replayed: &str| match fault {
        Fault::Migration => format!("a new migration makes {object} {replayed}, but it is declared {declared}"),
        Fault::Schema | Fault::State => {
            format!("{object} is declared {declared} but the migrations make it {replayed}")
        }
    };
    if let Some(Contrast { declared, replayed, .. }) = &difference.contrast {
        return both(&object, declared, replayed);
    }
    let declared = difference.declared.as_deref();
    let replayed = difference.replayed.as_deref();
    let nullable = |text: &str| if text == "null" { "nullable" } else { "NOT NULL" };
    if let (Aspect::Nullability, Some(table), Some(declared), Some(replayed)) =
        (difference.kind.aspect, &difference.table, declared, replayed)
    {
        return both(&format!("the column {table}.{}", difference.name), nullable(declared), nullable(replayed));
    }
    match difference.kind.side {
        Side::Missing => {
            let verb = match difference.kind.aspect {
                Aspect::Table | Aspect::Enum | Aspect::Schema | Aspect::Extension => "creates",
                _ => "adds",
            };
            format!("{object} is declared but no migration {verb} it")
        }
        Side::Extra if fault == Fault::Migration => {
            let verb = match difference.kind.aspect {
                Aspect::Table | Aspect::Enum | Aspect::Schema | Aspect::Extension => "creates",
                _ => "adds",
            };
            format!("a new migration {verb} {object}, which is not declared")
        }
        Side::Extra if fault == Fault::Schema => {
            format!("{object} is no longer declared but no migration drops it")
        }
        Side::Extra => format!("{object} is made by the migrations but not declared"),
        Side::Changed => match (difference.kind.aspect, declared, replayed) {
            (_, Some(declared), Some(replayed)) if fault == Fault::Migration => {
                format!("a new migration makes {object} {replayed}, but it is declared as {declared}")
            }
            (_, Some(declared), Some(replayed)) => {
                format!("{object} is declared as {declared} but the migrations make it {replayed}")
            }
            (_, Some(declared), None) => format!("{object} is declared as {declared} but the migrations make it none"),
            (_, None, Some(replayed)) => format!("{object} is not declared but the migrations make it {replayed}"),
            (_, None, None) => format!("{object} is declared otherwise than the migrations make it"),
        },
    }
}

/// The headline about the differences of one table or enum.
pub(super) fn headline(group: &[&Difference], fault: Fault) -> String {
    if let [difference] = group {
        return one(difference, fault);
    }
    let Some(first) = group.first() else { return String::new() };
    let (_, owner) = owner(first);
    let of = if owner.is_empty() { String::new() } else { format!(" of {owner}") };
    let names = |group: &[&Difference]| group.iter().map(|d| d.label()).collect::<Vec<_>>().join(", ");
    if group.iter().all(|d| d.kind == first.kind) && first.kind.side != Side::Changed {
        let what = count(group.len(), noun(first.kind.aspect));
        let names = names(group);
        return match (first.kind.side, fault) {
            (Side::Missing, _) => format!("{what}{of} are declared but no migration adds them: {names}"),
            (_, Fault::Migration) => format!("a new migration adds {what}{of} that are not declared: {names}"),
            (_, Fault::Schema) => format!("{what}{of} are no longer declared but no migration drops them: {names}"),
            (_, Fault::State) => format!("{what}{of} are made by the migrations but not declared: {names}"),
        };
    }
    let what = count(group.len(), "difference");
    let subject = if owner.is_empty() { "the database".to_owned() } else { owner };
    // Of several sorts: each sort with its names.
    let mut sorts: BTreeMap<Side, BTreeMap<Aspect, Vec<String>>> = BTreeMap::new();
    for difference in group {
        let text = match (difference.kind.side, difference.sides()) {
            (Side::Changed, (Some(declared), Some(replayed))) => {
                format!("{} (declared {declared}, migrated {replayed})", difference.label())
            }
            _ => difference.label().to_owned(),
        };
        sorts.entry(difference.kind.side).or_default().entry(difference.kind.aspect).or_default().push(text);
    }
    let listed = |aspects: &BTreeMap<Aspect, Vec<String>>, before: &str, between: &str| {
        // A primary key is the table's only one, and has no name here.
        let one = |(aspect, names): (&Aspect, &Vec<String>)| {
            format!("{before}{} {}", noun(*aspect), names.join(", ").trim_start()).trim_end().to_owned()
        };
        aspects.iter().map(one).collect::<Vec<_>>().join(between)
    };
    if let (Fault::Schema, [(Side::Missing, aspects)]) = (fault, sorts.iter().collect::<Vec<_>>().as_slice()) {
        return format!(
            "{subject} is declared with {what} that no migration makes: {}",
            listed(aspects, "missing ", "; ")
        );
    }
    let parts: Vec<String> = sorts
        .iter()
        .map(|(side, aspects)| {
            let side = match side {
                Side::Missing => "not migrated",
                Side::Extra => "not declared",
                Side::Changed => "different",
            };
            format!("{side}: {}", listed(aspects, "", ", "))
        })
        .collect();
    let subject = match fault {
        Fault::Schema => format!("{subject} is declared with {what} from what the migrations make"),
        Fault::Migration => format!("a new migration leaves {subject} with {what} from what is declared"),
        Fault::State => format!("{subject} has {what} between its declaration and the migrations"),
    };
    format!("{subject}; {}", parts.join("; "))
}

/// A finding about the differences of one table or enum, at the best place there is.
pub(super) fn finding(
    change: &ProjectChange<'_>,
    rule: RuleId,
    group: &[&Difference],
    fault: Fault,
    help: String,
) -> Finding {
    let placed: Vec<Difference> = group.iter().map(|difference| placed(change, difference)).collect();
    let group: &[&Difference] = &placed.iter().collect::<Vec<_>>();
    let declared = |d: &&Difference| d.declared_at.clone();
    let migrated = |d: &&Difference| d.migrated_at.clone();
    let place = if fault == Fault::Migration {
        group.iter().find_map(migrated).or_else(|| group.iter().find_map(declared))
    } else {
        group.iter().find_map(declared).or_else(|| group.iter().find_map(migrated))
    };
    let dropped: Vec<&Place> = group.iter().filter_map(|difference| dropped_at(change, difference)).collect();
    let message = match (fault, change.before) {
        // What was never declared is not "no longer" declared.
        (Fault::Schema, Some(before))
            if group.iter().all(|d| d.kind.side == Side::Extra && !was_declared(&before.declared.catalog, d)) =>
        {
            headline(group, Fault::State)
        }
        // Nor does a new migration make what an old one does.
        (Fault::Migration, _) if !group.iter().any(|d| made_anew(change, d).is_some()) => headline(group, Fault::State),
        (Fault::Schema, _) if dropped.len() == group.len() => headline(group, fault)
            .replace("no migration adds", "a new migration drops")
            .replace("no migration creates", "a new migration drops"),
        _ => headline(group, fault),
    };
    let views = group.iter().all(|difference| difference.is_view());
    let unseen = match group {
        [only] => unseen_model(change, only),
        _ => None,
    };
    let help = match unseen {
        _ if views => help_view(change),
        // The migration that would be written drops the table of a model that is there.
        Some(model) => model.problem.help.clone(),
        None => help,
    };
    let mut finding = Finding::new(rule, fallback_path(change), message, help).about(object(group));
    if views {
        // It can be queried as it is: no deployment stops.
        finding.level = finding.level.min(Level::Warning);
        "the columns of a view are not compared with what is declared; the next migration that is generated would create a \
         table of that name"
            .clone_into(&mut finding.reason);
    }
    if let Some(model) = unseen {
        finding.reason = format!("{}; the next migration that is generated drops the table", model.problem.message);
    }
    if let Some(place) = &place {
        finding = finding.at(place);
    }
    let mut shown: Vec<Place> = place.into_iter().collect();
    for place in dropped {
        if !shown.contains(place) {
            shown.push(place.clone());
            finding = finding.related(place, "dropped here");
        }
    }
    for difference in group {
        let declared = difference.declared_at.as_ref().map(|place| {
            // What is declared nowhere: the place is that of what it would belong to.
            let verb = if difference.kind.side == Side::Extra { "is not declared" } else { "is declared" };
            (place, format!("{} {verb} here", difference.object()))
        });
        // What is missing is made nowhere: the place is that of the table or enum it is missing from.
        let migrated = difference.migrated_at.as_ref().map(|place| {
            let message = match (difference.kind.side, &difference.table, &difference.enumeration) {
                (Side::Missing, Some(table), _) => format!("the table {table} is made here, without it"),
                (Side::Missing, None, Some(of)) => format!("the enum {of} is made here, without it"),
                _ => format!("{} is made here", difference.object()),
            };
            (place, message)
        });
        for (place, message) in declared.into_iter().chain(migrated) {
            if !shown.contains(place) && shown.len() <= MOST_RELATED {
                shown.push(place.clone());
                finding = finding.related(place, message);
            }
        }
    }
    finding.differences = group.iter().map(|&difference| difference.clone()).collect();
    finding
}

/// A difference with the place where a new migration made it so: what is renamed, and an enum that gets a value, keep the
/// place where they were made.
fn placed(change: &ProjectChange<'_>, difference: &Difference) -> Difference {
    let mut placed = difference.clone();
    if difference.kind.side != Side::Missing
        && let Some(place) = made_anew(change, difference).or_else(|| label_added(change, difference))
    {
        placed.migrated_at = Some(place.clone());
    }
    placed
}

/// The model of a table that is not declared for all that the ecosystem's tool sees: neither a migration that drops the
/// table nor a second model mends that.
fn unseen_model<'a>(change: &'a ProjectChange<'_>, difference: &Difference) -> Option<&'a UnregisteredModel> {
    if (difference.kind.side, difference.kind.aspect) != (Side::Extra, Aspect::Table) {
        return None;
    }
    let replayed = &change.after.replay.catalog;
    let is_it = |table: &ObjectName| replayed.table(table).map(|table| &table.name) == difference.table.as_ref();
    change.after.unregistered.iter().find(|model| is_it(&model.table))
}

/// How a view is declared as one.
fn help_view(change: &ProjectChange<'_>) -> String {
    match change.project.ecosystem {
        EcosystemKind::Prisma => {
            "declare it by `view` in place of `model`, with `previewFeatures = [\"views\"]` in the \
                                  generator; or drop the view and create the table in a migration"
                .to_owned()
        }
        EcosystemKind::Alembic => "leave it out of the comparison by `include_object` in env.py, for example by \
                                   `info={\"is_view\": True}` of the table; or drop the view and create the table in a \
                                   revision"
            .to_owned(),
    }
}

/// Where a new migration drops what a difference says is missing.
fn dropped_at<'a>(change: &'a ProjectChange<'_>, difference: &Difference) -> Option<&'a Place> {
    if difference.kind.side != Side::Missing {
        return None;
    }
    let new: BTreeSet<&str> = change.new_migrations().iter().map(|migration| migration.id.as_str()).collect();
    let replayed = change.after.replay.migrations.iter().filter(|migration| new.contains(migration.id.as_str()));
    let mut steps = replayed.flat_map(|migration| &migration.steps);
    steps.find(|step| step.effects.iter().any(|effect| drops(effect, difference))).map(|step| &step.operation.place)
}

/// Whether a catalog declared what a difference is about: a default is none where the column counted by itself.
fn was_declared(before: &Catalog, difference: &Difference) -> bool {
    let counted = || {
        let table = before.table(&ObjectName::from(difference.table.as_ref()?))?;
        Some(table.column(before.dialect, &difference.name)?.auto_increment.is_some())
    };
    let is_plain = difference.replayed.as_deref().is_some_and(|text| text.starts_with("default "));
    let is_default = difference.kind.aspect == Aspect::Default && is_plain;
    is_declared(before, difference) && !(is_default && counted() == Some(true))
}

/// Whether an effect takes away what a difference is about.
fn drops(effect: &Effect, difference: &Difference) -> bool {
    let is = |table: &Name, name: Option<&str>| {
        difference.table.as_ref() == Some(table) && name == Some(difference.name.as_str())
    };
    match (effect, difference.kind.aspect) {
        (Effect::TableDropped(table), Aspect::Table) => difference.table.as_ref() == Some(&table.name),
        (Effect::ColumnDropped { table, column }, Aspect::Column) => is(table, Some(&column.name)),
        (Effect::IndexDropped { table, index }, Aspect::Index | Aspect::Unique) => is(table, index.name.as_deref()),
        (Effect::ConstraintDropped { table, what, name }, aspect) => {
            let same = matches!(
                (*what, aspect),
                ("foreign key", Aspect::ForeignKey) | ("check", Aspect::Check) | ("primary key", Aspect::PrimaryKey)
            );
            same && (is(table, name.as_deref()) || (*what == "primary key" && difference.table.as_ref() == Some(table)))
        }
        (Effect::ColumnChanged { table, before, after }, Aspect::Default) => {
            let gives = |column: &Column| column.default.is_some() || column.auto_increment.is_some();
            is(table, Some(&after.name)) && gives(before) && !gives(after)
        }
        (Effect::EnumValueGone { name, value, .. }, Aspect::EnumValue) => {
            difference.enumeration.as_ref() == Some(name) && *value == difference.name
        }
        _ => false,
    }
}

/// Where a finding without a place points: the first schema file, else the project's folder.
pub(super) fn fallback_path(change: &ProjectChange<'_>) -> RepoPath {
    let touched = change.touched.iter().map(|(changed, _)| &changed.path);
    touched.chain(&change.project.schema).next().unwrap_or(&change.project.root).clone()
}

/// What a migration is to close: a view is declared as one instead.
fn to_migrate<'a>(differences: &[&'a Difference]) -> Vec<&'a Difference> {
    differences.iter().copied().filter(|difference| !difference.is_view()).collect()
}

/// The command that writes the migration for these differences.
pub(super) fn command(change: &ProjectChange<'_>, differences: &[&Difference]) -> String {
    change.ecosystem.command_new_migration(change.project, &migration_name(&to_migrate(differences)))
}

/// A name for a migration that closes these differences.
pub(super) fn migration_name(differences: &[&Difference]) -> String {
    let table = |d: &Difference| slug(d.table.as_ref().map_or("", |name| name.name.as_str()));
    let name = match differences {
        [d] => match (d.kind.side, d.kind.aspect) {
            (Side::Missing, Aspect::Table) => format!("create_{}", table(d)),
            (Side::Extra, Aspect::Table) => format!("drop_{}", table(d)),
            (Side::Missing, Aspect::Column) => format!("add_{}_to_{}", slug(&d.name), table(d)),
            (Side::Extra, Aspect::Column) => format!("drop_{}_from_{}", slug(&d.name), table(d)),
            (Side::Missing, Aspect::Enum | Aspect::Extension | Aspect::Schema) => format!("create_{}", slug(&d.name)),
            (Side::Extra, Aspect::Enum | Aspect::Extension | Aspect::Schema) => format!("drop_{}", slug(&d.name)),
            (side, Aspect::EnumValue) => {
                let of = slug(d.enumeration.as_ref().map_or("", |name| name.name.as_str()));
                let (verb, to) = if side == Side::Extra { ("drop", "from") } else { ("add", "to") };
                format!("{verb}_{}_{to}_{of}", slug(&d.name))
            }
            (Side::Missing, aspect) => format!("add_{}_to_{}", slug(noun(aspect)), table(d)),
            (Side::Extra, aspect) => format!("drop_{}_from_{}", slug(noun(aspect)), table(d)),
            (Side::Changed, aspect) => match d.name.as_str() {
                "" => format!("change_{}_of_{}", slug(noun(aspect)), table(d)),
                column => format!("change_{}_{}", table(d), slug(column)),
            },
        },
        several => {
            let tables: BTreeSet<String> = several.iter().map(|d| slug(&owner(d).1)).collect();
            match tables.iter().collect::<Vec<_>>().as_slice() {
                [one] if !one.is_empty() => format!("change_{one}"),
                [a, b] if !a.is_empty() && !b.is_empty() => format!("change_{a}_and_{b}"),
                _ => "describe_the_change".to_owned(),
            }
        }
    };
    // Prisma refuses names of more than 200 bytes (P3010), its stamp included; nobody reads half of that.
    name.chars().take(80).collect()
}

/// The statements that would close these differences, where the ecosystem can give all of them and they are few.
pub(super) fn statements(differences: &[&Difference]) -> Option<String> {
    let differences = to_migrate(differences);
    let all: Vec<&str> = differences.iter().flat_map(|d| &d.sql).map(String::as_str).collect();
    let known = differences.iter().all(|d| !d.sql.is_empty());
    (known && !all.is_empty() && all.len() <= MOST_STATEMENTS).then(|| all.join("\n"))
}

/// What mends a change that brings migrations and still leaves these differences.
pub(super) fn help_uncovered(change: &ProjectChange<'_>, differences: &[&Difference]) -> String {
    let command = command(change, differences);
    match (statements(differences), new_files(change).as_slice()) {
        (Some(sql), [migration]) if change.project.ecosystem == EcosystemKind::Prisma => {
            let file = migration.source.as_ref().map_or(&migration.path, |source| source.path());
            format!("write the rest as a migration:\n  {command}\nor add it to {}:\n{sql}", shell_word(file))
        }
        _ => format!("write the rest as a migration:\n  {command}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::difference;

    #[test]
    fn statements_are_shown_where_they_are_all_known_and_few() {
        let with = |sql: Vec<String>| {
            let mut one = difference(Side::Missing, Aspect::Column, "users", "age");
            one.sql = sql;
            one
        };
        let (known, unknown) = (with(vec!["ALTER TABLE a;".to_owned()]), with(Vec::new()));
        let many = with(vec!["x;".to_owned(); MOST_STATEMENTS + 1]);
        assert_eq!(statements(&[&known, &known]).as_deref(), Some("ALTER TABLE a;\nALTER TABLE a;"));
        for not_shown in [vec![&known, &unknown], vec![&unknown], vec![&many], Vec::new()] {
            assert_eq!(statements(&not_shown), None);
        }
    }

    #[test]
    fn a_migration_is_called_after_what_has_a_name() {
        let of = |table: Option<&str>| {
            let mut one = difference(Side::Missing, Aspect::Extension, "x", "citext");
            one.table = table.map(|table| Name::new("public", table));
            one
        };
        assert_eq!(migration_name(&[&of(None), &of(None)]), "describe_the_change");
        assert_eq!(migration_name(&[&of(Some("a")), &of(Some("a"))]), "change_a");
    }
}

//! `tightened-column`.

use std::collections::BTreeSet;

use super::deeds::{Deed, Deeds, RowDeed};
use super::{allow, finding};
use crate::catalog::apply::{Effect, mentions};
use crate::catalog::operation::DataKind;
use crate::catalog::{Column, Dialect, Index, IndexPart, Name, Table};
use crate::finding::{Finding, Level};
use crate::project::{ProjectChange, ProjectState};
use crate::rules::{RuleId, RuleSettings};

page! {
    /// ## What it stops
    ///
    /// A new migration demands more of rows that are there: NOT NULL on a column that took NULL, a unique constraint or
    /// index, a primary key, a check or an exclusion over columns that existed. A constraint that is NOT VALID looks at no
    /// row; what rows comply with by what they are asks nothing of them: a unique index or a primary key over columns of which
    /// some are unique already, or NULL in every row as they are new; a check over columns that are all new; a list of allowed
    /// values that becomes longer; NOT NULL behind a statement that gives each row a value. Where the change itself writes or
    /// deletes such rows first, this is a note: whether one is left cannot be told.
    ///
    /// ## Why it matters
    ///
    /// One row that does not comply fails the migration, and the deployment with it: Prisma's own guide to failed
    /// migrations opens with a `@unique` over duplicates
    /// ([prisma/web#2788](https://github.com/prisma/web/pull/2788)), and
    /// [cartodb#6876](https://github.com/CartoDB/cartodb/pull/6876) set NOT NULL before the default that would have filled
    /// the rows.
    ///
    /// ## Example that fails
    ///
    /// ```prisma title="prisma/user.prisma" before
    /// model User {
    ///   id    Int     @id @default(autoincrement())
    ///   email String  @unique
    ///   name  String?
    /// }
    /// ```
    ///
    /// ```sql title="prisma/migrations/20260106090000_add_name/migration.sql" before
    /// ALTER TABLE "User" ADD COLUMN "name" TEXT;
    /// ```
    ///
    /// ```prisma title="prisma/user.prisma"
    /// model User {
    ///   id    Int    @id @default(autoincrement())
    ///   email String @unique
    ///   name  String
    /// }
    /// ```
    ///
    /// ```sql title="prisma/migrations/20260112090000_require_name/migration.sql"
    /// ALTER TABLE "User" ALTER COLUMN "name" SET NOT NULL;
    /// ```
    ///
    /// ## The same repaired
    ///
    /// ```sql title="prisma/migrations/20260112090000_require_name/migration.sql"
    /// UPDATE "User" SET "name" = '' WHERE "name" IS NULL;
    /// ALTER TABLE "User" ALTER COLUMN "name" SET NOT NULL;
    /// ```
    ///
    /// ## How to allow it
    ///
    /// Above the statement, or in `driftgate.toml`:
    ///
    /// ```toml
    /// [[allow]]
    /// rule = "tightened-column"
    /// object = "User.name"
    /// reason = "no row has been without a name since 2024"
    /// ```
}

pub(in crate::rules) fn check(change: &ProjectChange<'_>, _: &RuleSettings) -> Vec<Finding> {
    let all = Deeds::of(change);
    let all_of = &*all;
    let Deeds { done: deeds, rows, .. } = all_of;
    let mut findings = Vec::new();
    for deed in deeds.iter().filter(|deed| !deed.on_new_columns) {
        if is_filled(rows, deed)
            || is_emptied(rows, deed)
            || widens(change, deed)
            || is_unique_anyway(change, all_of, deed)
            || is_about_new_columns(change, deeds, deed)
            || is_held_by_null(change, all_of, deed)
        {
            continue;
        }
        let Some((object, message)) = tightened(deeds, deed) else { continue };
        let help = format!(
            "look for rows that do not comply and mend them first; then say so above the statement:\n  {}",
            allow(change, RuleId::TightenedColumn)
        );
        let mut found = finding(RuleId::TightenedColumn, &deed.place, object, message, help)
            .because("the migration fails on every database with a row that does not comply");
        if is_prepared(change, rows, deed) {
            found.level = Level::Note;
            "the change writes or deletes rows first: whether one is left that does not comply cannot be told"
                .clone_into(&mut found.reason);
        }
        findings.push(found);
    }
    findings
}

/// Whether a column becomes NOT NULL behind a statement that gives it a value in every row, or in every row without one.
fn is_filled(rows: &[RowDeed], deed: &Deed) -> bool {
    let Effect::ColumnChanged { table, before, .. } = &deed.effect else { return false };
    let column = before.name.to_ascii_lowercase();
    rows.iter().any(|row| {
        let writes = row.written.iter().flatten().any(|name| name.eq_ignore_ascii_case(&column));
        let before = row.place.path() != deed.place.path() || row.place.span.start <= deed.place.span.start;
        let fills = match row.kind {
            DataKind::Update => writes && (!row.bounded || asks_for_null(row.place.text(), &column)),
            // Rows without a value go.
            DataKind::Delete => asks_for_null(row.place.text(), &column),
            _ => false,
        };
        row.table == *table && before && fills
    })
}

/// Whether the change empties the table before.
fn is_emptied(rows: &[RowDeed], deed: &Deed) -> bool {
    let (Effect::ColumnChanged { table, .. }
    | Effect::IndexAdded { table, .. }
    | Effect::ConstraintAdded { table, .. }) = &deed.effect
    else {
        return false;
    };
    rows.iter().any(|row| {
        let is_before = row.place.path() != deed.place.path() || row.place.span.start <= deed.place.span.start;
        row.table == *table && row.empties() && is_before
    })
}

/// Whether a statement picks the rows without a value in a column, and by nothing else.
fn asks_for_null(statement: &str, column: &str) -> bool {
    let text = statement.to_ascii_lowercase();
    let Some((_, condition)) = text.split_once("where").filter(|(_, rest)| !rest.contains("where")) else {
        return false;
    };
    let plain: String = condition
        .chars()
        .filter(|c| !matches!(c, '"' | '`' | '[' | ']'))
        .map(|c| if c.is_alphanumeric() || matches!(c, '_' | '.' | '=') { c } else { ' ' })
        .collect();
    let words: Vec<&str> = plain.split(' ').filter(|word| !word.is_empty()).collect();
    let names = |word: &str| word.rsplit('.').next() == Some(column);
    match words.as_slice() {
        [name, "is", "null"] => names(name),
        // SQLAlchemy: `.where(t.c.name.is_(None))`, `t.c.name == None`
        [name, "none"] => name.strip_suffix(".is_").is_some_and(names),
        [name, "==", "none"] => names(name),
        _ => false,
    }
}

/// Whether no two rows can be alike in what a unique index or a primary key is about: fewer of its columns make a key
/// already.
fn is_unique_anyway(change: &ProjectChange<'_>, all: &Deeds, deed: &Deed) -> bool {
    let old_table = |table: &Name| change.before?.replay.catalog.tables.get(table);
    match &deed.effect {
        Effect::IndexAdded { table, index, .. } if index.unique => is_key(change, all, table, index),
        // What a primary key asks beside: none of its columns takes NULL.
        Effect::ConstraintAdded { table, what: "primary key", .. } => {
            let key = change.after.replay.catalog.tables.get(table).and_then(|table| table.primary_key.as_ref());
            let (Some(before), Some(key)) = (old_table(table), key) else { return false };
            let required = |part: &IndexPart| {
                before.columns.iter().any(|column| Some(column.name.as_str()) == part.column() && !column.nullable)
            };
            let index = Index::new(None, key.columns.clone(), true);
            key.columns.iter().all(required) && is_key(change, all, table, &index)
        }
        _ => false,
    }
}

/// Whether rows were unique in these columns, or in fewer of them, when the change began, and are so still: the key is
/// there in the end, or nothing writes rows once it is gone.
fn is_key(change: &ProjectChange<'_>, all: &Deeds, table: &Name, new: &Index) -> bool {
    let parts = &new.parts;
    let now = |column: &str| renamed(&all.done, table, column);
    let covers = |old: &[IndexPart]| {
        let same = |old: &IndexPart, new: &IndexPart| {
            let on =
                old.on == new.on || old.column().is_some_and(|old| new.column().is_some_and(|new| now(old) == new));
            on && old.collation == new.collation && (new.length.is_none() || old.length == new.length)
        };
        !old.is_empty() && old.iter().all(|part| parts.iter().any(|own| same(part, own)))
    };
    let is_stricter = |old: &Index| {
        old.unique
            && (old.predicate.is_none() || old.predicate == new.predicate)
            && (old.nulls_not_distinct || !new.nulls_not_distinct)
            && covers(&old.parts)
    };
    let keys_of = |state: &ProjectState| -> Vec<Vec<IndexPart>> {
        let Some(table) = state.replay.catalog.tables.get(table) else { return Vec::new() };
        let primary = table.primary_key.iter().map(|key| &key.columns).filter(|key| covers(key));
        let unique = table.indexes.iter().filter(|index| is_stricter(index)).map(|index| &index.parts);
        primary.chain(unique).cloned().collect()
    };
    let mut keys = change.before.map(&keys_of).unwrap_or_default();
    keys.extend(all.done.iter().filter_map(|other| match &other.effect {
        Effect::IndexDropped { table: of, index } if of == table && is_stricter(index) => Some(index.parts.clone()),
        _ => None,
    }));
    // The index itself is in the end's catalog too: another key is asked for there.
    if !keys.is_empty() && keys_of(change.after).iter().any(|key| key != parts) {
        return true;
    }
    keys.iter().any(|key| {
        let names =
            |column: &str| key.iter().any(|part| part.column().is_none_or(|own| now(own).eq_ignore_ascii_case(column)));
        let is_written = |row: &RowDeed| {
            row.table == *table
                && match row.kind {
                    DataKind::Insert => true,
                    DataKind::Update => {
                        row.written.as_ref().is_none_or(|written| written.iter().any(|column| names(column)))
                    }
                    DataKind::Delete | DataKind::Truncate => false,
                }
        };
        let is_cast = |deed: &Deed| {
            matches!(&deed.effect, Effect::ColumnChanged { table: of, before, after }
                if of == table && before.ty != after.ty && names(&after.name))
        };
        !all.rows.iter().any(is_written) && !all.done.iter().any(is_cast)
    })
}

/// Whether a check is about nothing but columns that the change adds: each row has in them what the change gives it.
fn is_about_new_columns(change: &ProjectChange<'_>, deeds: &[Deed], deed: &Deed) -> bool {
    let Effect::ConstraintAdded { table, what: "check", name, .. } = &deed.effect else { return false };
    let Some(after) = change.after.replay.catalog.tables.get(table) else { return false };
    every_condition(after, name.as_ref(), |expression| {
        let mut about = after.columns.iter().filter(|column| mentions(expression, &column.name)).peekable();
        about.peek().is_some() && about.all(|column| is_new(change, deeds, table, &column.name))
    })
}

/// Whether every row complies since a column that the change adds is NULL in each: rows with NULL in a unique index differ
/// from all others, and a check may say that the column is NULL or something else holds. Or that a column holds something
/// which took no NULL before.
fn is_held_by_null(change: &ProjectChange<'_>, all: &Deeds, deed: &Deed) -> bool {
    let (Effect::IndexAdded { table, .. } | Effect::ConstraintAdded { table, .. }) = &deed.effect else { return false };
    let Some(after) = change.after.replay.catalog.tables.get(table) else { return false };
    // What a session of the mapper writes is no statement that could be seen.
    let text = deed.place.source.text().to_ascii_lowercase();
    let writes_unseen = text.contains("session.") || text.contains("session(");
    let is_null = |column: &Column| {
        let is_written = all.rows.iter().any(|row| {
            let names = |names: &Vec<String>| names.iter().any(|name| name.eq_ignore_ascii_case(&column.name));
            row.table == *table
                && !matches!(row.kind, DataKind::Delete | DataKind::Truncate)
                && row.written.as_ref().is_none_or(names)
        });
        column.nullable
            && column.default.is_none()
            && column.generated.is_none()
            && column.auto_increment.is_none()
            && !is_written
            && !writes_unseen
            && is_new(change, &all.done, table, &column.name)
    };
    // A column that took no NULL has none, whatever it takes from now on.
    let before = table_before(change, table);
    let was_required = |column: &Column| {
        let old = before.and_then(|before| before.column(change.project.dialect(), &column.name));
        old.is_some_and(|old| !old.nullable) && !all.rows.iter().any(|row| row.table == *table)
    };
    match &deed.effect {
        Effect::IndexAdded { index, .. } => {
            let dialect = change.project.dialect();
            let mut columns = index.parts.iter().filter_map(|part| after.column(dialect, part.column()?));
            dialect != Dialect::SqlServer && !index.nulls_not_distinct && columns.any(is_null)
        }
        Effect::ConstraintAdded { what: "check", name, .. } => every_condition(after, name.as_ref(), |expression| {
            alternatives(expression).iter().any(|one| {
                let plain = one.replace(['(', ')', '"', '`', '[', ']'], " ").to_ascii_lowercase();
                let words: Vec<&str> = plain.split_whitespace().collect();
                let named = |name: &str| after.columns.iter().find(|column| column.name.eq_ignore_ascii_case(name));
                match words.as_slice() {
                    [name, "is", "null"] => named(name).is_some_and(is_null),
                    [name, "is", "not", "null"] => named(name).is_some_and(was_required),
                    _ => false,
                }
            })
        }),
        _ => false,
    }
}

/// Whether the change writes or deletes rows of the table before, by a statement that names a column of what is demanded.
fn is_prepared(change: &ProjectChange<'_>, rows: &[RowDeed], deed: &Deed) -> bool {
    let (table, columns): (&Name, Vec<String>) = match &deed.effect {
        Effect::ColumnChanged { table, after, .. } => (table, vec![after.name.clone()]),
        Effect::IndexAdded { table, index, .. } => {
            (table, index.parts.iter().filter_map(|part| part.column().map(str::to_owned)).collect())
        }
        Effect::ConstraintAdded { table, what: "check", name, .. } => {
            let Some(after) = change.after.replay.catalog.tables.get(table) else { return false };
            let conditions: Vec<&str> = after
                .checks
                .iter()
                .filter(|check| check.name == *name)
                .filter_map(|check| check.expression.as_deref())
                .collect();
            let about = |column: &&Column| conditions.iter().any(|condition| mentions(condition, &column.name));
            (table, after.columns.iter().filter(about).map(|column| column.name.clone()).collect())
        }
        _ => return false,
    };
    rows.iter().any(|row| {
        let is_before = row.place.path() != deed.place.path() || row.place.span.start <= deed.place.span.start;
        row.table == *table
            && is_before
            && matches!(row.kind, DataKind::Update | DataKind::Delete)
            && columns.iter().any(|column| mentions(row.place.text(), column))
    })
}

/// Whether the change adds a column, and does not only call one otherwise.
fn is_new(change: &ProjectChange<'_>, deeds: &[Deed], table: &Name, column: &str) -> bool {
    let dialect = change.project.dialect();
    let before = table_before(change, table);
    let is_renamed = deeds
        .iter()
        .any(|deed| matches!(&deed.effect, Effect::ColumnRenamed { table: of, to, .. } if of == table && to == column));
    before.is_some_and(|before| before.column(dialect, column).is_none()) && !is_renamed
}

/// A table before the change: as the migrations had made it, or as it was declared where none made it.
fn table_before<'a>(change: &'a ProjectChange<'_>, table: &Name) -> Option<&'a Table> {
    let state = change.before?;
    state.replay.catalog.tables.get(table).or_else(|| state.declared.catalog.tables.get(table))
}

/// Whether there are checks of a name in a table, and something holds for the condition of each.
fn every_condition(table: &Table, name: Option<&String>, holds: impl Fn(&str) -> bool) -> bool {
    let mut checks = table.checks.iter().filter(|check| check.name.as_ref() == name).peekable();
    checks.peek().is_some() && checks.all(|check| check.expression.as_deref().is_some_and(&holds))
}

/// The alternatives of a condition: what stands between the ORs that no parenthesis of its own holds, and no text.
fn alternatives(condition: &str) -> Vec<&str> {
    let whole = condition.trim();
    let inner = whole.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).filter(|inner| is_balanced(inner));
    if let Some(inner) = inner {
        return alternatives(inner);
    }
    let (mut found, mut start, mut depth, mut quoted) = (Vec::new(), 0, 0_usize, false);
    for (at, c) in whole.char_indices() {
        match c {
            '\'' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        let is_or = || whole.get(at..at + 4).is_some_and(|word| word.eq_ignore_ascii_case(" or "));
        if c == ' ' && depth == 0 && !quoted && at >= start && is_or() {
            found.push(&whole[start..at]);
            start = at + 4;
        }
    }
    found.push(&whole[start..]);
    found
}

/// Whether no parenthesis of a text is closed that it did not open.
fn is_balanced(text: &str) -> bool {
    let mut depth = 0_i32;
    text.chars().all(|c| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        depth >= 0
    })
}

/// Whether a check takes all that the one of its name took before: a longer list of values.
fn widens(change: &ProjectChange<'_>, deed: &Deed) -> bool {
    let Effect::ConstraintAdded { table, what: "check", name: Some(name), .. } = &deed.effect else { return false };
    let expression = |state: &ProjectState| {
        let checks = &state.replay.catalog.tables.get(table)?.checks;
        checks.iter().find(|check| check.name.as_ref() == Some(name))?.expression.clone()
    };
    let (Some(before), Some(after)) = (change.before.and_then(expression), expression(change.after)) else {
        return false;
    };
    let ((before, old), (after, new)) = (without_values(&before), without_values(&after));
    before == after && old.is_subset(&new) && !before.contains("not")
}

/// A condition without its texts, casts and commas, and the texts.
fn without_values(expression: &str) -> (String, BTreeSet<String>) {
    let mut rest = String::new();
    let mut values = BTreeSet::new();
    for (at, part) in expression.split('\'').enumerate() {
        if at % 2 == 1 {
            values.insert(part.to_owned());
            continue;
        }
        // `::text`, `::character varying`
        let part = part
            .strip_prefix("::")
            .map_or(part, |cast| cast.trim_start_matches(|c: char| c.is_alphanumeric() || c == ' '));
        rest.extend(part.chars().filter(|c| !c.is_whitespace() && *c != ',').map(|c| c.to_ascii_lowercase()));
    }
    (rest, values)
}

/// What a deed tightens, and how.
fn tightened(deeds: &[Deed], deed: &Deed) -> Option<(String, String)> {
    match &deed.effect {
        Effect::ColumnChanged { table, before, after } if before.nullable && !after.nullable => {
            let object = format!("{table}.{}", after.name);
            let message = format!("the column {object} becomes NOT NULL");
            Some((object, message))
        }
        Effect::IndexAdded { table, index, .. } if index.unique => {
            let columns: Vec<&str> = index.parts.iter().filter_map(|part| part.column()).collect();
            let object = match (columns.as_slice(), &index.name) {
                ([column], _) => format!("{table}.{column}"),
                (_, Some(name)) => format!("{table}.{name}"),
                _ => table.to_string(),
            };
            let over = if columns.is_empty() { "an expression".to_owned() } else { columns.join(", ") };
            Some((object, format!("rows of {table} must become unique in {over}")))
        }
        Effect::ConstraintAdded {
            table,
            what: what @ ("check" | "exclusion" | "primary key"),
            name,
            not_valid: false,
        } => {
            let object = name.as_ref().map_or_else(|| table.to_string(), |name| format!("{table}.{name}"));
            // A key that is only written anew demands nothing new.
            let replaced = *what == "primary key"
                && deeds.iter().any(|other| {
                    matches!(&other.effect, Effect::ConstraintDropped { table: of, what: "primary key", .. } if of == table)
                });
            (!replaced).then(|| (object, format!("rows of {table} must comply with a new {what}")))
        }
        _ => None,
    }
}

/// What a column is called once the change has been made.
fn renamed(deeds: &[Deed], of: &Name, column: &str) -> String {
    let new = deeds.iter().find_map(|deed| match &deed.effect {
        Effect::ColumnRenamed { table, from, to } if table == of && from == column => Some(to),
        _ => None,
    });
    new.map_or_else(|| column.to_owned(), Clone::clone)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Dialect;
    use crate::rules::testing::World;

    fn run(world: World, sql: &str) -> Vec<String> {
        let id = world.new_id();
        let findings = world.new_migration(id, sql).run(RuleId::TightenedColumn);
        findings.into_iter().map(|finding| finding.message).collect()
    }

    #[test]
    fn demands_on_rows_that_are_there_are_reported() {
        for world in World::both() {
            let messages = run(
                world,
                "ALTER TABLE users ALTER COLUMN name SET NOT NULL;\nCREATE UNIQUE INDEX u ON users (email);\n\
                 ALTER TABLE users ADD CONSTRAINT c CHECK (id > 0);",
            );
            assert_eq!(
                messages,
                [
                    "the column users.name becomes NOT NULL",
                    "rows of users must become unique in email",
                    "rows of users must comply with a new check"
                ]
            );
        }
    }

    #[test]
    fn new_columns_and_loose_constraints_are_fine() {
        for sql in [
            "ALTER TABLE users ADD COLUMN a INT UNIQUE; CREATE UNIQUE INDEX u ON users (a);",
            "ALTER TABLE users ADD COLUMN a INT; UPDATE users SET a = 1; ALTER TABLE users ALTER COLUMN a SET NOT NULL;",
            "ALTER TABLE users ADD CONSTRAINT c CHECK (id > 0) NOT VALID;",
            "ALTER TABLE users ADD COLUMN a INT NOT NULL DEFAULT 1; ALTER TABLE users ADD CONSTRAINT c CHECK (a > 0);",
            "ALTER TABLE users ALTER COLUMN email DROP NOT NULL; CREATE INDEX i ON users (email);",
        ] {
            assert_eq!(run(World::prisma(), sql), Vec::<String>::new(), "{sql}");
        }
    }

    #[test]
    fn what_a_new_column_without_a_value_fulfils_tightens_nothing() {
        let add = "ALTER TABLE users ADD COLUMN a INT;";
        let default = "ALTER TABLE users ADD COLUMN a INT DEFAULT 1;";
        let unique = "CREATE UNIQUE INDEX u ON users (name, a);";
        let check = "ALTER TABLE users ADD CONSTRAINT c CHECK (name = 'a or b' OR (a IS NULL));";
        let strict = "ALTER TABLE users ADD CONSTRAINT c CHECK (name = 'x' AND (id > 1 OR a IS NULL));";
        for (sql, found) in [
            (format!("{add} {unique}"), 0),
            (format!("{add} UPDATE users SET a = 1; {unique}"), 1),
            (format!("{default} {unique}"), 1),
            (format!("{add} {check}"), 0),
            (format!("{default} {check}"), 1),
            (format!("{add} {strict}"), 1),
            ("ALTER TABLE users ADD CONSTRAINT c CHECK (name = 'x' OR email IS NOT NULL);".to_owned(), 0),
            ("ALTER TABLE users ADD CONSTRAINT c CHECK (name = 'x' OR name IS NOT NULL);".to_owned(), 1),
            ("CREATE UNIQUE INDEX u ON users (name, id);".to_owned(), 0),
        ] {
            for world in World::both() {
                assert_eq!(run(world, &sql).len(), found, "{sql}");
            }
        }
    }

    #[test]
    fn rows_that_the_change_prepares_are_a_note() {
        let unique = "CREATE UNIQUE INDEX u ON users (name);";
        let level = |prepares: &str| {
            let world = World::prisma().new_migration("20260112090000_x", &format!("{prepares} {unique}"));
            world.run(RuleId::TightenedColumn)[0].level
        };
        assert_eq!(level("DELETE FROM users WHERE name IN (SELECT name FROM users WHERE id > 1);"), Level::Note);
        assert_eq!(level("DELETE FROM users WHERE id = 1;"), Level::Warning, "of something else");
        assert_eq!(level(""), Level::Warning);
    }

    #[test]
    fn a_check_of_new_columns_and_of_old_ones_tightens() {
        for sql in [
            "ALTER TABLE users ADD COLUMN a INT NOT NULL DEFAULT 1; ALTER TABLE users ADD CONSTRAINT c CHECK (a > id);",
            "ALTER TABLE users RENAME COLUMN name TO title; ALTER TABLE users ADD CONSTRAINT c CHECK (title <> '');",
        ] {
            assert_eq!(run(World::prisma(), sql), ["rows of users must comply with a new check"], "{sql}");
        }
    }

    #[test]
    fn a_unique_index_in_the_place_of_a_stricter_one_tightens_nothing() {
        let world =
            World::prisma().new_migration("20260106090000_a", "CREATE UNIQUE INDEX u ON users (email);").commit();
        let sql = "DROP INDEX u; CREATE UNIQUE INDEX v ON users (email, name);";
        assert_eq!(run(world.clone(), sql), Vec::<String>::new());
        assert_eq!(run(world, "DROP INDEX u; CREATE UNIQUE INDEX v ON users (name);").len(), 1);
    }

    #[test]
    fn a_unique_index_over_a_renamed_column_is_the_old_one() {
        let world =
            World::prisma().new_migration("20260106090000_a", "CREATE UNIQUE INDEX u ON users (email, name);").commit();
        let sql = "DROP INDEX u; ALTER TABLE users RENAME COLUMN name TO title; CREATE UNIQUE INDEX v ON users (email, title);";
        assert_eq!(run(world.clone(), sql), Vec::<String>::new());
        let other =
            "DROP INDEX u; ALTER TABLE users RENAME COLUMN name TO title; CREATE UNIQUE INDEX v ON users (title);";
        assert_eq!(run(world, other).len(), 1);
    }

    #[test]
    fn a_column_that_is_filled_first_can_become_required() {
        let set = "ALTER TABLE users ALTER COLUMN name SET NOT NULL;";
        for (fill, found) in [
            ("UPDATE users SET name = '' WHERE name IS NULL;", 0),
            ("UPDATE \"users\" SET \"name\" = '' WHERE (\"users\".\"name\" IS NULL);", 0),
            ("UPDATE users SET name = email;", 0),
            ("DELETE FROM users WHERE name IS NULL;", 0),
            ("DELETE FROM users WHERE email IS NULL;", 1),
            ("DELETE FROM users;", 0),
            ("UPDATE users SET name = '' WHERE id IN (SELECT id FROM users WHERE name IS NULL);", 1),
            ("UPDATE users SET name = '' WHERE name IS NULL AND id > 9;", 1),
            ("UPDATE users SET name = '' WHERE email IS NULL;", 1),
            ("UPDATE users SET email = '' WHERE name IS NULL;", 1),
            ("UPDATE users u SET name = o.email FROM users o WHERE o.id = u.id;", 1),
        ] {
            for world in World::both() {
                assert_eq!(run(world, &format!("{fill}\n{set}")).len(), found, "{fill}");
            }
        }
        assert_eq!(run(World::prisma(), &format!("{set}\nUPDATE users SET name = '' WHERE name IS NULL;")).len(), 1);
    }

    #[test]
    fn a_longer_list_of_values_tightens_nothing() {
        let check = |values: &str| format!("ALTER TABLE users ADD CONSTRAINT c CHECK (name IN ({values}));");
        let world = World::prisma().new_migration("20260106090000_a", &check("'a', 'b'")).commit();
        let to =
            |values: &str| run(world.clone(), &format!("ALTER TABLE users DROP CONSTRAINT c; {}", check(values))).len();
        assert_eq!(to("'a', 'b', 'c'"), 0);
        assert_eq!(to("'a', 'c'"), 1);
        let other =
            "ALTER TABLE users DROP CONSTRAINT c; ALTER TABLE users ADD CONSTRAINT c CHECK (email IN ('a', 'b', 'c'));";
        assert_eq!(run(world.clone(), other).len(), 1);
    }

    #[test]
    fn a_unique_index_over_more_than_a_key_tightens_nothing() {
        let sql = "CREATE TABLE roles (a INT NOT NULL, b INT NOT NULL, c INT, PRIMARY KEY (a, b)); \
                   CREATE UNIQUE INDEX k ON roles (c);";
        let world = World::prisma().new_migration("20260106090000_a", sql).commit();
        for (sql, found) in [
            ("CREATE UNIQUE INDEX v ON roles (a, b, c);", 0),
            ("CREATE UNIQUE INDEX v ON roles (c, a);", 0),
            ("CREATE UNIQUE INDEX v ON roles (a);", 1),
            (
                "ALTER TABLE roles DROP CONSTRAINT roles_pkey, ADD COLUMN id TEXT NOT NULL, ADD PRIMARY KEY (id); \
              CREATE UNIQUE INDEX v ON roles (a, b);",
                0,
            ),
            (
                "ALTER TABLE roles DROP CONSTRAINT roles_pkey; UPDATE roles SET a = 1; CREATE UNIQUE INDEX v ON roles (a, b);",
                1,
            ),
            ("UPDATE roles SET c = 1 WHERE c = 2; CREATE UNIQUE INDEX v ON roles (a, b, c);", 0),
            ("DROP INDEX k; ALTER TABLE roles ALTER c TYPE TEXT; CREATE UNIQUE INDEX v ON roles (c, b);", 1),
            ("CREATE UNIQUE INDEX v ON roles (c, b) NULLS NOT DISTINCT;", 1),
            (
                "DROP INDEX k; ALTER TABLE roles ADD COLUMN d TEXT; UPDATE roles SET d = 'x'; \
                 CREATE UNIQUE INDEX v ON roles (c, d);",
                0,
            ),
        ] {
            assert_eq!(run(world.clone(), sql).len(), found, "{sql}");
        }
    }

    #[test]
    fn a_unique_index_over_a_new_column_that_is_empty_tightens_nothing() {
        let index = "CREATE UNIQUE INDEX u ON users (email, a);";
        for (sql, found) in [
            ("ALTER TABLE users ADD COLUMN a INT;", 0),
            ("ALTER TABLE users ADD COLUMN a INT DEFAULT 1;", 1),
            ("ALTER TABLE users ADD COLUMN a INT; UPDATE users SET a = 1;", 1),
            ("ALTER TABLE users ADD COLUMN b INT;", 1),
        ] {
            let index = if sql.ends_with("b INT;") { "CREATE UNIQUE INDEX u ON users (email);" } else { index };
            assert_eq!(run(World::prisma(), &format!("{sql} {index}")).len(), found, "{sql}");
        }
        let distinct =
            "ALTER TABLE users ADD COLUMN a INT; CREATE UNIQUE INDEX u ON users (email, a) NULLS NOT DISTINCT;";
        assert_eq!(run(World::prisma(), distinct).len(), 1);
    }

    #[test]
    fn a_check_over_new_columns_tightens_nothing() {
        let check = |of: &str| {
            format!(
                "ALTER TABLE users ADD COLUMN a INT, ADD COLUMN b INT; ALTER TABLE users ADD CONSTRAINT c CHECK ({of});"
            )
        };
        assert_eq!(run(World::prisma(), &check("(a IS NULL) = (b IS NULL)")), Vec::<String>::new());
        assert_eq!(run(World::prisma(), &check("a IS NULL OR id > 0")).len(), 1);
    }

    #[test]
    fn a_column_in_the_place_of_another_that_is_made_not_null_was_so_for_every_row() {
        let swap = |column: &str, then: &str| {
            format!(
                "ALTER TABLE users ADD COLUMN made {column}; UPDATE users SET made = '{{a}}' WHERE name = 'a'; \
                 ALTER TABLE users DROP COLUMN name; ALTER TABLE users RENAME COLUMN made TO name; {then}"
            )
        };
        assert_eq!(run(World::prisma(), &swap("TEXT[] NOT NULL DEFAULT '{}'", "")), Vec::<String>::new());
        let required = "ALTER TABLE users ALTER COLUMN name SET NOT NULL;";
        assert_eq!(run(World::prisma(), &swap("TEXT[]", required)).len(), 1);
    }

    #[test]
    fn a_primary_key_in_the_place_of_a_unique_index_tightens_nothing() {
        let pairs =
            "CREATE TABLE pairs (a INT NOT NULL, b INT NOT NULL, c INT); CREATE UNIQUE INDEX u ON pairs (a, b);";
        let world = World::prisma().new_migration("20260106090000_a", pairs).commit();
        let key = |columns: &str| format!("ALTER TABLE pairs ADD CONSTRAINT p PRIMARY KEY ({columns}); DROP INDEX u;");
        assert_eq!(run(world.clone(), &key("a, b")), Vec::<String>::new());
        assert_eq!(run(world, &key("a")).len(), 1);
    }

    #[test]
    fn a_table_that_is_built_anew_tightens_only_what_it_says() {
        let table = "CREATE TABLE pairs (a INTEGER NOT NULL PRIMARY KEY, b INTEGER);";
        let world = World::prisma().on(Dialect::Sqlite).new_migration("20260106090000_a", table).commit();
        let anew = |columns: &str| {
            let sql = format!(
                "CREATE TABLE new_pairs ({columns}); INSERT INTO new_pairs (a, b) SELECT a, b FROM pairs;\n\
                 DROP TABLE pairs; ALTER TABLE new_pairs RENAME TO pairs;"
            );
            run(world.clone(), &sql)
        };
        assert_eq!(anew("a INTEGER PRIMARY KEY, b TEXT"), Vec::<String>::new());
        assert_eq!(anew("a INTEGER PRIMARY KEY, b TEXT NOT NULL"), ["the column pairs.b becomes NOT NULL"]);
    }
}

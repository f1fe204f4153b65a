//! `suspected-rename`.

use std::collections::{BTreeMap, BTreeSet};

use super::deeds::{Deed, Deeds, NewTable};
use super::{allow, finding, statement};
use crate::catalog::apply::Effect;
use crate::catalog::operation::DataKind;
use crate::catalog::{Column, Name, Table};
use crate::finding::{Finding, Level};
use crate::project::ProjectChange;
use crate::rules::{RuleId, RuleSettings};

page! {
    /// ## What it stops
    ///
    /// A migration drops a column and adds one of the same type to the same table, or drops a table and makes one with
    /// much the same columns: perhaps a rename, written as a loss. The finding prints the rename to write instead. It is
    /// an error where the two names differ in their spelling alone (`user_id` and `userId`, `Tokens` and `Token`,
    /// `pacakge` and `package`). Other pairs are a note, which stops nobody: that a column gives way to another of its type
    /// is as often no rename (`threadId` to `teamId`, `status` to `statusId`), and `dropped-column` or `dropped-table` stops
    /// the loss in any case. Where the migration moves the values itself (an UPDATE of the table, an INSERT into the new
    /// one), nothing is said.
    ///
    /// ## Why it matters
    ///
    /// Neither Prisma nor Alembic can tell a rename from a drop and an add, and both write the latter.
    /// [prisma/orm#8381](https://github.com/prisma/orm/issues/8381) is a rename that "led to a drop and thus data loss";
    /// [prisma/orm#4694](https://github.com/prisma/orm/issues/4694),
    /// [Flask-Migrate#310](https://github.com/miguelgrinberg/Flask-Migrate/issues/310) and many more ask for a hint.
    ///
    /// ## Example that fails
    ///
    /// ```prisma title="prisma/user.prisma" before
    /// model User {
    ///   id        Int     @id @default(autoincrement())
    ///   email     String  @unique
    ///   full_name String?
    /// }
    /// ```
    ///
    /// ```sql title="prisma/migrations/20260106090000_add_name/migration.sql" before
    /// ALTER TABLE "User" ADD COLUMN "full_name" TEXT;
    /// ```
    ///
    /// ```prisma title="prisma/user.prisma"
    /// model User {
    ///   id       Int     @id @default(autoincrement())
    ///   email    String  @unique
    ///   fullName String?
    /// }
    /// ```
    ///
    /// ```sql title="prisma/migrations/20260112090000_rename_name/migration.sql"
    /// ALTER TABLE "User" DROP COLUMN "full_name",
    /// ADD COLUMN "fullName" TEXT;
    /// ```
    ///
    /// ## The same repaired
    ///
    /// ```sql title="prisma/migrations/20260112090000_rename_name/migration.sql"
    /// ALTER TABLE "User" RENAME COLUMN "full_name" TO "fullName";
    /// ```
    ///
    /// ## How to allow it
    ///
    /// ```sql
    /// -- driftgate: allow suspected-rename: the two have nothing to do with each other
    /// -- driftgate: allow dropped-column: not read since 4.2
    /// ALTER TABLE "User" DROP COLUMN "full_name",
    /// ADD COLUMN "fullName" TEXT;
    /// ```
}

pub(in crate::rules) fn check(change: &ProjectChange<'_>, _: &RuleSettings) -> Vec<Finding> {
    let all = Deeds::of(change);
    let mut findings = columns(change, &all);
    findings.extend(tables(change, &all));
    findings
}

/// A dropped and an added column of one table and one migration.
struct Pair<'a> {
    dropped: &'a Deed,
    added: &'a Deed,
    table: &'a Name,
    from: &'a Column,
    to: &'a Column,
    likeness: f64,
}

/// The most pairs of a dropped and an added column of one table and one migration that are looked at: thirty and thirty.
const MOST_PAIRS: usize = 900;

/// The most letters of a name that count for its likeness to another. PostgreSQL's names have 63.
const MOST_LETTERS: usize = 128;

/// What one migration drops from one table, and adds to it.
#[derive(Default)]
struct Swap<'a> {
    dropped: Vec<(&'a Deed, &'a Column)>,
    added: Vec<(&'a Deed, &'a Column)>,
}

fn columns(change: &ProjectChange<'_>, all: &Deeds) -> Vec<Finding> {
    // Whoever moves the values has thought of them.
    let moved: BTreeSet<&Name> =
        all.rows.iter().filter(|row| row.kind == DataKind::Update).map(|row| &row.table).collect();
    let mut swaps: BTreeMap<(&str, &Name), Swap<'_>> = BTreeMap::new();
    for deed in &all.done {
        match &deed.effect {
            Effect::ColumnDropped { table, column } if !moved.contains(table) => {
                swaps.entry((&deed.migration, table)).or_default().dropped.push((deed, column));
            }
            Effect::ColumnAdded { table, column } if !moved.contains(table) => {
                swaps.entry((&deed.migration, table)).or_default().added.push((deed, column));
            }
            _ => {}
        }
    }
    let mut pairs: Vec<Pair<'_>> = Vec::new();
    let mut findings = Vec::new();
    for ((_, table), swap) in swaps {
        if swap.dropped.len().saturating_mul(swap.added.len()) > MOST_PAIRS {
            findings.push(many_columns(change, table, &swap));
            continue;
        }
        for (dropped, from) in &swap.dropped {
            for (added, to) in swap.added.iter().filter(|(_, to)| from.name != to.name && like(from, to)) {
                let likeness = strsim::jaro_winkler(&folded(&from.name), &folded(&to.name));
                pairs.push(Pair { dropped, added, table, from, to, likeness });
            }
        }
    }
    let mut by_name: BTreeMap<(&Name, &str, bool), usize> = BTreeMap::new();
    for pair in &pairs {
        *by_name.entry((pair.table, &pair.from.name, true)).or_default() += 1;
        *by_name.entry((pair.table, &pair.to.name, false)).or_default() += 1;
    }
    // The pairs that have the one or the other column as well; this pair itself is counted under both.
    let rivals = |pair: &Pair<'_>| {
        let count = |name: &str, from| by_name.get(&(pair.table, name, from)).copied().unwrap_or(1);
        count(&pair.from.name, true) + count(&pair.to.name, false) - 2
    };
    // Which of several belongs to which is decided by the names, where they are alike at all.
    let alike = |pair: &Pair<'_>| {
        shares_word(&pair.from.name, &pair.to.name) || pair.likeness >= if rivals(pair) == 0 { 0.8 } else { 0.85 }
    };
    let mut likely: Vec<&Pair<'_>> = pairs.iter().filter(|pair| alike(pair) || rivals(pair) == 0).collect();
    likely.sort_by(|a, b| b.likeness.total_cmp(&a.likeness));
    let mut taken: BTreeSet<(&Name, &str)> = BTreeSet::new();
    for pair in likely {
        let (from, to) = ((pair.table, pair.from.name.as_str()), (pair.table, pair.to.name.as_str()));
        if taken.contains(&from) || taken.contains(&to) {
            continue;
        }
        taken.extend([from, to]);
        findings.push(column_finding(change, pair));
    }
    findings.sort_by_key(|finding| finding.place.as_ref().map(|place| place.span));
    findings
}

/// A name in lower case, as far as it counts.
fn folded(name: &str) -> String {
    name.chars().take(MOST_LETTERS).flat_map(char::to_lowercase).collect()
}

/// A table of which so many columns are dropped and added in one migration that nobody pairs them by their names.
fn many_columns(change: &ProjectChange<'_>, table: &Name, swap: &Swap<'_>) -> Finding {
    let (dropped, added) = (swap.dropped.len(), swap.added.len());
    let message = format!(
        "{dropped} columns of {table} are dropped and {added} are added: too many to say which of them are renamed"
    );
    let help = format!(
        "write a rename for each column that goes on under another name; if there is none, say so above the statement:\n  {}",
        allow(change, RuleId::SuspectedRename)
    );
    let place = &swap.dropped[0].0.place;
    let mut found = finding(RuleId::SuspectedRename, place, table.to_string(), message, help)
        .because("a drop and an add lose every value; a rename keeps them");
    found.level = Level::Note;
    found
}

/// Whether two names differ in nothing but how they are spelled: case, underscores, a plural, a slip or two. A like type and
/// a word in common make no rename for sure: of 16 such pairs that were read in public histories, about a third was
/// none (`insuranceStatus` and `insuranceStatusId`, `apiKey` and `apiKeyHash`); of these here, every one was.
fn same_but_for_spelling(one: &str, other: &str) -> bool {
    let plain = |name: &str| {
        let letters: String =
            name.chars().take(MOST_LETTERS).filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
        match letters.strip_suffix("ies") {
            Some(stem) => format!("{stem}y"),
            None => letters.strip_suffix('s').map_or_else(|| letters.clone(), str::to_owned),
        }
    };
    let (one, other) = (plain(one), plain(other));
    let slips = match one.chars().count().min(other.chars().count()) {
        0..5 => 0,
        5..9 => 1,
        _ => 2,
    };
    let digits = |name: &str| name.chars().filter(char::is_ascii_digit).collect::<String>();
    one == other || (digits(&one) == digits(&other) && strsim::osa_distance(&one, &other) <= slips)
}

/// Whether two names have a word in common that says what they hold.
fn shares_word(one: &str, other: &str) -> bool {
    const GENERIC: [&str; 12] = ["id", "at", "is", "has", "on", "by", "of", "to", "the", "type", "date", "count"];
    let letters = |name: &str| name.chars().take(MOST_LETTERS).collect::<String>();
    let other = words(&letters(other));
    words(&letters(one)).iter().any(|word| !GENERIC.contains(&word.as_str()) && other.contains(word))
}

/// The words of a name, in lower case: `fullName` and `full_name` are `full` and `name`.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut was_lower = false;
    for c in name.chars() {
        let starts = !c.is_alphanumeric() || (c.is_uppercase() && was_lower) || words.is_empty();
        if starts {
            words.push(String::new());
        }
        if c.is_alphanumeric()
            && let Some(last) = words.last_mut()
        {
            last.extend(c.to_lowercase());
        }
        was_lower = c.is_lowercase() || c.is_numeric();
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Whether values of one could be those of the other.
fn like(from: &Column, to: &Column) -> bool {
    let same_family = match (from.ty.builtin_name(), to.ty.builtin_name()) {
        (Some(a), Some(b)) => a == b || (is_text(a) && is_text(b)),
        _ => from.ty.kind == to.ty.kind,
    };
    let known = from.ty.kind != crate::catalog::TypeKind::Unknown;
    let both_plain = from.generated.is_none() && to.generated.is_none();
    known && same_family && both_plain && from.ty.array == to.ty.array && from.auto_increment == to.auto_increment
}

fn is_text(name: &str) -> bool {
    matches!(name, "text" | "varchar" | "char" | "nvarchar" | "nchar" | "longtext" | "mediumtext")
}

fn column_finding(change: &ProjectChange<'_>, pair: &Pair<'_>) -> Finding {
    let (table, from, to) = (pair.table, &pair.from.name, &pair.to.name);
    let object = format!("{table}.{from}");
    let likely = likely(same_but_for_spelling(from, to));
    let message = format!("{object} is dropped and {table}.{to} of the same type is added: {likely}");
    let help = format!(
        "write this in place of the drop and the add:\n{}\nif it is no rename, say so above the statement:\n  {}",
        statement::rename_column(change, table, from, to),
        allow(change, RuleId::SuspectedRename)
    );
    let mut found = finding(RuleId::SuspectedRename, &pair.dropped.place, object, message, help)
        .because("a drop and an add lose every value; a rename keeps them");
    if !same_but_for_spelling(from, to) {
        found.level = Level::Note;
    }
    if pair.added.place == pair.dropped.place {
        found
    } else {
        found.related(&pair.added.place, format!("{to} is added here"))
    }
}

/// How sure it is, in words.
fn likely(spelling: bool) -> &'static str {
    if spelling { "most likely a rename" } else { "if that is a rename, what it held is lost" }
}

/// The most pairs of a dropped and a new table of one migration that are looked at.
const MOST_TABLES: usize = 10_000;

fn tables(change: &ProjectChange<'_>, all: &Deeds) -> Vec<Finding> {
    let mut new: BTreeMap<&str, Vec<NewColumns<'_>>> = BTreeMap::new();
    for table in all.made.iter().filter(|table| !table.filled) {
        let columns = table.columns.iter().flatten().map(|column| (column.name.as_str(), column)).collect();
        new.entry(&table.migration).or_default().push(NewColumns { table, columns });
    }
    let mut dropped: BTreeMap<&str, Vec<(&Deed, &Table)>> = BTreeMap::new();
    for deed in &all.done {
        if let Effect::TableDropped(old) = &deed.effect {
            dropped.entry(&deed.migration).or_default().push((deed, old));
        }
    }
    let mut findings = Vec::new();
    let mut taken: BTreeSet<&Name> = BTreeSet::new();
    for (migration, dropped) in dropped {
        let Some(new) = new.get(migration) else { continue };
        if dropped.len().saturating_mul(new.len()) > MOST_TABLES {
            findings.push(many_tables(change, &dropped, new.len()));
            continue;
        }
        for (deed, old) in dropped {
            findings.extend(table(change, deed, old, new, &mut taken));
        }
    }
    findings.sort_by_key(|finding| finding.place.as_ref().map(|place| place.span));
    findings
}

/// A new table, its columns by their names.
struct NewColumns<'a> {
    table: &'a NewTable,
    columns: BTreeMap<&'a str, &'a Column>,
}

/// A migration that drops and makes so many tables that nobody pairs them by their columns.
fn many_tables(change: &ProjectChange<'_>, dropped: &[(&Deed, &Table)], made: usize) -> Finding {
    let (place, count) = (&dropped[0].0.place, dropped.len());
    let message = format!("{count} tables are dropped and {made} are made: too many to say which of them are renamed");
    let help = format!(
        "write a rename for each table that goes on under another name; if there is none, say so above the statement:\n  {}",
        allow(change, RuleId::SuspectedRename)
    );
    let mut found = finding(RuleId::SuspectedRename, place, dropped[0].1.name.to_string(), message, help)
        .because("a drop loses every row; a rename keeps them");
    found.level = Level::Note;
    found
}

/// The finding for one dropped table, where a new one of the same migration looks like it.
fn table<'a>(
    change: &ProjectChange<'_>,
    dropped: &Deed,
    old: &Table,
    new: &[NewColumns<'a>],
    taken: &mut BTreeSet<&'a Name>,
) -> Option<Finding> {
    let candidates = new.iter().filter(|new| new.table.name != old.name && !taken.contains(&new.table.name));
    let (share, new) = candidates.map(|new| (overlap(old, new), new.table)).max_by(|a, b| a.0.total_cmp(&b.0))?;
    if share < 0.6 {
        return None;
    }
    taken.insert(&new.name);
    let object = old.name.to_string();
    let message = format!(
        "the table {object} is dropped and {} with much the same columns is made: {}",
        new.name,
        likely(same_but_for_spelling(&old.name.name, &new.name.name))
    );
    let help = format!(
        "write this in place of the drop and the new table:\n{}\nif it is no rename, say so above the statement:\n  {}",
        statement::rename_table(change, &old.name, &new.name),
        allow(change, RuleId::SuspectedRename)
    );
    let mut found = finding(RuleId::SuspectedRename, &dropped.place, object, message, help)
        .because("a drop loses every row; a rename keeps them")
        .related(&new.place, format!("{} is made here", new.name));
    if !same_but_for_spelling(&old.name.name, &new.name.name) {
        found.level = Level::Note;
    }
    Some(found)
}

/// The share of columns that two tables have in common, of those of the larger one; 0 for tables of one column.
fn overlap(old: &Table, new: &NewColumns<'_>) -> f64 {
    let most = old.columns.len().max(new.columns.len());
    if most < 2 {
        return 0.0;
    }
    let shared = |column: &&Column| new.columns.get(column.name.as_str()).is_some_and(|other| like(column, other));
    let shared = old.columns.iter().filter(shared).count();
    let number = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    number(shared) / number(most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Dialect;
    use crate::rules::testing::World;

    fn run(world: World, sql: &str) -> Vec<Finding> {
        let id = world.new_id();
        world.new_migration(id, sql).run(RuleId::SuspectedRename)
    }

    #[test]
    fn a_drop_and_an_add_of_one_type_are_taken_for_a_rename() {
        let sql = "ALTER TABLE users DROP COLUMN name, ADD COLUMN \"fullName\" TEXT;";
        let findings = run(World::prisma(), sql);
        assert_eq!(
            findings[0].message,
            "users.name is dropped and users.fullName of the same type is added: if that is a rename, what it held is lost"
        );
        assert!(findings[0].help.contains("\nALTER TABLE \"users\" RENAME COLUMN \"name\" TO \"fullName\";\n"));
        let findings = run(World::alembic(), sql);
        assert!(findings[0].help.contains("\nop.alter_column(\"users\", \"name\", new_column_name=\"fullName\")\n"));
        let findings = run(
            World::alembic().on(Dialect::Sqlite),
            "ALTER TABLE users DROP COLUMN name; ALTER TABLE users ADD COLUMN title TEXT;",
        );
        assert!(findings[0].help.contains("with op.batch_alter_table(\"users\") as batch_op:"));
    }

    #[test]
    fn among_several_the_names_decide() {
        let sql =
            "ALTER TABLE users DROP COLUMN name, DROP COLUMN role, ADD COLUMN user_role TEXT, ADD COLUMN names TEXT;";
        let findings = run(World::prisma(), sql);
        let objects: Vec<&str> = findings.iter().filter_map(|finding| finding.object.as_deref()).collect();
        assert_eq!(objects, ["users.name", "users.role"]);
    }

    #[test]
    fn names_that_differ_in_more_than_their_spelling_stop_nobody() {
        let level = |from: &str, to: &str| {
            let world = World::prisma()
                .new_migration("20260112090000_a", &format!("ALTER TABLE users ADD COLUMN \"{from}\" TEXT;"));
            let sql = format!("ALTER TABLE users DROP COLUMN \"{from}\", ADD COLUMN \"{to}\" TEXT;");
            let findings = world.commit().new_migration("20260113090000_b", &sql).run(RuleId::SuspectedRename);
            findings.first().map(|finding| finding.level)
        };
        for (from, to) in [
            ("threadId", "teamId"),
            ("firstName", "username"),
            ("expires", "expiresAt"),
            ("batch_id", "llm_batch_id"),
            ("status", "statusId"),
            ("role_a", "rule"),
            ("address1", "address2"),
        ] {
            assert_eq!(level(from, to), Some(Level::Note), "{from} {to}");
        }
        for (from, to) in [
            ("user_id", "userId"),
            ("colour", "color"),
            ("pacakgeName", "packageName"),
            ("tag", "tags"),
            ("proxy", "proxies"),
        ] {
            assert_eq!(level(from, to), Some(Level::Error), "{from} {to}");
        }
    }

    #[test]
    fn of_tables_the_names_decide_as_well() {
        let level = |name: &str| {
            let columns = "(id SERIAL PRIMARY KEY, email TEXT NOT NULL, name TEXT, role TEXT)";
            run(World::alembic(), &format!("DROP TABLE users; CREATE TABLE {name} {columns};"))[0].level
        };
        assert_eq!(level("\"User\""), Level::Error);
        assert_eq!(level("people"), Level::Note);
    }

    #[test]
    fn other_types_moved_values_and_other_migrations_are_no_rename() {
        assert!(run(World::prisma(), "ALTER TABLE users DROP COLUMN name, ADD COLUMN age INTEGER;").is_empty());
        let moved = "ALTER TABLE users ADD COLUMN title TEXT; UPDATE users SET title = name; ALTER TABLE users DROP COLUMN name;";
        assert!(run(World::prisma(), moved).is_empty());
        let world = World::prisma()
            .new_migration("20260112090000_a", "ALTER TABLE users DROP COLUMN name;")
            .new_migration("20260113090000_b", "ALTER TABLE users ADD COLUMN title TEXT;");
        assert!(world.silent(RuleId::SuspectedRename));
    }

    #[test]
    fn a_table_with_the_same_columns_is_taken_for_a_rename() {
        let sql = "DROP TABLE users; CREATE TABLE people (id SERIAL PRIMARY KEY, email TEXT NOT NULL, name TEXT);";
        let findings = run(World::prisma(), sql);
        assert!(findings[0].help.contains("ALTER TABLE \"users\" RENAME TO \"people\";"), "{}", findings[0].help);
        assert!(run(World::alembic(), sql)[0].help.contains("op.rename_table(\"users\", \"people\")"));
        assert!(run(World::prisma(), "DROP TABLE users; CREATE TABLE tags (id INT, label TEXT);").is_empty());
    }
}

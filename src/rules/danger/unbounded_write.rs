//! `unbounded-write`.

use super::deeds::{Deeds, RowDeed};
use super::{allow, finding};
use crate::catalog::Name;
use crate::catalog::apply::Effect;
use crate::catalog::operation::DataKind;
use crate::finding::Finding;
use crate::project::ProjectChange;
use crate::rules::{RuleId, RuleSettings};

page! {
    /// ## What it stops
    ///
    /// An `UPDATE` or `DELETE` without `WHERE`, or a `TRUNCATE`, on a table that was there before the change. An UPDATE that
    /// sets nothing but columns that the change itself has added fills them, and is fine. So is any statement on a table that
    /// the change empties before or drops afterwards: that alone is told of.
    ///
    /// ## Why it matters
    ///
    /// It hits every row of the table, on the largest database last: the table is locked row by row until the
    /// migration's transaction ends, and a slip of the pen cannot be taken back. After one such
    /// backfill [litellm#37899](https://github.com/BerriAI/litellm/pull/37899) keeps data changes out of its migrations.
    ///
    /// ## Example that fails
    ///
    /// ```sql title="prisma/migrations/20260112090000_lower_emails/migration.sql"
    /// UPDATE "User" SET "email" = lower("email");
    /// ```
    ///
    /// ## The same repaired
    ///
    /// ```sql title="prisma/migrations/20260112090000_lower_emails/migration.sql"
    /// UPDATE "User" SET "email" = lower("email") WHERE "email" <> lower("email");
    /// ```
    ///
    /// ## How to allow it
    ///
    /// ```sql
    /// -- driftgate: allow unbounded-write: a table of 40 rows
    /// DELETE FROM "Setting";
    /// ```
}

pub(in crate::rules) fn check(change: &ProjectChange<'_>, _: &RuleSettings) -> Vec<Finding> {
    let all = Deeds::of(change);
    let losses = Losses::of(&all);
    all.rows
        .iter()
        .filter_map(|row| {
            let what = match row.kind {
                _ if losses.make_moot(row) => return None,
                DataKind::Truncate => "TRUNCATE empties",
                DataKind::Delete if !row.bounded => "DELETE without WHERE empties",
                DataKind::Update if !row.bounded && !fills_new_columns(row) => {
                    "UPDATE without WHERE writes every row of"
                }
                _ => return None,
            };
            let message = format!("{what} {}", row.table);
            let help = format!(
                "bound it by a WHERE, or say above the statement why every row is meant:\n  {}",
                allow(change, RuleId::UnboundedWrite)
            );
            let found = finding(RuleId::UnboundedWrite, &row.place, row.table.to_string(), message, help);
            Some(found.because("it hits every row on every database, and cannot be taken back"))
        })
        .collect()
}

/// How much is looked at where statements are held against others: a change of a hundred thousand is told of as it stands.
const MOST_HELD: usize = 5_000_000;

/// What a change loses altogether.
struct Losses<'a> {
    all: &'a Deeds,
    /// Statements that leave a table without rows.
    emptied: Vec<&'a RowDeed>,
    /// Statements that may bring rows to one.
    filled: Vec<&'a RowDeed>,
    /// Tables that are dropped, and when.
    dropped: Vec<(&'a Name, usize)>,
}

impl<'a> Losses<'a> {
    fn of(all: &'a Deeds) -> Self {
        let emptied: Vec<_> = all.rows.iter().filter(|row| row.empties()).collect();
        let fills = |row: &&RowDeed| !matches!(row.kind, DataKind::Update | DataKind::Delete);
        let filled: Vec<_> = all.rows.iter().filter(fills).collect();
        let dropped = all.done.iter().filter_map(|deed| match &deed.effect {
            Effect::TableDropped(table) => Some((&table.name, deed.at)),
            _ => None,
        });
        let found = Self { all, emptied, filled, dropped: dropped.collect() };
        let held = found.emptied.len() + found.filled.len() + found.dropped.len();
        // Two names are looked for among all that was done: one may be what the other was called before.
        if all.rows.len().saturating_mul(held).saturating_mul(1 + all.done.len()) > MOST_HELD {
            return Self { all, emptied: Vec::new(), filled: Vec::new(), dropped: Vec::new() };
        }
        found
    }

    /// Whether nothing is lost by a statement that the change does not lose anyhow: the table is dropped later, which another
    /// rule tells of, or it was emptied before and got no rows since.
    fn make_moot(&self, row: &RowDeed) -> bool {
        let of_it = |other: &&&RowDeed| other.at < row.at && self.all.is_same(&other.table, &row.table);
        let emptied = self.emptied.iter().filter(of_it).map(|other| other.at).max();
        let is_filled_again = |at: usize| self.filled.iter().filter(of_it).any(|other| other.at > at);
        let is_dropped = self.dropped.iter().any(|(table, at)| *at > row.at && self.all.is_same(table, &row.table));
        is_dropped || emptied.is_some_and(|at| !is_filled_again(at))
    }
}

/// Whether an UPDATE changes nothing but columns that the change has added.
fn fills_new_columns(row: &RowDeed) -> bool {
    let is_new = |column: &String| row.new_columns.iter().any(|new| new.eq_ignore_ascii_case(column));
    row.written.as_ref().is_some_and(|columns| columns.iter().all(is_new))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::World;

    fn run(world: World, sql: &str) -> Vec<String> {
        let id = world.new_id();
        let findings = world.new_migration(id, sql).run(RuleId::UnboundedWrite);
        findings.into_iter().map(|finding| finding.message).collect()
    }

    #[test]
    fn writes_to_every_row_are_reported() {
        for world in World::both() {
            assert_eq!(
                run(world.clone(), "UPDATE users SET name = 'x';\nDELETE FROM users;"),
                ["UPDATE without WHERE writes every row of users", "DELETE without WHERE empties users"]
            );
            assert_eq!(run(world, "TRUNCATE TABLE users;"), ["TRUNCATE empties users"]);
        }
    }

    #[test]
    fn bounded_writes_and_tables_of_the_change_are_fine() {
        let sql = "UPDATE users SET name = 'x' WHERE id = 1; DELETE FROM users WHERE id = 1; INSERT INTO users (email) VALUES ('a');\n\
                   CREATE TABLE a (id INT); DELETE FROM a; TRUNCATE a;";
        assert_eq!(run(World::prisma(), sql), Vec::<String>::new());
    }

    #[test]
    fn what_the_change_loses_anyhow_is_told_once() {
        let insert = "INSERT INTO users (email) VALUES ('a');";
        for (sql, found) in [
            ("UPDATE users SET name = 'x'; DROP TABLE users;".to_owned(), 0),
            ("DELETE FROM users; DROP TABLE users;".to_owned(), 0),
            ("DELETE FROM users; UPDATE users SET name = 'x'; TRUNCATE users;".to_owned(), 1),
            (format!("DELETE FROM users; {insert} UPDATE users SET name = 'x';"), 2),
            (format!("UPDATE users SET name = 'x'; {insert} DELETE FROM users;"), 2),
            ("DELETE FROM users; CREATE TABLE a (id INT); DROP TABLE a;".to_owned(), 1),
            ("CREATE TEMPORARY TABLE a AS SELECT * FROM users; UPDATE a SET name = 'x';".to_owned(), 0),
        ] {
            assert_eq!(run(World::prisma(), &sql).len(), found, "{sql}");
        }
    }

    #[test]
    fn setting_a_column_to_itself_changes_nothing() {
        for (set, found) in [
            ("name = name", 0),
            ("name = users.name, email = email", 0),
            ("name = name || 'x'", 1),
            ("name = email", 1),
        ] {
            for world in World::both() {
                assert_eq!(run(world, &format!("UPDATE users SET {set};")).len(), found, "{set}");
            }
        }
    }

    #[test]
    fn filling_a_new_column_is_fine() {
        let fill = |set: &str| {
            run(
                World::prisma(),
                &format!("ALTER TABLE users ADD COLUMN a INT, ADD COLUMN b INT; UPDATE users SET {set};"),
            )
        };
        assert_eq!(fill("a = coalesce(id, 0), \"b\" = (SELECT max(id) FROM users)"), Vec::<String>::new());
        assert_eq!(fill("(a, b) = (1, 2)"), Vec::<String>::new());
        assert_eq!(fill("a = 1, name = 'x'").len(), 1);
        assert_eq!(fill("(a, name) = (1, 'x')").len(), 1);
        let legacy = "ALTER TABLE legacy ADD COLUMN a INT; UPDATE legacy SET a = 1;";
        assert_eq!(run(World::alembic().declare_before("legacy", "id"), legacy), Vec::<String>::new());
        assert_eq!(
            run(World::alembic(), "ALTER TABLE users ADD COLUMN a INT; UPDATE users SET a = 1;"),
            Vec::<String>::new()
        );
    }
}

//! `unbounded-write`.

use super::deeds::{Deeds, RowDeed};
use super::{allow, finding};
use crate::catalog::operation::DataKind;
use crate::finding::Finding;
use crate::project::ProjectChange;
use crate::rules::text::without_sql_comments;
use crate::rules::{RuleId, RuleSettings};

page! {
    /// ## What it stops
    ///
    /// An `UPDATE` or `DELETE` without `WHERE`, or a `TRUNCATE`, on a table that was there before the change. An UPDATE that
    /// sets nothing but columns that the change itself has added fills them, and is fine.
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
    let rows = Deeds::of(change).rows;
    rows.iter()
        .filter_map(|row| {
            let what = match row.kind {
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

/// Whether an UPDATE sets nothing but columns that the change has added.
fn fills_new_columns(row: &RowDeed) -> bool {
    !row.new_columns.is_empty()
        && assigned(row.place.text()).is_some_and(|columns| {
            !columns.is_empty()
                && columns.iter().all(|column| row.new_columns.iter().any(|new| new.eq_ignore_ascii_case(column)))
        })
}

/// The columns that `UPDATE … SET a = …, b = …` writes; none where the text is not one such statement.
fn assigned(statement: &str) -> Option<Vec<String>> {
    if let Some((_, values)) = statement.split_once(".values(").filter(|(call, _)| call.contains("update(")) {
        return keywords(values);
    }
    // In a revision the statement stands in a text of Python's.
    let text = without_sql_comments(&statement[first_word(statement, "update")?..]);
    let start = word(&text, 0, "set")?;
    let mut columns = Vec::new();
    let mut rest = start;
    loop {
        let (column, next) = target(&text, rest)?;
        columns.push(column);
        match next {
            Some(next) => rest = next,
            None => return Some(columns),
        }
    }
}

/// Where a word first stands in a text, whatever its case, inside quotes or outside.
fn first_word(text: &str, wanted: &str) -> Option<usize> {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.';
    let bytes = text.as_bytes();
    (0..bytes.len()).find(|&at| {
        let end = at + wanted.len();
        bytes.get(at..end).is_some_and(|word| word.eq_ignore_ascii_case(wanted.as_bytes()))
            && !at.checked_sub(1).is_some_and(|before| is_name(bytes[before]))
            && !bytes.get(end).is_some_and(|&after| is_name(after))
    })
}

/// The names of the keyword arguments in `a=…, b=…)`; none where there is anything else among them.
fn keywords(arguments: &str) -> Option<Vec<String>> {
    let mut names = Vec::new();
    let mut rest = arguments.trim_start();
    while !rest.starts_with(')') {
        let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_'))?;
        let (name, value) = rest.split_at(end);
        let value = value.trim_start().strip_prefix('=').filter(|value| !value.starts_with('='))?;
        if name.is_empty() {
            return None;
        }
        names.push(name.to_owned());
        let bytes = value.as_bytes();
        let (mut depth, mut at) = (0_usize, 0);
        loop {
            match bytes.get(at)? {
                b'\'' | b'"' => {
                    at = quoted_end(bytes, at);
                    continue;
                }
                b'(' | b'[' | b'{' => depth += 1,
                b')' if depth == 0 => break,
                b')' | b']' | b'}' => depth = depth.checked_sub(1)?,
                b',' if depth == 0 => {
                    at += 1;
                    break;
                }
                _ => {}
            }
            at += 1;
        }
        rest = value.get(at..)?.trim_start();
    }
    Some(names)
}

/// The position behind a word of the statement, outside quotes.
fn word(text: &str, from: usize, wanted: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let mut at = from;
    while at < bytes.len() {
        if matches!(bytes[at], b'\'' | b'"' | b'`') {
            at = quoted_end(bytes, at);
        } else if is_name(bytes[at]) {
            let end = at + bytes[at..].iter().take_while(|byte| is_name(**byte)).count();
            if bytes[at..end].eq_ignore_ascii_case(wanted.as_bytes()) {
                return Some(end);
            }
            at = end;
        } else {
            at += 1;
        }
    }
    None
}

/// The position behind a quoted text that begins at `at`.
fn quoted_end(bytes: &[u8], at: usize) -> usize {
    bytes[at + 1..].iter().position(|&byte| byte == bytes[at]).map_or(bytes.len(), |end| at + end + 2)
}

/// The column before the next `=`, and where the assignment behind it begins.
fn target(text: &str, from: usize) -> Option<(String, Option<usize>)> {
    let equals = from + text.get(from..)?.find('=')?;
    let column = text.get(from..equals)?.trim();
    let column = column.rsplit('.').next().unwrap_or(column);
    let column = column.trim_matches(|c: char| matches!(c, '"' | '`' | '[' | ']' | ' '));
    if column.is_empty() || !column.chars().all(|c| c.is_alphanumeric() || c == '_') {
        return None;
    }
    let bytes = text.as_bytes();
    let mut depth = 0_usize;
    let mut at = equals + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\'' | b'"' | b'`' => {
                at = quoted_end(bytes, at);
                continue;
            }
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => return Some((column.to_owned(), Some(at + 1))),
            _ => {}
        }
        at += 1;
    }
    Some((column.to_owned(), None))
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
                run(world, "UPDATE users SET name = 'x';\nDELETE FROM users;\nTRUNCATE TABLE users;"),
                [
                    "UPDATE without WHERE writes every row of users",
                    "DELETE without WHERE empties users",
                    "TRUNCATE empties users"
                ]
            );
        }
    }

    #[test]
    fn bounded_writes_and_tables_of_the_change_are_fine() {
        let sql = "UPDATE users SET name = 'x' WHERE id = 1; DELETE FROM users WHERE id = 1; INSERT INTO users (email) VALUES ('a');\n\
                   CREATE TABLE a (id INT); DELETE FROM a; TRUNCATE a;";
        assert_eq!(run(World::prisma(), sql), Vec::<String>::new());
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
        assert_eq!(fill("a = 1, name = 'x'").len(), 1);
    }

    #[test]
    fn statements_in_python_are_read() {
        let columns = |names: &[&str]| Some(names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>());
        assert_eq!(assigned(r#"op.execute("UPDATE users SET a = false")"#), columns(&["a"]));
        assert_eq!(
            assigned("op.execute(\n    \"\"\"\n    UPDATE users\n    SET a = 'x', b = 2\n    \"\"\"\n)"),
            columns(&["a", "b"])
        );
        assert_eq!(assigned("op.execute(users.update().values(a=f(1, 2), b='x, y'))"), columns(&["a", "b"]));
        assert_eq!(assigned("op.execute(sa.update(users).values({users.c.a: 1}))"), None);
        assert_eq!(assigned("conn.execute(users.update().values(**row))"), None);
    }

    #[test]
    fn assignments_are_read_and_nothing_panics() {
        assert_eq!(assigned("UPDATE t SET a = 'x, y = z', t.b = f(1, 2)"), Some(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(assigned("UPDATE t SET (a, b) = (1, 2)"), None);
        for odd in ["", "SET", "set =", "set a = '", "set é = 1", "set \""] {
            assigned(odd);
        }
    }
}

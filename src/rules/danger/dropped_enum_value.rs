//! `dropped-enum-value`.

use super::deeds::{Deed, Deeds};
use super::{allow, finding};
use crate::catalog::apply::Effect;
use crate::catalog::{Column, TypeKind};
use crate::finding::Finding;
use crate::project::ProjectChange;
use crate::rules::{RuleId, RuleSettings};

page! {
    /// ## What it stops
    ///
    /// A new migration takes a value away from an enum that was there. PostgreSQL cannot drop one, so the type is swapped
    /// for a new one (`Role_new`, `Role_old`); only the values that the new one really lacks count. MySQL's inline enums are
    /// seen as well.
    ///
    /// ## Why it matters
    ///
    /// Rows that hold the value make the cast fail in the middle of the migration, or (MySQL) become the empty string.
    /// Autogenerate does not see the values of PostgreSQL's enums at all
    /// ([alembic#278](https://github.com/sqlalchemy/alembic/issues/278)), so these migrations are written by hand.
    ///
    /// ## Example that fails
    ///
    /// ```prisma title="prisma/role.prisma" before
    /// enum Role {
    ///   ADMIN
    ///   GUEST
    /// }
    /// ```
    ///
    /// ```sql title="prisma/migrations/20260106090000_create_role/migration.sql" before
    /// CREATE TYPE "Role" AS ENUM ('ADMIN', 'GUEST');
    /// ```
    ///
    /// ```prisma title="prisma/role.prisma"
    /// enum Role {
    ///   ADMIN
    /// }
    /// ```
    ///
    /// ```sql title="prisma/migrations/20260112090000_drop_guest/migration.sql"
    /// BEGIN;
    /// CREATE TYPE "Role_new" AS ENUM ('ADMIN');
    /// ALTER TYPE "Role" RENAME TO "Role_old";
    /// ALTER TYPE "Role_new" RENAME TO "Role";
    /// DROP TYPE "Role_old";
    /// COMMIT;
    /// ```
    ///
    /// ## The same repaired
    ///
    /// Nothing can repair it but a reason:
    ///
    /// ```sql title="prisma/migrations/20260112090000_drop_guest/migration.sql"
    /// BEGIN;
    /// -- driftgate: allow dropped-enum-value: the rows were moved by 20260106
    /// CREATE TYPE "Role_new" AS ENUM ('ADMIN');
    /// ALTER TYPE "Role" RENAME TO "Role_old";
    /// ALTER TYPE "Role_new" RENAME TO "Role";
    /// DROP TYPE "Role_old";
    /// COMMIT;
    /// ```
    ///
    /// ## How to allow it
    ///
    /// As above, or in `driftgate.toml`:
    ///
    /// ```toml
    /// [[allow]]
    /// rule = "dropped-enum-value"
    /// object = "Role.GUEST"
    /// reason = "the rows were moved by 20260106"
    /// ```
}

pub(in crate::rules) fn check(change: &ProjectChange<'_>, _: &RuleSettings) -> Vec<Finding> {
    let all = Deeds::of(change);
    let deeds = &all.done;
    deeds
        .iter()
        .flat_map(|deed| gone(deed).into_iter().map(move |value| (deed, value)))
        .map(|(deed, (holder, value))| {
            let object = format!("{holder}.{value}");
            let message = format!("the value {value} is taken from the enum {holder}");
            let help = format!(
                "move the rows that hold it first; then say why above the statement:\n  {}",
                allow(change, RuleId::DroppedEnumValue)
            );
            finding(RuleId::DroppedEnumValue, &deed.place, object, message, help).because(
                "the migration fails on the first row that holds the value, and code that still writes it fails",
            )
        })
        .collect()
}

/// The values that a deed takes away, with the enum or the column that held them.
fn gone(deed: &Deed) -> Vec<(String, String)> {
    match &deed.effect {
        Effect::EnumValueGone { name, value, renamed_to: None } => vec![(name.to_string(), value.clone())],
        Effect::ColumnChanged { table, before, after } => {
            lost_labels(before, after).into_iter().map(|label| (format!("{table}.{}", before.name), label)).collect()
        }
        _ => Vec::new(),
    }
}

/// The labels of an inline enum that the column has no more.
fn lost_labels(before: &Column, after: &Column) -> Vec<String> {
    match (&before.ty.kind, &after.ty.kind) {
        (TypeKind::Inline { labels: old, .. }, TypeKind::Inline { labels: new, .. }) => {
            old.iter().filter(|label| !new.contains(label)).cloned().collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Dialect;
    use crate::rules::testing::World;

    fn world(world: World, sql: &str) -> World {
        let id = world.new_id();
        world
            .new_migration("20260106090000_role", "CREATE TYPE role_kind AS ENUM ('A', 'B', 'C');")
            .commit()
            .new_migration(id, sql)
    }

    #[test]
    fn values_that_the_new_type_lacks_are_reported() {
        for side in World::both() {
            let sql = "CREATE TYPE role_kind_new AS ENUM ('A'); ALTER TYPE role_kind RENAME TO role_kind_old; \
                       ALTER TYPE role_kind_new RENAME TO role_kind; DROP TYPE role_kind_old;";
            let findings = world(side, sql).run(RuleId::DroppedEnumValue);
            let messages: Vec<&str> = findings.iter().map(|finding| finding.message.as_str()).collect();
            assert_eq!(
                messages,
                ["the value B is taken from the enum role_kind", "the value C is taken from the enum role_kind"]
            );
        }
    }

    #[test]
    fn a_swap_that_only_adds_and_a_rename_take_nothing() {
        let sql = "CREATE TYPE x AS ENUM ('A', 'B', 'C', 'D'); DROP TYPE role_kind; ALTER TYPE x RENAME TO role_kind;";
        assert!(world(World::prisma(), sql).silent(RuleId::DroppedEnumValue));
        let sql = "ALTER TYPE role_kind RENAME VALUE 'A' TO 'Z'; ALTER TYPE role_kind ADD VALUE 'E';";
        assert!(world(World::prisma(), sql).silent(RuleId::DroppedEnumValue));
    }

    #[test]
    fn inline_enums_of_mysql_are_seen() {
        let world = World::prisma()
            .on(Dialect::MySql)
            .new_migration("20260106090000_a", "CREATE TABLE t (id INT, s ENUM('A', 'B'));")
            .commit()
            .new_migration("20260112090000_b", "ALTER TABLE t MODIFY s ENUM('A', 'C');");
        assert_eq!(world.run(RuleId::DroppedEnumValue)[0].object.as_deref(), Some("t.s.B"));
    }
}

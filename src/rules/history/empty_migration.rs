//! `empty-migration`.

use super::does_nothing;
use super::identity::truly_new;
use super::python::Nothing;
use crate::finding::Finding;
use crate::history::Migration;
use crate::project::{EcosystemKind, ProjectChange};
use crate::rules::text::without_sql_comments;
use crate::rules::{RuleId, RuleSettings};

page! {
    /// ## What it stops
    ///
    /// A new migration that does nothing: a script of comments alone, an `upgrade()` of `pass`. Merge revisions are
    /// empty by nature, and the first revision of a database that was there before Alembic may be: both are left alone.
    ///
    /// ## Why it matters
    ///
    /// Most often the tool was run before the schema was saved, or against a database that was pushed to already, and
    /// the change that was meant is missing. [prisma/orm#6412](https://github.com/prisma/orm/issues/6412) asks that none be
    /// written where nothing changed.
    ///
    /// ## Example that fails
    ///
    /// ```sql title="prisma/migrations/20260112090000_add_age_to_user/migration.sql"
    /// -- This is an empty migration.
    /// ```
    ///
    /// ## The same repaired
    ///
    /// ```prisma title="prisma/user.prisma"
    /// model User {
    ///   id    Int    @id @default(autoincrement())
    ///   email String @unique
    ///   age   Int?
    /// }
    /// ```
    ///
    /// ```sql title="prisma/migrations/20260112090000_add_age_to_user/migration.sql"
    /// ALTER TABLE "User" ADD COLUMN "age" INTEGER;
    /// ```
    ///
    /// ## How to allow it
    ///
    /// In the migration:
    ///
    /// ```sql
    /// -- driftgate: allow empty-migration: keeps the place of one that was withdrawn
    /// ```
}

pub(in crate::rules) fn check(change: &ProjectChange<'_>, _: &RuleSettings) -> Vec<Finding> {
    truly_new(change)
        .into_iter()
        .filter(|migration| is_empty(change.project.ecosystem, migration))
        .map(|migration| {
            let path = migration.source.as_ref().map_or(&migration.path, |source| source.path()).clone();
            let message = format!("the migration {} does nothing", migration.name);
            let help = match change.project.ecosystem {
                EcosystemKind::Prisma => "write what it should do, or delete the directory",
                EcosystemKind::Alembic => "write what it should do, or delete the file",
            };
            let finding = Finding::new(RuleId::EmptyMigration, path, message, help).about(migration.name.clone());
            match &migration.place {
                Some(place) => finding.at(place),
                None => finding,
            }
        })
        .collect()
}

fn is_empty(ecosystem: EcosystemKind, migration: &Migration) -> bool {
    let Some(source) = &migration.source else { return false };
    match ecosystem {
        EcosystemKind::Prisma => without_sql_comments(source.text()).chars().all(|c| c == ';' || c.is_whitespace()),
        EcosystemKind::Alembic => {
            let joins = migration.parents.len() > 1 || migration.parents.is_empty();
            !joins && does_nothing(source.text(), "upgrade") == Some(Nothing::Empty)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::World;

    const PASS: &str = "def upgrade():\n    pass\n\n\ndef downgrade():\n    pass\n";

    #[test]
    fn a_script_that_does_nothing_is_reported() {
        for text in ["", "-- This is an empty migration.\n", "/* a */ ;\n"] {
            let findings = World::prisma().migration_text("20260112090000_x", text).run(RuleId::EmptyMigration);
            assert_eq!(findings[0].message, "the migration 20260112090000_x does nothing", "{text:?}");
        }
        assert_eq!(World::alembic().migration_text("b2_x", PASS).run(RuleId::EmptyMigration).len(), 1);
    }

    #[test]
    fn merges_and_first_revisions_are_empty_by_nature() {
        let world = World::alembic().revision_with("m1_merge", &["1a2b3c4d5e6f", "b2"], |migration| {
            migration.source = Some(crate::source::Source::new("alembic/versions/m1_merge.py".into(), PASS));
        });
        assert!(world.silent(RuleId::EmptyMigration));
        let world = World::alembic().revision_with("a0_start", &[], |migration| {
            migration.source = Some(crate::source::Source::new("alembic/versions/a0_start.py".into(), PASS));
        });
        assert!(world.silent(RuleId::EmptyMigration));
    }

    #[test]
    fn data_and_functions_are_something() {
        let world = World::prisma().migration_text("20260112090000_x", "INSERT INTO users (email) VALUES ('a');");
        assert!(world.silent(RuleId::EmptyMigration));
        let text = "def upgrade():\n    bind = op.get_bind()\n    bind.execute(x)\n";
        assert!(World::alembic().migration_text("b2_x", text).silent(RuleId::EmptyMigration));
        assert!(World::prisma().migration_text("20260112090000_x", "").commit().silent(RuleId::EmptyMigration));
    }
}

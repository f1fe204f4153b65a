//! `out-of-order-migration`.

use super::identity::truly_new;
use crate::finding::Finding;
use crate::project::ProjectChange;
use crate::rules::text::shell_word;
use crate::rules::{RuleId, RuleSettings};

page! {
    /// ## What it stops
    ///
    /// A new migration sorts before the newest one on the tip of the base branch. Prisma applies migrations in the byte
    /// order of their names, so `20260105_x` sorts behind every 14-digit name of that day.
    ///
    /// ## Why it matters
    ///
    /// A database that has the newest one applies this one after it, a database that is built anew applies it before:
    /// the two may end up different, and what was tested is not what is deployed. It is the normal outcome of parallel
    /// branches (13% of the commits that add migrations), so it is a warning;
    /// [langwatch#5715](https://github.com/langwatch/langwatch/pull/5715) made it a gate.
    ///
    /// ## Example that fails
    ///
    /// ```prisma title="prisma/user.prisma"
    /// model User {
    ///   id    Int    @id @default(autoincrement())
    ///   email String @unique
    ///   age   Int?
    /// }
    /// ```
    ///
    /// ```sql title="prisma/migrations/20260101090000_add_age_to_user/migration.sql"
    /// ALTER TABLE IF EXISTS "User" ADD COLUMN "age" INTEGER;
    /// ```
    ///
    /// ## The same repaired
    ///
    /// ```sql title="prisma/migrations/20260101090000_add_age_to_user/migration.sql" deleted
    /// ```
    ///
    /// ```sql title="prisma/migrations/20260112090000_add_age_to_user/migration.sql"
    /// ALTER TABLE "User" ADD COLUMN "age" INTEGER;
    /// ```
    ///
    /// ## How to allow it
    ///
    /// ```toml
    /// [[allow]]
    /// rule = "out-of-order-migration"
    /// object = "20260101090000_add_age_to_user"
    /// reason = "it commutes with everything behind it"
    /// ```
}

pub(in crate::rules) fn check(change: &ProjectChange<'_>, _: &RuleSettings) -> Vec<Finding> {
    let base = change.base.or_else(|| change.before.map(|state| &state.history));
    let Some(newest) = base.and_then(|base| base.migrations.iter().max_by(|a, b| a.id.cmp(&b.id))) else {
        return Vec::new();
    };
    let on_base = |id: &str| base.is_some_and(|base| base.get(id).is_some());
    truly_new(change)
        .into_iter()
        .filter(|migration| migration.id < newest.id && !on_base(&migration.id))
        .map(|migration| {
            let place = if change.base.is_some() { "on the base branch" } else { "in the history" };
            let message = format!("the migration {} sorts before {}, the newest {place}", migration.name, newest.name);
            let words = migration.name.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start_matches(['_', '-']);
            let dir = migration.path.parent().unwrap_or_default();
            let help = format!(
                "give it a stamp behind that one, e.g.:\n  git mv {} {}/$(date -u +%Y%m%d%H%M%S)_{words}",
                shell_word(&migration.path),
                shell_word(&dir)
            );
            let path = migration.source.as_ref().map_or(&migration.path, |source| source.path()).clone();
            Finding::new(RuleId::OutOfOrderMigration, path, message, help)
                .because("databases that have the newest one apply this one last, new databases apply it earlier")
                .about(migration.name.clone())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::World;

    #[test]
    fn a_migration_before_the_newest_is_reported() {
        let findings = World::prisma().new_migration("20260101090000_x", "").run(RuleId::OutOfOrderMigration);
        assert_eq!(
            findings[0].message,
            "the migration 20260101090000_x sorts before 20260105093000_create_users, the newest in the history"
        );
    }

    #[test]
    fn the_tip_of_the_base_counts() {
        let world = World::prisma().new_migration("20260120090000_base", "").becomes_base();
        let findings = world.new_migration("20260112090000_x", "").run(RuleId::OutOfOrderMigration);
        assert!(findings[0].message.ends_with("20260120090000_base, the newest on the base branch"));
    }

    #[test]
    fn the_newest_of_all_is_fine() {
        assert!(World::prisma().new_migration("20260112090000_x", "").silent(RuleId::OutOfOrderMigration));
        let world = World::prisma().new_migration("20260105093000_d", "");
        assert!(world.silent(RuleId::OutOfOrderMigration), "byte order decides within one second");
        assert!(World::alembic().new_migration("0a_x", "").silent(RuleId::OutOfOrderMigration), "Alembic has a graph");
    }
}

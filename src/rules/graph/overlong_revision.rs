//! `overlong-revision`.

use std::collections::BTreeSet;

use super::finding;
use crate::finding::Finding;
use crate::history::Migration;
use crate::project::ProjectChange;
use crate::rules::{RuleId, RuleSettings};

page! {
    /// ## What it stops
    ///
    /// A revision id of more than 32 characters in a project on PostgreSQL. Where longer ids are there already, the
    /// column was widened, and nothing is said of a change.
    ///
    /// ## Why it matters
    ///
    /// Alembic keeps the id in `version_num VARCHAR(32)`. SQLite does not look at the length, so the tests pass; PostgreSQL
    /// aborts the upgrade. [trinity#1420](https://github.com/Abilityai/trinity/issues/1420) was a full outage of every
    /// instance on PostgreSQL by an id of 41 characters.
    ///
    /// ## Example that fails
    ///
    /// ```python title="alembic/versions/0002_add_the_age_of_every_user_to_users.py"
    /// revision = "0002_add_the_age_of_every_user_to_users"
    /// down_revision = "1a2b3c4d5e6f"
    ///
    ///
    /// def upgrade():
    ///     pass
    /// ```
    ///
    /// ## The same repaired
    ///
    /// ```python title="alembic/versions/0002_add_the_age_of_every_user_to_users.py"
    /// revision = "0002_add_age"
    /// down_revision = "1a2b3c4d5e6f"
    ///
    ///
    /// def upgrade():
    ///     pass
    /// ```
    ///
    /// ## How to allow it
    ///
    /// Where `env.py` widens the column before it runs the first migration:
    ///
    /// ```toml
    /// [rules]
    /// overlong-revision = "off"
    /// ```
}

/// `version_num VARCHAR(32)`, from `alembic/runtime/migration.py`.
const LONGEST: usize = 32;

pub(in crate::rules) fn check(change: &ProjectChange<'_>, _: &RuleSettings) -> Vec<Finding> {
    if !change.project.dialect.is_some_and(crate::catalog::Dialect::is_postgres_like) {
        return Vec::new();
    }
    let too_long = |migration: &&Migration| migration.id.chars().count() > LONGEST;
    if change.before.is_some_and(|before| before.history.migrations.iter().any(|m| too_long(&m))) {
        return Vec::new();
    }
    let mut told: BTreeSet<&str> = BTreeSet::new();
    change
        .new_migrations()
        .into_iter()
        .filter(too_long)
        .filter(|migration| told.insert(&migration.id))
        .map(|migration| {
            let message = format!(
                "the revision id {} has {} characters, more than the {LONGEST} of version_num",
                migration.id,
                migration.id.chars().count()
            );
            let help = "shorten the id; the file may keep its name".to_owned();
            finding(RuleId::OverlongRevision, migration, message, help)
                .because("PostgreSQL refuses the id when the upgrade is recorded, after the migration has run")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Dialect;
    use crate::rules::testing::World;

    fn id(length: usize) -> String {
        format!("{}_x", "a".repeat(length))
    }

    #[test]
    fn an_id_of_more_than_32_characters_is_reported() {
        let findings = World::alembic().revision(&id(33), &["1a2b3c4d5e6f"]).run(RuleId::OverlongRevision);
        assert!(findings[0].message.ends_with("has 33 characters, more than the 32 of version_num"));
        assert!(World::alembic().revision(&id(32), &["1a2b3c4d5e6f"]).silent(RuleId::OverlongRevision));
    }

    #[test]
    fn other_databases_do_not_look_at_the_length() {
        let world = World::alembic().on(Dialect::Sqlite).revision(&id(33), &["1a2b3c4d5e6f"]);
        assert!(world.silent(RuleId::OverlongRevision));
    }

    #[test]
    fn where_longer_ids_are_there_the_column_was_widened() {
        let world = World::alembic().revision(&id(40), &["1a2b3c4d5e6f"]).commit();
        assert!(world.clone().revision(&id(41), &["1a2b3c4d5e6f"]).silent(RuleId::OverlongRevision));
        assert_eq!(world.whole_state().run(RuleId::OverlongRevision).len(), 1);
    }
}

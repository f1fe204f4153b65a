//! `lock-mismatch`.

use super::{new_problems, problem_finding};
use crate::finding::Finding;
use crate::history::HistoryProblemKind;
use crate::project::ProjectChange;
use crate::rules::{RuleId, RuleSettings};

page! {
    /// ## What it stops
    ///
    /// `migration_lock.toml` is missing beside the migrations, or names another provider than the schema does. (SQL
    /// Server's lock says `mssql` where the schema says `sqlserver`, and `postgres` is `postgresql`: these agree.)
    ///
    /// ## Why it matters
    ///
    /// Prisma refuses to apply migrations of one provider to another (P3019), and says so only when it meets the
    /// database. In [flowfi#525](https://github.com/LabsCrypt/flowfi/issues/525) continuous integration ran `db push`,
    /// which does not look at the lock, so that the first to see the mismatch was the deployment.
    ///
    /// ## Example that fails
    ///
    /// ```toml title="prisma/migrations/migration_lock.toml"
    /// provider = "sqlite"
    /// ```
    ///
    /// ## The same repaired
    ///
    /// ```toml title="prisma/migrations/migration_lock.toml"
    /// provider = "postgresql"
    /// ```
    ///
    /// ## How to allow it
    ///
    /// ```toml
    /// [[allow]]
    /// rule = "lock-mismatch"
    /// path = "prisma/migrations"
    /// reason = "the build writes the lock for the provider it is built for"
    /// ```
}

pub(in crate::rules) fn check(change: &ProjectChange<'_>, _: &RuleSettings) -> Vec<Finding> {
    new_problems(change, |kind| *kind == HistoryProblemKind::LockMismatch)
        .into_iter()
        .map(|problem| {
            let provider = match change.project.dialect() {
                crate::catalog::Dialect::SqlServer => "mssql",
                dialect => dialect.as_str(),
            };
            let help = format!(
                "if the migrations were written for {provider}, commit migration_lock.toml with:\n  provider = \
                 \"{provider}\"\nelse start a new history for {provider}"
            );
            problem_finding(RuleId::LockMismatch, problem, help)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Dialect;
    use crate::rules::testing::World;

    fn world() -> World {
        let message = "migration_lock.toml says sqlite, the schema says postgresql";
        let path = "prisma/migrations/migration_lock.toml";
        World::prisma().history_problem(HistoryProblemKind::LockMismatch, path, message)
    }

    #[test]
    fn another_provider_is_reported_with_the_line_to_write() {
        let findings = world().run(RuleId::LockMismatch);
        assert_eq!(findings[0].message, "migration_lock.toml says sqlite, the schema says postgresql");
        assert!(findings[0].help.contains("provider = \"postgresql\""), "{}", findings[0].help);
    }

    #[test]
    fn sql_server_is_called_as_the_lock_calls_it() {
        let findings = world().on(Dialect::SqlServer).run(RuleId::LockMismatch);
        assert!(findings[0].help.contains("provider = \"mssql\""), "{}", findings[0].help);
    }

    #[test]
    fn an_old_mismatch_is_reported_for_the_whole_state_only() {
        assert!(world().commit().silent(RuleId::LockMismatch));
        assert_eq!(world().commit().whole_state().run(RuleId::LockMismatch).len(), 1);
        assert!(World::prisma().silent(RuleId::LockMismatch));
    }
}
